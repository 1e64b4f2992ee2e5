"""What is wrong with the configuration, where it stands, and what was probably meant."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from monitor.redaction.patterns import find_patterns

#: Enough of a line to recognise it by; a minified document must not flood the terminal.
SOURCE_LINE_MAX = 160
#: How alike a wrong and a right name must be before the right one is suggested.
ALIKE = 0.6
#: Longer lists of what was possible are cut: the reader looks them up in the schema.
CHOICES_SHOWN = 12
#: Enough of a wrong value to recognise it by.
VALUE_SHOWN = 60


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake. ``line`` and ``column`` count from 1; 0 means that the file as a whole is meant."""

    file: str
    line: int
    column: int
    path: str
    message: str
    hint: str = ""
    source_line: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        text = f"{place}: {self.path}: {self.message}" if self.path else f"{place}: {self.message}"
        if self.source_line and not _looks_secret(self.source_line):
            text += "\n" + self._excerpt()
        return f"{text}\n    {self.hint}" if self.hint else text

    def _excerpt(self) -> str:
        # Tabs and wide characters are kept in the margin of the caret, so that it stands under what it means in any font.
        margin = "".join(letter if letter == "\t" else _blank(letter) for letter in self.source_line[: self.column - 1])
        line = self.source_line[:SOURCE_LINE_MAX]
        caret = f"\n{'':>7} | {margin}^" if self.column - 1 <= len(line) else ""
        return f"{self.line:>7} | {line}{caret}"


def _looks_secret(text: str) -> bool:
    """A credential that ended up where none belongs: not shown again, by any message."""
    return next(find_patterns(text), None) is not None


def _blank(letter: str) -> str:
    return "\u3000" if "\u2e80" <= letter <= "\uffef" else " "


class ConfigError(Exception):
    """The configuration is refused. Holds every problem found, in the order of files and lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        return "\n".join([*map(str, self.problems), f"{count} problem{'s' if count > 1 else ''}"])


def did_you_mean(wrong: object, right: Iterable[str]) -> str:
    """A hint for a name that does not exist: the most similar one, or what there is to choose from."""
    choices = sorted(set(right))
    if not choices:
        return ""
    close = difflib.get_close_matches(str(wrong)[:VALUE_SHOWN].lower(), choices, n=1, cutoff=ALIKE)
    if close:
        return f'did you mean "{close[0]}"?'
    shown = ", ".join(choices[:CHOICES_SHOWN])
    return f"possible here: {shown}{', ...' if len(choices) > CHOICES_SHOWN else ''}"


def show(value: object) -> str:
    """A wrong value for a person: short, and a container only by what it is."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case str() if _looks_secret(value):
            return "what looks like a credential"
        case str():
            return f'"{value[:VALUE_SHOWN]}{"..." if len(value) > VALUE_SHOWN else ""}"'
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return str(value)[:VALUE_SHOWN]
