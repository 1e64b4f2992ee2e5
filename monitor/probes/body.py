"""From the bytes of an answer to a value: unpacked within limits, then read exactly."""

import zlib
from collections.abc import Mapping
from typing import NamedTuple

from monitor.probes import exact_json

#: Kept of every body for evidence.
RAW_BYTES = 8_192
#: zlib's best real text is about 30:1; what swells more is a bomb. Small bodies may be as empty as they like.
MAX_RATIO = 200
RATIO_FREE_BYTES = 65_536

#: Charsets of today's gateways. A codec by the server's choice could be one that costs quadratic time.
_CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "windows-1252", "gb2312", "gbk", "gb18030"})


class BodyTooLargeError(Exception):
    """More than the target's limit, or unpacking to absurdly more than was sent."""


class UnreadableError(Exception):
    """The bytes are not what the headers say they are."""


class Body(NamedTuple):
    value: object  # parsed JSON, text, or None for no body
    error: str = ""  # why it could not be read as what it claims to be


def unpack(wire: bytes, encoding: str, limit: int) -> bytes:
    """Undo ``Content-Encoding``, never making more than ``limit`` bytes. Raises BodyTooLargeError, UnreadableError."""
    name = encoding.strip().lower()
    if name in ("", "identity") or not wire:
        return wire
    if name not in ("gzip", "x-gzip", "deflate"):
        raise UnreadableError("the body has a Content-Encoding that was not asked for")
    unpacker = zlib.decompressobj(_window_bits(wire))
    try:
        data = unpacker.decompress(wire, limit + 1)
    except zlib.error:
        raise UnreadableError(f"the body is not valid {name}") from None
    if len(data) > limit:
        raise BodyTooLargeError(f"the body unpacks to more than {limit:,} bytes")
    if len(data) > RATIO_FREE_BYTES and len(data) > MAX_RATIO * len(wire):
        raise BodyTooLargeError(f"the body unpacks to more than {MAX_RATIO} times its size")
    if not unpacker.eof or unpacker.unused_data:
        raise UnreadableError(f"the {name} body does not end where it should")
    return data


def _window_bits(wire: bytes) -> int:
    """Gzip or zlib by their header; servers also send ``deflate`` without one."""
    return zlib.MAX_WBITS | 32 if wire[0] == 0x1F or wire[0] & 0x0F == 8 else -zlib.MAX_WBITS


def read(data: bytes, headers: Mapping[str, str]) -> Body:
    """``headers`` have lower-case names. A body that calls itself JSON and is not keeps its text, and says why."""
    if not data:
        return Body(None)
    kind, _, parameters = headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    if _is_json(kind):
        return _json(data)
    if not kind and data[:1] in b"{[":
        guess = _json(data)
        return guess if not guess.error else Body(_text(data, parameters))
    return Body(_text(data, parameters))


def _is_json(kind: str) -> bool:
    return kind in ("application/json", "text/json") or kind.endswith("+json")


def _json(data: bytes) -> Body:
    try:
        return Body(exact_json.loads(data))
    except exact_json.NotExactError as error:
        return Body(data.decode("utf-8", "replace"), str(error))


def _text(data: bytes, parameters: str) -> str:
    _, _, charset = parameters.lower().partition("charset=")
    charset = charset.partition(";")[0].strip(" \"'")
    return data.decode(charset if charset in _CHARSETS else "utf-8", "replace")
