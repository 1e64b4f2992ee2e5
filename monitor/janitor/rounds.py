"""The janitor: looks at what runs leave behind until the gateway shows it closed, gives back what is open, and tells people in time.

Each transaction is taken up as soon as its run ends, and again with growing pauses of at most five minutes. What is open for half an
hour is an incident. Once a day every gateway that can list payments is asked for open ones under our references.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from monitor.janitor.alerts import Alarms
from monitor.janitor.errands import Send, perform, undo_answer
from monitor.janitor.keeper import Keeper
from monitor.janitor.sweep import Sweeper
from monitor.ledger.decide import Close, Look, Stuck, TakeBack, Terms, decide
from monitor.ledger.entries import Answer, Proof, UndoAnswered
from monitor.ledger.gateways import Ask, NoAnswerError, Shown, Undo, gateway_of
from monitor.ledger.machine import Transaction
from monitor.model.alert import Alert
from monitor.model.check import Target
from monitor.stores import StoreError

log = structlog.get_logger("paycanary.ledger")

#: How often the books are gone through when nobody calls, and while they are empty.
ROUND_SECONDS, IDLE_SECONDS = 1.0, 15.0
#: Between two looks at a transaction that does not close: at first the gateway's lag, then twice as long each time, up to this.
PAUSE_MAX_SECONDS = 300.0
PAUSE_MIN_SECONDS = 0.5
#: Transactions worked on at once: what one start inherits must not become the load.
AT_ONCE = 8
#: Requests made about one transaction in one go.
DEEDS_MAX = 12
#: A reload has taken the target away: looked at again this often, should another one bring it back.
NO_TARGET_SECONDS = 60.0
#: Closed transactions are kept this long, for people who ask.
KEEP_SECONDS = 2 * 86_400.0
PRUNE_SECONDS = 3_600.0


@dataclass(slots=True)
class _Case:
    """What this process knows about a transaction beside its entries. ``next_at`` is in the keeper's time."""

    next_at: float = 0.0
    tries: int = 0
    view: tuple[Shown, ...] | None = None
    seen: float = 0.0
    why: str = ""
    busy: bool = False


