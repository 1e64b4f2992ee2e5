"""A step's request with holes: ``${intent}``, ``${stratum.brand}``, ``${run.reference}``.

A hole holds a CEL expression, nearly always just a name. What fills it is data: it is never looked at for further holes, and it
is encoded for the place it goes to, so that no captured text can add a path segment, a header or a second request. ``$${`` is a
literal ``${``. Names of fields are literal; only values have holes.
"""

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from urllib.parse import quote

from monitor.model.check import ExpressionError, Scope
from monitor.transactions.expressions import Expression, ExpressionSyntax, compile_expression, show_path
from monitor.transactions.source import read, tokens

#: Everything holes add to one request. A canary's requests are small; a gateway's answer must not be able to make them large.
OUTPUT_MAX: Final = 64 << 10


class Place(Enum):
    """Where a value goes, and so how what fills its holes is encoded."""

    PATH = "path"  # percent-encoded whole, "/" too: captured text stays inside its segment
    HEADER = "header"  # as it is; a line break or NUL is refused
    RAW = "raw"  # as it is: the probe encodes forms, queries and JSON


class TemplateSyntax(ValueError):  # noqa: N818 - named for what it is about
    """``path`` leads to the value with the fault, ``offset`` into its text."""

    def __init__(self, message: str, path: tuple[str | int, ...] = (), offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.offset = offset


class _Room:
    """What is left of the output's bound in one rendering."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = OUTPUT_MAX

    def take(self, characters: int) -> None:
        self.left -= characters
        if self.left < 0:
            raise ExpressionError(f"the request would grow by more than {OUTPUT_MAX >> 10} KiB")


_Node = Callable[[Scope, _Room], Any]


class Template:
    """A compiled request: ``monitor.model.check.Template``. ``names`` are what its holes read, as written: ``stratum.brand``."""

    __slots__ = ("_node", "_value", "names")

    def __init__(self, value: Mapping[str, Any], node: _Node | None, names: frozenset[str]) -> None:
        self._value = value
        self._node = node
        self.names = names

    @property
    def constant(self) -> bool:
        return self._node is None

    def render(self, scope: Scope) -> Mapping[str, Any]:
        """Filled in; a constant template gives the same object each time. Raises ExpressionError."""
        if self._node is None:
            return self._value
        filled: Mapping[str, Any] = self._node(scope, _Room())
        return filled


def compile_template(value: Mapping[str, Any], places: Mapping[str, Place]) -> Template:
    """Compile nested dicts, lists and strings. ``places`` gives the place of each top-level key; RAW when it is not named.

    A value that is one hole and nothing else keeps the type of what fills it. Raises TemplateSyntax.
    """
    names: set[str] = set()
    literal: dict[str, Any] = {}
    nodes: dict[str, _Node] = {}
    for key, item in value.items():
        _no_hole_in(key, (key,))
        built = _build(item, places.get(key, Place.RAW), (key,), names)
        if callable(built):
            nodes[key] = built
        literal[key] = item if callable(built) else built
    return Template(literal, _mapping(literal, nodes) if nodes else None, frozenset(names))


def _build(value: Any, place: Place, path: tuple[str | int, ...], names: set[str]) -> Any:
    """A node when there are holes in ``value``; otherwise the value itself, with ``$${`` undone."""
    if isinstance(value, str):
        return _build_text(value, place, path, names)
    if isinstance(value, Mapping):
        for key in value:
            _no_hole_in(key, (*path, key))
        built = {key: _build(item, place, (*path, key), names) for key, item in value.items()}
        nodes = {key: item for key, item in built.items() if callable(item)}
        return _mapping(built, nodes) if nodes else built
    if isinstance(value, list | tuple):
        items = [_build(item, place, (*path, index), names) for index, item in enumerate(value)]
        return _sequence(items) if any(callable(item) for item in items) else items
    return value


def _no_hole_in(key: object, path: tuple[str | int, ...]) -> None:
    if isinstance(key, str) and "${" in key:
        raise TemplateSyntax("a field's name cannot have holes: only values can", path)


def _mapping(literal: Mapping[str, Any], nodes: Mapping[str, _Node]) -> _Node:
    def fill(scope: Scope, room: _Room) -> dict[str, Any]:
        filled = dict(literal)
        for key, node in nodes.items():
            filled[key] = node(scope, room)
        return filled

    return fill


def _sequence(items: list[Any]) -> _Node:
    def fill(scope: Scope, room: _Room) -> list[Any]:
        return [item(scope, room) if callable(item) else item for item in items]

    return fill


def _build_text(text: str, place: Place, path: tuple[str | int, ...], names: set[str]) -> Any:
    pieces = list(_split(text, path))
    for piece in pieces:
        if isinstance(piece, Expression):
            names.update(show_path(field) for field in piece.paths)
        elif place is Place.HEADER:
            _check_literal(piece, path)
    if not any(isinstance(piece, Expression) for piece in pieces):
        return "".join(map(str, pieces))
    if len(pieces) == 1 and place is Place.RAW:
        return _whole(pieces[0])
    return _joined(pieces, place)


def _check_literal(text: str, path: tuple[str | int, ...]) -> None:
    try:
        _header(text)
    except ExpressionError as error:
        raise TemplateSyntax(str(error), path) from None


def _whole(hole: Any) -> _Node:
    def fill(scope: Scope, room: _Room) -> Any:
        value = hole(scope)
        room.take(_weight(value))
        return value

    return fill


def _joined(pieces: list[Any], place: Place) -> _Node:
    encode = _ENCODERS[place]

    def fill(scope: Scope, room: _Room) -> str:
        filled: list[str] = []
        for piece in pieces:
            if isinstance(piece, str):
                filled.append(piece)
                continue
            text = encode(_text(piece(scope), piece.source))
            room.take(len(text))
            filled.append(text)
        return "".join(filled)

    return fill


def _split(text: str, path: tuple[str | int, ...]) -> Iterator[str | Expression]:
    """Literal text and holes, in order; empty text is left out."""
    position, literal = 0, ""
    while (start := text.find("${", position)) >= 0:
        if start > position and text[start - 1] == "$":
            literal += text[position : start - 1] + "${"
            position = start + 2
            continue
        literal += text[position:start]
        if literal:
            yield literal
        end = _end_of_hole(text, start + 2, path)
        yield _hole(text[start + 2 : end], path, start + 2)
        position, literal = end + 1, ""
    literal += text[position:]
    if literal or position == 0:
        yield literal


def _end_of_hole(text: str, start: int, path: tuple[str | int, ...]) -> int:
    """Where the closing brace stands: one inside a string or a map of the expression does not count."""
    depth = 0
    for token in tokens(text, start):
        if token.text == "{":
            depth += 1
        elif token.text == "}" and depth == 0:
            return token.start
        elif token.text == "}":
            depth -= 1
    raise TemplateSyntax('"${" is not closed; write "$${" for the characters themselves', path, start - 2)


def _hole(source: str, path: tuple[str | int, ...], offset: int) -> Expression:
    stripped = source.strip()
    if not stripped:
        raise TemplateSyntax("expected a name between the braces", path, offset)
    # Which names there are is not known here: the caller compares ``names`` with what its steps have saved by then.
    anything = {name for name, _ in read(stripped).roots}
    try:
        return compile_expression(stripped, anything)
    except ExpressionSyntax as error:
        raise TemplateSyntax(error.message, path, offset + error.offset) from None


def _text(value: object, source: str) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(value)
    what = "nothing" if value is None else "a list or map"
    raise ExpressionError(f"{source} is {what}: it cannot stand inside text")


def _path(text: str) -> str:
    # Clients take "." and ".." out of a path even when they are encoded, and an empty segment is another resource.
    if not text.strip("."):
        raise ExpressionError("a value that is empty or only dots cannot stand in a path")
    return quote(text, safe="")


def _header(text: str) -> str:
    if any(mark in text for mark in "\r\n\0"):
        raise ExpressionError("a line break or NUL cannot stand in a header")
    return text


_ENCODERS: Mapping[Place, Callable[[str], str]] = {Place.PATH: _path, Place.HEADER: _header, Place.RAW: lambda text: text}


def _weight(value: object) -> int:
    """About how many characters a value takes when it is sent."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(len(str(key)) + _weight(item) for key, item in value.items())
    if isinstance(value, list | tuple):
        return sum(1 + _weight(item) for item in value)
    return len(str(value)) if isinstance(value, int | Decimal) else 1
