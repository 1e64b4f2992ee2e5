"""The sequential kind's kernel and controller, compiled: the very same source, some fifty times as quick.

Nothing is kept on the disk: a kernel compiled from yesterday's source would be another detector.
"""

import math
from collections.abc import Callable
from functools import cache
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

from monitor.detectors.baseline import HOURS, Baseline
from monitor.detectors.sequential import control, kernel, plan
from monitor.detectors.sequential.layout import ALARM, BURSTING, FULL, HEALTHY, LATENT, SCORE, TOTAL, TRIGGER

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Small = NDArray[np.int64]


class Scales(NamedTuple):
    """A baseline as arrays. ``medians``: places by hours, not a number where a place has none."""

    soft: float
    edges: "Floats"
    medians: "Floats"


class Compiled(NamedTuple):
    """``walk`` plays rows until an alarm, ``read`` turns outcomes and latencies into what the kernel takes."""

    walk: Callable[..., tuple[int, int]]
    read: Callable[..., None]


def scales(baseline: Baseline | None, names: list[str]) -> Scales:
    import numpy as np

    nothing = np.full((len(names), HOURS), np.nan)
    if baseline is None:
        return Scales(math.inf, np.empty(0), nothing)
    rows = [baseline.medians.get(name) or nothing[0] for name in names]
    return Scales(baseline.soft, np.array(baseline.edges), np.array(rows, dtype=np.float64))


@cache
def load() -> Compiled:
    """Compiles, which takes some seconds. Needs the extra."""
    import numba

    compiled = numba.njit(nogil=True)
    update, steer = entry(kernel, "update", compiled), entry(control, "update", compiled)
    usual_at = entry(plan, "usual_at", compiled)

    @compiled
    def walk(p, s, c, at, place, kind, bins, begin, end, stands, kept_s, kept_c, keep):  # type: ignore[no-untyped-def]
        kept = -1
        for i in range(begin, end):
            if kept < 0 or i - kept >= keep:
                calm = s[HEALTHY] == 1.0 and c[BURSTING] == 0.0 and s[FULL] < p[TRIGGER]
                if kept < 0 or (calm and kind[i - 1] == 0):
                    kept = i
                    kept_s[:] = s
                    kept_c[:] = c
            update(p, s, at[i], place[i], kind[i], bins[i])
            steer(p, c, at[i], kind[i] != 0, s[FULL], s[SCORE], s[LATENT] > 0.5 * s[TOTAL], False)
            stands[i] = c[BURSTING] == 1.0
            if s[ALARM] == 1.0:
                return i, kept
        return end, kept

    @compiled
    def read(at, place, seconds, kind, bins, soft, edges, medians, begin, end):  # type: ignore[no-untyped-def]
        for i in range(begin, end):
            bins[i] = -1
            if kind[i] == 0 and seconds[i] > 0.0 and not math.isnan(medians[place[i], 0]):
                left = math.log(seconds[i]) - usual_at(medians[place[i]], at[i])
                if left > soft:
                    kind[i] = 2
                    continue
                found = 0
                while found < len(edges) and edges[found] <= left:
                    found += 1
                bins[i] = found

    return Compiled(walk, read)


def entry(module: ModuleType, name: str, compiled: Callable[[Any], Any]) -> Any:
    """One function of a module, compiled together with the functions that it calls."""
    names = dict(vars(module))
    for known, value in vars(module).items():
        if isinstance(value, FunctionType):
            own = value.__module__ == module.__name__
            names[known] = compiled(FunctionType(value.__code__, names, known, value.__defaults__) if own else value)
    return names[name]
