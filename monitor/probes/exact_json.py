"""JSON for money: what was written is what is read, or it is refused.

The standard parser turns 0.1 into a binary fraction, takes NaN, keeps the last of two equal keys, and lets a few bytes mean
a number of any size. A gateway that answers ``{"amount": 10, "amount": 10000}`` must not pass an assertion on either.
"""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring
from typing import Any, NoReturn

#: No payment API nests deeper than a dozen; each level costs those who walk the value.
MAX_DEPTH = 64
#: Python's own bound on integers in text; a Decimal's exponent is held to it too, since 1e999999999 takes a gigabyte to print.
MAX_DIGITS = 4_300


class NotExactError(ValueError):
    """The text is not JSON, or not JSON that can be read in one way only. The message repeats none of the text's values."""


def loads(data: bytes) -> Any:
    """Integers as int, other numbers as Decimal. Raises NotExactError."""
    try:
        value = _decoder.decode(data.decode("utf-8-sig"))
        if b"\\u" in data:
            _refuse_lone_surrogates(value)
    except UnicodeError:
        raise NotExactError("not valid UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise NotExactError(f"not valid JSON: {error.msg} at character {error.pos}") from None
    except RecursionError:
        raise NotExactError(f"nested deeper than {MAX_DEPTH} levels") from None
    except NotExactError:
        raise
    except ValueError:
        raise NotExactError(f"a number has more than {MAX_DIGITS} digits") from None
    if data.count(b"[") + data.count(b"{") > MAX_DEPTH and _deeper_than(value, MAX_DEPTH):
        raise NotExactError(f"nested deeper than {MAX_DEPTH} levels")
    return value


def dumps(value: object) -> str:
    """Compact JSON; a Decimal is written with all its digits. Raises TypeError, ValueError for what JSON cannot say."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        return str(encode_basestring(value))
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, Decimal | float):
        return _number(value)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{encode_basestring(_key(key))}:{dumps(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(dumps, value)) + "]"
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _number(value: Decimal | float) -> str:
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    if not exact.is_finite():
        raise ValueError("JSON has no NaN and no Infinity")
    return str(value)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a JSON key is text, not {type(key).__name__}")
    return key


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise NotExactError("an object holds the same key twice")
    return value


def _decimal(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:  # an exponent beyond what even Decimal holds
        raise NotExactError(f"a number has more than {MAX_DIGITS} digits") from None
    if len(text) > MAX_DIGITS or abs(value.adjusted()) > MAX_DIGITS:
        raise NotExactError(f"a number has more than {MAX_DIGITS} digits")
    return value


def _constant(name: str) -> NoReturn:
    raise NotExactError(f"{name} is not JSON")


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_float=_decimal, parse_constant=_constant)


def _deeper_than(value: object, levels: int) -> bool:
    level = [value]
    for _ in range(levels):
        level = [child for node in level for child in _children(node) if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _children(node: object) -> list[Any]:
    if isinstance(node, dict):
        return list(node.values())
    return node if isinstance(node, list) else []


def _refuse_lone_surrogates(value: object) -> None:
    r"""``"\ud800"`` is legal JSON and no Unicode text: it could be neither stored nor sent on. Raises UnicodeError."""
    level = [value]
    while level:
        for node in level:
            if isinstance(node, str):
                node.encode()
            elif isinstance(node, dict):
                "".join(node).encode()
        level = [child for node in level for child in _children(node)]
