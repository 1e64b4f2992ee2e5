"""What runs beside the grid may ask of one account: a share of its rate, and nothing for a while after it has throttled us.

A burst must not become the outage it looks for. So it stays below what the gateway is promised, stops at the first sign of
being too much, and what the gateway then refuses is put down to us.
"""

from monitor.budget.trouble import RETRY_AFTER_MAX_SECONDS

#: Of a limited account's rate; the rest is the grid's, the ledger's and its undo's. Of the common five a second: three.
EXTRA_SHARE = 0.6
#: Where nothing is limited: a hundred times what a person would click, and far from a load.
EXTRA_UNLIMITED_PER_SECOND = 20.0
#: So much of the rate may be saved up.
SAVED_SECONDS = 2.0
#: After being throttled; doubled each time it happens again.
PAUSE_SECONDS = 60.0
PAUSE_MAX_SECONDS = 900.0
#: Gateways count requests by the second or by the minute: a refusal this soon after an extra request may be for it.
BLAME_SECONDS = 60.0
#: Looking through the grid's next runs takes up to a millisecond.
AGAIN_SECONDS = 0.2


class Extras:
    """A plain object; ``now`` is monotonic seconds. ``rate``: what the account may be asked in all, None without a limit."""

    def __init__(self, rate: float | None) -> None:
        self._rate = EXTRA_UNLIMITED_PER_SECOND if rate is None else EXTRA_SHARE * rate
        self._level = self._rate * SAVED_SECONDS
        self._at = float("-inf")
        self._sent = float("-inf")
        self._turns = 0
        self._until = float("-inf")
        self._again = float("-inf")

    def paused(self, now: float) -> bool:
        return now < self._until

    def affords(self, now: float) -> bool:
        """A run may begin while anything is left: what it costs beyond that is waited for afterwards."""
        return now >= self._again and self._saved(now) > 0.0

    def put_off(self, now: float) -> None:
        """The grid needs what there is: to look again for each of many checks would be work for nothing."""
        self._again = now + AGAIN_SECONDS

    def take(self, cost: int, now: float) -> None:
        self._level, self._at = self._saved(now) - cost, now

    def sent(self, now: float) -> None:
        """A request of an extra run leaves."""
        self._sent = now

    def blamed(self, now: float) -> bool:
        """Whether being throttled now may be for an extra run."""
        return now - self._sent < BLAME_SECONDS

    def throttled(self, now: float, retry_after_seconds: float | None) -> None:
        """The gateway refused something, whatever it was. One pause for all that were under way."""
        asked = min(retry_after_seconds or 0.0, RETRY_AFTER_MAX_SECONDS)
        if now >= self._until:
            self._turns = self._turns + 1 if now - self._until < PAUSE_MAX_SECONDS else 1
            self._until = now + min(PAUSE_SECONDS * 2.0 ** (self._turns - 1), PAUSE_MAX_SECONDS)
        self._until = max(self._until, now + asked)

    def _saved(self, now: float) -> float:
        capacity = self._rate * SAVED_SECONDS
        return min(capacity, self._level + (now - self._at) * self._rate)
