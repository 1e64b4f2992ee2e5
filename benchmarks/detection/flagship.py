"""Our engine as it ships: the very functions of ``monitor.detectors.sequential``, compiled where they stand."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from benchmarks.detection import world
from benchmarks.detection.compiled import Array, compiled
from monitor.detectors.baseline import HOURS, Baseline
from monitor.detectors.sequential import control, kernel, layout, plan

#: Alarms never: the score is wanted as it goes on, for any threshold.
UNREACHABLE = 1e9
#: What turns a latency into a bin: the residual that counts as a failure, the edges, then each place's medians by the hour.
SOFT, EDGES = 0, 1
MEDIANS = EDGES + layout.BINS - 1
#: Shorter than any bin's edge can matter for: no baseline, so latency is no evidence.
NO_BINS = 0


@dataclass(frozen=True, slots=True)
class Budget:
    """What a rule asks for: mean seconds between false alarms."""

    false_alarms: float


def entry(module: ModuleType, name: str = "update") -> Callable[..., Any]:
    """One function of a module, compiled with the module's own functions that it calls."""
    names = {**vars(module)}
    for helper in [
        key for key, value in names.items() if isinstance(value, FunctionType) and value.__module__ == module.__name__
    ]:
        source = getattr(module, helper)
        rebound = FunctionType(source.__code__, names, source.__name__, source.__defaults__)
        rebound.__module__, rebound.__qualname__ = source.__module__, source.__qualname__
        names[helper] = compiled(rebound)
    found: Callable[..., Any] = names[name]
    return found


_update = entry(kernel)
_steer = entry(control)


def parameters(budget_seconds: float, baseline: Baseline | None, places: int, family: int = 1, cadence: float = 0.0) -> Array:
    """The kernel's parameters as it would get them from a rule with this budget."""
    return np.array(plan.parameters(Budget(budget_seconds), baseline, places, family, cadence))


def threshold(engine: Array) -> float:
    return float(engine[layout.THRESHOLD])


def watching(engine: Array) -> Array:
    """The same, without ever opening an alarm, which would start the statistics anew."""
    silent = engine.copy()
    silent[layout.THRESHOLD] = UNREACHABLE
    return silent


def bins(baseline: Baseline | None, names: tuple[str, ...]) -> Array:
    """``plan.bin_of`` as one array; empty when there is no baseline."""
    if baseline is None or not baseline.edges:
        return np.empty(NO_BINS)
    medians = [hour for name in names for hour in baseline.medians[name]]
    return np.array([baseline.soft, *baseline.edges, *medians])


def size(places: int) -> Array:
    return np.array([len(plan.start(places)), len(plan.start_control())])


#: The fresh states, longest first: compiled code takes them as constants and copies what it needs.
_STATES = np.zeros((layout.PLACES_MAX + 1, max(len(plan.start(n)) for n in range(1, layout.PLACES_MAX + 1))))
for _n in range(1, layout.PLACES_MAX + 1):
    _STATES[_n, : len(plan.start(_n))] = plan.start(_n)
_CONTROL = np.array(plan.start_control())


@compiled
def fresh(engine: Array, lengths: Array) -> tuple[Array, Array]:
    """Kernel and controller before any sample."""
    return _STATES[int(engine[layout.PLACES]), : lengths[0]].copy(), _CONTROL.copy()


@compiled
def residual(b: Array, began: float, place: int, log: float) -> float:
    """What a latency's logarithm is above the usual at its place and time: ``plan.usual_at`` on an array."""
    middle = ((began % 86_400.0) / 3_600.0 - 0.5) % 24.0
    hour = int(middle)
    part = middle - hour
    first = MEDIANS + HOURS * place + (HOURS // 2 if world.weekend(began) else 0)
    return log - b[first + hour] * (1.0 - part) - b[first + (hour + 1) % 24] * part


@compiled
def patience(b: Array, began: float, place: int) -> float:
    """Seconds after which a probe still under way has failed: ``Sequential.patience`` on an array."""
    return math.exp(b[SOFT] - residual(b, began, place, 0.0)) if b.shape[0] > 0 else math.inf


@compiled
def counts_as_failure(b: Array, began: float, place: int, outcome: int, log: float) -> bool:
    """Failed, or so slow that it is as good as failed."""
    return outcome != world.GOOD or (b.shape[0] > 0 and residual(b, began, place, log) > b[SOFT])


@compiled
def bin_of(b: Array, began: float, place: int, log: float) -> int:
    """The bin of a latency against the same hour at the same place; -1 when it is no evidence."""
    if b.shape[0] == 0:
        return -1
    left = residual(b, began, place, log)
    found = 0
    while found < layout.BINS - 1 and b[EDGES + found] <= left:
        found += 1
    return found


@compiled
def take(engine: Array, b: Array, s: Array, began: float, place: int, outcome: int, log: float) -> float:
    """One result of a probe that began at ``began``, which is the instant the detector reckons with. Returns the score."""
    if outcome == world.GOOD and not counts_as_failure(b, began, place, outcome, log):
        _update(engine, s, began, place, kernel.GOOD, bin_of(b, began, place, log))
    elif outcome == world.ANSWERED:
        _update(engine, s, began, place, kernel.FAILED_WITH_ANSWER, -1)
    else:
        _update(engine, s, began, place, kernel.FAILED_WITHOUT_ANSWER, -1)
    return s[layout.SCORE]


@compiled
def alarmed(s: Array) -> bool:
    return s[layout.ALARM] == 1.0


@compiled
def full(s: Array) -> float:
    return s[layout.FULL]


@compiled
def steer(engine: Array, s: Array, c: Array, began: float, failed: bool, extra: bool) -> None:
    """The burst controller takes the same result in; while an alarm stands, what is known needs no haste."""
    latent = s[layout.LATENT] > 0.5 * s[layout.TOTAL]
    _steer(engine, c, began, failed, s[layout.FULL], s[layout.SCORE], latent, extra)
    if s[layout.ALARM] == 1.0:
        c[layout.BURSTING] = 0.0


@compiled
def steer_other(engine: Array, c: Array, began: float, failed: bool, score: float, extra: bool) -> None:
    """The same controller for a rule of one statistic."""
    _steer(engine, c, began, failed, score, score, False, extra)


@compiled
def spacing(c: Array) -> float:
    """Seconds between extra probes; 0: none are wanted."""
    return c[layout.SPACING] if c[layout.BURSTING] == 1.0 else 0.0
