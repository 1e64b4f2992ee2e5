"""Units as people write them: durations like ``30s`` or ``1h30m``, sizes like ``1MiB``; and the pydantic types that read them."""

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}
_SIZE = re.compile(r"(\d+)\s*(B|KiB|MiB|GiB)?")
_BYTES = {None: 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
#: A duration longer than ten years is a slip of the pen, and arithmetic on it overflows calendars.
MAX_DURATION_SECONDS = 10 * 366 * 86_400.0


def parse_duration(value: object) -> float:
    """Seconds from ``"1h30m"``, ``"250ms"``, ``"30s"`` or 0. A bare number is refused: its unit would be a guess.

    Raises ValueError with a sentence fit for the operator.
    """
    if value == 0 and not isinstance(value, bool):
        return 0.0
    if not isinstance(value, str):
        raise ValueError(f'expected a duration like "30s", got {value!r}')
    text = value.strip()
    position, total = 0, 0.0
    for part in _DURATION_PART.finditer(text):
        if part.start() != position:
            break
        total += float(part[1]) * _SECONDS[part[2]]
        position = part.end()
    if not text or position != len(text):
        raise ValueError(f'expected a duration like "30s", got {value!r}')
    if total > MAX_DURATION_SECONDS:
        raise ValueError(f"expected a duration of at most ten years, got {value!r}")
    return total


def parse_size(value: object) -> int:
    """Bytes from ``"1MiB"``, ``"64KiB"`` or a whole number of bytes. Raises ValueError."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    match = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'expected a size like "1MiB", got {value!r}')
    return int(match[1]) * _BYTES[match[2]]


def show_seconds(seconds: float | None) -> str:
    """A duration for a person, always with its unit: ``0.7 ms``, ``312 ms``, ``1.25 s``, ``4 min 05 s``, ``2 h 10 min``, ``3 d 4 h``."""
    if seconds is None:
        return "-"
    if 0 < abs(seconds) < 0.01:
        return f"{seconds * 1000:.1f} ms"
    if abs(seconds) < 1:
        return f"{seconds * 1000:.0f} ms"
    if abs(seconds) < 60:
        return f"{seconds:.2f} s"
    whole = round(seconds)
    if whole < 3_600:
        return f"{whole // 60} min {whole % 60:02d} s"
    if whole < 86_400:
        return f"{whole // 3_600} h {whole % 3_600 // 60:02d} min"
    return f"{whole // 86_400} d {whole % 86_400 // 3_600} h"


Duration = Annotated[
    float,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|s|m|h|d|w))+$|^0$", "examples": ["30s", "1h30m", "250ms"]}),
]
Size = Annotated[
    int,
    BeforeValidator(parse_size),
    WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string", "pattern": r"^\d+\s*(B|KiB|MiB|GiB)?$"}]}),
]
