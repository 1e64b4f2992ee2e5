"""Durations and instants as sentences say them, in both languages."""

from datetime import UTC, datetime

from monitor.model.text import Text
from monitor.model.units import show_seconds

_CHINESE_UNITS = ((86_400, " 天"), (3_600, " 小时"), (60, " 分"), (1, " 秒"))


def duration_text(seconds: float) -> Text:
    """``1 min 30 s`` and ``1 分 30 秒``: at most the two largest units, never a bare number."""
    return Text(show_seconds(seconds), _chinese(seconds))


def _chinese(seconds: float) -> str:
    if 0 < abs(seconds) < 0.01:
        return f"{seconds * 1000:.1f} 毫秒"
    if abs(seconds) < 1:
        return f"{seconds * 1000:.0f} 毫秒"
    if abs(seconds) < 60:
        return f"{seconds:.2f} 秒"
    rest = round(seconds)
    place = next(place for place, (size, _) in enumerate(_CHINESE_UNITS) if rest >= size)
    parts = []
    for size, unit in _CHINESE_UNITS[place : place + 2]:
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts)


def iso(at: float) -> str:
    """An instant as ``2026-11-22T02:00:31Z``: UTC, whole seconds, and no offset to misread."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def clock(at: float) -> str:
    """The time of day of an instant, ``02:00:31``, in UTC: beside an ``iso`` one."""
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")
