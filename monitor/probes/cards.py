"""Which cards a check uses, by names that hold no card number: what the schemes count declines by."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from monitor.model.check import Check, ExpressionError, Step, Stratum
from monitor.model.outcome import DECLINES
from monitor.redaction.cards import is_card
from monitor.transactions.script import RunFacts

#: Names that gateways give to test cards and their tokens: Stripe's ``pm_card_...`` and ``tok_...``, Square's ``cnon:...``.
_TOKEN = re.compile(r"(?:pm_card_|tok_|cnon:)[A-Za-z0-9_-]{1,60}")
#: PCI DSS 3.4.1 lets the last four digits be shown; two cards that share them share a budget, which errs on the safe side.
_SHOWN_DIGITS = 4
_STAND_IN = "0"


class Cards(NamedTuple):
    """``declined``: cards that the check expects to see declined; ``used``: all it uses, those among them."""

    used: frozenset[str]
    declined: frozenset[str]


def expects_decline(step: Step) -> bool:
    return bool(step.outcomes & DECLINES)


def cards_of(check: Check, stratum: Stratum) -> Cards:
    """The cards of one run. A card that cannot be told from the script is named after the check and its stratum."""
    used: set[str] = set()
    declined: set[str] = set()
    for step in check.steps:
        found = set(_names(_request(step, stratum)))
        used |= found
        if expects_decline(step):
            declined |= found or used or {f"{check.id} {stratum.label}".strip()}
    return Cards(frozenset(used | declined), frozenset(declined))


def _request(step: Step, stratum: Stratum) -> object:
    """The request as it would be sent, with stand-ins for what only a gateway can answer."""
    scope: dict[str, object] = RunFacts("", "", 0, stratum, "").scope()
    for name in getattr(step.request, "names", ()):
        scope.setdefault(name.partition(".")[0], _STAND_IN)
    try:
        return step.request.render(scope)
    except ExpressionError:
        return None


def _names(value: object) -> Iterator[str]:
    match value:
        case str():
            digits = value.replace(" ", "").replace("-", "")
            if digits.isascii() and digits.isdigit() and is_card(digits):
                yield f"card ending {digits[-_SHOWN_DIGITS:]}"
            else:
                yield from _TOKEN.findall(value)
        case bool():
            return
        case int():
            yield from _names(str(value))
        case Mapping():
            for item in value.values():
                yield from _names(item)
        case list() | tuple():
            for item in value:
                yield from _names(item)
