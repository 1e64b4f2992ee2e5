"""What can be learnt from the text of a CEL expression without running it: the fields it reads, the names it binds.

The CEL package tells names but not fields, and converting a whole response body for an expression that reads one field of it
costs milliseconds on the event loop. So the expression's text is read once, at load, and only the fields it names are
converted. Reading is conservative: where a field cannot be told from the text, the path ends early and more is converted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

#: CEL's comprehension macros: each binds the name that stands first in its parentheses.
MACROS = frozenset({"all", "exists", "exists_one", "existsOne", "map", "filter"})
KEYWORDS = frozenset({"true", "false", "null", "in"})
#: Type names are values in CEL: ``type(body.id) == string``.
TYPES = frozenset({"bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"})

_TOKEN = re.compile(
    r"""
    (?P<skip>\s+|//[^\n]*)
  | (?P<raw>[bB]?[rR][bB]?(?:\"\"\"[\s\S]*?\"\"\"|'''[\s\S]*?'''|"[^"\n]*"|'[^'\n]*'))
  | (?P<string>[bB]?(?:\"\"\"(?:\\[\s\S]|[^\\])*?\"\"\"|'''(?:\\[\s\S]|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))
  | (?P<name>[A-Za-z_]\w*)
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\w*)
  | (?P<mark>[\s\S])
    """,
    re.VERBOSE,
)


class Token(NamedTuple):
    kind: str
    text: str
    start: int


#: A field's way from a name: ``body.data[0].id`` is ("body", "data", 0, "id").
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Reads:
    """What an expression's text says about it."""

    paths: tuple[Path, ...]  # fields read, as far as the text tells
    roots: tuple[tuple[str, int], ...]  # names read, each with its offset
    bound: tuple[tuple[str, int], ...]  # names bound by macros, each with its offset
    depth: int  # how deep macros nest: each level multiplies the work
    whole: Path | None  # the path, when the expression is nothing else


def tokens(text: str, start: int = 0) -> Iterator[Token]:
    """The tokens of ``text`` from ``start``; blanks and comments left out. Never fails: what it does not know is a mark."""
    for match in _TOKEN.finditer(text, start):
        if match.lastgroup != "skip" and match.lastgroup is not None:
            yield Token(match.lastgroup, match[0], match.start())


def read(text: str) -> Reads:
    words = [*tokens(text), Token("end", "", len(text))]
    bound = tuple(_bound(words))
    hidden = {name for name, _ in bound}
    paths: list[Path] = []
    roots: list[tuple[str, int]] = []
    whole: Path | None = None
    for index in range(len(words)):
        if _is_root(words, index) and words[index].text not in hidden:
            path, after = _follow(words, index)
            paths.append(path)
            roots.append((words[index].text, words[index].start))
            if index == 0 and words[after].kind == "end":
                whole = path
    return Reads(tuple(dict.fromkeys(paths)), tuple(roots), bound, _depth(words), whole)


def _is_root(words: list[Token], index: int) -> bool:
    word = words[index]
    if word.kind != "name" or word.text in KEYWORDS or word.text in TYPES:
        return False
    return words[index + 1].text != "(" and (index == 0 or words[index - 1].text != ".")


def _follow(words: list[Token], index: int) -> tuple[Path, int]:
    path: list[str | int] = [words[index].text]
    index += 1
    while True:
        step = _field(words, index)
        if step is None:
            return tuple(path), index
        key, index = step
        path.append(key)


def _field(words: list[Token], index: int) -> tuple[str | int, int] | None:
    """The field taken at ``index`` and where it ends; None when the text does not tell which."""
    if words[index].text == "." and words[index + 1].kind == "name" and words[index + 2].text != "(":
        return words[index + 1].text, index + 2
    if words[index].text == "[" and index + 2 < len(words) and words[index + 2].text == "]":
        key = _literal(words[index + 1])
        return None if key is None else (key, index + 3)
    return None


def _literal(word: Token) -> str | int | None:
    if word.kind == "number" and word.text.isdecimal():
        return int(word.text)
    if word.kind == "string" and word.text[0] in "\"'" and "\\" not in word.text and word.text[:3] not in ('"""', "'''"):
        return word.text[1:-1]
    return None


def _opens_macro(words: list[Token], index: int) -> bool:
    return index >= 2 and words[index].text == "(" and words[index - 1].text in MACROS and words[index - 2].text == "."


def _bound(words: list[Token]) -> Iterator[tuple[str, int]]:
    for index in range(len(words) - 2):
        if _opens_macro(words, index) and words[index + 1].kind == "name" and words[index + 2].text == ",":
            yield words[index + 1].text, words[index + 1].start


def _depth(words: list[Token]) -> int:
    deepest, stack = 0, list[bool]()
    for index, word in enumerate(words):
        if word.text == "(":
            stack.append(_opens_macro(words, index))
            deepest = max(deepest, sum(stack))
        elif word.text == ")" and stack:
            stack.pop()
    return deepest
