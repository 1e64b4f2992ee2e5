"""The mix of answers, walked by compiled code while all is calm: the detector's own sums over its own tests, on arrays.

What is learned, and every alarm, is the detector's own doing: the walk stops at both. Whole runs carry no codes, so the classes are
the outcomes.
"""

import copy
import math
from functools import cache
from typing import TYPE_CHECKING, Any

from monitor.backtest import mix_walk
from monitor.backtest.columns import OUTCOMES, Columns
from monitor.backtest.compiled import entry
from monitor.backtest.mix_walk import ALARM, ANSWERS, BLOCK, DOUBTED, EVIDENCE, LEARN
from monitor.backtest.solo import Solo
from monitor.backtest.stretched import PLAYED_ROWS, Results
from monitor.detectors import mix
from monitor.model.alert import Alert
from monitor.model.outcome import Outcome
from monitor.model.sample import Series
from monitor.rules.plan import Assignment

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Rows = NDArray[np.int64]

_NAMES = (*OUTCOMES, mix.UNMET)
_ANSWERS = tuple(Outcome(outcome) not in mix.NO_ANSWER for outcome in OUTCOMES)


@cache
def _load() -> Any:
    """Compiles, which takes a second or two. Needs the extra."""
    import numba

    return entry(mix_walk, "walk", numba.njit(nogil=True))


class Mixed:
    """One series of ``mix_shift`` over all locations. ``rows`` are its runs among those of the check."""

    def __init__(self, assignment: Assignment, series: Series, seen: Columns, rows: "Rows", results: Results) -> None:
        import numpy as np

        self.rows = rows
        self._assignment = assignment
        self._series = series
        self._detector: Any = assignment.detector
        self._seen = seen
        self._results = results
        self._good = np.flatnonzero(seen.good == 1)
        self._next = 0
        self._solo: Solo | None = None
        self._begin(self._detector.start())

    def reach(self, stop: int, now: float) -> list[Alert]:
        """Play all runs of the check before ``stop``, and let time pass until ``now``."""
        import numpy as np

        end = int(np.searchsorted(self.rows, stop))
        told: list[Alert] = []
        while self._next < end:
            if self._solo is None:
                self._walk(end)
            else:
                self._play(self._solo, end, told)
        if self._solo:
            self._solo.wait(now, told)
        return told

    def _begin(self, state: Any) -> None:
        """Arrays of a state that does not alarm."""
        import numpy as np

        self._past, self._waiting = state["past"], state["waiting"]
        began, answers, counted = state["block"]
        met = [_NAMES.index(name) for name in state["classes"]]
        evidence = np.zeros((len(_NAMES), len(mix.RATIOS)))
        dated = np.zeros((len(_NAMES), 4))
        order = np.zeros(len(_NAMES), dtype=np.int64)
        order[: len(met)] = met
        for number, (terms, total, since, (many, of)) in zip(met, state["classes"].values(), strict=True):
            evidence[number] = terms
            dated[number] = total, math.nan if since is None else since, many, of
        counts = np.array([counted.get(name, 0) for name in _NAMES], dtype=np.int64)
        last = math.nan if state["last"] is None else state["last"]
        standing = np.array(
            [last, math.nan if began is None else began, answers, len(met), mix.evidence_of(state["classes"]), 0.0]
        )
        self._arrays: tuple[Any, ...] = (evidence, dated, counts, order, standing)
        self._bound()

    def _bound(self) -> None:
        """What each class is held against changes only with what is learned."""
        import numpy as np

        answers, counted = self._past
        self._factors = np.ones((len(_NAMES), 2, len(mix.RATIOS)))
        self._bounded = np.zeros(len(_NAMES), dtype=np.bool_)
        for number, name in enumerate(_NAMES):
            factors = mix.factors_of(counted.get(name, 0), answers)
            if factors:
                self._bounded[number], self._factors[number] = True, factors

    def _walk(self, end: int) -> None:
        """To the end of a block, or to ``end``; or to where it began, and the detector goes on from there to its alarm."""
        import numpy as np

        if self._arrays[4][EVIDENCE] < mix.DOUBT_SECONDS:
            self._kept = self._next, self._past, self._waiting, tuple(one.copy() for one in self._arrays)
        seen, threshold = self._seen, self._detector.false_alarms
        stop, why = _load()(
            seen.outcome,
            np.array(_ANSWERS),
            seen.at,
            seen.arrival,
            self._next,
            end,
            threshold,
            self._factors,
            self._bounded,
            *self._arrays,
        )
        now = self._arrays[4]
        if now[DOUBTED]:
            self._waiting, now[DOUBTED] = [0, {}], 0.0
        self._next = stop
        if why == LEARN:
            state = self._state()
            mix.learn(state)
            self._past, self._waiting = state["past"], state["waiting"]
            now[BLOCK], now[ANSWERS] = math.nan, 0.0
            self._arrays[2][:] = 0
            self._bound()
        elif why == ALARM:
            self._next, self._past, self._waiting, self._arrays = self._kept
            self._take_up()

    def _take_up(self) -> None:
        import numpy as np

        before = int(np.searchsorted(self._good, self._next)) - 1
        last_good = float(self._seen.at[self._good[before]]) if before >= 0 else None
        now = float(self._seen.arrival[self._next])
        self._solo = Solo(self._assignment, self._series, now, self._state(), last_good)
        self._alarmed = False

    def _state(self) -> dict[str, Any]:
        """The detector's, of the arrays."""
        evidence, dated, counts, order, (last, began, answers, met, _, _) = self._arrays
        classes: dict[str, Any] = {}
        for number in order[: int(met)].tolist():
            total, since, many, of = dated[number].tolist()
            classes[_NAMES[number]] = [
                evidence[number].tolist(),
                total,
                None if math.isnan(since) else since,
                [int(many), int(of)],
            ]
        block = {_NAMES[number]: count for number, count in enumerate(counts.tolist()) if count}
        return {
            "past": copy.deepcopy(self._past),
            "waiting": copy.deepcopy(self._waiting),
            "block": [None if math.isnan(began) else float(began), int(answers), block],
            "last": None if math.isnan(last) else float(last),
            "classes": classes,
            "alarm": None,
        }

    def _play(self, solo: Solo, end: int, told: list[Alert]) -> None:
        """Run by run, until the alarm came and went, or ``end``."""
        while self._next < end:
            for result in self._results(self.rows[self._next : min(end, self._next + PLAYED_ROWS)]):
                solo.feed(result, told)
                self._next += 1
                alarmed = solo.alerted or solo.state["alarm"] is not None
                self._alarmed |= alarmed
                if self._alarmed and not alarmed and mix.evidence_of(solo.state["classes"]) < mix.DOUBT_SECONDS:
                    self._begin(solo.state)
                    self._solo = None
                    return
