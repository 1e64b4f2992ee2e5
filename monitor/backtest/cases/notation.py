"""A series on one line: ``30s: ok x20, fail(timeout_unknown, 15s) x3, gap x2, [ok x9, fail] x4``.

First the interval, then what came of each run in turn. ``ok`` and ``fail`` stand for an approval and a failing gateway; any
outcome may be named instead, and in brackets behind a word: its outcome, its duration, or both. ``unknown`` measured nothing;
``gap`` is a run that never came. ``xN`` repeats what stands before it; square brackets make one thing of several.
"""

import re
from typing import NamedTuple

from monitor.model.outcome import OURS, SUCCESSES, Outcome
from monitor.model.units import parse_duration

#: A test that needs more runs than this is a simulation: that is what backtests are for.
RUNS_MAX = 100_000
#: What an exchange takes when nothing is said.
SECONDS = 0.2
_TOKEN = re.compile(r"\s*(?:(?P<word>[a-z_]+)|(?P<length>\d[\d.a-z]*)|(?P<mark>[\[\](),:])|(?P<bad>\S))")
_COUNT = re.compile(r"[1-9]\d{0,5}")
_WORDS = {
    "ok": Outcome.APPROVED,
    "fail": Outcome.TECH_GATEWAY,
    **{outcome.value: outcome for outcome in Outcome if outcome != "ok"},
}
_GAP = "gap"


class Run(NamedTuple):
    """One run: when it was due (seconds after the series began), and what it came to."""

    at: float
    outcome: Outcome
    good: bool | None
    seconds: float


class BadSeries(ValueError):  # noqa: N818 - a verdict on a text
    """``offset``: where in the text the mistake begins."""

    def __init__(self, offset: int, message: str) -> None:
        super().__init__(message)
        self.offset = offset


class _What(NamedTuple):
    """What came of one slot; ``outcome`` None: a gap."""

    outcome: Outcome | None
    good: bool | None = None
    seconds: float = SECONDS


class _Token(NamedTuple):
    kind: str
    text: str
    offset: int


def parse_series(text: str) -> list[Run]:
    """The runs of one series. Raises BadSeries."""
    every, colon, rest = text.partition(":")
    try:
        interval = parse_duration(every)
    except ValueError:
        interval = 0.0
    if not colon or interval <= 0:
        raise BadSeries(0, f'expected an interval and what came of each run, like "30s: ok x20, fail x3", got "{text[:60]}"')
    slots = _Parser(rest, len(every) + 1).whole()
    return [Run(index * interval, what.outcome, what.good, what.seconds) for index, what in enumerate(slots) if what.outcome]


class _Parser:
    def __init__(self, text: str, base: int) -> None:
        self._tokens = [_token(match, base) for match in _TOKEN.finditer(text) if match.lastgroup]
        self._tokens.append(_Token("end", "", base + len(text)))
        self._place = 0

    def whole(self) -> list[_What]:
        found = self._items()
        self._expect("end", "")
        return found

    def _items(self) -> list[_What]:
        found: list[_What] = []
        while True:
            start = self._peek
            found += self._item()
            if len(found) > RUNS_MAX:
                raise BadSeries(start.offset, f"expected at most {RUNS_MAX:,} runs in a series, got more")
            if self._peek.text != ",":
                return found
            self._next()

    def _item(self) -> list[_What]:
        token = self._next()
        if token.text == "[":
            found = self._items()
            self._expect("mark", "]")
        elif token.text == _GAP:
            found = [_What(None)]
        elif token.text in _WORDS:
            found = [self._what(token)]
        else:
            raise BadSeries(token.offset, f'expected ok, fail, gap, unknown or an outcome, got "{token.text}"')
        return found * self._times(len(found))

    def _what(self, word: _Token) -> _What:
        outcome, seconds = _WORDS[word.text], SECONDS
        if self._peek.text == "(":
            self._next()
            outcome, seconds = self._inside(outcome)
        failed = word.text == "fail"
        if failed and outcome in OURS:
            raise BadSeries(word.offset, f"expected an outcome that fails, got {outcome.value}, which measures nothing")
        good = None if outcome in OURS else word.text == "ok" or (not failed and outcome in SUCCESSES)
        return _What(outcome, good, seconds)

    def _inside(self, outcome: Outcome) -> tuple[Outcome, float]:
        seconds = SECONDS
        while True:
            token = self._next()
            if token.kind == "length":
                seconds = _seconds(token)
            elif token.text in _WORDS:
                outcome = _WORDS[token.text]
            else:
                raise BadSeries(token.offset, f'expected an outcome or a duration in the brackets, got "{token.text}"')
            if self._peek.text != ",":
                self._expect("mark", ")")
                return outcome, seconds
            self._next()

    def _times(self, length: int) -> int:
        mark = self._peek
        if mark.text != "x":
            return 1
        self._next()
        count = self._next()
        if not _COUNT.fullmatch(count.text):
            raise BadSeries(mark.offset, f'expected how often, like "x20", got "x{count.text}"')
        if int(count.text) * length > RUNS_MAX:
            raise BadSeries(mark.offset, f"expected at most {RUNS_MAX:,} runs in a series, got more")
        return int(count.text)

    def _expect(self, kind: str, text: str) -> None:
        token = self._next()
        if token.kind != kind or token.text != text:
            wanted = f'"{text}"' if text else "the end, or a comma"
            raise BadSeries(token.offset, f'expected {wanted}, got "{token.text}"')

    @property
    def _peek(self) -> _Token:
        return self._tokens[self._place]

    def _next(self) -> _Token:
        token = self._tokens[self._place]
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token


def _token(match: re.Match[str], base: int) -> _Token:
    kind = str(match.lastgroup)
    return _Token(kind, match[kind], base + match.start(kind))


def _seconds(token: _Token) -> float:
    try:
        return parse_duration(token.text)
    except ValueError as error:
        raise BadSeries(token.offset, str(error)) from None
