"""Exact numbers in a language that only has 64-bit integers and doubles.

Ten cents times three are thirty cents: amounts are compared digit by digit or in whole minor units, never as doubles.
"""

import math
import re
from collections.abc import Callable, Mapping
from decimal import Decimal

from monitor.model.money import exponent

INT_MIN, INT_MAX = -(2**63), 2**63 - 1
#: A decimal number as gateways write them; neither "NaN" nor "1_000", which Decimal would also take.
_DECIMAL = re.compile(r"[+-]?[0-9]{1,4000}(\.[0-9]{1,4000})?([eE][+-]?[0-9]{1,4})?")


def double_or_text(value: Decimal) -> float | str:
    """The double that stands for exactly this decimal, or its digits when there is none."""
    double = float(value)
    return double if math.isfinite(double) and Decimal(repr(double)) == value else str(value)


def exact(value: object) -> Decimal | None:
    """A number or decimal text as an exact Decimal; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return Decimal(repr(value)) if math.isfinite(value) else None
    if isinstance(value, int):
        return Decimal(value)
    return Decimal(value) if isinstance(value, str) and _DECIMAL.fullmatch(value) else None


def amount(value: object) -> dict[str, str]:
    """An amount that equals another only when every digit does.

    A map, so that CEL itself refuses to add it, to order it, or to find it equal to a bare number.
    """
    number = exact(value)
    if number is None:
        raise ValueError(f"amount() reads a number or decimal text, got a {type(value).__name__}")
    sign, digits, power = number.as_tuple()
    written = "".join(map(str, digits)).rstrip("0")
    if not written:
        return {"amount": "0"}
    return {"amount": f"{'-' * sign}{written}e{int(power) + len(digits) - len(written)}"}


def minor(value: object, currency: object) -> int:
    """An amount in whole minor units of its currency: 1.00 USD is 100, 1 JPY is 1, 1.000 KWD is 1000."""
    number = exact(value)
    if number is None or not isinstance(currency, str):
        raise ValueError("minor() reads an amount and a currency code")
    sign, digits, power = number.as_tuple()
    scaled = Decimal((sign, digits, int(power) + exponent(currency.upper())))  # scaleb() would round to the context's 28 digits
    if scaled != scaled.to_integral_value() or not INT_MIN <= scaled <= INT_MAX:
        raise ValueError(f"the amount is not a whole number of minor units of {currency[:3]!r}")
    return int(scaled)


#: What an expression may call beside CEL's own functions.
HELPERS: Mapping[str, Callable[..., object]] = {"amount": amount, "minor": minor}
