"""Is a newly learned baseline to be believed at once? An incident that nobody saw must not become the norm.

A fit that is much worse than one of those in force of late (failures ten times as common, or a quarter of the week's hours twice as
slow) is held back. When ``CONFIRMATIONS`` fits in a row say so, and no longer get worse, it is how things are now: it is taken, and
people are told. It is compared with all that are kept, not with the last alone: medians over weeks creep where a gateway jumps. A fit
that is better is taken at once: it only makes the watch keener.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log
from statistics import quantiles

from monitor.detectors.baseline import Baseline
from monitor.model.text import Text

#: A rate of failures this many times as high is another gateway, not a change of the weather.
FAILURES_TIMES = 10.0
#: ... and so is a usual latency this many times as long.
LATENCY_TIMES = 2.0
#: Fits in a row, one a day: three days are longer than an incident is overlooked, and a lasting change is taken within the week.
CONFIRMATIONS = 3


@dataclass(frozen=True, slots=True)
class Fit:
    """A version and what became of it. ``jumped``: it was much worse than what had been in force."""

    baseline: Baseline
    taken: bool
    jumped: bool


def much_worse(old: Baseline, new: Baseline) -> Text | None:
    """What is so much worse in ``new``, in a sentence; None when nothing is."""
    if new.p0 >= FAILURES_TIMES * old.p0:
        times, was, now = new.p0 / old.p0, f"{old.p0:.2%}", f"{new.p0:.2%}"
        return Text(
            f"failures are {times:.0f} times as common as before ({now}, was {was})",
            f"失败率为此前的 {times:.0f} 倍（现为 {now}，此前 {was}）",
        )
    for place in sorted(old.medians.keys() & new.medians.keys()):
        slower = quantiles((after - before for before, after in zip(old.medians[place], new.medians[place], strict=True)), n=4)[2]
        if slower >= log(LATENCY_TIMES):
            factor = f"{exp(slower):.1f}"
            return Text(
                f"seen from {place}, runs take {factor} times as long as before, for hours of the week",
                f"从 {place} 看，每周有若干小时耗时为此前的 {factor} 倍",
            )
    return None


def believed(fits: Sequence[Fit], new: Baseline) -> tuple[bool, Text]:
    """Take ``new``? And what is remarkable about it. ``fits`` are those before it, oldest first."""
    worse = next((said for one in _in_force_of_late(fits) if (said := much_worse(one.baseline, new))), None)
    if worse is None:
        return True, Text("")
    agreeing = 0
    for earlier in reversed(fits):
        if earlier.taken or much_worse(earlier.baseline, new):
            break
        agreeing += 1
    return agreeing + 1 >= CONFIRMATIONS, worse


def _in_force_of_late(fits: Sequence[Fit]) -> list[Fit]:
    """Since the last jump that was taken, that one included: what was before is no measure any more."""
    found: list[Fit] = []
    for one in reversed(fits):
        if one.taken:
            found.append(one)
            if one.jumped:
                break
    return found[::-1]
