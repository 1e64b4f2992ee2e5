"""Simulated time: an asyncio loop whose clock jumps to the next timer whenever everybody waits.

A simulated day runs in seconds, in order, and the same each time. Threads are not simulated: code under it keeps its work on
the loop (stores open with ``threaded=False``).
"""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

#: 2026-11-02 00:00:00 UTC, a Monday: far from a month's edge and from a change of clocks.
START = 1_793_577_600.0
#: A simulation that waits on nothing at all would hang for ever: this long, in real seconds, and it says so.
STUCK_SECONDS = 10.0


class _JumpingSelector(selectors.DefaultSelector):
    """Answers what is ready now; when nothing is, time has passed instead of us waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            ready = super().select(STUCK_SECONDS)
            if not ready:
                raise RuntimeError("the simulation waits for something that will never happen")
            return ready
        # The loop compares timers with a resolution of its own: a hair more, so that the timer is due when we are back.
        self.now += timeout + 1e-9
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """``time()`` is simulated seconds since the loop was made."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


class SimulatedClock:
    """A ``monitor.clock.Clock`` on the running simulated loop; ``step`` moves the wall clock alone, as an operator's ``date`` would."""

    def __init__(self, start: float = START) -> None:
        self._start = start

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def wall(self) -> float:
        return self._start + self.monotonic()

    def step(self, seconds: float) -> None:
        self._start += seconds


def simulate(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run ``main`` on a simulated loop to its end."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(main())
