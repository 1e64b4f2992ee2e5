"""Secrets known by their look: magnetic tracks, tokens of well-known issuers, credentials in URLs and headers."""

import re
from collections.abc import Iterator

from monitor.redaction.cards import issued, mask
from monitor.redaction.spans import REDACTED, Span

_TRACK1 = re.compile(r"%?[Bb](\d{12,19})\^[^^\r\n]{2,26}\^[^?\r\n]{4,80}\??")
_TRACK2 = re.compile(r"(\d(?<![\d*]\d)\d{11,18})[=Dd]\d{4,60}[Ff]?\??")

#: (what must be in the text for the pattern to be worth trying, pattern); group 1 is what is hidden.
_LOOKS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("_live_", re.compile(r"\b([spr]k_live_[A-Za-z0-9]{8,256})")),
    ("_test_", re.compile(r"\b([sr]k_test_[A-Za-z0-9]{8,256})")),
    ("whsec_", re.compile(r"\b(whsec_[A-Za-z0-9+/=]{8,256})")),
    ("AKIA", re.compile(r"\b(AKIA[0-9A-Z]{16})\b")),
    ("PRIVATE KEY", re.compile(r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----([A-Za-z0-9+/=\s\\]{1,16384})")),
    ("eyJ", re.compile(r"\b(eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{2,16384}(?:\.[A-Za-z0-9_-]{0,4096})?)")),
    ("asic ", re.compile(r"\b[Bb]asic ([A-Za-z0-9+/=_-]{8,4096})")),
    ("earer ", re.compile(r"\b[Bb]earer ([A-Za-z0-9._~+/=-]{8,8192})")),
    ("://", re.compile(r"://[^\s/@:\"'<>]{0,256}:([^\s/@\"'<>]{1,256})@")),
)


def find_patterns(text: str) -> Iterator[Span]:
    for hint, pattern in _LOOKS:
        if hint in text:
            yield from (Span(*match.span(1)) for match in pattern.finditer(text))


def find_tracks(text: str) -> Iterator[Span]:
    """Track 1 and 2 of a magnetic stripe: the number is masked, and nothing after it is kept."""
    if "^" in text:
        yield from _tracks(_TRACK1, text)
    yield from _tracks(_TRACK2, text)


def _tracks(pattern: re.Pattern[str], text: str) -> Iterator[Span]:
    for track in pattern.finditer(text):
        if issued(track[1]):
            yield Span(*track.span(), f"{mask(track[1])} {REDACTED}")
