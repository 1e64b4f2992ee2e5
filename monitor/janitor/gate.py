"""The gate before every money step: written down before it is sent, and again when its answer is in."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import structlog

from monitor.janitor.keeper import Keeper
from monitor.ledger.books import RefusalError
from monitor.ledger.entries import Answer, Answered, Intended, Planned, UndoAnswered
from monitor.ledger.gateways import UnfindableError, gateway_of
from monitor.ledger.machine import ImpossibleError, Move
from monitor.ledger.plan import complete, plan_of
from monitor.model.check import Check, Moves, Target
from monitor.model.outcome import DECLINES, Outcome
from monitor.model.result import Exchange, Reach
from monitor.probes.money import MoneyPaused, MoneyRefused
from monitor.stores import StoreError
from monitor.transactions.judge import Judged
from monitor.transactions.script import Do, RunFacts

log = structlog.get_logger("paycanary.ledger")

_DONE = frozenset({Outcome.OK, Outcome.APPROVED, Outcome.APPROVED_PARTIAL})
_SAID_NO = DECLINES | {Outcome.CLIENT_CONFIG}


class _Written(NamedTuple):
    """Where an exchange under way stands in the ledger."""

    tx: str
    number: int
    check: Check
    known: Mapping[str, object]


class LedgerGate:
    """Keeps ``monitor.probes.money.MoneyGate``. ``targets`` and ``redact`` are asked for each time: a reload changes them."""

    def __init__(
        self,
        keeper: Keeper,
        targets: Callable[[], Mapping[str, Target]],
        redact: Callable[[str], str],
        *,
        held: Callable[[str], str],
        wake: Callable[[], None],
    ) -> None:
        """``held(target)`` says why its money has to wait; empty when it has not. ``wake`` tells that something is the ledger's now."""
        self._keeper = keeper
        self._targets = targets
        self._redact = redact
        self._held = held
        self._wake = wake
        self._under_way: dict[str, _Written] = {}  # by idempotency key
        self._stopping = False

    def stop(self) -> None:
        """From now on no step begins that takes money; runs under way go on to their undo."""
        self._stopping = True

    async def intend(self, do: Do, check: Check, run: RunFacts) -> None:
        if do.undo:
            await self._intend_undo(do, check, run)
        elif do.moves is not None:
            await self._intend_move(do, do.moves, check, run)

    async def _intend_move(self, do: Do, moves: Moves, check: Check, run: RunFacts) -> None:
        held = self._held(check.target)
        if held or self._stopping:
            raise MoneyPaused(held or "the service is being stopped")
        intent = self._intent(do, moves, check, run)
        try:
            await self._keeper.intend(intent, self._targets()[check.target].caps)
        except RefusalError as refusal:
            raise (MoneyPaused if refusal.paused else MoneyRefused)(str(refusal)) from None
        except StoreError as error:
            raise MoneyRefused(f"it could not be written down: {error}") from None
        self._under_way[do.idempotency_key] = _Written(run.run_id, intent.n, check, do.known)

    def _intent(self, do: Do, moves: Moves, check: Check, run: RunFacts) -> Intended:
        target, known = self._targets()[check.target], self._keeper.books.open.get(run.run_id)
        try:
            handle = gateway_of(target.dialect).handle(do.options, do.reference)
        except UnfindableError as error:
            raise MoneyRefused(f"its payment could not be found again at the gateway: {error}") from None
        if self._redact(handle) != handle:
            raise MoneyRefused("what names its payment looks like a secret or a card number, and cannot be written down")
        now = self._keeper.now()
        return Intended(
            tx=run.run_id,
            at=now,
            target=check.target,
            check=check.id,
            n=len(known.moves) if known else 0,
            step=do.step.name,
            move=moves.kind.value,
            minor=moves.amount.minor,
            currency=moves.amount.currency,
            key=do.idempotency_key,
            reference=do.reference,
            handle=handle,
            line=self._redact(f"{do.options.get('method', 'GET')} {do.options.get('path', '')}"),
            ends=now + do.timeout_seconds,
            undo=(moves.undo, *moves.otherwise),
            plan=plan_of(check, moves, do.known, self._redact),
        )

    async def _intend_undo(self, do: Do, check: Check, run: RunFacts) -> None:
        """One that cannot be written down is made all the same: the intent it belongs to is on the disk, and a gateway that is asked
        to give back twice refuses. Money left open is the greater harm.
        """
        tx = self._keeper.books.open.get(run.run_id)
        if tx is None:
            return
        line = self._redact(f"{do.options.get('method', 'GET')} {do.options.get('path', '')}")
        entry = self._keeper.next_undo(tx, name=do.step.name, key=do.idempotency_key, line=line, undoes=do.undoes)
        try:
            await self._keeper.write(entry)
        except (StoreError, ImpossibleError) as error:
            log.warning("undo_not_written", tx=tx.id, step=do.step.name, error=str(error))
            return
        self._under_way[do.idempotency_key] = _Written(tx.id, entry.k, check, do.known)

    async def settle(self, do: Do, exchange: Exchange, judged: Judged) -> None:
        written = self._under_way.pop(do.idempotency_key, None)
        tx = self._keeper.books.open.get(written.tx) if written else None
        if written is None or tx is None:
            return
        try:
            if do.undo:
                answer = _undo_answer(exchange, judged)
                await self._keeper.write(UndoAnswered(tx.id, self._keeper.now(), tx.target, written.number, answer))
            else:
                await self._keeper.write(self._answered(tx.moves[written.number], written, exchange, judged))
        except StoreError as error:
            # What it came to is then asked for, as after a crash.
            log.warning("answer_not_written", tx=tx.id, step=do.step.name, error=str(error))

    def _answered(self, move: Move, written: _Written, exchange: Exchange, judged: Judged) -> Answered:
        intent, answer = move.intent, _move_answer(exchange, judged)
        released = intent.minor if answer.nothing_happened else 0
        plan: tuple[Planned, ...] = ()
        if judged.saved and not answer.nothing_happened and not complete(intent.plan):
            moves = next(step.moves for step in written.check.steps if step.name == intent.step)
            if moves is not None:
                plan = plan_of(written.check, moves, {**written.known, **judged.saved}, self._redact)
        currency = intent.currency
        return Answered(intent.tx, self._keeper.now(), intent.target, written.number, answer, released, currency, plan)

    async def ended(self, run: RunFacts) -> None:
        """Whatever the run has not been shown to have closed is the ledger's from now on."""
        for key in [key for key, written in self._under_way.items() if written.tx == run.run_id]:
            del self._under_way[key]
        self._keeper.ended(run.run_id)
        self._wake()


def _move_answer(exchange: Exchange, judged: Judged) -> Answer:
    if exchange.reach is Reach.NOT_SENT:
        return Answer.NOT_SENT
    if not judged.reached:
        return Answer.REFUSED
    return Answer.DONE if judged.result.outcome in _DONE else Answer.AMBIGUOUS


def _undo_answer(exchange: Exchange, judged: Judged) -> Answer:
    if exchange.reach is Reach.NOT_SENT:
        return Answer.NOT_SENT
    if judged.result.good:
        return Answer.DONE
    return Answer.REFUSED if judged.result.outcome in _SAID_NO else Answer.AMBIGUOUS
