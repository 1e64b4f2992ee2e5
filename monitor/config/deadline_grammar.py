"""What may stand under ``deadlines``: calendars, and what is promised per priority."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from monitor.config.fields import Name, OneOrMany, Strict
from monitor.config.problems import show

Day = Literal["weekdays", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_SPAN = {
    "type": "string",
    "pattern": r"^(none|\d+(\.\d+)?\s*(bh|bd)|(\d+(\.\d+)?(ms|s|m|h|d|w))+)$",
    "examples": ["15m", "4bh", "3bd"],
}


def _text(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError(f'expected a length of time like "15m", "4bh" or "3bd", or "none", got {show(value)}')
    return value


#: Read when the hours in which it counts are known.
SpanText = Annotated[str, BeforeValidator(_text), WithJsonSchema(_SPAN)]


class CalendarBlock(Strict):
    """Business hours of a zone: ``hours`` by day like "09:00-18:00", public ``holidays`` like "CN" or "DE-BY", and days of one's own."""

    zone: str
    hours: dict[Day, OneOrMany] = Field(min_length=1)
    holidays: str | None = Field(default=None, pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")
    closed: OneOrMany = Field(default_factory=list, max_length=1_000)
    open: OneOrMany = Field(default_factory=list, max_length=1_000)


class PromiseBlock(Strict):
    """Of one priority; what is left out stays as it is by default, "none" promises nothing."""

    respond: SpanText | None = None
    update: SpanText | None = None
    restore: SpanText | None = None
    hours: Name | None = None


class DeadlinesBlock(Strict):
    """How soon incidents are answered, told of and over, and in which hours that is counted."""

    calendars: dict[Name, CalendarBlock] = Field(default_factory=dict)
    p1: PromiseBlock = Field(default_factory=PromiseBlock)
    p2: PromiseBlock = Field(default_factory=PromiseBlock)
    p3: PromiseBlock = Field(default_factory=PromiseBlock)
    p4: PromiseBlock = Field(default_factory=PromiseBlock)
