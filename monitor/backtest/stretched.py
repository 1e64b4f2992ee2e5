"""A series of a kind whose calm says itself: played by its own detector around the onsets that its history can show, and skipped between.

And a rule of a kind that has no such way: an engine of its own plays it from the first run to the last.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from monitor.backtest.columns import Columns
from monitor.backtest.onsets import Kind
from monitor.backtest.solo import Solo
from monitor.detectors.baseline import Baseline
from monitor.model.alert import Alert
from monitor.model.result import Result
from monitor.model.sample import Series
from monitor.rules import RuleEngine
from monitor.rules.plan import Assignment
from monitor.rules.samples import run_sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

#: A detector is taken up so many runs before an onset, and four times as many when none of them shows it healthy.
LEAD_ROWS, LEAD_TIMES = 16, 4
#: Onsets this close are played through: taking up again costs more.
NEAR_ROWS = 32
#: Results made for a detector at a time: it may have to play no more than one of them.
PLAYED_ROWS = 64

Results = Callable[["Rows"], list[Result]]


class Stretched:
    """One series. ``rows`` are its runs among those of the check, ``began`` is when somebody began to watch it."""

    def __init__(
        self,
        assignment: Assignment,
        series: Series,
        kind: Kind,
        seen: Columns,
        rows: "Rows",
        results: Results,
        *,
        began: float,
        until: float,
    ) -> None:
        self.rows = rows
        self._assignment = assignment
        self._series = series
        self._kind = kind
        self._seen = seen
        self._results = results
        self._onsets = kind.onsets(assignment.detector, seen, until)
        self._next = 0  # the first run not yet played, nor known to be calm
        self._solo = Solo(assignment, series, began)
        self._solo_at = 0  # where it stands
        self._idle = True

    def reach(self, stop: int, now: float) -> list[Alert]:
        """Play all runs of the check before ``stop``, and let time pass until ``now``."""
        import numpy as np

        end = int(np.searchsorted(self.rows, stop))
        told: list[Alert] = []
        while True:
            if self._idle:
                onset = self._onset()
                if onset is None or onset > end:
                    self._next = end
                    return told
                self._take_up(onset)
            self._play(end, told)
            if not self._idle:
                self._solo.wait(now, told)
                return told

    def _onset(self) -> int | None:
        """The first that is not over."""
        import numpy as np

        place = int(np.searchsorted(self._onsets, self._next))
        return int(self._onsets[place]) if place < len(self._onsets) else None

    def _take_up(self, onset: int) -> None:
        """Play from a healthy moment shortly before ``onset``; from where it was last played when there was none since."""
        self._idle = False
        lead = LEAD_ROWS
        while (about := onset - lead) > self._solo_at:
            found = self._healthy(about, onset)
            if found:
                self._solo_at, self._solo = found
                break
            lead *= LEAD_TIMES
        self._next = self._solo_at

    def _healthy(self, about: int, onset: int) -> tuple[int, Solo] | None:
        """The last moment in [about, onset) at which a good run was all that it takes, and the detector just before."""
        detector = self._assignment.detector
        at, state = self._kind.before(detector, self._seen, about)
        if at < self._solo_at:
            return None
        found = None
        for position, result in enumerate(self._results(self.rows[at:onset]), at):
            before = state
            state, verdict = detector.update(before, run_sample(result))
            if position >= about and result.good and verdict.recovered:
                found = position, before
        if found is None:
            return None
        return found[0], Solo(self._assignment, self._series, float(self._seen.arrival[found[0]]), found[1])

    def _play(self, end: int, told: list[Alert]) -> None:
        """Run by run, until no alarm stands and none is near, or ``end``."""
        onset = self._onset()
        while self._next < end:
            for result in self._results(self.rows[self._next : min(end, self._next + PLAYED_ROWS)]):
                self._solo.feed(result, told)
                self._next += 1
                if onset is not None and onset < self._next:
                    onset = self._onset()
                if not self._solo.alerted and (onset is None or onset > self._next + NEAR_ROWS):
                    self._solo_at = self._next
                    self._idle = True
                    return
        self._solo_at = self._next


class Played:
    """A rule on a check, by an engine that has no other."""

    def __init__(self, check: str, columns: Columns, rows: "Rows", engine: RuleEngine, results: Results) -> None:
        import numpy as np

        self.rows = rows
        self._engine = engine
        self._results = results
        self.stands = np.zeros(len(rows), dtype=np.bool_)
        self._check = check
        self._now = float(columns.at[0])
        self._next = 0

    @property
    def suspicious(self) -> bool:
        return self._next > 0 and bool(self.stands[self._next - 1])

    def learn(self, known: Mapping[tuple[str, str], Baseline]) -> None:
        self._engine.learn(self._check, known)

    def reach(self, stop: int, now: float) -> list[Alert]:
        import numpy as np

        end = int(np.searchsorted(self.rows, stop))
        told: list[Alert] = []
        while self._next < end:
            for result in self._results(self.rows[self._next : min(end, self._next + PLAYED_ROWS)]):
                self._wait(result.finished, told)
                told += self._engine.feed(result)
                self.stands[self._next] = bool(self._engine.wishes())
                self._next += 1
        self._wait(now, told)
        return told

    def _wait(self, until: float, told: list[Alert]) -> None:
        while (due := self._engine.next_tick()) is not None and due <= until:
            self._now = max(due, self._now)
            told += self._engine.tick(self._now)
        self._now = max(self._now, until)
