"""Card numbers as people and programs write them: grouped, split over strings, full-width, as hexadecimal or Base64.

Every pattern is linear: a candidate is one pass over a bounded alphabet, and what is decided about it looks no further than
``MAX_DIGITS`` digits ahead of each group.
"""

import re
from base64 import b64decode
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from monitor.redaction.cards import MAX_DIGITS, MIN_DIGITS, is_card, mask
from monitor.redaction.spans import Span

# What may stand between two digits of one number: blanks and dashes of all kinds, quotes and brackets of a split string,
# NUL (UTF-16 read as bytes), zero-width marks.
_ASCII_BETWEEN = r"\s\-._+/|:,;'\"\[\]()\\~\x00"
_BETWEEN = _ASCII_BETWEEN + r"·\u00a0\u00ad\u2000-\u2015\u2022\u202f\u2060\u2212\ufeff\uff0d"


def _candidate(between: str, flags: re.RegexFlag) -> re.Pattern[str]:
    # The visible ends of a masked number begin and end no other: masking twice changes nothing. The look back comes after the first digit,
    # so that the engine can leap from digit to digit.
    return re.compile(rf"\d(?<![\d*]\d)(?:\d|[{between}]{{1,4}}+\d){{{MIN_DIGITS - 1},}}+", flags)


_CANDIDATE = _candidate(_BETWEEN, re.UNICODE)
_ASCII_CANDIDATE = _candidate(_ASCII_BETWEEN, re.ASCII)  # twice as fast, and most texts are ASCII
_GROUP = re.compile(r"\d+")
#: How cards are printed when not in fours: American Express, Diners Club, UnionPay's 19 digits, halves.
_PRINTED = frozenset({(4, 6, 5), (4, 6, 4), (6, 13), (6, 10), (8, 8)})
_PRINTED_FIRST = {4} | {sizes[0] for sizes in _PRINTED}
#: An array of four-digit numbers as programs print it is not a card in fours.
_ARRAY = ", "

