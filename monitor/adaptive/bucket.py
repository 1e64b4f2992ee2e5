"""So many saved up, and so many more as time passes."""

from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """A token bucket; ``now`` is seconds on a clock that only goes forward. It begins full."""

    capacity: float
    per_second: float
    tokens: float
    at: float

    @classmethod
    def full(cls, capacity: float, per_second: float, now: float) -> "Bucket":
        return cls(capacity, per_second, capacity, now)

    def level(self, now: float) -> float:
        return min(self.capacity, self.tokens + max(0.0, now - self.at) * self.per_second)

    def opens(self, now: float) -> float:
        """When there is a whole one: ``now`` or later."""
        return now + max(0.0, 1.0 - self.level(now)) / self.per_second

    def take(self, now: float) -> None:
        self.tokens, self.at = self.level(now) - 1.0, now
