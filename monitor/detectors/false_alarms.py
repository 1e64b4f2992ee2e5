"""``false_alarms: 1 per 6 months``: how often a rule may be wrong, on the average, while all is well. Written once for every kind.

Kinds turn it into their threshold: a Shiryaev-Roberts sum in seconds of evidence that alarms at ``A`` has a mean time to a false
alarm of at least ``A`` seconds (Shin, Ramdas, Rinaldo 2022, "E-detectors"), so the budget itself is the threshold.
"""

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from monitor.model.text import Text
from monitor.model.units import parse_duration

MONTH_SECONDS = 30 * 86_400.0
#: What a rule may cost its reader when nobody says.
DEFAULT = "1 per 6 months"
DEFAULT_SECONDS = 6 * MONTH_SECONDS
#: More often than hourly is no alarm any more, and the tests assume that evidence has time to gather.
SHORTEST_SECONDS = 3_600.0
#: No baseline is known well enough for more: its rate of failures would have to hold for ten years.
LONGEST_SECONDS = 3_650 * 86_400.0

_WRITTEN = re.compile(r"(?P<count>\d{1,4})\s+(?:per|in|every)\s+(?:(?P<periods>\d{1,4})\s+)?(?P<period>\S+)")
#: A month is 30 days and a year 365, in every report.
_PERIODS = {"hour": 3_600.0, "day": 86_400.0, "week": 7 * 86_400.0, "month": MONTH_SECONDS, "year": 365 * 86_400.0}
_CHINESE = {"hour": "小时", "day": "天", "week": "周", "month": "个月", "year": "年"}
#: Quotients of whole seconds are off by the last bit at most.
_HAIR = 1e-9
#: More than a dozen in a period says less than the time between two.
_COUNTED_MAX = 12
_EXPECTED = 'expected false alarms like "1 per 6 months", "2 per year" or "1 per 90d"'


def parse_false_alarms(value: object) -> float:
    """Mean seconds between false alarms, from ``"1 per 6 months"``, ``"2 per year"``, ``"1 per 90d"``.

    Raises ValueError with a sentence fit for the operator.
    """
    match = _WRITTEN.fullmatch(" ".join(value.lower().split())) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"{_EXPECTED}, got {value!r}")
    count, span = int(match["count"]), int(match["periods"] or 1) * _period(match["period"], value)
    if not count or not span:
        raise ValueError(f"{_EXPECTED}, got {value!r}: nothing decides on sparse samples without ever being wrong")
    between = span / count
    if between < SHORTEST_SECONDS:
        raise ValueError(f"expected at most one false alarm an hour, got {value!r}")
    if between > LONGEST_SECONDS:
        raise ValueError(f"expected at least one false alarm in ten years, got {value!r}: no history is known that well")
    return between


def _period(written: str, value: object) -> float:
    known = _PERIODS.get(written.removesuffix("s"))
    if known is not None:
        return known
    try:
        return parse_duration(written)
    except ValueError:
        raise ValueError(f"{_EXPECTED}, got {value!r}") from None


def false_alarms_text(seconds: float) -> Text:
    """``1 false alarm per 6 months`` and ``每 6 个月误报 1 次``: the budget as a sentence says it."""
    count, periods, unit = _written(seconds)
    alarms = "1 false alarm" if count == 1 else f"{count} false alarms"
    chinese = f" {periods} {_CHINESE[unit]}" if periods > 1 else _CHINESE[unit]
    return Text(f"{alarms} per {_length(periods, unit)}", f"每{chinese}误报 {count} 次")


def show_false_alarms(seconds: float) -> str:
    """As a rule writes it: ``1 per 6 months``."""
    count, periods, unit = _written(seconds)
    return f"{count} per {_length(periods, unit)}"


def _length(periods: int, unit: str) -> str:
    return unit if periods == 1 else f"{periods} {unit}s"


def _written(seconds: float) -> tuple[int, int, str]:
    """How many in how many of which unit, in whole numbers; rounded when none tells it: no budget is kept finer than that."""
    for unit in ("month", "week", "day"):
        periods = _whole(seconds / _PERIODS[unit])
        if periods:
            return 1, periods, unit
    for unit in ("year", "month", "week", "day"):
        count = _whole(_PERIODS[unit] / seconds)
        if 0 < count <= _COUNTED_MAX:
            return count, 1, unit
    unit = "day" if seconds >= 10 * _PERIODS["day"] else "hour"
    return 1, max(1, round(seconds / _PERIODS[unit])), unit


def _whole(ratio: float) -> int:
    """The whole number that ``ratio`` is; 0 when it is none."""
    nearest = round(ratio)
    return nearest if abs(ratio - nearest) < _HAIR * nearest else 0


FalseAlarms = Annotated[
    float,
    BeforeValidator(parse_false_alarms),
    PlainSerializer(show_false_alarms),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\d{1,4} (per|in|every) (\d{1,4} )?\S+$",
            "examples": ["1 per 6 months", "1 per month", "2 per year", "1 per 90d"],
        }
    ),
]
