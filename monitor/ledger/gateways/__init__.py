"""How the ledger speaks with each kind of gateway: pure flows that yield requests and are sent what came back.

Adding one: a module with a class keeping ``Gateway`` and one line in ``GATEWAYS``, under the name of its dialect.
``tests/ledger/test_ledger_gateways.py`` holds every one of them to the contract, hostile answers included.
"""

from monitor.ledger.gateways.flow import (
    Ask,
    Flow,
    Gateway,
    Listed,
    NoAnswerError,
    Part,
    Shown,
    Undo,
    UnfindableError,
    Window,
)
from monitor.ledger.gateways.mastercard import Mastercard
from monitor.ledger.gateways.plain import Plain
from monitor.ledger.gateways.stripe import Stripe

GATEWAYS: dict[str, Gateway] = {"mastercard": Mastercard(), "stripe": Stripe(), "plain": Plain()}


def gateway_of(dialect: str) -> Gateway:
    """One that nobody has taught the ledger to read is one that cannot be read."""
    return GATEWAYS.get(dialect, GATEWAYS["plain"])


__all__ = [
    "GATEWAYS",
    "Ask",
    "Flow",
    "Gateway",
    "Listed",
    "NoAnswerError",
    "Part",
    "Shown",
    "Undo",
    "UnfindableError",
    "Window",
    "gateway_of",
]
