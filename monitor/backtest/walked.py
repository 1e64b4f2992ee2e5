"""The sequential kind: calm stretches by the compiled kernel, everything else by the engine.

One watch is walked by the compiled kernel until it alarms. Then the rule engine itself is given the state of a calm moment shortly
before, and plays on until all is well again: every alert, with every word of it, is the engine's own.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from monitor.backtest.columns import OUTCOMES, Columns
from monitor.backtest.compiled import load, scales
from monitor.backtest.stretched import PLAYED_ROWS, Results
from monitor.detectors.base import STRAGGLER_SECONDS
from monitor.detectors.baseline import Baseline
from monitor.detectors.sequential import layout
from monitor.detectors.sequential.kind import GONE_SECONDS, UNANSWERED
from monitor.model.alert import Alert
from monitor.model.check import Check
from monitor.model.sample import Series
from monitor.rules import RuleEngine
from monitor.rules.plan import Assignment
from monitor.rules.record import Record
from monitor.rules.watch import alert_id, fingerprint

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

#: A calm state is kept about this often: an alarm then costs the engine at most so many rows more.
KEEP_ROWS = 500
_UNANSWERED = tuple(OUTCOMES.index(outcome.value) for outcome in UNANSWERED)
Known = Mapping[tuple[str, str], Baseline]


class Walked:
    """One series: either walked by the compiled kernel, or played by an engine of its own. ``rows`` are its runs among the check's."""

    def __init__(
        self, check: Check, assignment: Assignment, series: Series, columns: Columns, rows: "Rows", results: Results
    ) -> None:
        import numpy as np

        self.rows = rows
        self.stands = np.zeros(len(rows), dtype=np.bool_)
        self._check = check
        self._columns = columns
        self._results = results
        self._rule = assignment.rule
        self._plain: Any = assignment.detector
        self._detector: Any = assignment.detector
        self._stratum = series.stratum
        self._id = alert_id(self._rule.id, series)
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
            self._engine.learn(self._check.id, known)

    def reach(self, stop: int, now: float) -> list[Alert]:
        """Play all runs of the check before ``stop``; time alone means nothing here."""
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
        engine = RuleEngine((self._rule,), {self._check.id: self._check}, self._place_names[0])
        engine.learn(self._check.id, self._known)
        return engine

    def _play(self, engine: RuleEngine, end: int, told: list[Alert]) -> None:
        """Row by row until all is well, or ``end``."""
        while self._next < end:
            chunk = self.rows[self._next : min(end, self._next + PLAYED_ROWS)]
            for result in self._results(chunk):
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
        names, s, c, old, *_ = json.loads(evidence)[1] if evidence else ([], [], [], 0)
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

        columns, rows = self._columns, self.rows[begin:end]
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
        state = self._plain.start()
        state[:3] = self._names, s.tolist(), c.tolist()
        return json.dumps([fingerprint(self._plain), state, record.dump()])
