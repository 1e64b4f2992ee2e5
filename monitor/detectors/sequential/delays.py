"""How soon a fault would alarm: the kernel and the burst controller themselves, on outcomes that are even instead of random.

Failures fall by the golden ratio's sequence, whose shares are exact and whose gaps are never regular; several phases of it stand in
for chance. No random numbers: the same question has the same answer.
"""

from dataclasses import dataclass
from statistics import median

from monitor.detectors.sequential import control, kernel, layout, plan

#: Shares of runs that fail, as people ask about them.
SHARES = (0.05, 0.2, 1.0)
#: Clean samples before the fault: more change nothing.
_WARM_UP = 60
_PHASES = 7
#: 1 / golden ratio.
_GOLDEN = 0.6180339887498949
#: Beyond this a fault of such a size is not waited for.
LONGEST_SECONDS = 6 * 3_600.0


@dataclass(frozen=True, slots=True)
class Delay:
    """Of a fault that fails ``share`` of the runs: median ``seconds`` to the alarm, and ``probes`` off the grid that it takes.

    ``seconds`` is None when that is more than ``LONGEST_SECONDS``.
    """

    share: float
    seconds: float | None
    probes: float


def expected(p: list[float], places: int, every_seconds: float) -> tuple[Delay, ...]:
    """For each of ``SHARES``, with each of ``places`` running the check every ``every_seconds``. Failures come with an answer."""
    return tuple(_delay(p, places, every_seconds, share) for share in SHARES)


def _delay(p: list[float], places: int, every_seconds: float, share: float) -> Delay:
    runs = [_run(p, places, every_seconds, share, phase / _PHASES) for phase in range(_PHASES)]
    seconds = median(run[0] for run in runs)
    return Delay(share, seconds if seconds < LONGEST_SECONDS else None, median(run[1] for run in runs))


def _run(p: list[float], places: int, every_seconds: float, share: float, phase: float) -> tuple[float, float]:
    """Seconds from onset to alarm, and runs off the grid."""
    s, c = plan.start(places), plan.start_control()
    step = every_seconds / places
    grid, at, place, extra, begun = 0.0, 0.0, 0, 0, _WARM_UP * step + phase * step
    count, asked = 0, False
    while at < begun + LONGEST_SECONDS:
        at = min(grid, at + c[layout.SPACING]) if c[layout.BURSTING] == 1.0 else grid
        asked = at < grid
        if not asked:
            grid += step
        bad = False
        if at >= begun:
            count += 1
            extra += asked
            bad = (phase + count * _GOLDEN) % 1.0 < share
        kernel.update(p, s, at, place, kernel.FAILED_WITH_ANSWER if bad else kernel.GOOD, -1)
        if s[layout.ALARM] == 1.0:
            return max(0.0, at - begun), float(extra)
        control.update(p, c, at, bad, s[layout.FULL], s[layout.SCORE], False, asked)
        place = (place + 1) % places
    return LONGEST_SECONDS, float(extra)
