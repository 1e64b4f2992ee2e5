"""The quick way to the same alarms, for the sequential kind: calm stretches by the compiled kernel, everything else by the engine.

One watch is walked by the compiled kernel until it alarms. Then the rule engine itself is given the state of a calm moment shortly
before, and plays on until all is well again: every alert, with every word of it, is the engine's own.
"""

import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from monitor.backtest.columns import OUTCOMES, Columns
from monitor.backtest.compiled import load, scales
from monitor.backtest.firings import Recorder
from monitor.backtest.learning import HISTORY_SECONDS, LAG_SECONDS, RUNS_MAX, Learner
from monitor.backtest.replay import Story
from monitor.backtest.runs import results
from monitor.backtest.score import Span
from monitor.backtest.spending import Spent
from monitor.detectors.base import STRAGGLER_SECONDS
from monitor.detectors.baseline import Baseline
from monitor.detectors.learn import History
from monitor.detectors.sequential import layout
from monitor.detectors.sequential.kind import GONE_SECONDS, UNANSWERED, Sequential
from monitor.model.alert import Alert
from monitor.model.check import Check
from monitor.model.result import Result
from monitor.model.sample import Series
from monitor.rules import Rule, RuleEngine
from monitor.rules.monitor_alerts import OWN_RULES
from monitor.rules.plan import Assignment, assign
from monitor.rules.record import Record
from monitor.rules.rule import matches
from monitor.rules.watch import alert_id, fingerprint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

#: A calm state is kept about this often: an alarm then costs the engine at most so many rows more.
KEEP_ROWS = 500
#: Results made for the engine at a time: it may hand over after any of them.
PLAYED_ROWS = 64
_UNANSWERED = tuple(OUTCOMES.index(outcome.value) for outcome in UNANSWERED)
Known = Mapping[tuple[str, str], Baseline]


def can_be_quick(rules: Iterable[Rule]) -> bool:
    return all(isinstance(rule.detector, Sequential) and not rule.for_seconds for rule in rules)


def quick_story(columns: Columns, check: Check, rules: tuple[Rule, ...], until: float) -> Story:
    """What ``replay`` would tell of these rules, all of which ``can_be_quick``."""
    return _Check(columns, check, rules).story(until)


class _Check:
    """All watches of one check, in step between fits: what one of them sees is left out of what all learn."""

    def __init__(self, columns: Columns, check: Check, rules: tuple[Rule, ...]) -> None:
        import numpy as np

        self.columns = columns
        self.check = check
        self._recorder = Recorder()
        self._learner = Learner(rules, check)
        self._watches = [
            _Watch(self, one, stratum, rows)
            for one in assign(rules, check)
            for stratum in sorted(one.strata)
            if len(rows := _rows(one, stratum, columns))
        ]
        self._measured = np.flatnonzero(columns.good >= 0)

    def story(self, until: float) -> Story:
        begin, end = 0, len(self.columns)
        while begin < end:
            stop = self._next_fit(begin)
            for watch in self._watches:
                self.tell(watch.reach(stop))
            if stop < end:  # what is learned with the last row teaches nobody
                self._learn(stop)
            begin = stop
        span = Span(float(self.columns.at[0]), max(until, float(self.columns.arrival[-1])))
        return Story(self.check.id, span, end, tuple(self._recorder.firings()), self._spent())

    def tell(self, alerts: Iterable[Alert]) -> None:
        kept = [alert for alert in alerts if alert.rule not in OWN_RULES]
        self._recorder.take(kept)
        self._learner.told(kept)

    def results(self, rows: "Rows") -> list[Result]:
        return results(self.columns.at_rows(rows).lines(), {self.check.id: self.check})

    def _next_fit(self, begin: int) -> int:
        """One past the row with which a fit falls due; the end when none does."""
        import numpy as np

        if not self._learner.wanted or not len(self._measured):
            return len(self.columns)
        self._learner.begin(float(self.columns.at[self._measured[0]]))
        place = int(np.searchsorted(self.columns.arrival[self._measured], self._learner.due))
        first = int(np.searchsorted(self._measured, begin))
        place = max(place, first)
        return int(self._measured[place]) + 1 if place < len(self._measured) else len(self.columns)

    def _learn(self, stop: int) -> None:
        import numpy as np

        at = float(self.columns.arrival[stop - 1])
        if not self._learner.ready(at, suspected=any(watch.suspicious for watch in self._watches)):
            return
        rows = self._measured[: int(np.searchsorted(self._measured, stop))]
        rows = rows[self.columns.at[rows] >= at - HISTORY_SECONDS]
        calm = self._calm(rows, at)
        known = self._learner.fit(at, float(self.columns.at[rows[0]]), partial(self._history, calm))
        if known:
            for watch in self._watches:
                watch.learn(known)

    def _calm(self, rows: "Rows", at: float) -> "Rows":
        import numpy as np

        due = self.columns.at[rows]
        kept = due < at - LAG_SECONDS
        for since, until in self._learner.troubles(at):
            kept &= ~((since <= due) & (due < until))
        rows = rows[kept]
        return rows[np.lexsort((self.columns.place[rows], self.columns.at[rows]))][-RUNS_MAX:]

    def _history(self, calm: "Rows", stratum: str) -> History:
        import numpy as np

        columns = self.columns
        rows = calm if not stratum else calm[columns.stratum[calm] == columns.strata.index(stratum)]
        seen, place = np.unique(columns.place[rows], return_inverse=True)
        return History(
            at=columns.at[rows].tolist(),
            place=place.tolist(),
            failed=(columns.good[rows] == 0).tolist(),
            seconds=np.where(columns.good[rows] == 1, columns.seconds[rows], np.nan).tolist(),
            places=tuple(columns.places[number] for number in seen),
            answered=(~np.isin(columns.outcome[rows], _UNANSWERED)).tolist(),
        )

    def _spent(self) -> Spent:
        import numpy as np

        size = len(self.columns)
        stands = np.zeros(size, dtype=np.bool_)
        for watch in self._watches:
            last = np.searchsorted(watch.rows, np.arange(size), side="right") - 1
            stands |= np.where(last >= 0, watch.stands[np.maximum(last, 0)], False)
        counted = stands & (self.columns.good >= 0)
        before = np.concatenate(([False], stands[:-1]))
        return Spent(int(counted.sum()), int((counted & (~before | (self.columns.good == 0))).sum()))


