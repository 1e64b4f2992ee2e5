"""CEL expressions, compiled once: what a step expects and what it saves.

Built on the package ``common-expression-language``, whose evaluator is linear in its regular expressions and runs no code.
Four things are added to it:

* names and functions are checked at load, with a suggestion;
* only the fields an expression reads are converted (see ``source``);
* no number loses a digit: a decimal that a double would change is handed over as text, so that comparing it with a number
  fails instead of rounding, and ``amount()`` and ``minor()`` read it exactly;
* work is bounded: a long list times a nested loop is refused before it is begun.
"""

import difflib
import math
import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from itertools import takewhile
from typing import Any, Final

import cel

from monitor.model.check import ExpressionError, Scope
from monitor.transactions.exact import HELPERS, INT_MAX, INT_MIN, double_or_text
from monitor.transactions.source import Path, Reads, read

#: Longer than any sentence a person would want to read about one answer.
SOURCE_MAX = 2_048
#: Turns of the innermost loop. A million take about 0.1 s, which is as long as the event loop may ever be held.
TURNS_MAX = 1_000_000
#: Values converted for one expression: about 50 ms.
VALUES_MAX = 40_000
#: Text of an error that is shown: enough to name the field.
ERROR_MAX = 200

#: What an expectation may speak of, besides saved names.
SCOPE_NAMES: Final = frozenset(
    {"status", "headers", "body", "body_bytes", "duration", "phases", "address", "tls", "answers", "stratum", "run"}
)
# fmt: off
_BUILT_IN = frozenset({
    "bytes", "contains", "double", "duration", "dyn", "endsWith", "int", "matches", "size", "startsWith", "string", "timestamp",
    "type", "uint", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getFullYear", "getHours", "getMilliseconds",
    "getMinutes", "getMonth", "getSeconds",
})
# fmt: on
_PLACE = re.compile(r"<input>:(\d+):(\d+): ")


class ExpressionSyntax(ValueError):  # noqa: N818 - named for what it is about
    """The expression cannot be compiled. ``offset`` is where in its text, counted in characters from 0."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class Expression:
    """A compiled expression: ``monitor.model.check.Expression``."""

    __slots__ = ("_depth", "_functions", "_program", "_tree", "_whole", "paths", "source")

    def __init__(self, source: str, program: Any, reading: Reads, functions: frozenset[str]) -> None:
        self.source = source
        self.paths = reading.paths
        self._program = program
        self._whole = reading.whole
        self._depth = reading.depth
        self._tree = _tree(reading.paths)
        self._functions = functions

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"

    def __call__(self, scope: Scope) -> object:
        """Its value: None, bool, int, str, Decimal, or lists and dicts of them. Raises ExpressionError."""
        if self._whole is not None:
            return walk(scope, self._whole)
        values, complaints = self._prepare(scope)
        try:
            result = self._program.execute(values)
        except (LookupError, TypeError, ValueError, RuntimeError, ArithmeticError) as error:
            raise ExpressionError(complaints[0] if complaints else _explain(error)) from None
        if complaints:
            raise ExpressionError(complaints[0])
        return _from_cel(result)

    def _prepare(self, scope: Scope) -> tuple[dict[str, Any], list[str]]:
        load = _Load()
        values = {name: load.prune(scope[name], sub) for name, sub in self._tree.items() if name in scope}
        if load.longest**self._depth > TURNS_MAX:
            raise ExpressionError(f"a loop over {load.longest} elements is nested {self._depth} deep: too much work")
        complaints: list[str] = []
        for name in self._functions:
            values[name] = _helper(name, complaints)
        return values, complaints


def compile_expression(source: str, names: Collection[str]) -> Expression:
    """Compile ``source``, which may read ``names`` and nothing else. Raises ExpressionSyntax."""
    if len(source) > SOURCE_MAX:
        raise ExpressionSyntax(f"expected at most {SOURCE_MAX} characters, got {len(source)}", SOURCE_MAX)
    program = _compile(source)
    reading = read(source)
    for name, offset in reading.bound:
        if name in names:
            raise ExpressionSyntax(f"{name!r} already means something here: call the loop's element by another name", offset)
    for name, offset in reading.roots:
        if name not in names:
            raise ExpressionSyntax(f"there is no {name!r} here{_suggest(name, names)}", offset)
    functions = {name for name in program.references()["functions"] if name.isidentifier()}
    for name in sorted(functions - _BUILT_IN - HELPERS.keys()):
        raise ExpressionSyntax(f"there is no function {name!r}{_suggest(name, _BUILT_IN | HELPERS.keys())}", source.find(name))
    return Expression(source, program, reading, frozenset(functions & HELPERS.keys()))


def walk(scope: Scope, path: Path) -> object:
    """The value at ``path``, untouched. Raises ExpressionError naming the first field that is not there."""
    value: Any = scope
    for index, key in enumerate(path):
        if not _holds(value, key):
            raise ExpressionError(f"there is no {show_path(path[: index + 1])}")
        value = value[key]
    return value


def _holds(value: object, key: str | int) -> bool:
    if isinstance(value, Mapping):
        return key in value
    return isinstance(value, list | tuple) and isinstance(key, int) and key < len(value)


def show_path(path: Path) -> str:
    """A path as it would be written: ``body.data[0].id``."""
    text = ""
    for key in path:
        if isinstance(key, str) and key.isidentifier():
            text += f".{key}" if text else key
        else:
            text += f"[{key!r}]"
    return text


def _compile(source: str) -> Any:
    try:
        return cel.compile(source)
    except ValueError as error:
        message = str(error)
        place = _PLACE.search(message)
        if place is None:
            raise ExpressionSyntax("expected a CEL expression") from None
        line, column = int(place[1]), int(place[2])
        offset = sum(len(text) + 1 for text in source.split("\n")[: line - 1]) + column - 1
        raise ExpressionSyntax(_reason(message[place.end() :]), max(0, min(offset, len(source)))) from None


def _reason(message: str) -> str:
    """The parser's first complaint, for people."""
    if "Recursion limit" in message:
        return "it is nested too deep"
    reason = message.split("\n", 1)[0].removeprefix("Syntax error: ").split(" expecting {", 1)[0]
    return reason.replace("mismatched input '<EOF>'", "the expression ends too early")


