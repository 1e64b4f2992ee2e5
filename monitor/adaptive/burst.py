"""The burst of one check: which extra run comes next, and when. A plain object; ``now`` is monotonic seconds."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from monitor.adaptive.bucket import Bucket
from monitor.adaptive.plan import Part, extra_plan
from monitor.model.check import Check, Stratum
from monitor.model.extra import Extra
from monitor.model.wish import Wish

#: Extra runs saved up, and how they come back: what one sequential rule may draw from its two buckets (150, and 300 once the evidence
#: is strong). The bound holds for all rules together.
RUNS_SAVED = 450.0
RUNS_PER_SECOND = 0.06
#: Extra runs that move money: a burst of them outlasts a failover of a few seconds and still decides; then one every 7.5 minutes.
MONEY_RUNS_SAVED = 8.0
MONEY_RUNS_PER_SECOND = 8.0 / 3_600.0
MONEY_SPACING_SECONDS = 2.0
#: Steps that can be tried for nothing are tried so often before those of money.
ASIDE_RUNS = 2
#: What a rule wishes for is granted down to here: neighbours in time fail together, so more of them say little more.
SPACING_MIN_SECONDS = 0.3
#: How fast the longest run of late is forgotten.
_FORGET = 0.9


class _Chosen(NamedTuple):
    at: float
    turn: int
    wish: Wish
    part: Part


class CheckBurst:
    """Ask ``due``; then ``next`` says what to send. Tell ``started`` and ``ended``, or ``put_off`` when it could not be sent.

    One extra run at a time, round robin over the wishes of all rules and over the strata of each: one bucket for all of them, so
    that the cost of a check is bounded whatever its rules are.
    """

    def __init__(self, check: Check, now: float) -> None:
        self._check = check
        self._runs = Bucket.full(RUNS_SAVED, RUNS_PER_SECOND, now)
        self._money = Bucket.full(MONEY_RUNS_SAVED, MONEY_RUNS_PER_SECOND, now)
        self._wishes: tuple[Wish, ...] = ()
        self._plans: dict[str, tuple[Part, ...]] = {}
        self._healthy: dict[str, bool] = {}  # stratum -> what its latest measured run came to
        self._turns: dict[Wish, int] = {}
        self._turn = 0
        self._aside = 0  # runs of this burst that were tried for nothing
        self._running = False
        self._chosen: _Chosen | None = None
        self._last = self._last_money = self._not_before = float("-inf")
        self._patience = math.inf
        self.takes_seconds = 0.0  # the longest that a run of late was in the way of others

    def adopt(self, check: Check) -> None:
        """Another configuration. What was spent stays spent."""
        if check != self._check:
            self._check = check
            self._plans.clear()

    def wish(self, wishes: Sequence[Wish]) -> None:
        """All wishes that stand now; none ends the burst."""
        if not self._wishes:
            self._aside = 0
        self._wishes = tuple(wishes)
        self._turns = {wish: self._turns.get(wish, 0) for wish in self._wishes}

    @property
    def bursting(self) -> bool:
        return bool(self._wishes)

    def tokens(self, now: float) -> float:
        return self._runs.level(now)

    def due(self, now: float) -> float | None:
        """When the next extra run is to start; None: there is none to come before something changes."""
        chosen = self._choose(now)
        return None if chosen is None else chosen.at

    def next(self, now: float) -> Extra | None:
        """What is to be sent at ``due``."""
        self._chosen = self._choose(now)
        if self._chosen is None:
            return None
        part = self._chosen.part
        return Extra(part.check, self._stratum(self._chosen.wish), part.covers, part.money)

    def started(self, now: float) -> None:
        """What ``next`` gave is on its way."""
        chosen = self._chosen
        assert chosen is not None  # noqa: S101 - ``next`` gave something
        self._runs.take(now)
        self._last, self._running = now, True
        if chosen.part.money:
            self._money.take(now)
            self._last_money = now
        self._aside += chosen.part.aside
        self._turn = chosen.turn + 1
        self._turns[chosen.wish] = self._turns.get(chosen.wish, 0) + 1

    def ended(self) -> None:
        """It is over, or so late that the next need not wait for it."""
        self._running = False

    def lingered(self, seconds: float) -> None:
        """A run was under way for so long when the next was let pass."""
        self._patience = seconds
        self.takes_seconds = min(self.takes_seconds, seconds)

    def put_off(self, until: float) -> None:
        """It could not be sent: not again before ``until``."""
        self._not_before = until

    def heard(self, stratum: str, good: bool | None, seconds: float) -> None:
        """A run of the check, of the grid or not, came to this and took so long."""
        self.takes_seconds = max(min(seconds, self._patience), self.takes_seconds * _FORGET)
        if good is not None:
            self._healthy[stratum] = good

    def _choose(self, now: float) -> _Chosen | None:
        """The wish whose turn it is; one that has to wait lets others pass."""
        if self._running or not self._wishes:
            return None
        turns = range(self._turn, self._turn + len(self._wishes))
        offers = [offer for turn in turns if (offer := self._offer(turn, now))]
        return min(offers, key=lambda offer: offer.at, default=None)

    def _offer(self, turn: int, now: float) -> _Chosen | None:
        wish = self._wishes[turn % len(self._wishes)]
        if wish.step not in self._plans:
            self._plans[wish.step] = extra_plan(self._check, wish.step)
        left = (part for part in self._plans[wish.step] if not part.aside or self._aside < ASIDE_RUNS)
        part = next(left, None)
        return None if part is None else _Chosen(self._earliest(part, now), turn, wish, part)

    def _earliest(self, part: Part, now: float) -> float:
        spacing = max(SPACING_MIN_SECONDS, min(wish.spacing_seconds for wish in self._wishes))
        at = max(self._runs.opens(now), self._last + spacing, self._not_before)
        if part.money:
            at = max(at, self._money.opens(now), self._last_money + MONEY_SPACING_SECONDS)
        return at

    def _stratum(self, wish: Wish) -> Stratum:
        """The rotation's next; a stratum's own wish rotates only itself and a healthy one to hold it against."""
        strata, turn = self._check.strata, self._turns.get(wish, 0)
        own = next((place for place, stratum in enumerate(strata) if stratum.label == wish.stratum), None)
        if own is None or not wish.stratum:
            return strata[turn % len(strata)]
        suspected = {other.stratum for other in self._wishes}
        others = (*strata[own + 1 :], *strata[:own])
        healthy = [one for one in others if one.label not in suspected and self._healthy.get(one.label, True)]
        return healthy[0] if healthy and turn % 2 else strata[own]
