"""What the Stripe dialect does with money: create, confirm, capture, cancel, refund."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.model.money import Money, exponent
from monitor.sandbox import stripe_form as form
from monitor.sandbox import stripe_shapes as shapes
from monitor.sandbox.cards import NUMBERS, TOKENS, Card, Decision
from monitor.sandbox.core import MAX_MINOR, Core, Reason, RefusalError
from monitor.sandbox.payment import Payment
from monitor.sandbox.stripe_form import ParameterError
from monitor.sandbox.wire import Answer, Effects

#: Payment methods created by callers; the oldest are forgotten, so that memory stays flat.
MAX_METHODS = 10_000
#: Metadata names under which callers keep their own reference, best first.
REFERENCES = ("reference", "canary", "order_id")
REFUND_REASONS = ("", "duplicate", "fraudulent", "requested_by_customer")

# Parameters that change nothing in the sandbox's world are taken and ignored; any other is refused.
_CREATE = frozenset(
    {
        "amount",
        "automatic_payment_methods",
        "capture_method",
        "confirm",
        "confirmation_method",
        "currency",
        "description",
        "error_on_requires_action",
        "expand",
        "metadata",
        "off_session",
        "payment_method",
        "payment_method_data",
        "payment_method_types",
        "receipt_email",
        "return_url",
        "setup_future_usage",
        "statement_descriptor",
        "statement_descriptor_suffix",
        "use_stripe_sdk",
    }
)
_CONFIRM = frozenset(("error_on_requires_action", "expand", "off_session", "payment_method", "payment_method_data", "return_url"))
_CAPTURE = frozenset(("amount_to_capture", "expand", "metadata", "statement_descriptor", "statement_descriptor_suffix"))
_CANCELLABLE = ("requires_payment_method", "requires_confirmation", "requires_action", "requires_capture")
_CONFIRMABLE = ("requires_payment_method", "requires_confirmation", "requires_action")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that has been understood. ``id`` is the one in the path, "" when there is none."""

    id: str
    form: Mapping[str, Any]
    effects: Effects
    now: float

    @property
    def expand(self) -> list[str]:
        wanted = self.form.get("expand", [])
        return wanted if isinstance(wanted, list) else []


class StateError(Exception):
    """The intent is not in a state in which that can be done."""

    def __init__(self, payment: Payment, deed: str) -> None:
        super().__init__(deed)
        self.payment = payment
        self.message = f"This PaymentIntent could not be {deed} because it has a status of {shapes.status(payment)}."


