"""What a live key, a private key and a real card number look like."""

import re
from collections.abc import Iterator

from monitor.config.published_cards import PUBLISHED

_LIVE_KEY = re.compile(r"\b[sr]k_live_")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY")
#: ISO/IEC 7812 allows 8 to 19 digits, and no brand issues fewer than 13 today.
CARD_DIGITS = range(13, 20)
#: Digits, singly spaced or dashed at most; a fraction is no card number.
_DIGIT_RUN = re.compile(r"(?<!\d)(?<!\d\.)\d(?:[ -]?\d){12,60}(?!\.?\d)")
#: First digits of the brands that issue cards: a run of digits that begins otherwise is an identifier or a time stamp.
_ISSUERS = re.compile(r"4|5[0-8]|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)|3[47]|30[0-5]|309|3[689]|35(?:2[89]|[3-8]\d)|6")


def findings(text: str) -> Iterator[tuple[int, str]]:
    """Where something live-looking begins, counted from 1, and what to say about it. Never the thing itself."""
    for pattern, what in ((_LIVE_KEY, "a live API key"), (_PRIVATE_KEY, "a private key")):
        if match := pattern.search(text):
            yield match.start() + 1, f"expected no credentials in the configuration, got what looks like {what}"
    for match in _DIGIT_RUN.finditer(text):
        if any(digits not in PUBLISHED and _ISSUERS.match(digits) and luhn(digits) for digits in _numbers(match[0])):
            yield match.start() + 1, "expected no card numbers but published test cards, got what looks like a real one"


def _numbers(run: str) -> Iterator[str]:
    """Every number of a card's length that whole groups of digits make up: a security code may follow a card number."""
    groups = re.split(r"[ -]", run)
    for first in range(len(groups)):
        joined = ""
        for group in groups[first:]:
            joined += group
            if len(joined) in CARD_DIGITS:
                yield joined


def luhn(digits: str) -> bool:
    """The check digit of ISO/IEC 7812-1, annex B."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (sum(int(digit) for digit in digits[-1::-2]) + sum(doubled)) % 10 == 0
