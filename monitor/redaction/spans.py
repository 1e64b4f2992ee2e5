"""A place in a text that must not leave the house, and how places are merged and replaced."""

from collections.abc import Iterable
from typing import NamedTuple

REDACTED = "[redacted]"


class Span(NamedTuple):
    """``text[start:end]`` is to be replaced by ``shown``."""

    start: int
    end: int
    shown: str = REDACTED


def replace(text: str, spans: Iterable[Span]) -> str:
    """``text`` with every span replaced. Overlapping spans become one."""
    parts: list[str] = []
    position = 0
    for span in merged(spans):
        parts += text[position : span.start], span.shown
        position = span.end
    parts.append(text[position:])
    return "".join(parts)


def merged(spans: Iterable[Span]) -> list[Span]:
    out: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        if not out or span.start >= out[-1].end:
            out.append(span)
        elif span.end > out[-1].end or span.shown == REDACTED:
            # No mask fits both, or one of them may not be seen at all: nothing of either is shown.
            out[-1] = Span(out[-1].start, max(out[-1].end, span.end))
    return out
