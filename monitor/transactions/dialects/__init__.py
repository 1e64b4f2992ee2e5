"""The dialects of gateways: what their answers mean in our closed set of outcomes.

Adding one: a module with ``classify`` and one line in ``DIALECTS``. The tables follow the gateways' public references, which each
module names.
"""

from collections.abc import Mapping
from typing import Protocol

from monitor.model.result import Exchange
from monitor.transactions.dialects import mastercard, plain, stripe
from monitor.transactions.dialects.reading import Reading


class Dialect(Protocol):
    def __call__(self, exchange: Exchange, *, read: bool) -> Reading:
        """What an answered HTTP exchange says. ``read``: the request only asked, so an old decline that it shows is no failure."""


DIALECTS: Mapping[str, Dialect] = {
    "plain": plain.classify,
    "mastercard": mastercard.classify,
    "stripe": stripe.classify,
}

__all__ = ["DIALECTS", "Dialect", "Reading"]