def _suggest(name: str, names: Collection[str]) -> str:
    near = difflib.get_close_matches(name, sorted(names), n=1)
    return f": did you mean {near[0]!r}?" if near else f" (there are: {', '.join(sorted(names))})"


_Tree = dict[str, Any]


def _tree(paths: tuple[Path, ...]) -> _Tree:
    """Paths as nested dicts; None stands for the whole value. Indexes end a path: lists are converted whole."""
    tree: _Tree = {}
    for path in paths:
        keys = [str(key) for key in takewhile(lambda key: isinstance(key, str), path)]
        node = tree
        for key in keys[:-1]:
            following = node.setdefault(key, {})
            if following is None:
                break
            node = following
        else:
            node[keys[-1]] = None
    return tree


class _Load:
    """Converts what one expression reads, and counts it."""

    __slots__ = ("longest", "values")

    def __init__(self) -> None:
        self.values = 0
        self.longest = 0

    def prune(self, value: Any, tree: _Tree | None) -> Any:
        if tree is None or not isinstance(value, Mapping):
            return self.convert(value)
        return {key: self.prune(value[key], sub) for key, sub in tree.items() if key in value}

    def convert(self, value: Any) -> Any:
        self.values += 1
        if self.values > VALUES_MAX:
            raise ExpressionError(f"it would read more than {VALUES_MAX} values")
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, Decimal):
            return double_or_text(value)
        if isinstance(value, int):
            return value if INT_MIN <= value <= INT_MAX else str(value)
        if isinstance(value, Mapping):
            self.longest = max(self.longest, len(value))
            return {key: self.convert(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            self.longest = max(self.longest, len(value))
            return [self.convert(item) for item in value]
        return value


def _from_cel(value: Any) -> object:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ExpressionError("the result is not a finite number")
        return Decimal(repr(value))
    if isinstance(value, list):
        return [_from_cel(item) for item in value]
    if isinstance(value, dict):
        return {key: _from_cel(item) for key, item in value.items()}
    raise ExpressionError(f"the result is a {type(value).__name__}: convert it with string() or int()")


def _explain(error: Exception) -> str:
    match error:
        case KeyError():
            return f"there is no field {error.args[0]!r}"[:ERROR_MAX]
        case TypeError():
            return "the types do not go together: compare like with like, or convert with int(), double() or string()"
        case RuntimeError() if "Undefined variable" in str(error):
            return str(error).split(". Check", 1)[0].replace("Undefined variable or function:", "there is no")[:ERROR_MAX]
    return str(error).split("\n", 1)[0][:ERROR_MAX]


def _helper(name: str, complaints: list[str]) -> Callable[..., object]:
    """The helper, noting its refusals instead of raising: the package would log them, with the value."""
    function = HELPERS[name]

    def call(*arguments: object) -> object:
        try:
            return function(*arguments)
        except TypeError:
            complaints.append(f"{name}() got {len(arguments)} arguments")
        except (ValueError, ArithmeticError) as error:
            complaints.append(str(error)[:ERROR_MAX] or f"{name}() cannot read this")
        return None

    return call
