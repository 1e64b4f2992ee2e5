"""Stripe, and gateways that answer like it.

A failed request carries ``error``; a declined card is a ``card_error`` with HTTP 402 whose ``decline_code`` is the issuer's reason.
A PaymentIntent's ``status`` says how far the payment is.
Source: docs.stripe.com/api/errors, docs.stripe.com/declines/codes, docs.stripe.com/payments/paymentintents/lifecycle.
"""

from collections.abc import Mapping
from typing import Any

from monitor.model.outcome import Outcome
from monitor.model.result import Exchange
from monitor.transactions.dialects.reading import Reading, by_status, code, correlation, mapping, not_json

DECLINE_CODES: Mapping[str, Outcome] = {
    "issuer_not_available": Outcome.TECH_ISSUER,
    "processing_error": Outcome.TECH_ISSUER,
    "reenter_transaction": Outcome.TECH_ISSUER,
    "lost_card": Outcome.HARD_DECLINE,
    "stolen_card": Outcome.HARD_DECLINE,
    "pickup_card": Outcome.HARD_DECLINE,
    "restricted_card": Outcome.HARD_DECLINE,
    "invalid_account": Outcome.HARD_DECLINE,
    "stop_payment_order": Outcome.HARD_DECLINE,
    "revocation_of_all_authorizations": Outcome.HARD_DECLINE,
    "revocation_of_authorization": Outcome.HARD_DECLINE,
    "fraudulent": Outcome.RISK_DECLINE,
    "merchant_blacklist": Outcome.RISK_DECLINE,
    "security_violation": Outcome.RISK_DECLINE,
    "authentication_required": Outcome.PENDING_ACTION,
}
ERROR_TYPES: Mapping[str, Outcome] = {
    "rate_limit_error": Outcome.THROTTLED,
    "api_error": Outcome.TECH_GATEWAY,
    "api_connection_error": Outcome.TECH_GATEWAY,
    "authentication_error": Outcome.CLIENT_CONFIG,
    "invalid_request_error": Outcome.CLIENT_CONFIG,
    "idempotency_error": Outcome.CONTRACT_VIOLATION,
}
_THROTTLES = frozenset({"rate_limit", "lock_timeout"})
#: By the object a write gives back: what its status means. What is not here worked, and moved nothing.
STATUSES: Mapping[tuple[str, str], Outcome] = {
    ("payment_intent", "succeeded"): Outcome.APPROVED,
    ("payment_intent", "requires_capture"): Outcome.APPROVED,
    ("payment_intent", "requires_action"): Outcome.PENDING_ACTION,
    ("payment_intent", "processing"): Outcome.PENDING_ACTION,
    ("charge", "succeeded"): Outcome.APPROVED,
    ("charge", "pending"): Outcome.PENDING_ACTION,
    ("charge", "failed"): Outcome.SOFT_DECLINE,
    ("refund", "succeeded"): Outcome.APPROVED,
    ("refund", "pending"): Outcome.APPROVED,  # taken: cards' refunds settle later
    ("refund", "requires_action"): Outcome.PENDING_ACTION,
    ("refund", "failed"): Outcome.TECH_ACQUIRER,
    ("refund", "canceled"): Outcome.TECH_ACQUIRER,
}


def classify(exchange: Exchange, *, read: bool) -> Reading:
    body = exchange.body
    if not isinstance(body, Mapping) or exchange.parse_error:
        return not_json(exchange)
    request_id = correlation(exchange.headers.get("request-id"))
    status = exchange.status or 0
    if "error" in body:
        outcome, word = _error(status, mapping(body["error"]), read=read)
        return Reading(outcome, word, request_id, _message(status, mapping(body["error"]), word))
    outcome = by_status(status)
    if outcome is not Outcome.OK:
        return Reading(outcome, "", request_id, f"HTTP {status}")
    kind, state = body.get("object"), code(body.get("status"))
    if read or not isinstance(kind, str):
        return Reading(Outcome.OK, state, request_id)
    outcome = STATUSES.get((kind, state), Outcome.OK)
    message = "" if outcome in (Outcome.OK, Outcome.APPROVED) else f"the {kind} is {state}"
    return Reading(outcome, state, request_id, message)


def _error(status: int, error: Mapping[str, Any], *, read: bool) -> tuple[Outcome, str]:
    kind, word = code(error.get("type")), code(error.get("code"))
    if status >= 500:
        return Outcome.TECH_GATEWAY, word or kind
    if status == 429 or word in _THROTTLES:
        return Outcome.THROTTLED, word or kind
    if kind == "card_error" or status == 402:
        reason = code(error.get("decline_code")) or word
        return _decline(reason, error.get("advice_code")), reason
    if read and word == "resource_missing":
        # It gave us this id a moment ago: a replica that lags, or an object that is lost.
        return Outcome.CONTRACT_VIOLATION, word
    outcome = ERROR_TYPES.get(kind) or by_status(status)
    return (Outcome.CONTRACT_VIOLATION if outcome is Outcome.OK else outcome), word or kind


def _decline(reason: str, advice: object) -> Outcome:
    known = DECLINE_CODES.get(reason)
    if known is None:
        return Outcome.HARD_DECLINE if advice == "do_not_try_again" else Outcome.SOFT_DECLINE
    return known


def _message(status: int, error: Mapping[str, Any], word: str) -> str:
    said = error.get("message")
    return f"{word or 'an error without a code'} (HTTP {status})" + (f": {said}" if isinstance(said, str) else "")
