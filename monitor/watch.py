"""The watcher watched: loop lag, readiness that means progress, an outgoing heartbeat that carries it.

A dead man's switch elsewhere hears the heartbeat only while checks really finish: an HTTP server that still answers beside a
frozen scheduler is silent, and silence raises the alarm.
"""

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from monitor.clock import Clock

#: How often the loop is asked whether it is still quick.
LAG_EVERY_SECONDS = 0.1
#: A loop this late measures itself, not the target: results overlapping such a stall are not latency evidence.
STALL_SECONDS = 0.1
#: How many stalls are remembered: more than a run's budget can overlap.
STALLS_KEPT = 256
#: Readiness turns red when the schedule has gone unlooked at for this long.
FROZEN_SECONDS = 20.0
#: ... and when nothing has finished for this many of the shortest interval, but never sooner than FROZEN_SECONDS.
SILENT_INTERVALS = 3


class LoopLag:
    """Measures how late the loop's timers are, and remembers its stalls. Instants are monotonic."""

    def __init__(self, clock: Clock, observe: Callable[[float], None]) -> None:
        self._clock = clock
        self._observe = observe
        self._stalls: deque[tuple[float, float]] = deque(maxlen=STALLS_KEPT)
        self._expected = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.latest = 0.0

    def start(self) -> None:
        self._expected = self._clock.monotonic() + LAG_EVERY_SECONDS
        self._timer = asyncio.get_running_loop().call_later(LAG_EVERY_SECONDS, self._tick)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _tick(self) -> None:
        now = self._clock.monotonic()
        self.latest = max(0.0, now - self._expected)
        if self.latest >= STALL_SECONDS:
            self._stalls.append((self._expected, now))
        self._observe(self.latest)
        self.start()

    def worst(self, since: float) -> float:
        """The longest stall that ended after ``since``, and how late the loop was just now, whichever is longer. Seconds."""
        return max([self.latest, *(end - begin for begin, end in self._stalls if end > since)])

    def stalled(self, since: float, until: float) -> bool:
        """Did a stall overlap [since, until)? One under way, not yet measured, counts too."""
        if until - self._expected >= STALL_SECONDS:
            return True
        return any(begin < until and since < end for begin, end in self._stalls)


@dataclass(frozen=True, slots=True)
class Progress:
    """What a heartbeat carries and readiness is judged by. Ages in seconds; None: nothing yet."""

    checks: int
    last_finished_age: float | None
    behind_seconds: float
    outbox_oldest_age: float | None
    store_pending: int
    store_ok: bool
    shortest_every: float | None
    up_seconds: float

    def problems(self) -> list[str]:
        """Why the service is not doing its work, in words; empty when it is."""
        found = []
        if self.behind_seconds > FROZEN_SECONDS:
            found.append(f"the schedule has not turned for {self.behind_seconds:.0f} s")
        if self.checks and self.shortest_every is not None:
            patience = max(FROZEN_SECONDS, SILENT_INTERVALS * self.shortest_every)
            age = self.up_seconds if self.last_finished_age is None else self.last_finished_age
            if age > patience:
                found.append(f"no check has finished for {age:.0f} s")
        if not self.store_ok:
            found.append("the store refuses writes")
        return found


class Heartbeat:
    """Posts progress to ``send`` every ``every_seconds``, and only when there was some."""

    def __init__(
        self, send: Callable[[bytes], Awaitable[bool]], progress: Callable[[], Progress], *, every_seconds: float, install: str
    ) -> None:
        self._send = send
        self._progress = progress
        self._every = every_seconds
        self._install = install
        self.sent = 0
        self.withheld = 0

    async def run(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            await self.beat()

    async def beat(self) -> bool:
        progress = self._progress()
        if progress.problems() or progress.last_finished_age is None:
            self.withheld += 1
            return False
        body = {
            "install": self._install,
            "checks": progress.checks,
            "last_check_finished_seconds_ago": round(progress.last_finished_age, 3),
            "outbox_oldest_seconds": progress.outbox_oldest_age,
            "results_waiting_for_the_store": progress.store_pending,
        }
        if await self._send(json.dumps(body).encode()):
            self.sent += 1
            return True
        return False
