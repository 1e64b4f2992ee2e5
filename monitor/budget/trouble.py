"""When to leave a gateway alone: it fails, or it asks us to.

Pauses grow exponentially and are drawn with full jitter, uniform in [0, min(cap, base * 2^turn)] (aws.amazon.com/blogs/architecture,
"Exponential Backoff And Jitter"): of the usual schemes the one that makes a crowd of clients come back most evenly spread.
"""

from dataclasses import dataclass, replace

#: So many failures in a row, over so long, and the gateway is failing. Rules that count three in a row have their evidence by then.
FAILURES_IN_A_ROW = 5
MONEY_PATIENCE_SECONDS = 60.0
#: Reads harm nobody and show the recovery: they go on at full speed for longer, and then at half.
READ_PATIENCE_SECONDS = 300.0
BASE_SECONDS = 10.0
#: An incident whose end nobody looks for cannot be resolved: a recovery is seen within this long.
CAP_SECONDS = 120.0
#: ``Retry-After`` is honoured up to here. A gateway that names a year has made a mistake, and may not blind us for it.
RETRY_AFTER_MAX_SECONDS = 3_600.0


def jittered(turn: int, luck: float) -> float:
    """A pause in seconds; ``luck`` is uniform in [0, 1)."""
    return luck * min(CAP_SECONDS, BASE_SECONDS * 2.0 ** min(turn, 30))


@dataclass(frozen=True, slots=True)
class Failing:
    """A row of failures; ``until`` ends the pause that it led to."""

    count: int = 0
    since: float = 0.0
    turns: int = 0
    until: float = 0.0

    def failed(self, now: float, patience_seconds: float, luck: float) -> "Failing":
        since = self.since if self.count else now
        told = replace(self, count=self.count + 1, since=since)
        # One draw a pause: runs that were under way when it began fail too, and are no news.
        if not told.lasts(now, patience_seconds) or now < self.until:
            return told
        return replace(told, turns=self.turns + 1, until=now + jittered(self.turns, luck))

    def lasts(self, now: float, patience_seconds: float) -> bool:
        """Whether it is more than a blip."""
        return self.count >= FAILURES_IN_A_ROW and now - self.since >= patience_seconds


@dataclass(frozen=True, slots=True)
class Throttled:
    """The gateway asked for fewer requests: until when nothing is sent."""

    turns: int = 0
    until: float = 0.0

    def told(self, now: float, retry_after_seconds: float | None, luck: float) -> "Throttled":
        """A refusal. Without ``Retry-After`` the pause is drawn like any other."""
        if retry_after_seconds is None:
            if now < self.until:
                return self
            pause = jittered(self.turns, luck)
        else:
            pause = min(max(retry_after_seconds, 0.0), RETRY_AFTER_MAX_SECONDS)
        return Throttled(self.turns + 1, max(self.until, now + pause))

    def answered(self, now: float) -> "Throttled":
        """Something was let through. A pause that runs goes on: it may have been sent before."""
        return self if now < self.until else Throttled()
