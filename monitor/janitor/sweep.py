"""Once a day, and at once after a damaged ledger: open payments at a gateway that bear our references and are on no page of ours."""

from collections import Counter
from collections.abc import Callable, Mapping

import structlog

from monitor.janitor.errands import Send, perform
from monitor.janitor.keeper import Keeper
from monitor.ledger.entries import Adopted, Swept
from monitor.ledger.gateways import Listed, NoAnswerError, Window, gateway_of
from monitor.ledger.references import made
from monitor.model.check import Check, Target
from monitor.stores import StoreError

log = structlog.get_logger("paycanary.ledger")

SWEEP_SECONDS = 86_400.0
#: A sweep looks back a little further than the last one: lists lag.
OVERLAP_SECONDS = 3_600.0
#: Card schemes let a hold stand for about a week: what is older has ended by itself, or was charged and is found by the day's sweep.
LOOK_BACK_SECONDS = 8 * 86_400.0
#: Runs younger than this may be under way in a process with a ledger of its own, like `paycanary once`.
YOUNG_SECONDS = 600.0
#: After a sweep that the gateway did not answer.
RETRY_SECONDS = 60.0
#: What was sent just before a start takes this many times the gateway's lag to be listed.
LAGS = 2.0


class Sweeper:
    """``checks`` tells which targets move money, and by their requests where to list."""

    def __init__(
        self, keeper: Keeper, checks: Callable[[], Mapping[str, Check]], send: Send, install_prefix: str, *, daily: bool = True
    ) -> None:
        self._keeper = keeper
        self._checks = checks
        self._send = send
        self._prefix = install_prefix
        self._daily = daily
        self._began = keeper.now()
        self._next: dict[str, float] = {}
        self.strays: Counter[str] = Counter()

    def due(self, targets: Mapping[str, Target], now: float) -> list[Target]:
        """The targets whose sweep is to begin now; each is given out once."""
        found = []
        for name in sorted({check.target for check in self._checks().values() if check.moves_money} & targets.keys()):
            if (self._daily or name in self._keeper.books.unswept) and now >= self._next.get(
                name, self._first(name, targets[name])
            ):
                self._next[name] = now + SWEEP_SECONDS
                found.append(targets[name])
        return found

    def _first(self, name: str, target: Target) -> float:
        """Whatever a damaged ledger knew of may just have been sent: its gateway is given time to show it."""
        books = self._keeper.books
        if name in books.unswept:
            return self._began + LAGS * target.settle_seconds
        return books.swept.get(name, self._began - SWEEP_SECONDS) + SWEEP_SECONDS

    async def sweep(self, target: Target) -> None:
        now, books = self._keeper.now(), self._keeper.books
        rebuilding = target.id in books.unswept
        until = now if rebuilding else now - YOUNG_SECONDS
        since = now - LOOK_BACK_SECONDS if rebuilding else books.swept.get(target.id, now - LOOK_BACK_SECONDS) - OVERLAP_SECONDS
        try:
            found = await self._list(target, since, until)
            for listed in found:
                await self._adopt(target, listed, until)
            await self._keeper.write(Swept(f"sweep-{target.id}", now, target.id, until))
            log.info("swept", target=target.id, open=len(found))
        except (NoAnswerError, StoreError) as error:
            self._next[target.id] = now + (RETRY_SECONDS if rebuilding else SWEEP_SECONDS / 24)
            log.warning("sweep_failed", target=target.id, error=str(error))
        except Exception as error:  # our own bug, at this edge: the next sweep may do better
            self._next[target.id] = now + RETRY_SECONDS
            log.exception("sweep_failed", target=target.id, error=type(error).__name__)

    async def _list(self, target: Target, since: float, until: float) -> list[Listed]:
        gateway = gateway_of(target.dialect)
        lines = (
            step.written for check in self._checks().values() if check.target == target.id for step in check.steps if step.moves
        )
        root = next((root for line in lines if (root := gateway.root(line)) is not None), None)
        if root is None:
            raise NoAnswerError("its checks' requests do not tell where payments are listed")
        return await perform(gateway.listing(Window(root, self._prefix, since, until)), target, self._send)

    async def _adopt(self, target: Target, listed: Listed, until: float) -> None:
        """Open, ours, and on no page: it is given back like everything else."""
        shown = listed.shown
        known = {name for tx in self._keeper.books.of(target.id) for name in (tx.reference, *tx.handles)}
        since = made(self._prefix, listed.reference)
        young = since is not None and since > until
        if young or listed.reference in known or shown.handle in known or not listed.reference.startswith(self._prefix):
            return
        now = self._keeper.now()
        self.strays[target.id] += 1
        log.warning("stray_payment", target=target.id, reference=listed.reference, minor=shown.open, currency=shown.currency)
        name = f"{listed.reference}@{int(now)}"
        await self._keeper.write(Adopted(name, now, target.id, listed.reference, shown.handle, shown.open, shown.currency))
