"""The Mastercard Gateway dialect: orders and transactions by PUT under the merchant's own ids.

Shapes follow the public REST-JSON reference (developer.mastercard.com/mastercard-gateway). A decline is 201, as there; only
a request that could not be worked with is 4xx. The pair (order id, transaction id) is the idempotency key: the same body
again gets the same answer, another body is refused. One read is the sandbox's own, since the gateway's reporting API is a
separate product: ``GET .../merchant/{mid}/order?reference=R&limit=N`` lists orders newest first, in the shape of RETRIEVE_ORDER,
after the search lag; a reference ending in ``*`` is a prefix.
"""

import base64
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count, islice
from typing import Any

from monitor.model.money import Money
from monitor.sandbox import mastercard_shapes as shapes
from monitor.sandbox.cards import Card
from monitor.sandbox.core import Core, Reason, RefusalError
from monitor.sandbox.keys import KeyReusedError, Keys, fingerprint
from monitor.sandbox.mastercard_request import PREFIX, InvalidError, Route, card, field, limit, money, parse_money, read_json
from monitor.sandbox.payment import Entry, Kind, Payment
from monitor.sandbox.wire import Answer, Call, Effects, Operation, Request, Trouble

#: Longest order and transaction ids, as the gateway's reference has them.
MAX_ID = 40

_OPERATIONS = {
    "AUTHORIZE": Operation.AUTHORISE,
    "PAY": Operation.PAY,
    "CAPTURE": Operation.CAPTURE,
    "VOID": Operation.VOID,
    "REFUND": Operation.REFUND,
    "VERIFY": Operation.VERIFY,
}

_TROUBLES = {
    Trouble.UNAVAILABLE: (503, "SERVER_FAILED", "The gateway is not available.", "SANDBOX-503"),
    Trouble.BROKEN: (500, "SERVER_FAILED", "There was an internal system failure.", "SANDBOX-500"),
    Trouble.BUSY: (429, "SERVER_BUSY", "The server is too busy to process the request.", ""),
    Trouble.UNAUTHORISED: (401, "INVALID_REQUEST", "Invalid credentials.", ""),
    Trouble.DISABLED: (400, "INVALID_REQUEST", "The merchant profile is disabled.", ""),
}


@dataclass(frozen=True, slots=True)
class Deed:
    """A PUT that has been understood."""

    route: Route
    body: Mapping[str, Any]
    effects: Effects
    now: float


