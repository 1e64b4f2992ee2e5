"""Where the time of one exchange went. One phase runs at a time; entering the next ends the one before."""

import time

from monitor.model.result import Phases, Reach

now = time.perf_counter


class Stopwatch:
    """Made when the exchange begins. A phase that was never entered has no time, which is not the same as 0.

    The phase that runs when something goes wrong says where it went wrong, and keeps the time it had taken so far.
    """

    __slots__ = ("_began", "_ended", "_running", "_seconds", "_since", "phase", "queued", "reach", "started", "starved")

    def __init__(self) -> None:
        self.started = time.time()
        self.phase = ""
        self.queued = 0.0
        self.reach = Reach.NOT_SENT
        self.starved = False  # nobody was asked, because all our own hands were full
        self._running = False
        self._began = self._since = now()
        self._ended: float | None = None
        self._seconds: dict[str, float] = {}

    def enter(self, phase: str, at: float | None = None) -> None:
        begin = now() if at is None else at
        self._close(begin)
        self.phase, self._since, self._running = phase, begin, True

    def leave(self) -> None:
        """End the running phase; the next has not begun."""
        self._close(now())

    def forget(self) -> None:
        """The running phase turned out not to happen."""
        self._running = False

    def spent(self) -> float:
        """Seconds in the running phase so far."""
        return now() - self._since

    def ours(self, seconds: float) -> None:
        """That much of the running phase was our own waiting: it is kept apart and belongs to no phase."""
        self._since += seconds
        self.queued += seconds

    def stop(self, at: float | None = None) -> None:
        """End the running phase and the exchange. Only the first stop counts."""
        if self._ended is None:
            self._ended = now() if at is None else at
            self._close(self._ended)

    @property
    def duration(self) -> float:
        """Seconds from begin to end, without our own waiting."""
        return max(0.0, (self._ended or now()) - self._began - self.queued)

    def phases(self) -> Phases:
        return Phases(**self._seconds)

    def _close(self, end: float) -> None:
        if self._running:
            self._running = False
            self._seconds[self.phase] = self._seconds.get(self.phase, 0.0) + max(0.0, end - self._since)
