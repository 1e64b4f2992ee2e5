"""The traits of one exchange: its certificate, the names of its headers, the shape of its answer. Names and types, never a value.

Worked out for every answer, so nearly always looked up: what identical keys come to is remembered.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from typing import Any

from monitor.model.result import Exchange
from monitor.model.traits import ELLIPSIS, TRAIT_MAX, Trait

#: They come and go with caches, connections and lengths, on any quiet day.
_RESTLESS = frozenset(
    {
        "age", "alt-svc", "connection", "content-encoding", "content-length", "date", "etag", "expires", "keep-alive",
        "last-modified", "retry-after", "set-cookie", "transfer-encoding", "vary", "via", "warning",
    }
)  # fmt: skip
#: Deeper than this, and more fields than this, an answer is not looked into: the cost of a sample is bounded.
DEPTH_MAX = 6
FIELDS_MAX = 200
#: Keys that are words of a schema. Others are data: long, or holding a number that nobody chose.
_WORD = re.compile(r"(?!.*\d{5})[A-Za-z_$@][\w.:$@-]{0,47}", re.ASCII)
_ANY_KEY = "*"
_HASH_DIGITS = 8
_TYPES: Mapping[type, str] = {str: "text", int: "number", Decimal: "number", float: "number", bool: "bool", type(None): "null"}

Traits = tuple[tuple[str, str], ...]
_Shape = Any  # nested tuples: hashable, so that what it comes to can be remembered


def traits_of(exchange: Exchange) -> Traits:
    """In the order of ``Trait``; what was not seen is left out."""
    found = list(_certificate(exchange.tls.issuer, exchange.tls.key_sha256)) if exchange.tls else []
    if exchange.headers:
        found.append((Trait.HEADERS.value, _header_names(tuple(exchange.headers))))
    if isinstance(exchange.body, Mapping | list):
        found.append((Trait.SCHEMA.value, _schema(_shape(exchange.body, DEPTH_MAX, [FIELDS_MAX]))))
    return tuple(found)


@lru_cache(maxsize=256)
def _certificate(issuer: str, key: str) -> Traits:
    named = (Trait.ISSUER.value, _text([issuer])), (Trait.KEY.value, _text([key[:16]]))
    return tuple(pair for pair, value in zip(named, (issuer, key), strict=True) if value)


@lru_cache(maxsize=1024)
def _header_names(names: tuple[str, ...]) -> str:
    return _text(name for name in names if name not in _RESTLESS)


def _shape(value: object, depth: int, left: list[int]) -> _Shape:
    """``("map", fields)``, ``("list", its first element, which speaks for all)``, or the name of a type."""
    if isinstance(value, Mapping):
        left[0] -= len(value)
        if not depth or left[0] < 0:
            return "map"
        return "map", tuple([(key, _shape(one, depth - 1, left)) for key, one in value.items()])
    if isinstance(value, list):
        return ("list", _shape(value[0], depth - 1, left)) if value and depth else "list"
    return _TYPES.get(type(value), "other")


@lru_cache(maxsize=1024)
def _schema(shape: _Shape) -> str:
    return _text(_paths(shape, ""))


def _paths(shape: _Shape, path: str) -> Iterator[str]:
    """``amount:number card.brand:text refunds[].id:text``."""
    if isinstance(shape, str):
        yield f"{path}:{shape}"
    elif shape[0] == "list":
        yield from _paths(shape[1], f"{path}[]")
    else:
        for key, one in shape[1]:
            word = key if _WORD.fullmatch(key) else _ANY_KEY
            yield from _paths(one, f"{path}.{word}" if path else word)


def _text(words: Iterable[str]) -> str:
    listed = " ".join(sorted(set(words)))
    text = f"{sha256(listed.encode()).hexdigest()[:_HASH_DIGITS]} {listed}"
    return text if len(text) <= TRAIT_MAX else text[: TRAIT_MAX - 1] + ELLIPSIS
