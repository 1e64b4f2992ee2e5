"""The sums of ``mix_shift`` on flat arrays, while no alarm stands: compiled as it is here, and otherwise never run.

The arithmetic is that of the detector's own tests, in the same order; a state goes over to the detector, and back, by the bit. Classes are
numbers: of the outcomes, and ``UNMET`` behind them.
"""

import math
from typing import TYPE_CHECKING

from monitor.backtest.columns import OUTCOMES
from monitor.detectors.elementary import elapsed, latest, page, power_after, roberts
from monitor.detectors.mix import BLOCK_SECONDS, CLASSES_MAX, DATING, DOUBT_SECONDS, RATIOS, WEIGHT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Numbers = NDArray[np.int64]
    Small = NDArray[np.int16]
    Flags = NDArray[np.bool_]

UNMET = len(OUTCOMES)
BETS = len(RATIOS)
#: What stands where in ``now``: newest instant and beginning of the block (not a number: none yet), answers in it, classes met, evidence in
#: seconds, and whether there was doubt.
NEWEST, BLOCK, ANSWERS, MET, EVIDENCE, DOUBTED = range(6)
#: What stands where in a class's ``dated``: its CUSUM, since when it has been above zero, how many of how many since.
TOTAL, SINCE, MANY, OF = range(4)
#: Why a walk ends: at the last row, with a block to learn, with an alarm.
END, LEARN, ALARM = range(3)

assert UNMET < CLASSES_MAX  # noqa: S101 - else which classes are followed would depend on their order


def walk(
    outcome: "Small",
    answer: "Flags",
    at: "Floats",
    seen: "Floats",
    begin: int,
    end: int,
    threshold: float,
    factors: "Floats",
    bounded: "Flags",
    evidence: "Floats",
    dated: "Floats",
    counts: "Numbers",
    order: "Numbers",
    now: "Floats",
) -> tuple[int, int]:
    """Rows ``begin`` to ``end``. Returns where it ended, and why; at an alarm that row, after any other the next.

    ``factors``: by class, for an answer of another class and of this one, by ratio; ``bounded``: is the class held against anything yet?
    """
    for i in range(begin, end):
        name = outcome[i]
        if not answer[name]:
            continue
        known = not math.isnan(now[NEWEST])
        waited = elapsed(now[NEWEST], seen[i]) if known else 0.0
        power = power_after(waited) if known else 1.0
        now[NEWEST] = latest(now[NEWEST], seen[i]) if known else seen[i]
        _count(name, seen[i], counts, now)
        _meet(name, evidence, dated, order, now)
        total = 0.0
        for place in range(int(now[MET])):
            one = order[place]
            if bounded[one]:
                _move(one, int(one == name), at[i], waited, power, factors, evidence, dated)
            own = 0.0
            for k in range(BETS):
                own += evidence[one, k]
            total += own
        now[EVIDENCE] = WEIGHT * total
        if now[EVIDENCE] >= threshold:
            return i, ALARM
        if now[EVIDENCE] >= DOUBT_SECONDS:
            now[BLOCK], now[ANSWERS], now[DOUBTED] = math.nan, 0.0, 1.0
            counts[:] = 0
        elif now[NEWEST] - now[BLOCK] >= BLOCK_SECONDS:
            return i + 1, LEARN
    return end, END


def _count(name: int, seen: float, counts: "Numbers", now: "Floats") -> None:
    if math.isnan(now[BLOCK]):
        now[BLOCK] = seen
    now[ANSWERS] += 1.0
    counts[name] += 1


def _meet(name: int, evidence: "Floats", dated: "Floats", order: "Numbers", now: "Floats") -> None:
    """A class met for the first time starts from those never met."""
    met = int(now[MET])
    for place in range(met):
        if order[place] == name:
            return
    order[met] = name
    now[MET] += 1.0
    evidence[name] = evidence[UNMET]
    dated[name] = dated[UNMET]


def _move(
    one: int, happened: int, at: float, waited: float, power: float, factors: "Floats", evidence: "Floats", dated: "Floats"
) -> None:
    for k in range(BETS):
        factor = factors[one, happened, k] if power == 1.0 else factors[one, happened, k] ** power
        evidence[one, k] = roberts(evidence[one, k], factor, waited)
        if k == DATING:
            dated[one, TOTAL] = page(dated[one, TOTAL], math.log(factor))
    if dated[one, TOTAL] == 0.0:
        dated[one, SINCE], dated[one, MANY], dated[one, OF] = math.nan, 0.0, 0.0
        return
    if math.isnan(dated[one, SINCE]):
        dated[one, SINCE] = at
    dated[one, MANY] += happened
    dated[one, OF] += 1.0
