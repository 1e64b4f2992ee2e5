"""The edge of the budget governor: knows the clock and chance, and which account a target belongs to.

The schedule asks ``admit`` for each slot, the driver takes a ``turn`` for each request, and every answer is told to it. What it must
not forget over a restart is handed out by ``take_dirty`` and stored with everything else.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import NamedTuple

from monitor.budget import Account, Refusal, Work
from monitor.budget.retry_after import retry_after_seconds
from monitor.clock import Clock
from monitor.model.allowance import UNLIMITED
from monitor.model.check import Check, Stratum, Target
from monitor.model.extra import Extra, ExtraRefusal
from monitor.model.outcome import Outcome
from monitor.model.result import Exchange
from monitor.model.units import show_seconds
from monitor.probes.cards import Cards, cards_of, expects_decline
from monitor.transactions.script import Do, RunFacts, stratum_of

#: States of accounts are kept among those of rules, under this mark: no rule's name can hold a space.
STATE = "budget "
#: An undo waits for the gateway's pause for at most this share of its time; then it is sent all the same.
UNDO_WAIT_SHARE = 0.5
#: A wait shorter than this is rounding: timers are no finer.
SPARE_TICK_SECONDS = 0.001
_SPARED: Mapping[Refusal, str] = {
    Refusal.RATE: "not asked: what may be asked of the gateway is needed for the checks",
    Refusal.PAUSED: "not asked: the gateway wants to be left alone for a while",
}
#: While reads fail only even slots run: what runs beside the grid has none of them.
_NO_SLOT = 1
_EXTRA_REFUSALS: Mapping[Refusal, ExtraRefusal] = {
    Refusal.RATE: ExtraRefusal.RATE,
    Refusal.PAUSED: ExtraRefusal.PAUSED,
    Refusal.FAILING: ExtraRefusal.FAILING,
    Refusal.DECLINES: ExtraRefusal.DECLINES,
}

#: The grid's runs at these targets in the next seconds: when each is due from now, and the check, in order.
Ahead = Callable[[frozenset[str], float], Sequence[tuple[float, Check]]]


class Level(NamedTuple):
    """What is left of a target's budget. ``tokens`` is None without a limit."""

    tokens: float | None
    declines_used: int
    paused_seconds: float


