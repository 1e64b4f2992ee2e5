"""How fast: a token bucket for the long run, and a pace for each second."""

from collections import deque
from dataclasses import dataclass
from math import ceil

#: Sums of fractions must not squeeze one request more into a second.
MARGIN_SECONDS = 1e-6
#: Below one request a second the bucket alone keeps the rate: a script's steps need not be seconds apart for it.
SLOWEST_PACE = 1.0


@dataclass(slots=True)
class Meter:
    """``rate`` requests a second in the long run, at most ``capacity`` saved up, and never more than ``rate`` in any one second.

    The first is a token bucket; the second spaces the requests, so that savings are not spent in one burst. Savings begin full,
    which is no burst for the same reason.
    """

    rate: float
    capacity: float
    tokens: float
    at: float = 0.0  # when ``tokens`` is true: the latest turn given away
    free: float = 0.0  # before this no request leaves

    @property
    def interval_seconds(self) -> float:
        return 1.0 / max(self.rate, SLOWEST_PACE) + MARGIN_SECONDS

    def level(self, now: float) -> float:
        """Requests saved up; below 0 while turns are given away on credit."""
        return min(self.capacity, self.tokens + (now - self.at) * self.rate)

    def wait(self, now: float) -> float:
        """Seconds until a request may leave."""
        lacking = max(0.0, 1.0 - self.level(now)) / self.rate
        return max(lacking, self.free - now, 0.0)

    def take(self, now: float) -> float:
        """Give the next turn away: seconds until it comes."""
        leaves = now + self.wait(now)
        self.tokens, self.at = self.level(leaves) - 1.0, leaves
        self.free = leaves + self.interval_seconds
        return leaves - now

    def bounded(self, now: float) -> None:
        """Whatever a clock or a damaged file made of it: never further in debt than what refills in one capacity."""
        self.free = min(self.free, now + self.capacity * self.interval_seconds)
        self.tokens = max(min(self.tokens, self.capacity), -self.capacity)
        self.at = min(self.at, now)


class Recent:
    """Whether more than ``limit`` requests left within one second."""

    def __init__(self, limit: float) -> None:
        self._sent: deque[float] = deque(maxlen=ceil(max(limit, SLOWEST_PACE)) + 1)

    def sent(self, at: float) -> None:
        self._sent.append(at)

    def over(self, at: float) -> bool:
        return len(self._sent) == self._sent.maxlen and at - self._sent[0] < 1.0