class Janitor:
    """``start`` takes up what an earlier process left; until each of a target's was tried once, ``held`` keeps new money back there."""

    def __init__(
        self,
        keeper: Keeper,
        targets: Callable[[], Mapping[str, Target]],
        send: Send,
        *,
        sweeper: Sweeper,
        alarms: Alarms,
        raise_alerts: Callable[[Sequence[Alert]], Awaitable[None]],
        poll: Callable[[str, str], float],
    ) -> None:
        self._keeper = keeper
        self._poll = poll
        self._targets = targets
        self._send = send
        self._sweeper = sweeper
        self._alarms = alarms
        self._raise = raise_alerts
        self._cases: dict[str, _Case] = {}
        self._inherited: set[str] = set()
        self._wake = asyncio.Event()
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._pruned = 0.0
        self.undo_failures: Counter[str] = Counter()

    # --- what others ask

    def held(self, target: str) -> str:
        """Why money has to wait at ``target``: recovery comes before any new money step."""
        waiting = sum(1 for tx in self._keeper.books.of(target) if tx.id in self._inherited)
        return f"{waiting} transactions of an earlier run are being looked at first" if waiting else ""

    def why(self, tx: str) -> str:
        """What stands in the way of closing it, in words; empty when nothing is known to."""
        case = self._cases.get(tx)
        return case.why if case else ""

    def wake(self) -> None:
        self._wake.set()

    def start(self) -> None:
        """Before the schedule begins."""
        self._inherited = {tx.id for tx in self._keeper.books.owed()}
        if self._inherited:
            log.info("ledger_recovery", transactions=len(self._inherited))

    async def run(self) -> None:
        """Until cancelled; then nothing it began is under way any more."""
        try:
            while True:
                await self._round()
                self._wake.clear()
                try:
                    async with asyncio.timeout(self._until_next_round()):
                        await self._wake.wait()
                except TimeoutError:
                    pass
        finally:
            await self.close()

    async def _round(self) -> None:
        try:
            await self.round()
        except Exception as error:  # our own bug, at this edge: money stays on the books, and the next round comes
            log.exception("round_failed", error=type(error).__name__)

    def _until_next_round(self) -> float:
        books = self._keeper.books
        return ROUND_SECONDS if books.open or books.unswept else IDLE_SECONDS

    async def round(self) -> None:
        """Begin whatever is due now; does not wait for it."""
        now = self._keeper.now()
        for tx in self._keeper.books.owed():
            case = self._cases.setdefault(tx.id, _Case())
            if not case.busy and case.next_at <= now:
                case.busy = True
                self._spawn(self._work(tx.id, case))
        self._forget()
        for target in self._sweeper.due(self._targets(), now):
            self._spawn(self._sweeper.sweep(target))
        await self._keep_house(now)
        alerts = self._alarms.review(self._keeper, self._targets(), self.why)
        if alerts:
            await self._raise(alerts)

    async def recover(self) -> None:
        """Take up everything now, however long its pause; returns when each was tried."""
        for case in self._cases.values():
            case.next_at = 0.0
        await self.round()
        await self.idle()

    async def idle(self) -> None:
        """When nothing begun is under way any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def stop(self, grace_seconds: float) -> None:
        """Try what is left once more; what does not close within the grace is in the ledger for the next start."""
        try:
            async with asyncio.timeout(grace_seconds):
                await self.recover()
        except TimeoutError:
            log.warning("ledger_left_open", transactions=len(self._keeper.books.open))

    async def close(self) -> None:
        """End what is under way. A request that was sent is in the ledger, and is asked about by the next start."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    # --- one transaction

    async def _work(self, name: str, case: _Case) -> None:
        try:
            async with self._places:
                await self._advance(name, case)
        except NoAnswerError as error:
            self._pause(name, case, str(error))
        except StoreError as error:
            self._pause(name, case, f"the ledger cannot be written: {error}")
        except Exception as error:  # our own bug: the transaction stays open, and people are told by its age
            log.exception("transaction_failed", tx=name)
            self._pause(name, case, f"an error inside the monitor: {type(error).__name__}")
        finally:
            case.busy = False
            self._inherited.discard(name)
            self._wake.set()

    async def _advance(self, name: str, case: _Case) -> None:
        """Deed after deed, until it is closed or there is something to wait for."""
        for _ in range(DEEDS_MAX):
            tx = self._keeper.books.open.get(name)
            target = self._targets().get(tx.target) if tx else None
            if tx is None:
                return
            if target is None:
                case.why, case.next_at = "its target is no longer configured", self._keeper.now() + NO_TARGET_SECONDS
                return
            now = self._keeper.now()
            deed = decide(tx, case.view, case.seen, now, gateway_of(target.dialect), terms(target))
            match deed:
                case Look(at) if at <= now:
                    if not self._may_look(name, target, case, now):
                        return
                    await self._look(tx, target, case)
                case Look(at):
                    case.next_at, case.view, case.why = at, None, "the gateway may not yet show everything"
                    return
                case TakeBack(undo):
                    await self._take_back(tx, target, undo, case)
                case Close(proof):
                    await self._close(tx, proof)
                    return
                case Stuck(why):
                    case.view = None
                    self._pause(name, case, why)
                    return
                case _:
                    return
        self._pause(name, case, "the gateway's answers contradict each other")

    def _may_look(self, name: str, target: Target, case: _Case, now: float) -> bool:
        """The first look is owed at once; asking again and again about one order is how monitors have brought gateways down."""
        wait = self._poll(target.id, name) if case.tries else 0.0
        if wait > 0:
            case.why, case.next_at = "the gateway is asked about one order so often and no oftener", now + wait
        return wait <= 0

    async def _look(self, tx: Transaction, target: Target, case: _Case) -> None:
        gateway, seen = gateway_of(target.dialect), self._keeper.now()
        case.view = tuple([await perform(gateway.look(handle), target, self._send) for handle in tx.handles])
        case.seen = seen

    async def _take_back(self, tx: Transaction, target: Target, undo: Undo, case: _Case) -> None:
        """Written down, sent once, written down again; then looked at."""
        entry = self._keeper.next_undo(tx, name=undo.name, key=undo.ask.key, line=_line(undo.ask), by_ledger=True)
        await self._keeper.write(entry)
        case.view = None
        answer = Answer.AMBIGUOUS
        try:
            exchange = await self._send(target, undo.ask.options, undo.ask.key)
            answer = undo_answer(target, exchange)
        finally:
            if answer is not Answer.DONE:
                self.undo_failures[target.id] += 1
            await self._keeper.write(UndoAnswered(tx.id, self._keeper.now(), tx.target, entry.k, answer))
        log.info("undo", tx=tx.id, target=tx.target, way=undo.name, answer=answer.value)
        if answer in (Answer.NOT_SENT, Answer.AMBIGUOUS):
            raise NoAnswerError(f"{undo.name}: {exchange.error or f'HTTP {exchange.status}'}")

    async def _close(self, tx: Transaction, proof: Proof) -> None:
        await self._keeper.close_tx(tx, proof)
        self._cases.pop(tx.id, None)
        log.debug("closed", tx=tx.id, target=tx.target, proof=proof.value)

    def _pause(self, name: str, case: _Case, why: str) -> None:
        tx = self._keeper.books.open.get(name)
        target = self._targets().get(tx.target) if tx else None
        first = max(PAUSE_MIN_SECONDS, target.settle_seconds if target else NO_TARGET_SECONDS)
        case.why, case.view = why, None
        case.next_at = self._keeper.now() + min(first * 2 ** min(case.tries, 12), PAUSE_MAX_SECONDS)
        case.tries += 1

    # --- beside

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _forget(self) -> None:
        """Cases of transactions that are closed."""
        for name in [name for name, case in self._cases.items() if name not in self._keeper.books.open and not case.busy]:
            del self._cases[name]

    async def _keep_house(self, now: float) -> None:
        if now - self._pruned >= PRUNE_SECONDS:
            self._pruned = now
            try:
                await self._keeper.prune(now - KEEP_SECONDS)
            except StoreError as error:
                log.warning("ledger_not_pruned", error=str(error))


def terms(target: Target) -> Terms:
    return Terms(target.settle_seconds, target.idempotency_ttl_seconds if target.idempotency_header else None)


def _line(ask: Ask) -> str:
    return f"{ask.options.get('method', 'GET')} {ask.options.get('path', '')}"
