"""Calm worlds and faults for the tests of the sequential detector; seeded, so a failing test fails again."""

import math
from random import Random
from typing import Any

from monitor.detectors.baseline import Baseline
from monitor.detectors.learn import History, fit
from monitor.detectors.sequential import layout, plan

DAY = 86_400.0
MONDAY = 1_793_577_600.0  # 2026-11-02T00:00:00Z


class Asked:
    """Options as the kernel's parameters need them."""

    false_alarms = 30 * DAY


def history(
    places: tuple[str, ...] = ("fra", "sin", "sfo"), *, days: float = 5, step: float = 10.0, p0: float = 0.002
) -> History:
    random = Random(7)
    count = int(days * DAY / step)
    at = [MONDAY + row * step for row in range(count)]
    place = [row % len(places) for row in range(count)]
    failed = [random.random() < p0 for _ in at]
    return History(at, place, failed, [latency(random, one) for one in at], places, [row % 2 == 0 for row in range(count)])


def latency(random: Random, at: float, slow: float = 1.0) -> float:
    """A quarter of a second, slower by day, with a lognormal spread of 30 %."""
    return 0.25 * slow * math.exp(0.25 * math.sin(2 * math.pi * (at % DAY) / DAY) + random.gauss(0.0, 0.3))


_FITTED: dict[tuple[str, ...], Baseline] = {}


def baseline(places: tuple[str, ...] = ("fra", "sin", "sfo")) -> Baseline:
    if places not in _FITTED:
        _FITTED[places] = fit(history(places))
    return _FITTED[places]


def parameters(places: int, learned: Baseline | None = None, **changes: float) -> list[float]:
    """Parameters by name, over the defaults: ``parameters(1, P0=0.01)``."""
    p = plan.parameters(Asked(), learned, places, 1)
    for name, value in changes.items():
        p[getattr(layout, name)] = value
    return p


def quiet(places: int, **changes: float) -> list[float]:
    """A null without transients and blips, and a threshold that nothing reaches."""
    return parameters(places, **({"TRANSIENT_RATE": 0.0, "BLIP_RATE": 0.0, "THRESHOLD": 1e9} | changes))


def evidence(s: Any) -> list[float]:
    return [float(value) for value in s[layout.FULL_EVIDENCE : layout.FULL_EVIDENCE + layout.ALTERNATIVES]]
