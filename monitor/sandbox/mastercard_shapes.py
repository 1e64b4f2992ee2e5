"""Mastercard Gateway's JSON: how payments, entries and errors look on the wire (REST-JSON, version 100)."""

from datetime import UTC, datetime
from typing import Any

from monitor.model.money import Money, exponent
from monitor.sandbox.cards import Card, Decision
from monitor.sandbox.payment import Entry, Kind, Payment
from monitor.sandbox.wire import Answer

Json = dict[str, Any]

#: decision -> (result, response.gatewayCode, acquirerCode, acquirerMessage). The acquirer's codes are those of ISO 8583 field 39.
RESPONSES: dict[Decision, tuple[str, str, str, str]] = {
    Decision.APPROVED: ("SUCCESS", "APPROVED", "00", "Approved"),
    Decision.ACTION_REQUIRED: ("FAILURE", "AUTHENTICATION_FAILED", "1A", "Authentication required"),
    Decision.DECLINED: ("FAILURE", "DECLINED", "05", "Do not honour"),
    Decision.INSUFFICIENT_FUNDS: ("FAILURE", "INSUFFICIENT_FUNDS", "51", "Insufficient funds"),
    Decision.LOST_CARD: ("FAILURE", "DECLINED_DO_NOT_CONTACT", "41", "Lost card"),
    Decision.STOLEN_CARD: ("FAILURE", "DECLINED_DO_NOT_CONTACT", "43", "Stolen card"),
    Decision.FRAUDULENT: ("FAILURE", "BLOCKED", "59", "Suspected fraud"),
    Decision.EXPIRED_CARD: ("FAILURE", "EXPIRED_CARD", "54", "Expired card"),
    Decision.INCORRECT_CVC: ("FAILURE", "INVALID_CSC", "82", "Security code mismatch"),
    Decision.PROCESSING_ERROR: ("FAILURE", "SYSTEM_ERROR", "96", "System malfunction"),
    Decision.TIMED_OUT: ("FAILURE", "TIMED_OUT", "91", "Issuer unavailable"),
    Decision.ACQUIRER_SYSTEM_ERROR: ("FAILURE", "ACQUIRER_SYSTEM_ERROR", "96", "System malfunction"),
    Decision.UNSPECIFIED_FAILURE: ("FAILURE", "UNSPECIFIED_FAILURE", "06", "Error"),
    Decision.UNKNOWN: ("UNKNOWN", "UNKNOWN", "", ""),
}

_TYPES = {
    Kind.AUTHORISATION: "AUTHORIZATION",
    Kind.PAYMENT: "PAYMENT",
    Kind.CAPTURE: "CAPTURE",
    Kind.REFUND: "REFUND",
    Kind.VERIFICATION: "VERIFICATION",
}


def number(money: Money) -> int | float:
    """A JSON number in major units. Exact: the core's limit keeps amounts within the fifteen digits a double holds."""
    return float(money.major) if exponent(money.currency) else money.minor


def instant(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def status(payment: Payment) -> str:
    if payment.cancelled:
        return "CANCELLED"
    if payment.refunded:
        return "PARTIALLY_REFUNDED" if payment.kept else "REFUNDED"
    if payment.captured:
        return "PARTIALLY_CAPTURED" if payment.held else "CAPTURED"
    if payment.held:
        return "AUTHORIZED"
    return "VERIFIED" if payment.standing(Kind.VERIFICATION) else "FAILED"


def order(payment: Payment) -> Json:
    currency = payment.amount.currency
    return {
        "id": payment.id,
        "amount": number(payment.amount),
        "currency": currency,
        "reference": payment.reference,
        "status": status(payment),
        "creationTime": instant(payment.created),
        "lastUpdatedTime": instant(max((entry.at for entry in payment.entries), default=payment.created)),
        "totalAuthorizedAmount": number(Money(payment.authorised, currency)),
        "totalCapturedAmount": number(Money(payment.captured, currency)),
        "totalRefundedAmount": number(Money(payment.refunded, currency)),
    }


def transaction(payment: Payment, entry: Entry, *, merchant: str, version: str) -> Json:
    """One transaction with its order as it is now: the answer to PUT and GET alike."""
    result, gateway_code, acquirer_code, acquirer_message = RESPONSES[entry.decision]
    shape: Json = {
        "gatewayEntryPoint": "WEB_SERVICES_API",
        "merchant": merchant,
        "order": order(payment),
        "response": {"gatewayCode": gateway_code},
        "result": result,
        "timeOfRecord": instant(entry.at),
        "transaction": _transaction(payment, entry),
        "version": version,
    }
    if acquirer_code:
        shape["response"] |= {"acquirerCode": acquirer_code, "acquirerMessage": acquirer_message}
    if entry.card:
        shape["sourceOfFunds"] = _source(entry.card)
    return shape


def whole_order(payment: Payment, *, merchant: str, version: str) -> Json:
    """An order with its transactions, oldest first."""
    return {
        **order(payment),
        "merchant": merchant,
        "result": "SUCCESS",
        "transaction": [
            transaction(payment, entry, merchant=merchant, version=version)
            for entry in payment.entries
            if entry.kind is not Kind.RELEASE  # not a transaction of the merchant's
        ],
        **({"sourceOfFunds": _source(payment.card)} if payment.card else {}),
    }


def error(
    http_status: int, cause: str, explanation: str, *, field: str = "", support_code: str = "", validation: str = ""
) -> Answer:
    """``field`` and ``validation`` (MISSING, INVALID, UNSUPPORTED) only for requests that the merchant got wrong."""
    details = {"cause": cause, "explanation": explanation}
    optional = {"field": field, "supportCode": support_code, "validationType": validation}
    return Answer(http_status, {"error": details | {name: text for name, text in optional.items() if text}, "result": "ERROR"})


def _transaction(payment: Payment, entry: Entry) -> Json:
    shape: Json = {
        "id": entry.id,
        "type": _type(payment, entry),
        "amount": number(entry.amount),
        "currency": entry.amount.currency,
        "reference": entry.reference or payment.reference,
        "source": "INTERNET",
        "terminal": "001",
        "receipt": f"{int(entry.at) % 10**10:010d}{entry.number % 100:02d}",
        "acquirer": {"batch": int(entry.at // 86_400) % 10**8, "id": "SANDBOX_ACQUIRER", "merchantId": "000000000001"},
    }
    if entry.approved:
        shape["authorizationCode"] = f"{(int(entry.at * 1_000) + entry.number) % 10**6:06d}"
    if entry.target is not None:
        shape["targetTransactionId"] = payment.entries[entry.target].id
    return shape


def _type(payment: Payment, entry: Entry) -> str:
    if entry.kind is Kind.VOID and entry.target is not None:
        return f"VOID_{_TYPES[payment.entries[entry.target].kind]}"
    return _TYPES[entry.kind]


def _source(card: Card) -> Json:
    brand = card.brand.upper()
    return {
        "type": "CARD",
        "provided": {
            "card": {
                "brand": brand,
                "scheme": brand,
                "fundingMethod": "CREDIT",
                "number": card.masked,
                "expiry": {"month": str(card.month), "year": f"{card.year % 100:02d}"},
            }
        },
    }
