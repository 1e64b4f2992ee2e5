"""Test cards and what they come to. Real numbers are not accepted, and no whole number is kept.

Mastercard Gateway lets the card's expiry choose the outcome (its "test details" page, also published by the banks that
resell it); Stripe lets the number or a ``pm_card_*`` token choose it (stripe.com/docs/testing).
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Decision(StrEnum):
    """What the world behind the gateway says to a request for money."""

    APPROVED = "approved"
    ACTION_REQUIRED = "action_required"
    DECLINED = "declined"
    INSUFFICIENT_FUNDS = "insufficient_funds"
    LOST_CARD = "lost_card"
    STOLEN_CARD = "stolen_card"
    FRAUDULENT = "fraudulent"
    EXPIRED_CARD = "expired_card"
    INCORRECT_CVC = "incorrect_cvc"
    PROCESSING_ERROR = "processing_error"
    TIMED_OUT = "timed_out"
    ACQUIRER_SYSTEM_ERROR = "acquirer_system_error"
    UNSPECIFIED_FAILURE = "unspecified_failure"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Card:
    """What may be kept of a card: its brand, the first six and last four digits, and how it behaves."""

    brand: str
    first_six: str
    last_four: str
    month: int = 12
    year: int = 2039
    decision: Decision = Decision.APPROVED

    @property
    def masked(self) -> str:
        return f"{self.first_six}xxxxxx{self.last_four}"


def _card(brand: str, number: str, decision: Decision = Decision.APPROVED) -> Card:
    return Card(brand, number[:6], number[-4:], decision=decision)


#: Numbers published for testing; nothing else is a card here.
NUMBERS: dict[str, Card] = {
    number: _card(brand, number, decision)
    for number, brand, decision in (
        ("5123450000000008", "mastercard", Decision.APPROVED),
        ("2223000000000007", "mastercard", Decision.APPROVED),
        ("5111111111111118", "mastercard", Decision.APPROVED),
        ("4508750015741019", "visa", Decision.APPROVED),
        ("4012000033330026", "visa", Decision.APPROVED),
        ("345678901234564", "amex", Decision.APPROVED),
        ("4242424242424242", "visa", Decision.APPROVED),
        ("5555555555554444", "mastercard", Decision.APPROVED),
        ("4000056655665556", "visa", Decision.APPROVED),
        ("5200828282828210", "mastercard", Decision.APPROVED),
        ("378282246310005", "amex", Decision.APPROVED),
        ("6011111111111117", "discover", Decision.APPROVED),
        ("3566002020360505", "jcb", Decision.APPROVED),
        ("6200000000000005", "unionpay", Decision.APPROVED),
        ("4000000000000002", "visa", Decision.DECLINED),
        ("4000000000000341", "visa", Decision.DECLINED),
        ("4000000000009995", "visa", Decision.INSUFFICIENT_FUNDS),
        ("4000000000009987", "visa", Decision.LOST_CARD),
        ("4000000000009979", "visa", Decision.STOLEN_CARD),
        ("4000000000000069", "visa", Decision.EXPIRED_CARD),
        ("4000000000000127", "visa", Decision.INCORRECT_CVC),
        ("4000000000000119", "visa", Decision.PROCESSING_ERROR),
        ("4100000000000019", "visa", Decision.FRAUDULENT),
        ("4000000000003220", "visa", Decision.ACTION_REQUIRED),
        ("4000002760003184", "visa", Decision.ACTION_REQUIRED),
    )
}

#: Stripe's ready-made payment methods.
TOKENS: dict[str, Card] = {
    "pm_card_visa": NUMBERS["4242424242424242"],
    "pm_card_mastercard": NUMBERS["5555555555554444"],
    "pm_card_visa_debit": NUMBERS["4000056655665556"],
    "pm_card_mastercard_debit": NUMBERS["5200828282828210"],
    "pm_card_amex": NUMBERS["378282246310005"],
    "pm_card_discover": NUMBERS["6011111111111117"],
    "pm_card_jcb": NUMBERS["3566002020360505"],
    "pm_card_unionpay": NUMBERS["6200000000000005"],
    "pm_card_visa_chargeDeclined": NUMBERS["4000000000000002"],
    "pm_card_chargeCustomerFail": NUMBERS["4000000000000341"],
    "pm_card_visa_chargeDeclinedInsufficientFunds": NUMBERS["4000000000009995"],
    "pm_card_visa_chargeDeclinedLostCard": NUMBERS["4000000000009987"],
    "pm_card_visa_chargeDeclinedStolenCard": NUMBERS["4000000000009979"],
    "pm_card_chargeDeclinedExpiredCard": NUMBERS["4000000000000069"],
    "pm_card_chargeDeclinedIncorrectCvc": NUMBERS["4000000000000127"],
    "pm_card_chargeDeclinedProcessingError": NUMBERS["4000000000000119"],
    "pm_card_radarBlock": NUMBERS["4100000000000019"],
    "pm_card_authenticationRequired": NUMBERS["4000002760003184"],
    "pm_card_threeDSecure2Required": NUMBERS["4000000000003220"],
}

#: Mastercard Gateway's lever: (month, two-digit year) -> what the acquirer answers.
EXPIRIES: dict[tuple[int, int], Decision] = {
    (1, 39): Decision.APPROVED,
    (5, 39): Decision.DECLINED,
    (4, 27): Decision.EXPIRED_CARD,
    (8, 28): Decision.TIMED_OUT,
    (1, 37): Decision.ACQUIRER_SYSTEM_ERROR,
    (2, 37): Decision.UNSPECIFIED_FAILURE,
    (5, 37): Decision.UNKNOWN,
}


def by_expiry(number: str, *, month: int, year: int) -> Card | None:
    """The card as Mastercard Gateway takes it (``year`` has two digits); None when the number is not a test card's.

    An expiry that the table does not name approves.
    """
    card = NUMBERS.get(number)
    if card is None:
        return None
    return replace(card, month=month, year=2000 + year, decision=EXPIRIES.get((month, year), Decision.APPROVED))
