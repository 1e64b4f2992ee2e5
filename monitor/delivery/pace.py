"""How fast: at most so many requests a second to one desk, and how long to wait before trying again."""

import asyncio

from tenacity import RetryCallState, Retrying, wait_random_exponential

from monitor.clock import Clock

#: Full jitter up to 1 s, 2 s, 4 s, ... and never more than five minutes: a desk that is back is noticed soon enough.
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 300.0
_BACK_OFF = wait_random_exponential(multiplier=FIRST_WAIT_SECONDS, max=LONGEST_WAIT_SECONDS)


def back_off(attempts: int) -> float:
    """Seconds to wait after the ``attempts``-th attempt. Attempts are kept in the row, so a restart goes on where it was."""
    state = RetryCallState(Retrying(), fn=None, args=(), kwargs={})
    state.attempt_number = max(attempts, 1)
    return float(_BACK_OFF(state))


class Pace:
    """A token bucket: ``per_second`` on average, a second's worth at once."""

    def __init__(self, per_second: float, clock: Clock) -> None:
        self._gap = 1.0 / per_second
        self._burst_seconds = max(1.0 - self._gap, 0.0)
        self._clock = clock
        self._next = float("-inf")

    async def spare(self) -> None:
        """A turn for what can wait: not before half of a second's worth is left for what cannot."""
        while True:  # whatever was sent meanwhile has taken its share
            delay = self._next + self._burst_seconds / 2 - self._clock.monotonic()
            if delay <= 0:
                break
            await asyncio.sleep(delay)
        await self.turn()

    async def turn(self) -> None:
        now = self._clock.monotonic()
        self._next = max(self._next, now - self._burst_seconds) + self._gap
        delay = self._next - self._gap - now
        if delay > 0:
            await asyncio.sleep(delay)