class Work:
    def __init__(self, core: Core, new_id: Callable[[], str]) -> None:
        self._core = core
        self._new_id = new_id
        self._methods: OrderedDict[str, Card] = OrderedDict()

    def card(self, given: Mapping[str, Any]) -> tuple[str, Card] | None:
        """The payment method a request brings, by token, by id or by number; None when it brings none."""
        if "payment_method_data" in given:
            return f"pm_{self._new_id()}", _by_number(given["payment_method_data"])
        name = form.text(given, "payment_method")
        if not name:
            return None
        known = TOKENS.get(name) or self._methods.get(name)
        if known is None:
            raise ParameterError("resource_missing", "No such PaymentMethod.", "payment_method")
        return name, known

    def create_method(self, asked: Asked) -> Answer:
        form.only(asked.form, ("type", "card", "billing_details", "metadata"))
        name, known = f"pm_{self._new_id()}", _by_number(asked.form)
        self._methods[name] = known
        if len(self._methods) > MAX_METHODS:
            self._methods.popitem(last=False)
        created = {"id": name, "object": "payment_method", "type": "card", "created": int(asked.now), "livemode": False}
        return Answer(200, {**created, "card": shapes.card(known), "customer": None, "metadata": {}})

    def create(self, asked: Asked) -> Answer:
        form.only(asked.form, _CREATE)
        amount = _amount(asked, "amount", _currency(asked.form))
        manual = _capture_method(asked.form) == "manual"
        metadata, confirm, method = form.group(asked.form, "metadata"), form.flag(asked.form, "confirm"), self.card(asked.form)
        if confirm and method is None:
            raise ParameterError("parameter_missing", "Missing required param: payment_method.", "payment_method")
        payment = Payment(f"pi_{self._new_id()}", "stripe", amount, asked.now, _reference(metadata), manual, metadata=metadata)
        if method is not None:
            payment.method, payment.card = method
        self._core.create(payment)
        return self._attempt(payment, asked) if confirm else Answer(200, shapes.payment_intent(payment))

    def confirm(self, asked: Asked) -> Answer:
        form.only(asked.form, _CONFIRM)
        payment = self._in_state(asked, _CONFIRMABLE, "confirmed")
        method = self.card(asked.form)
        if method is not None:
            payment.method, payment.card = method
        if payment.card is None:
            raise ParameterError("parameter_missing", "Missing required param: payment_method.", "payment_method")
        return self._attempt(payment, asked)

    def capture(self, asked: Asked) -> Answer:
        """One capture only: what is not captured goes back to the cardholder."""
        form.only(asked.form, _CAPTURE)
        payment = self._in_state(asked, ("requires_capture",), "captured")
        amount = _amount(asked, "amount_to_capture", payment.amount.currency, default=payment.held)
        self._core.capture(payment, "capture", amount, asked.now, final=True)
        return Answer(200, shapes.payment_intent(payment, expand=asked.expand))

    def cancel(self, asked: Asked) -> Answer:
        form.only(asked.form, ("cancellation_reason", "expand"))
        payment = self._in_state(asked, _CANCELLABLE, "canceled")
        self._core.cancel(payment, "cancel", asked.now)
        return Answer(200, shapes.payment_intent(payment, expand=asked.expand))

    def refund(self, asked: Asked) -> Answer:
        form.only(asked.form, ("amount", "charge", "expand", "metadata", "payment_intent", "reason"))
        payment = self._core.get(self._refunded(asked.form), asked.now)
        reason = form.text(asked.form, "reason")
        if reason not in REFUND_REASONS:
            raise ParameterError("parameter_invalid", "Invalid reason.", "reason")
        amount = _amount(asked, "amount", payment.amount.currency, default=max(payment.kept, 1))
        entry = self._core.refund(payment, "refund", amount, asked.now, reference=reason)
        return Answer(200, shapes.refund(payment, entry))

    def _refunded(self, given: Mapping[str, Any]) -> str:
        intent, charge = form.text(given, "payment_intent"), form.text(given, "charge")
        if not intent and not charge:
            raise ParameterError("parameter_missing", "One of payment_intent or charge is required.", "payment_intent")
        return intent or intent_of(charge)

    def _attempt(self, payment: Payment, asked: Asked) -> Answer:
        """Ask the cardholder's bank. On the merchant's initiative nobody is there to authenticate, so that is a decline."""
        if payment.card is None:
            raise ValueError("an attempt needs a card")
        decision = asked.effects.decide(payment.card.decision)
        entry = self._core.authorise(payment, "attempt", payment.card, decision, asked.now, pay=not payment.manual)
        absent = form.flag(asked.form, "off_session") or form.flag(asked.form, "error_on_requires_action")
        if entry.approved or (decision is Decision.ACTION_REQUIRED and not absent):
            return Answer(200, shapes.payment_intent(payment, expand=asked.expand))
        return shapes.declined(payment, entry)

    def _in_state(self, asked: Asked, states: tuple[str, ...], deed: str) -> Payment:
        payment = self._core.get(asked.id, asked.now)
        if payment.dialect != "stripe":
            raise RefusalError(Reason.NOT_FOUND, "there is no such payment")
        if shapes.status(payment) not in states:
            raise StateError(payment, deed)
        return payment


def intent_of(charge_or_refund: str) -> str:
    """Charges and refunds are numbered within their intent: ``ch_X_0`` belongs to ``pi_X``."""
    return f"pi_{charge_or_refund[3:].rpartition('_')[0]}"


def _amount(asked: Asked, name: str, currency: str, default: int | None = None) -> Money:
    if name not in asked.form and default is not None:
        return Money(default, currency)
    return Money(form.whole(asked.form, name, most=MAX_MINOR) * asked.effects.amount_factor, currency)


def _currency(given: Mapping[str, Any]) -> str:
    currency = form.text(given, "currency").upper()
    try:
        exponent(currency)
    except ValueError:
        raise ParameterError(
            "parameter_invalid", "Invalid currency: expected an ISO 4217 code in lower case.", "currency"
        ) from None
    return currency


def _capture_method(given: Mapping[str, Any]) -> str:
    chosen = form.text(given, "capture_method", "automatic")
    if chosen not in ("automatic", "automatic_async", "manual"):
        raise ParameterError("parameter_invalid", "Invalid capture_method.", "capture_method")
    return chosen


def _reference(metadata: Mapping[str, str]) -> str:
    return next((metadata[name] for name in REFERENCES if metadata.get(name)), "")


def _by_number(given: object) -> Card:
    """A card by its number. The number is neither kept nor quoted."""
    details = given.get("card") if isinstance(given, Mapping) else None
    number = details.get("number") if isinstance(details, Mapping) else None
    known = NUMBERS.get(number) if isinstance(number, str) else None
    if known is None:
        raise ParameterError("card_declined", "Only published test cards are accepted here.", "card[number]")
    return known
