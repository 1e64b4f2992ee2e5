"""What can go wrong, and what must not be taken for it."""

import math
from dataclasses import dataclass

import numpy as np

from benchmarks.detection.compiled import Array, compiled

HOUR = 3_600.0
(NONE, FAILS, HANGS, SLOW, TAIL, SLOW_RAMP, FAIL_RAMP, FLAPS) = range(8)
KIND, AMOUNT, OTHER, LENGTH, ONLY = range(5)
EVERYWHERE = -1.0


@dataclass(frozen=True, slots=True)
class Fault:
    """``amount`` and ``other`` mean what ``effect`` makes of them; ``place`` is the only location hit, -1 all."""

    name: str
    kind: int = NONE
    amount: float = 0.0
    other: float = 0.0
    seconds: float = HOUR
    place: float = EVERYWHERE
    share: float = 0.0  # of customers' payments that fail while it lasts
    title: str = ""

    def vector(self) -> Array:
        return np.array([self.kind, self.amount, self.other, self.seconds, self.place])


CALM = Fault("calm")
#: Incidents: each must be found. Small ones are given two hours.
INCIDENTS = (
    Fault("hard_outage", FAILS, 1.0, share=1.0, title="hard outage"),
    Fault("black_hole", HANGS, 1.0, share=1.0, title="black hole"),
    Fault("partial_50", FAILS, 0.5, share=0.5, title="50 % fail"),
    Fault("partial_20", FAILS, 0.2, share=0.2, title="20 % fail"),
    Fault("partial_10", FAILS, 0.1, share=0.1, title="10 % fail"),
    Fault("partial_5", FAILS, 0.05, seconds=2 * HOUR, share=0.05, title="5 % fail"),
    Fault("partial_2", FAILS, 0.02, seconds=2 * HOUR, share=0.02, title="2 % fail"),
    Fault("slow_1.3", SLOW, 1.3, seconds=2 * HOUR, title="latency x1.3"),
    Fault("slow_1.5", SLOW, 1.5, title="latency x1.5"),
    Fault("slow_2", SLOW, 2.0, title="latency x2"),
    Fault("slow_3", SLOW, 3.0, title="latency x3"),
    Fault("slow_5", SLOW, 5.0, title="latency x5"),
    Fault("tail_10", TAIL, 0.10, 5.0, title="10 % take x5"),
    Fault("tail_5", TAIL, 0.05, 10.0, title="5 % take x10"),
    Fault("slow_ramp", SLOW_RAMP, 3.0, 1_800.0, seconds=2 * HOUR, title="latency x1 to x3 over 30 min"),
    Fault("fail_ramp", FAIL_RAMP, 0.5, 1_800.0, title="0 to 50 % fail over 30 min"),
    Fault("flapping", FLAPS, 20.0, 40.0, share=1 / 3, title="20 s down, 40 s up"),
)
#: One place's trouble is no incident of the gateway: none may open one.
LOCAL = (
    Fault("place_down_10m", FAILS, 1.0, seconds=600.0, place=0.0, title="one place down 10 min"),
    Fault("place_half_30m", FAILS, 0.5, seconds=1_800.0, place=0.0, title="one place at 50 % 30 min"),
    Fault("place_down_6h", FAILS, 1.0, seconds=6 * HOUR, place=0.0, title="one place down 6 h"),
    Fault("place_slow_3", SLOW, 3.0, place=0.0, title="one place x3 slow 1 h"),
    Fault("place_slow_10", SLOW, 10.0, place=0.0, title="one place x10 slow 1 h"),
)


@compiled
def effect(f: Array, since: float, place: int) -> tuple[float, bool, float]:
    """``since`` onset in seconds: the chance that a probe fails of it, whether it then hangs, and what it adds to the log latency."""
    kind = int(f[KIND])
    if kind == NONE or since < 0.0 or since >= f[LENGTH] or (f[ONLY] >= 0.0 and place != int(f[ONLY])):
        return 0.0, False, 0.0
    amount, other = f[AMOUNT], f[OTHER]
    if kind in (FAILS, HANGS):
        return amount, kind == HANGS, 0.0
    if kind == SLOW:
        return 0.0, False, math.log(amount)
    if kind == TAIL:
        return 0.0, False, math.log(other) if np.random.random() < amount else 0.0
    if kind == SLOW_RAMP:
        return 0.0, False, math.log(1.0 + (amount - 1.0) * min(since / other, 1.0))
    if kind == FAIL_RAMP:
        return amount * min(since / other, 1.0), False, 0.0
    return (1.0 if since % (amount + other) < amount else 0.0), False, 0.0
