"""Stripe's JSON: PaymentIntents, charges, refunds, lists and error objects, as its API description has them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from monitor.sandbox.cards import Card, Decision
from monitor.sandbox.payment import Entry, Kind, Payment
from monitor.sandbox.wire import Answer

Json = dict[str, Any]


class Decline(NamedTuple):
    code: str
    decline_code: str
    advice_code: str
    message: str


_DECLINED = "Your card was declined."
#: Codes as listed under stripe.com/docs/declines/codes.
DECLINES: dict[Decision, Decline] = {
    Decision.DECLINED: Decline("card_declined", "generic_decline", "try_again_later", _DECLINED),
    Decision.INSUFFICIENT_FUNDS: Decline(
        "card_declined", "insufficient_funds", "try_again_later", "Your card has insufficient funds."
    ),
    Decision.LOST_CARD: Decline("card_declined", "lost_card", "do_not_try_again", _DECLINED),
    Decision.STOLEN_CARD: Decline("card_declined", "stolen_card", "do_not_try_again", _DECLINED),
    Decision.FRAUDULENT: Decline("card_declined", "fraudulent", "do_not_try_again", _DECLINED),
    Decision.EXPIRED_CARD: Decline("expired_card", "expired_card", "confirm_card_data", "Your card has expired."),
    Decision.INCORRECT_CVC: Decline(
        "incorrect_cvc", "incorrect_cvc", "confirm_card_data", "Your card's security code is incorrect."
    ),
    Decision.PROCESSING_ERROR: Decline(
        "processing_error", "processing_error", "try_again_later", "An error occurred while processing your card."
    ),
    Decision.TIMED_OUT: Decline("card_declined", "issuer_not_available", "try_again_later", _DECLINED),
    Decision.ACQUIRER_SYSTEM_ERROR: Decline(
        "processing_error", "processing_error", "try_again_later", "An error occurred while processing your card."
    ),
    Decision.UNSPECIFIED_FAILURE: Decline("card_declined", "try_again_later", "try_again_later", _DECLINED),
    Decision.UNKNOWN: Decline("card_declined", "reenter_transaction", "try_again_later", _DECLINED),
    Decision.ACTION_REQUIRED: Decline(
        "authentication_required",
        "authentication_required",
        "confirm_card_data",
        "Your card was declined. This transaction requires authentication.",
    ),
}


def charge_id(payment: Payment, entry: Entry) -> str:
    return f"ch_{payment.id.removeprefix('pi_')}_{entry.number}"


def refund_id(payment: Payment, entry: Entry) -> str:
    return f"re_{payment.id.removeprefix('pi_')}_{entry.number}"


def status(payment: Payment) -> str:
    if payment.cancelled:
        return "canceled"
    if payment.captured:
        return "succeeded"
    if payment.held:
        return "requires_capture"
    last = payment.attempts[-1] if payment.attempts else None
    if last is not None:
        return "requires_action" if last.decision is Decision.ACTION_REQUIRED else "requires_payment_method"
    return "requires_confirmation" if payment.method else "requires_payment_method"


def payment_intent(payment: Payment, *, expand: Sequence[str] = ()) -> Json:
    now = status(payment)
    attempts = payment.attempts
    last = attempts[-1] if attempts else None
    charged = last is not None and last.decision is not Decision.ACTION_REQUIRED
    return {
        "id": payment.id,
        "object": "payment_intent",
        "amount": payment.amount.minor,
        "amount_capturable": payment.held,
        "amount_received": payment.captured,
        "canceled_at": int(payment.cancelled.at) if payment.cancelled else None,
        "cancellation_reason": _cancellation_reason(payment),
        "capture_method": "manual" if payment.manual else "automatic",
        "client_secret": f"{payment.id}_secret_sandbox",
        "confirmation_method": "automatic",
        "created": int(payment.created),
        "currency": payment.amount.currency.lower(),
        "customer": None,
        "description": None,
        "last_payment_error": _last_error(last) if now == "requires_payment_method" else None,
        "latest_charge": _latest_charge(payment, last, expand) if charged and last else None,
        "livemode": False,
        "metadata": dict(payment.metadata),
        "next_action": {"type": "use_stripe_sdk", "use_stripe_sdk": {}} if now == "requires_action" else None,
        "payment_method": None if now == "requires_payment_method" else payment.method or None,
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "setup_future_usage": None,
        "status": now,
    }


def charge(payment: Payment, attempt: Entry) -> Json:
    """``attempt`` is the authorisation the charge stands for."""
    declined = DECLINES.get(attempt.decision)
    return {
        "id": charge_id(payment, attempt),
        "object": "charge",
        "amount": attempt.amount.minor,
        "amount_captured": payment.captured if attempt.approved else 0,
        "amount_refunded": payment.refunded if attempt.approved else 0,
        "balance_transaction": None,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "captured": attempt.approved and payment.captured > 0,
        "created": int(attempt.at),
        "currency": attempt.amount.currency.lower(),
        "disputed": False,
        "failure_code": declined.code if declined else None,
        "failure_message": declined.message if declined else None,
        "livemode": False,
        "metadata": dict(payment.metadata),
        "outcome": _outcome(declined),
        "paid": attempt.approved,
        "payment_intent": payment.id,
        "payment_method": payment.method or None,
        "payment_method_details": {"type": "card", "card": card(attempt.card)} if attempt.card else None,
        "refunded": attempt.approved and payment.captured > 0 and payment.kept == 0,
        "status": "succeeded" if attempt.approved else "failed",
    }


def refund(payment: Payment, entry: Entry) -> Json:
    taken = payment.standing(Kind.AUTHORISATION, Kind.PAYMENT)
    return {
        "id": refund_id(payment, entry),
        "object": "refund",
        "amount": entry.amount.minor,
        "balance_transaction": None,
        "charge": charge_id(payment, taken[-1]) if taken else None,
        "created": int(entry.at),
        "currency": entry.amount.currency.lower(),
        "metadata": {},
        "payment_intent": payment.id,
        "reason": entry.reference or None,
        "status": "succeeded",
    }


def card(known: Card) -> Json:
    return {"brand": known.brand, "exp_month": known.month, "exp_year": known.year, "funding": "credit", "last4": known.last_four}


def page(url: str, items: Sequence[Json], *, more: bool) -> Answer:
    return Answer(200, {"object": "list", "url": url, "has_more": more, "data": list(items)})


def error(http_status: int, kind: str, message: str, *, code: str = "", param: str = "", **more: object) -> Answer:
    """The error object; empty fields are left out, as Stripe leaves them out."""
    fields = {"type": kind, "message": message, "code": code, "param": param, **more}
    body = {name: value for name, value in fields.items() if value not in ("", None)}
    if code:
        body["doc_url"] = f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}"
    return Answer(http_status, {"error": body})


def declined(payment: Payment, attempt: Entry) -> Answer:
    """402 with the intent inside, so that the caller need not ask again."""
    why = DECLINES[attempt.decision]
    return error(
        402,
        "card_error",
        why.message,
        code=why.code,
        decline_code=why.decline_code,
        advice_code=why.advice_code,
        charge=charge_id(payment, attempt),
        payment_intent=payment_intent(payment),
    )


def _outcome(declined: Decline | None) -> Json:
    if declined is None:
        return {"network_status": "approved_by_network", "reason": None, "type": "authorized"}
    return {"network_status": "declined_by_network", "reason": declined.decline_code, "type": "issuer_declined"}


def _last_error(attempt: Entry | None) -> Json | None:
    why = DECLINES.get(attempt.decision) if attempt else None
    if why is None:
        return None
    return {"type": "card_error", "code": why.code, "decline_code": why.decline_code, "message": why.message}


def _latest_charge(payment: Payment, attempt: Entry, expand: Sequence[str]) -> Json | str:
    return charge(payment, attempt) if "latest_charge" in expand else charge_id(payment, attempt)


def _cancellation_reason(payment: Payment) -> str | None:
    if payment.cancelled is None:
        return None
    return "automatic" if payment.cancelled.target is not None else "requested_by_customer"
