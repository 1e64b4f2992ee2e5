"""What a dialect makes of one answer, and what all dialects share."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from monitor.model.outcome import Outcome
from monitor.model.result import Exchange

#: Codes become metric labels and ticket fields: a gateway's own short words pass, anything else is dropped.
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,63}")
#: Ids that support staff ask for.
_CORRELATION = re.compile(r"[A-Za-z0-9_.:/=+-]{1,128}")


class Reading(NamedTuple):
    outcome: Outcome
    code: str = ""  # the gateway's own word for it
    correlation: str = ""  # the gateway's id of the exchange
    message: str = ""  # one sentence for a person; the judge redacts and clips it
    by_status: bool = False  # told from the HTTP status alone: a step that states its own status knows better


def code(value: object) -> str:
    return value if isinstance(value, str) and _CODE.fullmatch(value) else ""


def correlation(*candidates: object) -> str:
    """The first that looks like an id."""
    return next((value for value in candidates if isinstance(value, str) and _CORRELATION.fullmatch(value)), "")


def mapping(value: object) -> Mapping[str, Any]:
    """``value`` when it is a map, else an empty one: hostile answers have any shape."""
    return value if isinstance(value, Mapping) else {}


def by_status(status: int) -> Outcome:
    """What an HTTP status says when the body says nothing."""
    if status >= 500:
        return Outcome.TECH_GATEWAY
    if status == 429:
        return Outcome.THROTTLED
    if status in (400, 401, 403, 407, 422):
        return Outcome.CLIENT_CONFIG
    return Outcome.OK if 200 <= status < 300 else Outcome.CONTRACT_VIOLATION


def not_json(exchange: Exchange) -> Reading:
    """An answer without the JSON object that this dialect always has: an error page of something in between, or worse."""
    status = exchange.status or 0
    outcome = by_status(status)
    if outcome not in (Outcome.TECH_GATEWAY, Outcome.THROTTLED):
        outcome = Outcome.CONTRACT_VIOLATION
    kind = exchange.headers.get("content-type", "").split(";", 1)[0].strip()[:60]
    return Reading(
        outcome,
        correlation=correlation(exchange.headers.get("x-request-id")),
        message=f"HTTP {status} with {kind or 'a body without a type'} where a JSON object was expected",
    )