#: Span ids, trace ids, object ids and digests are at least this long in hexadecimal, and hold letters.
_HEX_ID_MIN = 16
_HEX_BEFORE = re.compile(r"[0-9a-fA-F]{0,64}\Z")
_HEX_AFTER = re.compile(r"[0-9a-fA-F]{0,64}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_UUID_LENGTH = 36
_FRACTION = re.compile(r"(?:^|[^\d.])\d{1,3}\.\Z")

# Base64 of digits, blanks, dashes and dots uses few letters in each place of four, so runs are found without decoding the rest.
_BASE64_RUN = re.compile(r"(?:[ILMNO][CDSTijyz][AEIMQUYcgkosw048][gtuw-z0-5]){3,64}")
_BASE64_TAIL = re.compile(r"[A-Za-z0-9+/_\-]*\Z")
_BASE64_REACH = 4  # a digit sticks out of the fours seen by less than one four on either side
_HEX_RUNS = (
    re.compile(r"3\d(?:[ :,]?(?:2[0dDeE][ :,]?)?3\d){11,40}"),
    re.compile(r"[fF]\d(?:[ :,]?[fF]\d){11,18}"),
)
_HEX_DIGIT = re.compile(r"[3fF](\d)[ :,]?(?:2[0dDeE][ :,]?)?")


class _Groups(NamedTuple):
    """Consecutive runs of digits in a text."""

    text: str
    spans: list[tuple[int, int]]

    def sizes(self, first: int, last: int) -> tuple[int, ...]:
        return tuple(end - start for start, end in self.spans[first:last])

    def digits(self, first: int, last: int) -> str:
        joined = "".join(self.text[start:end] for start, end in self.spans[first:last])
        return joined if joined.isascii() else "".join(str(int(digit)) for digit in joined)

    def separators(self, first: int, last: int) -> set[str]:
        return {self.text[left[1] : right[0]] for left, right in pairwise(self.spans[first:last])}


def find_cards(text: str) -> Iterator[Span]:
    """Every card number in ``text`` that is written in digits."""
    pattern = _ASCII_CANDIDATE if text.isascii() else _CANDIDATE
    for candidate in pattern.finditer(text):
        groups = _Groups(text, [group.span() for group in _GROUP.finditer(text, *candidate.span())])
        if text.startswith("*", candidate.end()):
            groups.spans.pop()
        first = 0
        while first < len(groups.spans):
            last = _card_from(groups, first)
            if last > first:
                yield Span(groups.spans[first][0], groups.spans[last - 1][1], mask(groups.digits(first, last)))
            first = max(last, first + 1)


def _card_from(groups: _Groups, first: int) -> int:
    """One past the last group of the card that begins at group ``first``; ``first`` when none does.

    The longest wins: a shorter one would leave the rest of the number standing.
    """
    total, last, found = 0, first, first
    if not _may_begin(groups, first):
        return first
    while last < len(groups.spans) and total <= MAX_DIGITS:
        start, end = groups.spans[last]
        total, last = total + end - start, last + 1
        if MIN_DIGITS <= total <= MAX_DIGITS and _is_written_card(groups, first, last):
            found = last
    return found


def _may_begin(groups: _Groups, first: int) -> bool:
    """False inside a row of equal groups of an unusual size: only its first group can begin a card (and the cost stays linear)."""
    (start, end), size = groups.spans[first], _size(groups.spans[first])
    if size in _PRINTED_FIRST or size >= MIN_DIGITS or not 0 < first < len(groups.spans) - 1:
        return True
    left, right = groups.spans[first - 1], groups.spans[first + 1]
    return _size(left) != size or groups.text[left[1] : start] != groups.text[end : right[0]]


def _size(span: tuple[int, int]) -> int:
    return span[1] - span[0]


def _is_written_card(groups: _Groups, first: int, last: int) -> bool:
    return _plausible(groups, first, last) and is_card(groups.digits(first, last)) and not _is_id(groups, first, last)


def _plausible(groups: _Groups, first: int, last: int) -> bool:
    """Whether anybody would write one number in these groups."""
    sizes = groups.sizes(first, last)
    if len(sizes) == 1 or sizes in _PRINTED:
        return True
    *full, rest = sizes
    if len(set(full)) != 1 or rest > full[0]:
        return False
    separators = groups.separators(first, last)
    if full[0] == 4:
        return separators != {_ARRAY}
    return len(separators) == 1 and _alone(groups, first, last, full[0], separators.pop())


def _alone(groups: _Groups, first: int, last: int, size: int, separator: str) -> bool:
    """Groups of an unusual size are a card only when no more of the same stand beside them: else they are a list of numbers."""
    for inner, outer in ((first, first - 1), (last - 1, last)):
        if 0 <= outer < len(groups.spans):
            low, high = sorted((inner, outer))
            start, end = groups.spans[outer]
            if end - start == size and groups.separators(low, high + 1) == {separator}:
                return False
    return True


def _is_id(groups: _Groups, first: int, last: int) -> bool:
    """Whether it is part of a UUID, a hexadecimal id, or a decimal fraction."""
    text, start, end = groups.text, groups.spans[first][0], groups.spans[last - 1][1]
    around = text[max(0, start - _UUID_LENGTH) : end + _UUID_LENGTH]
    if any(uuid.start() <= min(start, _UUID_LENGTH) < uuid.end() for uuid in _UUID.finditer(around)):
        return True
    if last - first > 1:
        return False
    before, after = text[max(0, start - 64) : start], text[end : end + 64]
    token = _tail(_HEX_BEFORE, before) + text[start:end] + _head(_HEX_AFTER, after)
    return (len(token) >= _HEX_ID_MIN and not token.isdigit()) or bool(_FRACTION.search(before))


def _tail(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[0] if found else ""


def _head(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.match(text)
    return found[0] if found else ""


def find_encoded_cards(text: str) -> Iterator[Span]:
    """Every card number written as Base64 (any alignment, either alphabet) or as hexadecimal ASCII or EBCDIC."""
    for run in _BASE64_RUN.finditer(text):
        end = min(len(text), run.end() + _BASE64_REACH)
        # Only as far back as the same token goes: what stands before it ("error: ", "card=") is no Base64.
        before = _BASE64_TAIL.search(text[max(0, run.start() - _BASE64_REACH) : run.start()])
        start = run.start() - (len(before[0]) if before else 0) // 4 * 4
        yield from _decoded_spans(text, start, end)
    for run in (found for pattern in _HEX_RUNS for found in pattern.finditer(text)):
        digits = "".join(_HEX_DIGIT.findall(run[0]))
        if MIN_DIGITS <= len(digits) <= MAX_DIGITS and is_card(digits):
            yield Span(*run.span(), mask(digits))


def _decoded_spans(text: str, start: int, end: int) -> Iterator[Span]:
    """Cards inside ``text[start:end]`` read as Base64, widened to whole fours."""
    fours = re.match(r"[A-Za-z0-9+/_\-]*", text[start:end])
    token = fours[0] if fours else ""
    if len(token) % 4 == 1:
        token = token[:-1]
    plain = b64decode(token.replace("-", "+").replace("_", "/") + "==").decode("latin-1")
    for card in find_cards(plain):
        yield Span(start + card.start // 3 * 4, min(end, start + (card.end + 2) // 3 * 4), card.shown)
