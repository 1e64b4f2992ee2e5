"""Mastercard Gateway, REST-JSON.

The HTTP status says whether the gateway understood the request, not whether the payment went through: a declined payment is
answered with 201. ``result`` and ``response.gatewayCode`` say that, and ``error.cause`` says what was wrong with a request.
Source: developer.mastercard.com/mastercard-gateway, "API Error Handling", "Transaction Errors" and the API reference (version 100).
"""

from collections.abc import Mapping
from typing import Any

from monitor.model.outcome import Outcome
from monitor.model.result import Exchange
from monitor.transactions.dialects.reading import Reading, by_status, code, correlation, mapping, not_json

GATEWAY_CODES: Mapping[str, Outcome] = {
    "APPROVED": Outcome.APPROVED,
    "APPROVED_AUTO": Outcome.APPROVED,
    "APPROVED_PENDING_SETTLEMENT": Outcome.APPROVED,
    "PARTIALLY_APPROVED": Outcome.APPROVED_PARTIAL,
    "AUTHENTICATION_IN_PROGRESS": Outcome.PENDING_ACTION,
    "DEFERRED_TRANSACTION_RECEIVED": Outcome.PENDING_ACTION,
    "PENDING": Outcome.PENDING_ACTION,
    "SUBMITTED": Outcome.PENDING_ACTION,
    "DECLINED": Outcome.SOFT_DECLINE,
    "DECLINED_AVS": Outcome.SOFT_DECLINE,
    "DECLINED_AVS_CSC": Outcome.SOFT_DECLINE,
    "DECLINED_CSC": Outcome.SOFT_DECLINE,
    "DECLINED_INVALID_PIN": Outcome.SOFT_DECLINE,
    "DECLINED_PAYMENT_PLAN": Outcome.SOFT_DECLINE,
    "DECLINED_PIN_REQUIRED": Outcome.SOFT_DECLINE,
    "EXPIRED_CARD": Outcome.SOFT_DECLINE,
    "INSUFFICIENT_FUNDS": Outcome.SOFT_DECLINE,
    "INVALID_CSC": Outcome.SOFT_DECLINE,
    "NO_BALANCE": Outcome.SOFT_DECLINE,
    "REFERRED": Outcome.SOFT_DECLINE,
    "ABORTED": Outcome.SOFT_DECLINE,
    "CANCELLED": Outcome.SOFT_DECLINE,
    "AUTHENTICATION_FAILED": Outcome.SOFT_DECLINE,
    "DECLINED_DO_NOT_CONTACT": Outcome.HARD_DECLINE,
    "EXCEEDED_RETRY_LIMIT": Outcome.HARD_DECLINE,
    "BLOCKED": Outcome.RISK_DECLINE,
    "TIMED_OUT": Outcome.TECH_ISSUER,
    "ACQUIRER_SYSTEM_ERROR": Outcome.TECH_ACQUIRER,
    "UNSPECIFIED_FAILURE": Outcome.TECH_ACQUIRER,
    "DUPLICATE_BATCH": Outcome.TECH_ACQUIRER,
    "SYSTEM_ERROR": Outcome.TECH_GATEWAY,
    "LOCK_FAILURE": Outcome.TECH_GATEWAY,
    "NOT_SUPPORTED": Outcome.CLIENT_CONFIG,
    "UNKNOWN": Outcome.TIMEOUT_UNKNOWN,
}
CAUSES: Mapping[str, Outcome] = {
    "INVALID_REQUEST": Outcome.CLIENT_CONFIG,
    "CONSTRAINT_VIOLATION": Outcome.CLIENT_CONFIG,
    "REQUEST_REJECTED": Outcome.CLIENT_CONFIG,  # a firewall, an expired certificate, a wrong password
    "SERVER_BUSY": Outcome.THROTTLED,
    "SERVER_FAILED": Outcome.TECH_GATEWAY,
}
_APPROVALS = frozenset({Outcome.APPROVED, Outcome.APPROVED_PARTIAL})


def classify(exchange: Exchange, *, read: bool) -> Reading:
    body = exchange.body
    if not isinstance(body, Mapping) or exchange.parse_error:
        return not_json(exchange)
    if "error" in body or body.get("result") == "ERROR":
        return _error(exchange, mapping(body.get("error")), read=read)
    outcome = by_status(exchange.status or 0)
    if outcome is not Outcome.OK:
        return Reading(outcome, "", _correlation(exchange, {}), f"HTTP {exchange.status}")
    if body.get("status") == "SHUTDOWN":
        return Reading(Outcome.TECH_GATEWAY, "SHUTDOWN", _correlation(exchange, {}), "the gateway says that it is shut down")
    if read or "result" not in body:
        return Reading(Outcome.OK, "", _correlation(exchange, {}))
    return _transaction(exchange, body)


def _error(exchange: Exchange, error: Mapping[str, Any], *, read: bool) -> Reading:
    cause = code(error.get("cause"))
    field, explanation = error.get("field"), error.get("explanation")
    outcome = CAUSES.get(cause) or by_status(exchange.status or 0)
    if read and isinstance(explanation, str) and "unable to find" in explanation.lower():
        outcome = Outcome.CONTRACT_VIOLATION  # we read what we wrote: a replica that lags, or an order that is lost
    elif outcome is Outcome.OK:
        outcome = Outcome.CONTRACT_VIOLATION  # an error nobody knows, answered as a success
    message = f"{cause or 'an error without a cause'} (HTTP {exchange.status})"
    message += f" in {field}" if isinstance(field, str) else ""
    message += f": {explanation}" if isinstance(explanation, str) else ""
    return Reading(outcome, cause, _correlation(exchange, error), message)


def _transaction(exchange: Exchange, body: Mapping[str, Any]) -> Reading:
    response = mapping(body.get("response"))
    result, gateway_code = body.get("result"), code(response.get("gatewayCode"))
    outcome = _outcome(result, gateway_code)
    message = "" if outcome in _APPROVALS else f"result {str(result)[:40]}, gateway code {gateway_code or 'missing'}"
    acquirer = correlation(response.get("acquirerCode"))
    if message and acquirer:
        message += f", acquirer code {acquirer}"
    return Reading(outcome, gateway_code, _correlation(exchange, {}), message)


def _outcome(result: object, gateway_code: str) -> Outcome:
    known = GATEWAY_CODES.get(gateway_code)
    match result:
        case "SUCCESS":
            # A void or a refund may come without a code; a success that carries a decline contradicts itself.
            return Outcome.APPROVED if not gateway_code else known if known in _APPROVALS else Outcome.CONTRACT_VIOLATION
        case "PENDING":
            return Outcome.PENDING_ACTION
        case "UNKNOWN":
            return Outcome.TIMEOUT_UNKNOWN
        case "FAILURE" if known is None and gateway_code:
            return Outcome.SOFT_DECLINE if gateway_code.startswith("DECLINED") else Outcome.TECH_ACQUIRER
        case "FAILURE" if known is not None and known not in _APPROVALS:
            return known
    return Outcome.CONTRACT_VIOLATION


def _correlation(exchange: Exchange, error: Mapping[str, Any]) -> str:
    ids = (exchange.headers.get(name) for name in ("correlation-id", "x-request-id"))
    return correlation(error.get("supportCode"), mapping(exchange.body).get("correlationId"), *ids)
