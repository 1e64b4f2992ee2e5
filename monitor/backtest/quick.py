"""The quick way to the same alarms: calm stretches by compiled code or by what an alarm must be made of, the rest by the detectors.

Each series of each rule goes its own way, for none looks at another; only what is learned looks at all of them, so they meet at each
fit. Every alert, with every word of it, is told by the detector itself.
"""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from monitor.backtest.columns import OUTCOMES, Columns
from monitor.backtest.firings import Recorder
from monitor.backtest.learning import Learner
from monitor.backtest.replay import Story
from monitor.backtest.runs import results
from monitor.backtest.score import Span
from monitor.backtest.spending import Spent
from monitor.backtest.stretched import Played
from monitor.backtest.walked import Walked
from monitor.backtest.ways import ways
from monitor.detectors.calm import LAG_SECONDS, LONGEST_SECONDS, RUNS_MAX
from monitor.detectors.learn import History
from monitor.detectors.sequential.kind import UNANSWERED
from monitor.model.alert import Alert
from monitor.model.check import Check
from monitor.model.result import Result
from monitor.rules import Rule
from monitor.rules.monitor_alerts import OWN_RULES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

_UNANSWERED = tuple(OUTCOMES.index(outcome.value) for outcome in UNANSWERED)


class Way(Protocol):
    """One series of one rule, in step with the others of its check."""

    def reach(self, stop: int, now: float) -> list[Alert]:
        """Play all runs of the check before ``stop``, and let time pass until ``now``."""


def quick_story(columns: Columns, check: Check, rules: tuple[Rule, ...], until: float) -> Story:
    """What ``replay`` would tell."""
    return _Check(columns, check, rules, until).story()


class _Check:
    """All watches of one check, in step between fits: what one of them sees is left out of what all learn."""

    def __init__(self, columns: Columns, check: Check, rules: tuple[Rule, ...], until: float) -> None:
        import numpy as np

        self.columns = columns
        self.check = check
        self._until = max(until, float(columns.arrival[-1]))
        self._recorder = Recorder()
        self._learner = Learner(rules, check)
        self._ways: list[Way] = list(ways(rules, check, columns, self._results, self._until))
        self._watches = [way for way in self._ways if isinstance(way, Walked | Played)]
        self._measured = np.flatnonzero(columns.good >= 0)

    def story(self) -> Story:
        begin, end = 0, len(self.columns)
        while begin < end:
            stop = self._next_fit(begin)
            now = self._until if stop == end else float(self.columns.arrival[stop - 1])
            for way in self._ways:
                self._tell(way.reach(stop, now))
            if stop < end:  # what is learned with the last row teaches nobody
                self._learn(stop)
            begin = stop
        return Story(
            self.check.id, Span(float(self.columns.at[0]), self._until), end, tuple(self._recorder.firings()), self._spent()
        )

    def _tell(self, alerts: Iterable[Alert]) -> None:
        kept = [alert for alert in alerts if alert.rule not in OWN_RULES]
        self._recorder.take(kept)
        self._learner.told(kept)

    def _results(self, rows: "Rows") -> list[Result]:
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
        rows = rows[self.columns.at[rows] >= at - LONGEST_SECONDS]
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
