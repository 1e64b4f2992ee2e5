"""Scenarios of those behind a gateway: acquirer, scheme, issuer."""

from benchmarks.triage.breaks import knob, knobs
from benchmarks.triage.scenario import Scenario, row
from monitor.model.triage import Layer

L = Layer
MONEY = ["authorise", "pay"]
TWELVE = "x" * 12
#: Spellings of one cell that say the same.
FIRST_VISA = ("card=first", "brand=visa,card=first")
SECOND_MASTERCARD = ("card=second", "brand=mastercard,card=second")
POLICY = "whether a scheme or its issuers tightened their rules is not to be seen in the answers"

ACQUIRER: tuple[Scenario, ...] = (
    row("acq-system-error", "F6", "the acquirer answers every authorisation with a system error", "mastercard",
        knob("acquirer_down", seconds=0.1), right=L.ACQUIRER, places=3),
    row("acq-processing-error", "F6", "every authorisation comes back as a processing error", "stripe",
        knob("acquirer_down", seconds=0.1), right=L.ACQUIRER),
    row("acq-system-error-for-some", "F6", "the acquirer fails for a third of authorisations", "mastercard",
        knob("acquirer_down", seconds=0.1, share=0.35), right=L.ACQUIRER, course=TWELVE),
    row("acq-one-route", "F5", "the acquirer's route for one brand answers system errors", "mastercard",
        knob("acquirer_down", seconds=0.1, brand="visa"), right=L.ACQUIRER, where="brand=visa", places=3),
    row("acq-times-out", "F6", "the acquirer reaches nobody: every authorisation times out behind the gateway", "stripe",
        knob("acquirer_down", seconds=0.3, error="timed_out"), right=L.ACQUIRER, places=3),
    row("acq-unspecified", "F6", "every authorisation fails without a reason", "mastercard",
        knob("decline", operation=MONEY, decision="unspecified_failure"), right=L.ACQUIRER),
)  # fmt: skip

SCHEME: tuple[Scenario, ...] = (
    row("scheme-visa-down", "F5", "no Visa issuer answers", "mastercard",
        knob("brand_down", brand="visa", seconds=0.3), right=L.SCHEME, where="brand=visa", places=3),
    row("scheme-mastercard-down", "F5", "no Mastercard issuer answers", "stripe",
        knob("brand_down", brand="mastercard", seconds=0.3), right=L.SCHEME, where="brand=mastercard"),
    row("scheme-visa-down-for-some", "F5", "six of ten Visa authorisations are not answered", "stripe",
        knob("brand_down", brand="visa", seconds=0.3, share=0.6), right=L.SCHEME, where="brand=visa", places=3, course=TWELVE),
    row("scheme-declines", "F6", "every card of one brand is declined", "mastercard",
        knob("decline", operation=MONEY, brand="mastercard", decision="declined"), right=(L.SCHEME, L.ISSUER),
        where="brand=mastercard", why=POLICY),
)  # fmt: skip

ISSUER: tuple[Scenario, ...] = (
    row("issuer-down", "F5", "the issuer of one card does not answer", "mastercard",
        knob("brand_down", card_prefix="450875", seconds=0.3), right=L.ISSUER, where=FIRST_VISA, places=3, course=TWELVE),
    row("issuer-down-stripe", "F5", "the issuer of one card does not answer", "stripe",
        knob("brand_down", card_prefix="520082", seconds=0.3), right=L.ISSUER, where=SECOND_MASTERCARD, course=TWELVE),
    row("issuer-declines", "F5", "the issuer of one card declines it for lack of funds", "stripe",
        knob("decline", operation=MONEY, card_prefix="424242", decision="insufficient_funds"), right=L.ISSUER, where=FIRST_VISA,
        course=TWELVE),
    row("issuer-says-stolen", "F5", "the issuer of one card says that it is stolen", "mastercard",
        knob("decline", operation=MONEY, card_prefix="222300", decision="stolen_card"), right=L.ISSUER, where=SECOND_MASTERCARD,
        places=3, course=TWELVE),
    row("issuer-mix-shifts", "F6", "four of ten good cards are declined, whatever the brand", "mastercard",
        knob("decline", operation=MONEY, share=0.4, decision="declined"), right=(L.ISSUER, L.SCHEME), places=3, why=POLICY),
    row("issuer-risk-rules", "F6", "every card is declined as fraud", "stripe",
        knob("decline", operation=MONEY, decision="fraudulent"), right=(L.ISSUER, L.SCHEME, L.GATEWAY),
        why="the gateway's own risk rules answer with the same code"),
    row("issuer-and-slow", "F5", "the issuer of one card is slow and then gone", "mastercard",
        knobs({"knob": "brand_down", "card_prefix": "450875", "seconds": 0.7}), right=L.ISSUER, where=FIRST_VISA, course=TWELVE),
)  # fmt: skip

SCENARIOS = ACQUIRER + SCHEME + ISSUER