def _rows(assignment: Assignment, stratum: str, columns: Columns) -> "Rows":
    """What feeds one watch."""
    import numpy as np

    fits = [matches(assignment.rule.selector.location, location) for location in columns.places]
    kept = (columns.good >= 0) & np.array(fits)[columns.place]
    if assignment.rule.selector.stratum:
        if stratum not in columns.strata:
            return np.empty(0, dtype=np.int64)
        kept &= columns.stratum == columns.strata.index(stratum)
    return np.flatnonzero(kept)


class _Watch:
    """One series: either walked by the compiled kernel, or played by an engine of its own."""

    def __init__(self, owner: _Check, assignment: Assignment, stratum: str, rows: "Rows") -> None:
        import numpy as np

        columns = owner.columns
        self.rows = rows
        self.stands = np.zeros(len(rows), dtype=np.bool_)
        self._owner = owner
        self._rule = assignment.rule
        self._plain: Any = assignment.detector
        self._detector: Any = assignment.detector
        self._stratum = stratum
        self._id = alert_id(self._rule.id, Series(owner.check.id, owner.check.target, stratum, ""))
        self._at = columns.at[rows]
        self._place_names = [columns.places[number] for number in np.unique(columns.place[rows])]
        self._walkable = self._can_walk(columns)
        self._next = 0  # the first row not yet played
        self._played_to = 0  # the engine was called in for what lies before
        self._known: Known = {}
        self._engine: RuleEngine | None = self._new_engine()
        self._names: list[str] = []

    @property
    def suspicious(self) -> bool:
        return self._next > 0 and bool(self.stands[self._next - 1])

    def learn(self, known: Known) -> None:
        self._known = known
        self._detector = self._plain.informed(known.get((self._stratum, "")))
        if self._engine:
            self._engine.learn(self._owner.check.id, known)

    def reach(self, stop: int) -> list[Alert]:
        """Play all rows of the check before ``stop``."""
        import numpy as np

        end = int(np.searchsorted(self.rows, stop))
        told: list[Alert] = []
        while self._next < end:
            if self._engine is None:
                self._walk(end)
            else:
                self._play(self._engine, end, told)
        return told

    def _can_walk(self, columns: Columns) -> bool:
        """Which places watch stays the same, and time goes on: nothing that the detector does beside its kernel is needed."""
        import numpy as np

        if len(self._place_names) > layout.PLACES_MAX:
            return False
        newest = np.maximum.accumulate(self._at)
        if bool((newest - self._at > STRAGGLER_SECONDS).any()):
            return False
        place = columns.place[self.rows]
        for number in np.unique(place):
            seen = np.concatenate((self._at[place == number], newest[-1:]))
            if bool((np.diff(seen) >= GONE_SECONDS).any()):
                return False
        return True

    # ---------------------------------------------------------------------------------------------- the engine

    def _new_engine(self) -> RuleEngine:
        check = self._owner.check
        engine = RuleEngine((self._rule,), {check.id: check}, self._place_names[0])
        engine.learn(check.id, self._known)
        return engine

    def _play(self, engine: RuleEngine, end: int, told: list[Alert]) -> None:
        """Row by row until all is well, or ``end``."""
        while self._next < end:
            chunk = self.rows[self._next : min(end, self._next + PLAYED_ROWS)]
            for result in self._owner.results(chunk):
                told += engine.feed(result)
                self.stands[self._next] = bool(engine.wishes())
                self._next += 1
                if (
                    self._walkable
                    and self._next > self._played_to
                    and result.good
                    and not engine.alerts()
                    and self._hand_over(engine)
                ):
                    return

    def _hand_over(self, engine: RuleEngine) -> bool:
        """To the compiled kernel, when the state is one that it can go on from."""
        import numpy as np

        evidence = engine.take_dirty(everything=True).get(self._id)
        names, s, c, old = json.loads(evidence)[1] if evidence else ([], [], [], 0)
        if old or len(names) < len(self._place_names):
            return False
        self._names, self._s, self._c = names, np.array(s), np.array(c)
        if not self._calm_now():
            return False
        self._engine = None
        return True

    # ---------------------------------------------------------------------------------------------- the compiled kernel

    def _walk(self, end: int) -> None:
        """To ``end``, or back to a calm moment before an alarm, or before an end that is not calm: the engine goes on from there."""
        import numpy as np

        begin, compiled = self._next, load()
        place, kind, seconds = self._read(begin, end)
        bins = np.full(end - begin, -1, dtype=np.int64)
        measure = scales(self._known.get((self._stratum, "")), self._names)
        compiled.read(self._at[begin:end], place, seconds, kind, bins, *measure, 0, end - begin)
        p = np.array(self._detector.parameters(len(self._names)))
        kept_s, kept_c = self._s.copy(), self._c.copy()
        stop, kept = compiled.walk(
            p,
            self._s,
            self._c,
            self._at[begin:end],
            place,
            kind,
            bins,
            0,
            end - begin,
            self.stands[begin:end],
            kept_s,
            kept_c,
            KEEP_ROWS,
        )
        if stop == end - begin and (end == len(self.rows) or (self._calm_now() and kind[-1] == 0)):
            self._next = end
            return
        self._next, self._played_to = begin + kept, begin + stop
        self._engine = self._new_engine()
        self._engine.restore({self._id: self._saved(kept_s, kept_c)}, ())

    def _calm_now(self) -> bool:
        """Only from such a state does a record begin empty: see the detector's verdict."""
        trigger = self._detector.parameters(len(self._names))[layout.TRIGGER]
        return bool(self._s[layout.HEALTHY] == 1.0 and self._c[layout.BURSTING] == 0.0 and self._s[layout.FULL] < trigger)

    def _read(self, begin: int, end: int) -> tuple[Any, Any, Any]:
        import numpy as np

        columns, rows = self._owner.columns, self.rows[begin:end]
        order = np.zeros(len(columns.places), dtype=np.int64)
        for number, name in enumerate(self._names):
            order[columns.places.index(name)] = number
        silent = np.isin(columns.outcome[rows], _UNANSWERED)
        kind = np.where(columns.good[rows] == 1, 0, np.where(silent, 2, 1)).astype(np.int64)
        return order[columns.place[rows]], kind, columns.seconds[rows]

    def _saved(self, s: Any, c: Any) -> str:
        """As the engine keeps a calm watch: nothing has failed since health was last seen."""
        record = Record()
        record.last_good = float(self._at[self._next - 1])
        return json.dumps([fingerprint(self._plain), [self._names, s.tolist(), c.tolist(), 0], record.dump()])