class Mastercard:
    name = "mastercard"

    def __init__(self, core: Core, *, merchant: str, password: str, second_password: str = "", list_lag_seconds: float) -> None:
        """A profile has up to two passwords, so that one can be changed while the other works; "" is none."""
        self._core = core
        self._merchant = merchant
        self._first, self._second = (
            f"merchant.{merchant}:{each}".encode() if each else b"" for each in (password, second_password)
        )
        self._list_lag_seconds = list_lag_seconds
        self._keys = Keys(lifetime_seconds=None)
        self._troubles = count(1)
        self._deeds: dict[Operation, Callable[[Deed], tuple[Payment, Entry]]] = {
            Operation.AUTHORISE: lambda deed: self._authorise(deed, pay=False),
            Operation.PAY: lambda deed: self._authorise(deed, pay=True),
            Operation.VERIFY: self._verify,
            Operation.CAPTURE: self._capture,
            Operation.REFUND: self._refund,
            Operation.VOID: self._void,
        }

    def owns(self, path: str) -> bool:
        return path.startswith(PREFIX)

    def call(self, request: Request) -> Call:
        route = Route.of(request.path)
        if route is None:
            return Call(self.name, Operation.OTHER)
        operation, used = self._asked(request, route)
        return Call(self.name, operation, used.brand if used else "", used.first_six if used else "")

    def answer(self, request: Request, effects: Effects, now: float) -> Answer:
        route = Route.of(request.path)
        if route is None or request.method not in ("GET", "PUT"):
            return shapes.error(404, "INVALID_REQUEST", "There is nothing at this address for this method.")
        if not route.merchant:
            return Answer(200, {"gatewayVersion": f"{route.version}.0.0-sandbox", "status": "OPERATING"})
        if not self._authorised(request, route, effects):
            return self.trouble(Trouble.UNAUTHORISED)
        try:
            return self._put(request, route, effects, now) if request.method == "PUT" else self._get(request, route, effects, now)
        except InvalidError as problem:
            return shapes.error(400, "INVALID_REQUEST", problem.explanation, field=problem.field, validation=problem.validation)
        except RefusalError as refusal:
            return shapes.error(
                400, "INVALID_REQUEST", _sentence(refusal), field=_FIELDS.get(refusal.reason, ""), validation="INVALID"
            )

    def trouble(self, trouble: Trouble) -> Answer:
        """Each has a support code of its own, to be quoted to whoever looks after the gateway."""
        status, cause, explanation, kind = _TROUBLES[trouble]
        return shapes.error(status, cause, explanation, support_code=f"{kind}-{next(self._troubles):06d}" if kind else "")

    # Asking

    def _asked(self, request: Request, route: Route) -> tuple[Operation, Card | None]:
        if not route.merchant:
            return Operation.INFORMATION, None
        if request.method == "GET":
            return (Operation.RETRIEVE if route.order else Operation.LIST), self._stored_card(route.order)
        try:
            body = read_json(request.body)
            used = card(body) if "sourceOfFunds" in body else self._stored_card(route.order)
        except InvalidError:
            return Operation.OTHER, None
        return _OPERATIONS.get(str(body.get("apiOperation")), Operation.OTHER), used

    def _stored_card(self, order: str) -> Card | None:
        payment = self._core.peek(order)
        return payment.card if payment else None

    def _authorised(self, request: Request, route: Route, effects: Effects) -> bool:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            given = base64.b64decode(encoded, validate=True)
        except ValueError:
            return False
        taken = [each for each in ((b"" if effects.first_key_revoked else self._first), self._second) if each]
        ours = scheme.lower() == "basic" and route.merchant == self._merchant
        return ours and any(hmac.compare_digest(given, each) for each in taken)

    # Reading

    def _get(self, request: Request, route: Route, effects: Effects, now: float) -> Answer:
        if not route.order:
            return self._list(request, effects, now)
        payment = self._core.find(route.order, as_of=now - effects.read_lag_seconds)
        if payment is None:
            raise InvalidError("order.id", "Unable to find the order.")
        if not route.transaction:
            return Answer(200, shapes.whole_order(payment, merchant=self._merchant, version=route.version))
        entry = payment.find(route.transaction)
        if entry is None or entry.kind is Kind.RELEASE:
            raise InvalidError("transaction.id", "Unable to find the transaction.")
        return Answer(200, self._shape(payment, entry, route))

    def _list(self, request: Request, effects: Effects, now: float) -> Answer:
        lag = self._list_lag_seconds if effects.list_lag_seconds is None else effects.list_lag_seconds
        wanted = request.query.get("reference", "*")
        found = self._core.history(self.name, as_of=now - lag, match=lambda payment: _matches(payment, wanted))
        orders = [
            shapes.whole_order(payment, merchant=self._merchant, version="100") for payment in islice(found, limit(request.query))
        ]
        return Answer(200, {"merchant": self._merchant, "order": orders, "result": "SUCCESS"})

    # Acting

    def _put(self, request: Request, route: Route, effects: Effects, now: float) -> Answer:
        body = read_json(request.body)
        operation = _OPERATIONS.get(str(body.get("apiOperation")))
        if operation is None:
            raise InvalidError("apiOperation", "Value is not one of " + ", ".join(_OPERATIONS) + ".")
        if not route.transaction or max(len(route.order), len(route.transaction)) > MAX_ID:
            raise InvalidError("transaction.id", f"Order and transaction ids have 1 to {MAX_ID} characters.")
        key, print_ = f"{route.order}/{route.transaction}", fingerprint(json.dumps(body, sort_keys=True, default=str).encode())
        if not effects.ignore_keys:
            try:
                kept = self._keys.find(key, print_, now)
            except KeyReusedError:
                raise InvalidError("transaction.id", "A transaction with this id exists and its request was another.") from None
            if kept is not None:
                return kept
        payment, entry = self._deeds[operation](Deed(route, body, effects, now))
        answer = Answer(201, self._shape(payment, entry, route))
        self._keys.keep(key, print_, answer, now)
        return answer

    def _authorise(self, deed: Deed, *, pay: bool) -> tuple[Payment, Entry]:
        used = card(deed.body)
        amount = money(deed.body, "order", factor=deed.effects.amount_factor)
        payment = self._order(deed, amount)
        if payment.authorised and not deed.effects.ignore_keys:
            raise InvalidError("apiOperation", "The order has been authorised or paid already.")
        decision = deed.effects.decide(used.decision)
        reference = str(field(deed.body, "transaction", "reference") or "")
        return payment, self._core.authorise(
            payment, deed.route.transaction, used, decision, deed.now, pay=pay, reference=reference
        )

    def _verify(self, deed: Deed) -> tuple[Payment, Entry]:
        used = card(deed.body)
        currency = str(field(deed.body, "order", "currency") or "")
        payment = self._order(deed, parse_money("0", currency, "order.currency"))
        return payment, self._core.verify(payment, deed.route.transaction, used, deed.effects.decide(used.decision), deed.now)

    def _capture(self, deed: Deed) -> tuple[Payment, Entry]:
        payment = self._core.get(deed.route.order, deed.now)
        amount = money(deed.body, "transaction", factor=deed.effects.amount_factor)
        return payment, self._core.capture(payment, deed.route.transaction, amount, deed.now)

    def _refund(self, deed: Deed) -> tuple[Payment, Entry]:
        payment = self._core.get(deed.route.order, deed.now)
        amount = money(deed.body, "transaction", factor=deed.effects.amount_factor)
        return payment, self._core.refund(payment, deed.route.transaction, amount, deed.now)

    def _void(self, deed: Deed) -> tuple[Payment, Entry]:
        payment = self._core.get(deed.route.order, deed.now)
        wanted = field(deed.body, "transaction", "targetTransactionId")
        if not wanted:
            raise InvalidError("transaction.targetTransactionId", "Value is required.", "MISSING")
        target = payment.find(str(wanted))
        if target is None:
            raise InvalidError("transaction.targetTransactionId", "Unable to find the transaction to void.")
        return payment, self._core.void(payment, deed.route.transaction, target, deed.now)

    def _order(self, deed: Deed, amount: Money) -> Payment:
        """The order as it stands, or a new one. A second attempt must be about the same money."""
        known = self._core.peek(deed.route.order)
        if known is not None and known.dialect == self.name:
            if known.amount != amount and known.authorised:
                raise InvalidError("order.amount", "The order's amount and currency cannot be changed.")
            known.amount = amount
            return known
        reference = str(
            field(deed.body, "order", "reference") or field(deed.body, "transaction", "reference") or deed.route.order
        )
        return self._core.create(Payment(deed.route.order, self.name, amount, deed.now, reference))

    def _shape(self, payment: Payment, entry: Entry, route: Route) -> dict[str, Any]:
        return shapes.transaction(payment, entry, merchant=self._merchant, version=route.version)


#: Which field of the request a refusal is about.
_FIELDS = {
    Reason.BAD_AMOUNT: "transaction.amount",
    Reason.EXCEEDS_HELD: "transaction.amount",
    Reason.EXCEEDS_CAPTURED: "transaction.amount",
    Reason.OTHER_CURRENCY: "transaction.currency",
    Reason.NOT_FOUND: "order.id",
    Reason.EXISTS: "order.id",
    Reason.ALREADY_VOIDED: "transaction.targetTransactionId",
    Reason.ALREADY_CAPTURED: "transaction.targetTransactionId",
    Reason.NOT_VOIDABLE: "transaction.targetTransactionId",
    Reason.SETTLED: "transaction.targetTransactionId",
}


def _sentence(refusal: RefusalError) -> str:
    return f"{refusal.message[0].upper()}{refusal.message[1:]}."


def _matches(payment: Payment, wanted: str) -> bool:
    known = {payment.reference, *(entry.reference for entry in payment.entries)}
    if wanted.endswith("*"):
        return any(reference.startswith(wanted[:-1]) for reference in known)
    return wanted in known
