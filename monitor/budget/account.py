"""One gateway account: what may be asked of it now, and what was learned from its answers.

A run is admitted when its whole cost can be paid, undo included; what it does not use flows back. A run that was admitted is
finished: its requests wait their turn, and only the gateway's own wish to be left alone keeps one of them from being sent.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from monitor.budget.extras import Extras
from monitor.budget.meter import Meter, Recent
from monitor.budget.quota import Quota
from monitor.budget.trouble import MONEY_PATIENCE_SECONDS, READ_PATIENCE_SECONDS, RETRY_AFTER_MAX_SECONDS, Failing, Throttled
from monitor.model.allowance import Allowance
from monitor.model.outcome import DECLINES, OURS, Outcome

DAY_SECONDS = 86_400.0
#: Orders whose state was asked for lately; each is remembered for two hours.
ORDERS_MAX = 10_000
#: The gateway does not do its work: to go on asking would be part of the trouble.
FAILURES = frozenset({Outcome.TECH_GATEWAY, Outcome.TIMEOUT_UNKNOWN, Outcome.NETWORK_ERROR})
#: While reads fail, one slot in so many still runs.
SLOW_READS = 2
#: Runs beside the grid leave one request more than it needs: turns are a hair further apart than the rate says.
SPARED = 1.0
#: How far ahead the grid's needs are looked at, in times that an empty bucket takes to fill: half a minute of the common budget.
AHEAD_REFILLS = 10.0
_INSTANTS = frozenset({"since", "until"})


class Refusal(StrEnum):
    """Why something was not asked: a metric label, so a closed set."""

    RATE = "rate"  # the budget of requests is spent
    PAUSED = "paused"  # the gateway asked us to wait
    FAILING = "failing"  # the gateway fails, and is given room
    DECLINES = "declines"  # a card had its declines of the day
    POLLING = "polling"  # this order was asked about too often


@dataclass(frozen=True, slots=True)
class Work:
    """What a run wants to do."""

    cost: int  # requests at most, undo included
    slot: int
    money: bool
    declined_cards: frozenset[str] = frozenset()  # cards that it expects to see declined
    cards: frozenset[str] = frozenset()  # all it uses; ``declined_cards`` are among them
    live: bool = False


class Account:
    """A plain object without I/O. ``now`` is monotonic seconds; ``luck`` is uniform in [0, 1)."""

    def __init__(self, allowance: Allowance) -> None:
        self.allowance = allowance
        self._meter = _meter(allowance)
        promised = allowance.promised_per_second
        self._recent = None if promised is None else Recent(promised)
        self._promised = 0
        self._money = Failing()
        self._reads = Failing()
        self._throttled = Throttled()
        self.extras = Extras(allowance.requests_per_second)
        self._declines = Quota(allowance.declines_per_day or 1, DAY_SECONDS)
        polling = allowance.polling
        self._polls = (
            Quota(polling.most, polling.within_seconds, apart_seconds=polling.every_seconds, names_max=ORDERS_MAX)
            if polling
            else None
        )

    # --- asking

    def admit(self, work: Work, now: float) -> Refusal | None:
        """May this run begin? None: yes, and its cost is put aside until ``release``."""
        refusal = self._refusal(work, now)
        if refusal is None:
            self._promised += work.cost
        return refusal

    def _refusal(self, work: Work, now: float) -> Refusal | None:
        if now < self._throttled.until:
            return Refusal.PAUSED
        if self._backs_off(work, now):
            return Refusal.FAILING
        # Everywhere a card that is to be declined has its daily share. One that is declined against all expectation is an
        # incident to be watched; only where the schemes count real declines is it left alone too.
        if any(self._spent(card, now) for card in (work.cards if work.live else work.declined_cards)):
            return Refusal.DECLINES
        if self._meter is not None and self._meter.level(now) - self._promised < work.cost:
            return Refusal.RATE
        return None

    def admit_extra(self, work: Work, now: float, grid: Callable[[float], Sequence[tuple[float, int]]]) -> Refusal | None:
        """May this run, beside the grid, begin? ``grid(seconds)``: in how long its next runs are due, and their costs, in order.

        It comes behind all of them: only what none of them will need is given, and nobody may be waiting for a turn.
        """
        if self.extras.paused(now):
            return Refusal.PAUSED
        refusal = self._refusal(work, now)
        if refusal is None and not self.extras.affords(now):
            refusal = Refusal.RATE
        if refusal is None and self._meter is not None and not self._spares(self._meter, work.cost, now, grid):
            self.extras.put_off(now)
            refusal = Refusal.RATE
        if refusal is None:
            self._promised += work.cost
            self.extras.take(work.cost, now)
        return refusal

    def _spares(self, meter: Meter, cost: int, now: float, grid: Callable[[float], Sequence[tuple[float, int]]]) -> bool:
        """Whether the grid gets through on what is left, until everything is saved up again as if nothing had been taken."""
        if meter.free > now + meter.interval_seconds:
            return False
        ahead = AHEAD_REFILLS * meter.capacity / meter.rate
        left, since = meter.level(now) - self._promised - cost, 0.0
        for seconds, needed in (*grid(ahead), (ahead, 0)):
            left += (seconds - since) * meter.rate
            since = seconds
            if left >= meter.capacity:
                return True
            left -= needed
            if left < SPARED:
                return False
        return False

    def _backs_off(self, work: Work, now: float) -> bool:
        if not self.allowance.back_off:
            return False
        if work.money:
            return now < self._money.until
        return self._reads.lasts(now, READ_PATIENCE_SECONDS) and work.slot % SLOW_READS != 0

    def _spent(self, card: str, now: float) -> bool:
        return self.allowance.declines_per_day is not None and self._declines.opens(card, now) > now

    def release(self, unused: int) -> None:
        """A run is over; so many of its requests were never made."""
        self._promised = max(0, self._promised - unused)

    def turn(self, now: float, *, admitted: bool) -> float:
        """Take the next turn of one request: seconds to wait for it. ``admitted``: it is one of a run's put aside."""
        if admitted:
            self.release(1)
        return self._meter.take(now) if self._meter is not None else 0.0

    def spare(self, now: float) -> float | Refusal:
        """Seconds until there is a request that no run needs: it comes behind everything that is put aside. Take its ``turn`` then."""
        if now < self._throttled.until or self.extras.paused(now):
            return Refusal.PAUSED
        if self._meter is None:
            return 0.0
        lacking = 1.0 - (self._meter.level(now) - self._promised)
        return max(0.0, lacking / self._meter.rate, self._meter.wait(now))

    def paused_for(self, now: float) -> float:
        """Seconds for which the gateway still wants nothing sent."""
        return max(0.0, self._throttled.until - now)

    def sent(self, now: float) -> bool:
        """A request leaves. True when being throttled for it would be our own doing: too fast, while asked to wait, or in a burst."""
        ours = self.extras.blamed(now)
        if self._recent is None:
            return ours
        self._recent.sent(now)
        return ours or self._recent.over(now) or now < self._throttled.until

    def poll(self, order: str, now: float) -> float:
        """May the state of ``order`` be asked for now? 0.0: yes, and it is counted. Else seconds until it may."""
        if self._polls is None:
            return 0.0
        wait = self._polls.opens(order, now) - now
        if wait <= 0:
            self._polls.use(order, now)
        return wait

    # --- learning

    def expects_decline(self, cards: Iterable[str], now: float) -> None:
        """A request leaves that should be declined: counted now, since an answer that is lost is a decline all the same."""
        if self.allowance.declines_per_day is not None:
            for card in cards:
                self._declines.use(card, now)

    def answered(
        self,
        outcome: Outcome,
        now: float,
        *,
        money: bool,
        luck: float,
        retry_after_seconds: float | None = None,
        cards: Iterable[str] = (),
    ) -> bool:
        """What came of a request that was sent. ``cards``: those to count should it be a decline nobody expected.

        True when something changed that a restart must not forget.
        """
        if outcome in OURS or outcome is Outcome.CLIENT_CONFIG:
            return False  # says nothing about the gateway
        before = (self._throttled, self._money, self._reads)
        if outcome is not Outcome.THROTTLED:
            self._throttled = self._throttled.answered(now)
            self._judge(now, failed=outcome in FAILURES, money=money, luck=luck)
        elif self._recent is not None:
            self._throttled = self._throttled.told(now, retry_after_seconds, luck)
        declined = outcome in DECLINES
        if declined:
            self.expects_decline(cards, now)
        return declined or before != (self._throttled, self._money, self._reads)

    def _judge(self, now: float, *, failed: bool, money: bool, luck: float) -> None:
        if money:
            self._money = self._money.failed(now, MONEY_PATIENCE_SECONDS, luck) if failed else Failing()
        else:
            self._reads = self._reads.failed(now, READ_PATIENCE_SECONDS, luck) if failed else Failing()

    # --- telling

    def tokens(self, now: float) -> float | None:
        """Requests that could be made beyond those put aside; None without a limit."""
        return None if self._meter is None else max(0.0, self._meter.level(now) - self._promised)

    def declines_used(self, now: float) -> int:
        """Of the card with the most, in the last 24 hours."""
        return self._declines.most_used(now)

    # --- keeping

    def dump(self, now: float, wall: float) -> str:
        """Everything a restart must not forget, its instants in UTC seconds."""
        shift = wall - now
        state: dict[str, Any] = {
            "declines": self._declines.dump(now, shift),
            "money": _kept(self._money, shift),
            "reads": _kept(self._reads, shift),
            "throttled": _kept(self._throttled, shift),
        }
        if self._polls is not None:
            state["polls"] = self._polls.dump(now, shift)
        if self._meter is not None:
            state["meter"] = {"tokens": round(self._meter.level(now), 3), "free": round(self._meter.free + shift, 3)}
        return json.dumps(state, separators=(",", ":"), sort_keys=True)

    @classmethod
    def restored(cls, allowance: Allowance, text: str, now: float, wall: float) -> "Account":
        """Go on from what ``dump`` gave. What cannot be read is forgotten as a whole: half a state is none."""
        account = cls(allowance)
        try:
            account._load(json.loads(text), now, now - wall)
        except (ValueError, TypeError, KeyError, AttributeError):
            return cls(allowance)
        return account

    def _load(self, state: dict[str, Any], now: float, shift: float) -> None:
        self._declines.load(state["declines"], now, shift)
        self._money = Failing(**_back(state["money"], now, shift))
        self._reads = Failing(**_back(state["reads"], now, shift))
        self._throttled = Throttled(**_back(state["throttled"], now, shift))
        if self._polls is not None:
            self._polls.load(state.get("polls", {}), now, shift)
        if self._meter is not None and "meter" in state:
            self._meter.tokens, self._meter.at = float(state["meter"]["tokens"]), now
            self._meter.free = float(state["meter"]["free"]) + shift
            self._meter.bounded(now)


def _meter(allowance: Allowance) -> Meter | None:
    rate = allowance.requests_per_second
    return None if rate is None else Meter(rate, float(allowance.burst), float(allowance.burst))


def _kept(trouble: Failing | Throttled, shift: float) -> dict[str, float]:
    return {name: value + shift if name in _INSTANTS else value for name, value in asdict(trouble).items()}


def _back(kept: dict[str, float], now: float, shift: float) -> dict[str, Any]:
    """Instants as they were, but none further ahead than the longest pause: the wall clock may have been set meanwhile."""
    latest = now + RETRY_AFTER_MAX_SECONDS
    return {name: min(float(value) + shift, latest) if name in _INSTANTS else int(value) for name, value in kept.items()}
