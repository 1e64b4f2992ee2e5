"""A run that is later than any in calm times is known to be in trouble long before its time-outs end: whoever can use that is told.

Only what the gateway takes is counted, as in a run's latency: our own queues, our books and clean-ups are not its time.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from monitor.model.result import Result


def unlimited(_check: str, _stratum: str, _due: float) -> float | None:
    """Nobody knows what late is."""
    return None


def nobody(_result: Result) -> None:
    """Nobody is told."""


@dataclass(slots=True)
class Patience:
    """``seconds(check, stratum, due)``: how long a run may take, None without a limit. ``over`` is told, on the loop, of one that takes longer.

    What it is told is a failed result marked ``pending``; the run goes on, and ends as it ends.
    """

    seconds: Callable[[str, str, float], float | None] = unlimited
    over: Callable[[Result], None] = nobody


class Waiting:
    """One run's: a timer while a request of it is under way. ``late`` is called once at most."""

    __slots__ = ("_late", "_left", "_timer")

    def __init__(self, seconds: float, late: Callable[[], None]) -> None:
        self._left = seconds
        self._late = late
        self._timer: asyncio.TimerHandle | None = None

    def sent(self) -> None:
        """A request leaves now."""
        if self._left > 0.0:
            self._timer = asyncio.get_running_loop().call_later(self._left, self._over)

    def ended(self, took_seconds: float) -> None:
        """It has ended, however it did."""
        self._left -= took_seconds
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _over(self) -> None:
        self._timer, self._left = None, 0.0
        self._late()