class Governor:
    """One for a process. ``on_refusal(target, reason)`` is told of everything that was not asked; ``luck`` gives [0, 1)."""

    def __init__(
        self,
        clock: Clock,
        *,
        luck: Callable[[], float] = random.random,
    ) -> None:
        self._clock = clock
        self._luck = luck
        self.on_refusal: Callable[[str, Refusal], None] = lambda _target, _reason: None
        self._accounts: dict[str, Account] = {}
        self._targets: dict[str, Account] = {}
        self._live: dict[str, bool] = {}
        self._cards: dict[tuple[str, str], tuple[Check, Cards]] = {}
        self._aside: Counter[tuple[str, int, int]] = Counter()  # (check, slot, extra) -> requests put aside for it
        self._dirty: set[str] = set()
        self._orphans: set[str] = set()

    # --- what there is

    def adopt(self, targets: Iterable[Target], saved: Mapping[str, str] | None = None) -> None:
        """Take these targets. Accounts that stay keep what they know, under new limits too; others begin from ``saved``."""
        now, wall = self._clock.monotonic(), self._clock.wall()
        known = {**(saved or {}), **{STATE + name: account.dump(now, wall) for name, account in self._accounts.items()}}
        former, self._accounts, self._targets = self._accounts, {}, {}
        for target in targets:
            allowance = target.allowance or UNLIMITED
            name = allowance.account or target.id
            account = self._accounts.get(name)
            if account is None:
                account = former.get(name)
                if account is None or account.allowance != allowance:
                    account = Account.restored(allowance, known.get(STATE + name, ""), now, wall)
                self._accounts[name] = account
            self._targets[target.id] = account
            self._live[target.id] = target.live
        self._cards.clear()
        self._orphans |= {name for name in known if name.removeprefix(STATE) not in self._accounts}

    def levels(self) -> dict[str, Level]:
        """By target."""
        now = self._clock.monotonic()
        return {
            name: Level(account.tokens(now), account.declines_used(now), account.paused_for(now))
            for name, account in self._targets.items()
        }

    def take_dirty(self) -> dict[str, str]:
        """States that changed since the last call, by name; "" for what is no longer configured."""
        now, wall = self._clock.monotonic(), self._clock.wall()
        states = {STATE + name: self._accounts[name].dump(now, wall) for name in self._dirty if name in self._accounts}
        states |= dict.fromkeys(self._orphans, "")
        self._dirty.clear()
        self._orphans.clear()
        return states

    # --- the schedule

    def admit(self, check: Check, slot: int) -> bool:
        """May this slot run? Then its cost is put aside until ``ended``."""
        account = self._targets.get(check.target)
        if account is None or not account.allowance.bounded:
            return True
        work = self._work(check, stratum_of(check, slot), slot)
        refusal = account.admit(work, self._clock.monotonic())
        if refusal is not None:
            self.on_refusal(check.target, refusal)
            return False
        self._aside[check.id, slot, 0] += work.cost
        return True

    def admit_extra(self, extra: Extra, slot: int, number: int, ahead: Ahead) -> ExtraRefusal | None:
        """May this run begin beside the grid? None: yes, its cost put aside until ``ended``. ``ahead`` tells what the grid will need."""
        account = self._targets.get(extra.check.target)
        if account is None:
            return ExtraRefusal.PAUSED

        def grid(seconds: float) -> list[tuple[float, int]]:
            sharing = frozenset(name for name, other in self._targets.items() if other is account)
            return [(due, cost_of(check)) for due, check in ahead(sharing, seconds)]

        work = self._work(extra.check, extra.stratum, _NO_SLOT)
        refusal = account.admit_extra(work, self._clock.monotonic(), grid)
        if refusal is not None:
            return _EXTRA_REFUSALS[refusal]
        self._aside[extra.check.id, slot, number] += work.cost
        return None

    def ended(self, check: Check, slot: int, extra: int = 0) -> None:
        """The run is over: what it did not use flows back."""
        unused = self._aside.pop((check.id, slot, extra), 0)
        account = self._targets.get(check.target)
        if unused and account is not None:
            account.release(unused)

    def _work(self, check: Check, stratum: Stratum, slot: int) -> Work:
        cards = self._cards_of(check, stratum)
        return Work(cost_of(check), slot, check.moves_money, cards.declined, cards.used, live=self._live.get(check.target, False))

    # --- one request

    async def turn(self, check: Check, facts: RunFacts, do: Do) -> str:
        """Wait for the turn of a run's request. Gives a sentence when it must not be sent, else ""."""
        run = (check.id, facts.slot, facts.extra)
        admitted = self._aside[run] > 0
        if admitted:
            self._aside[run] -= 1
        return await self.ask(check.target, do.timeout_seconds, urgent=do.undo, admitted=admitted)

    async def ask(self, target: str, timeout_seconds: float, *, urgent: bool = False, admitted: bool = False) -> str:
        """Wait for the turn of any request to ``target``. Gives a sentence when it must not be sent, else "".

        ``urgent``: it takes money back. Money left open is worse than one request too many, so what cannot wait for the end of the
        gateway's pause goes out before it.
        """
        account = self._targets.get(target)
        if account is None or not account.allowance.bounded:
            return ""
        since = self._clock.monotonic()
        while True:
            paused = account.paused_for(self._clock.monotonic())
            waited = self._clock.monotonic() - since
            if urgent and waited + paused > timeout_seconds * UNDO_WAIT_SHARE:
                paused = 0.0
            elif waited + paused > timeout_seconds:
                self.on_refusal(target, Refusal.PAUSED if paused else Refusal.RATE)
                return f"not sent: the gateway is to be left alone for another {show_seconds(max(paused, waited))}"
            await asyncio.sleep(paused)
            await asyncio.sleep(account.turn(self._clock.monotonic(), admitted=admitted))
            # A pause may have begun while this request waited for its turn.
            if urgent or account.paused_for(self._clock.monotonic()) <= 0:
                return ""
            admitted = False

    async def spare(self, target: str, within_seconds: float) -> str:
        """Wait for the turn of a request that no run needs. Gives a sentence when it must not be sent, else "".

        What is put aside for runs is not touched.
        """
        account = self._targets.get(target)
        if account is None:
            return ""
        until = self._clock.monotonic() + within_seconds
        while True:
            now = self._clock.monotonic()
            wait = account.spare(now)
            if isinstance(wait, Refusal) or now + wait > until:
                refusal = wait if isinstance(wait, Refusal) else Refusal.RATE
                self.on_refusal(target, refusal)
                return _SPARED[refusal]
            if wait < SPARE_TICK_SECONDS:
                break
            await asyncio.sleep(wait)
        await asyncio.sleep(account.turn(now, admitted=False))
        account.sent(self._clock.monotonic())
        return ""

    def sent(self, check: Check, facts: RunFacts, do: Do) -> bool:
        """It leaves now. True when being throttled for it would be our own doing."""
        account = self._targets.get(check.target)
        if account is None:
            return False
        now = self._clock.monotonic()
        if facts.extra:
            account.extras.sent(now)
        if account.allowance.bounded and expects_decline(do.step):
            account.expects_decline(self._cards_of(check, facts.stratum).declined, now)
            self._dirty.add(self._name(account, check.target))
        return account.sent(now)

    def answered(self, check: Check, facts: RunFacts, do: Do, exchange: Exchange, outcome: Outcome) -> None:
        """What came of it, judged."""
        account = self._targets.get(check.target)
        if account is None or exchange.ours:
            return
        now = self._clock.monotonic()
        pause = retry_after_seconds(exchange.headers.get("retry-after"), self._clock.wall())
        if outcome is Outcome.THROTTLED:
            account.extras.throttled(now, pause)
        if not account.allowance.bounded:
            return
        changed = account.answered(
            outcome,
            now,
            money=bool(do.moves or do.undo),
            luck=self._luck(),
            retry_after_seconds=pause,
            cards=() if expects_decline(do.step) else self._cards_of(check, facts.stratum).used,
        )
        if changed:
            self._dirty.add(self._name(account, check.target))

    def heard(self, target: str, exchange: Exchange) -> None:
        """What came of a request that belongs to no run: the gateway's wish to be left alone holds whoever was told it."""
        account = self._targets.get(target)
        if account is None or not account.allowance.bounded or exchange.ours or exchange.status != HTTPStatus.TOO_MANY_REQUESTS:
            return
        pause = retry_after_seconds(exchange.headers.get("retry-after"), self._clock.wall())
        now = self._clock.monotonic()
        if account.answered(Outcome.THROTTLED, now, money=False, luck=self._luck(), retry_after_seconds=pause, cards=()):
            self._dirty.add(self._name(account, target))

    def poll(self, target: str, order: str) -> float:
        """May the state of ``order`` be asked for now? 0.0: yes, and it is counted. Else seconds until it may."""
        account = self._targets.get(target)
        if account is None:
            return 0.0
        wait = account.poll(order, self._clock.monotonic())
        self._dirty.add(self._name(account, target))
        if wait > 0:
            self.on_refusal(target, Refusal.POLLING)
        return wait

    @staticmethod
    def _name(account: Account, target: str) -> str:
        return account.allowance.account or target

    def _cards_of(self, check: Check, stratum: Stratum) -> Cards:
        known = self._cards.get((check.id, stratum.label))
        if known is None or known[0] is not check:
            known = self._cards[check.id, stratum.label] = (check, cards_of(check, stratum))
        return known[1]


def cost_of(check: Check) -> int:
    """Requests of one run at most: its steps, and an undo for each that moves money."""
    return len(check.steps) + sum(1 for step in check.steps if step.moves)
