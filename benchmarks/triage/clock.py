"""The bench's time: the machine's own, moved on between rounds of runs. Monitors and gateways share it."""

import time


class RoundClock:
    """Begins ``behind_seconds`` ago. What lasts, lasts as long as it really does; ``skip`` passes over the time nobody waits for."""

    def __init__(self, behind_seconds: float = 0.0) -> None:
        self._offset = -behind_seconds

    def skip(self, seconds: float) -> None:
        self._offset += seconds

    def wall(self) -> float:
        return time.time() + self._offset

    def monotonic(self) -> float:
        return time.monotonic() + self._offset

    def really(self, instant: float) -> float:
        """A monotonic instant since the latest skip, on the machine's own clock."""
        return instant - self._offset
