"""Money is an integer of minor units and a currency; it is never a float.

Exponents are those of ISO 4217 (package ``iso4217``): JPY 0, USD 2, KWD 3. CLDR's differ (TWD), so no locale library is asked.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from iso4217 import Currency

_WRITTEN = re.compile(r"(-?\d+(?:\.\d+)?)\s+([A-Z]{3})")


@lru_cache(maxsize=256)
def exponent(currency: str) -> int:
    """How many digits the minor unit of ``currency`` takes. Raises ValueError for an unknown code."""
    try:
        digits = Currency(currency).exponent
    except ValueError:
        raise ValueError(f"unknown currency {currency!r}: expected an ISO 4217 code like USD") from None
    if digits is None:
        raise ValueError(f"{currency} has no minor unit and cannot be charged")
    return int(digits)


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """``Money(100, "USD")`` is one dollar."""

    minor: int
    currency: str

    @classmethod
    def parse(cls, text: str) -> "Money":
        """From ``"1.00 USD"``. Raises ValueError when the digits do not fit the currency's minor unit."""
        match = _WRITTEN.fullmatch(text.strip())
        if match is None:
            raise ValueError(f'expected an amount like "1.00 USD", got {text!r}')
        digits = exponent(match[2])
        scaled = Decimal(match[1]).scaleb(digits)
        if scaled != scaled.to_integral_value():
            raise ValueError(f"{text!r} has more digits than {match[2]} allows ({digits})")
        return cls(int(scaled), match[2])

    @property
    def major(self) -> Decimal:
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        return f"{self.major} {self.currency}"
