"""What may stand under ``routes``: who is told of which incidents, and who next."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from monitor.config.deadline_grammar import CalendarBlock
from monitor.config.fields import Length, OneOrMany, Strict, Variable
from monitor.config.problems import show
from monitor.model.alert import Severity


def _severities(value: Any) -> Any:
    listed = [value] if isinstance(value, str) else value
    known = [severity.value for severity in Severity]
    if not isinstance(listed, list) or not listed or any(one not in known for one in listed):
        raise ValueError(f"expected one or several of {', '.join(known)}, got {show(value)}")
    return [Severity(one) for one in listed]


_NAMES = {"type": "string", "enum": [severity.value for severity in Severity]}
Severities = Annotated[
    list[Severity], BeforeValidator(_severities), WithJsonSchema({"anyOf": [_NAMES, {"type": "array", "items": _NAMES}]})
]
Some = Annotated[OneOrMany, Field(min_length=1)]


class ThenBlock(Strict):
    """Who is told when nobody has acknowledged the incident ``after`` it was told first."""

    after: Length
    desks: Some


class RouteBlock(Strict):
    """What is left out fits every incident. ``hours`` is a calendar of ``deadlines``, by name or written here."""

    severity: Severities = Field(default_factory=list)
    customer: OneOrMany = Field(default_factory=list)
    targets: OneOrMany = Field(default_factory=list)
    labels: dict[Variable, OneOrMany] = Field(default_factory=dict)
    hours: str | CalendarBlock | None = None
    desks: Some
    then: list[ThenBlock] = Field(default_factory=list, max_length=10)
