"""The gateway's heart: moves money between cardholder, hold and merchant, exactly, or refuses and changes nothing.

Pure: instants come in as arguments, and callers bring the ids. Both dialects are worded over this one core.
"""

import heapq
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice

from monitor.model.money import Money
from monitor.sandbox.cards import Card, Decision
from monitor.sandbox.ledger import Account, Ledger, Posting
from monitor.sandbox.payment import Entry, Kind, Payment

#: Twelve digits of minor units: an order of ten billion is a mistake, and up to here a JSON number is exact everywhere.
MAX_MINOR = 10**12
MAX_EVENTS = 1_000
#: Payments looked at to find one that may be dropped: bounds the work a new payment causes.
PRUNE_LOOK = 64

_POSTED: dict[Kind, tuple[Account, Account]] = {
    Kind.AUTHORISATION: (Account.CARDHOLDER, Account.HELD),
    Kind.PAYMENT: (Account.CARDHOLDER, Account.MERCHANT),
    Kind.CAPTURE: (Account.HELD, Account.MERCHANT),
    Kind.REFUND: (Account.MERCHANT, Account.CARDHOLDER),
    Kind.RELEASE: (Account.HELD, Account.CARDHOLDER),
}


class Reason(StrEnum):
    """Why the core refuses; each dialect has its own code for it."""

    EXISTS = "exists"
    NOT_FOUND = "not_found"
    BAD_AMOUNT = "bad_amount"
    OTHER_CURRENCY = "other_currency"
    NOTHING_HELD = "nothing_held"
    EXCEEDS_HELD = "exceeds_held"
    NOTHING_CAPTURED = "nothing_captured"
    EXCEEDS_CAPTURED = "exceeds_captured"
    ALREADY_REFUNDED = "already_refunded"
    ALREADY_VOIDED = "already_voided"
    ALREADY_CAPTURED = "already_captured"
    SETTLED = "settled"
    NOT_VOIDABLE = "not_voidable"


class RefusalError(Exception):
    """The request cannot be done in this state; nothing changed."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message


@dataclass(frozen=True, slots=True)
class Policy:
    authorisation_seconds: float = 7 * 86_400.0  # card schemes let a hold stand for about a week
    batch_seconds: float = 86_400.0  # after the day's batch went to the acquirer a capture can only be refunded
    max_closed: int = 20_000  # closed payments kept for reading; beyond it the oldest go, so that memory stays flat


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Money that somebody still has to give back."""

    payment: str
    dialect: str
    reference: str
    currency: str
    held: int
    captured: int
    since: float


@dataclass(frozen=True, slots=True)
class Event:
    at: float
    payment: str
    kind: str
    amount: Money
    decision: str


