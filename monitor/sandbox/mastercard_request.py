"""Reading what a merchant sent to the Mastercard Gateway dialect: the route, the JSON, amounts and cards."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from monitor.model.money import Money
from monitor.sandbox.cards import Card, by_expiry
from monitor.sandbox.core import MAX_MINOR

PREFIX = "/api/rest/version/"
_ROUTE = re.compile(
    PREFIX + r"(?P<version>\d{1,3})/(?:(?P<information>information)"
    r"|merchant/(?P<merchant>[^/]+)/order(?:/(?P<order>[^/]+)(?:/transaction/(?P<transaction>[^/]+))?)?)"
)
DEFAULT_LIMIT, MAX_LIMIT = 20, 100


class InvalidError(Exception):
    """The merchant's request is wrong; ``field`` says where. No value is quoted: it could be a card number."""

    def __init__(self, field: str, explanation: str, validation: str = "INVALID") -> None:
        super().__init__(explanation)
        self.field, self.explanation, self.validation = field, explanation, validation


@dataclass(frozen=True, slots=True)
class Route:
    version: str
    merchant: str = ""
    order: str = ""
    transaction: str = ""

    @classmethod
    def of(cls, path: str) -> "Route | None":
        match = _ROUTE.fullmatch(path)
        if match is None:
            return None
        parts = {name: unquote(text or "") for name, text in match.groupdict().items() if name != "information"}
        return cls(**parts)


def read_json(body: bytes) -> Mapping[str, Any]:
    try:
        parsed = json.loads(body, parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InvalidError("", "The request is not valid JSON.") from None
    if not isinstance(parsed, dict):
        raise InvalidError("", "The request is not a JSON object.")
    return parsed


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def field(body: Mapping[str, Any], *names: str) -> object:
    value: object = body
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def money(body: Mapping[str, Any], group: str, factor: int) -> Money:
    amount, currency = field(body, group, "amount"), field(body, group, "currency")
    if amount is None or not currency:
        raise InvalidError(f"{group}.amount" if amount is None else f"{group}.currency", "Value is required.", "MISSING")
    found = parse_money(str(amount), str(currency), f"{group}.amount")
    if not 0 < found.minor <= MAX_MINOR:
        raise InvalidError(f"{group}.amount", "The amount is out of range.")
    return Money(found.minor * factor, found.currency)


def parse_money(amount: str, currency: str, where: str) -> Money:
    try:
        return Money.parse(f"{amount} {currency}")
    except ValueError:
        raise InvalidError(where, "Expected an amount that fits an ISO 4217 currency's minor unit.") from None


def card(body: Mapping[str, Any]) -> Card:
    where = "sourceOfFunds.provided.card"
    number = field(body, *where.split("."), "number")
    if not number:
        raise InvalidError(f"{where}.number", "Value is required.", "MISSING")
    try:
        month, year = (int(str(field(body, *where.split("."), "expiry", part))) for part in ("month", "year"))
    except ValueError:
        raise InvalidError(f"{where}.expiry", "Expected a month and a year of two digits.") from None
    found = by_expiry(str(number), month=month, year=year)
    if found is None or not (1 <= month <= 12 and 0 <= year <= 99):
        raise InvalidError(f"{where}.number", "Only published test cards with a valid expiry are accepted here.")
    return found


def limit(query: Mapping[str, str]) -> int:
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not text.isdecimal() or not 1 <= int(text) <= MAX_LIMIT:
        raise InvalidError("limit", f"Expected a number from 1 to {MAX_LIMIT}.")
    return int(text)
