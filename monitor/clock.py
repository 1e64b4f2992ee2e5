"""The clocks. Everything above the pure floors is handed one; tests hand over a simulated one.

``monotonic`` orders and measures; ``wall`` only stamps. A step of the wall clock therefore moves no schedule and makes no
latency negative.
"""

import time
from typing import Protocol


class Clock(Protocol):
    def monotonic(self) -> float:
        """Seconds on a clock that never goes back; its zero means nothing."""

    def wall(self) -> float:
        """UTC seconds since the epoch."""


class SystemClock:
    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)