class Core:
    def __init__(self, policy: Policy = Policy()) -> None:
        self.policy = policy
        self.ledger = Ledger()
        self.events: deque[Event] = deque(maxlen=MAX_EVENTS)
        self._payments: dict[str, Payment] = {}
        self._expiries: list[tuple[float, str, int]] = []

    # Reading

    def find(self, payment_id: str, *, as_of: float) -> Payment | None:
        """The payment as a reader saw it who was told of nothing later than ``as_of``."""
        self.expire(as_of)
        payment = self._payments.get(payment_id)
        return payment.as_of(as_of) if payment else None

    def peek(self, payment_id: str) -> Payment | None:
        """The payment itself, whatever the time: to learn which card it is about."""
        return self._payments.get(payment_id)

    def get(self, payment_id: str, now: float) -> Payment:
        """The payment itself, to act on. Raises RefusalError."""
        self.expire(now)
        payment = self._payments.get(payment_id)
        if payment is None:
            raise RefusalError(Reason.NOT_FOUND, "there is no such payment")
        return payment

    def history(
        self, dialect: str, *, as_of: float, match: Callable[[Payment], bool] = lambda payment: True
    ) -> Iterator[Payment]:
        """Newest first."""
        self.expire(as_of)
        for payment in reversed(self._payments.values()):
            seen = payment.as_of(as_of) if payment.dialect == dialect else None
            if seen is not None and match(seen):
                yield seen

    def open_items(self, now: float) -> list[OpenItem]:
        """What is open: holds neither voided nor captured, and captures not refunded; from the ledger's balances."""
        self.expire(now)
        items = []
        for payment in self._payments.values():
            held = self.ledger.balance(payment.id, Account.HELD)
            captured = self.ledger.balance(payment.id, Account.MERCHANT)
            if held or captured:
                items.append(
                    OpenItem(
                        payment.id, payment.dialect, payment.reference, payment.amount.currency, held, captured, payment.created
                    )
                )
        return items

    def charges(self) -> Counter[str]:
        """How often money was taken per reference, taken back or not. More than one is a double charge."""
        moved = (Kind.AUTHORISATION, Kind.PAYMENT)
        return Counter(
            entry.reference or payment.reference or payment.id
            for payment in self._payments.values()
            for entry in payment.entries
            if entry.kind in moved and entry.approved
        )

    # Acting

    def create(self, payment: Payment) -> Payment:
        if payment.id in self._payments:
            raise RefusalError(Reason.EXISTS, "the payment exists already")
        self._payments[payment.id] = payment
        self._prune()
        return payment

    def authorise(
        self,
        payment: Payment,
        entry_id: str,
        card: Card,
        decision: Decision,
        now: float,
        *,
        pay: bool = False,
        reference: str = "",
    ) -> Entry:
        """Hold the payment's amount, or with ``pay`` take it at once. A decline is an answer and stays in the history."""
        _refuse_amount(payment, payment.amount)
        kind = Kind.PAYMENT if pay else Kind.AUTHORISATION
        payment.card = card
        entry = self._book(payment, entry_id, kind, payment.amount, now, decision=decision, reference=reference)
        if entry.approved and not pay:
            heapq.heappush(self._expiries, (now + self.policy.authorisation_seconds, payment.id, entry.number))
        return entry

    def verify(self, payment: Payment, entry_id: str, card: Card, decision: Decision, now: float) -> Entry:
        """Ask about the card; no money moves."""
        payment.card = card
        return self._book(payment, entry_id, Kind.VERIFICATION, Money(0, payment.amount.currency), now, decision=decision)

    def capture(self, payment: Payment, entry_id: str, amount: Money, now: float, *, final: bool = False) -> Entry:
        """Take (a part of) what is held; ``final`` gives the rest back to the cardholder."""
        self.expire(now)
        _refuse_amount(payment, amount)
        if not payment.held:
            raise RefusalError(Reason.NOTHING_HELD, "nothing is held that could be captured")
        if amount.minor > payment.held:
            raise RefusalError(Reason.EXCEEDS_HELD, "the amount is more than what is held")
        entry = self._book(payment, entry_id, Kind.CAPTURE, amount, now)
        if final and payment.held:
            self._book(payment, f"{entry_id}-rest", Kind.RELEASE, Money(payment.held, amount.currency), now)
        return entry

    def refund(self, payment: Payment, entry_id: str, amount: Money, now: float, *, reference: str = "") -> Entry:
        """Give back (a part of) what was captured."""
        self.expire(now)
        _refuse_amount(payment, amount)
        if not payment.captured:
            raise RefusalError(Reason.NOTHING_CAPTURED, "nothing was captured that could be refunded")
        if not payment.kept:
            raise RefusalError(Reason.ALREADY_REFUNDED, "everything has been refunded already")
        if amount.minor > payment.kept:
            raise RefusalError(Reason.EXCEEDS_CAPTURED, "the amount is more than what was captured and not yet refunded")
        return self._book(payment, entry_id, Kind.REFUND, amount, now, reference=reference)

    def void(self, payment: Payment, entry_id: str, target: Entry, now: float) -> Entry:
        """Take ``target`` back as if it had not been: a hold while nothing of it is captured, others until the batch is sent."""
        self.expire(now)
        self._refuse_void(payment, target, now)
        entry = self._book(payment, entry_id, Kind.VOID, target.amount, now, target=target)
        if target.kind is Kind.CAPTURE:  # The hold stands again, and may be too old to stand.
            hold = payment.standing(Kind.AUTHORISATION)[0]
            heapq.heappush(self._expiries, (max(now, hold.at + self.policy.authorisation_seconds), payment.id, hold.number))
        return entry

    def cancel(self, payment: Payment, entry_id: str, now: float) -> Entry:
        """Release whatever is held, nothing included, and end the payment."""
        self.expire(now)
        return self._book(payment, entry_id, Kind.RELEASE, Money(payment.held, payment.amount.currency), now)

    def expire(self, now: float) -> None:
        """Give holds back that have stood for too long, dated to when they ended."""
        while self._expiries and self._expiries[0][0] <= now:
            at, payment_id, number = heapq.heappop(self._expiries)
            payment = self._payments.get(payment_id)
            if payment is None or not payment.held:
                continue
            hold = payment.entries[number]
            amount = Money(min(payment.held, hold.amount.minor), hold.amount.currency)
            self._book(payment, f"{hold.id}-expired", Kind.RELEASE, amount, at, target=hold)

    # Inside

    def _refuse_void(self, payment: Payment, target: Entry, now: float) -> None:
        if target.number in payment.taken_back:
            raise RefusalError(Reason.ALREADY_VOIDED, "the transaction has been voided already")
        if not target.approved or target.kind not in (Kind.AUTHORISATION, Kind.PAYMENT, Kind.CAPTURE, Kind.REFUND):
            raise RefusalError(Reason.NOT_VOIDABLE, "there is nothing in this transaction that could be voided")
        if target.kind is Kind.AUTHORISATION:
            self._refuse_void_of_hold(payment, target)
            return
        if now - target.at >= self.policy.batch_seconds:
            raise RefusalError(Reason.SETTLED, "the transaction's batch has been sent to the acquirer")
        if target.kind in (Kind.PAYMENT, Kind.CAPTURE) and target.amount.minor > payment.kept:
            raise RefusalError(Reason.ALREADY_REFUNDED, "a part of the transaction has been refunded")

    def _refuse_void_of_hold(self, payment: Payment, target: Entry) -> None:
        if payment.total(Kind.CAPTURE):
            raise RefusalError(Reason.ALREADY_CAPTURED, "the authorisation has been captured")
        if target.amount.minor > payment.held:
            raise RefusalError(Reason.ALREADY_VOIDED, "the authorisation has ended")

    def _book(
        self,
        payment: Payment,
        entry_id: str,
        kind: Kind,
        amount: Money,
        now: float,
        *,
        decision: Decision = Decision.APPROVED,
        target: Entry | None = None,
        reference: str = "",
    ) -> Entry:
        number = len(payment.entries)
        entry = Entry(number, entry_id, kind, amount, now, decision, target.number if target else None, reference, payment.card)
        payment.entries.append(entry)
        self.events.append(Event(now, payment.id, kind.value, amount, decision.value))
        accounts = _accounts(kind, target)
        if entry.approved and accounts:
            self.ledger.post(Posting(now, payment.id, entry_id, accounts[0], accounts[1], amount))
        return entry

    def _prune(self) -> None:
        """Drop the oldest closed payment. Only the oldest few are looked at, and an open one is never dropped."""
        if len(self._payments) <= self.policy.max_closed:
            return
        oldest = next((payment for payment in islice(self._payments.values(), PRUNE_LOOK) if not payment.open), None)
        if oldest is not None:
            del self._payments[oldest.id]
            self.ledger.forget(oldest.id)


def _accounts(kind: Kind, target: Entry | None) -> tuple[Account, Account] | None:
    if kind is Kind.VOID and target is not None:
        source, sink = _POSTED[target.kind]
        return sink, source
    return _POSTED.get(kind)


def _refuse_amount(payment: Payment, amount: Money) -> None:
    if amount.currency != payment.amount.currency:
        raise RefusalError(Reason.OTHER_CURRENCY, f"the payment is in {payment.amount.currency}")
    if not 0 < amount.minor <= MAX_MINOR:
        raise RefusalError(Reason.BAD_AMOUNT, "the amount must be more than zero and is limited")
