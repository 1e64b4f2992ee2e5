"""DNS messages (RFC 1035) as bytes and back. No sockets. Any bytes give an answer or MalformedError, in bounded time."""

import ipaddress
import struct
from collections.abc import Iterator
from typing import NamedTuple

#: Record types that can be asked for.
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16, "AAAA": 28}
RCODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
_CLASS_IN = 1
_HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")
_RESPONSE, _TRUNCATED, _RECURSE = 0x8000, 0x0200, 0x0100
#: RFC 1035 2.3.4.
_MAX_LABEL, _MAX_NAME = 63, 255
#: More answers than fit in any honest set; each costs a turn of the loop.
_MAX_RECORDS = 512


class MalformedError(ValueError):
    """Not a DNS message, or not an answer to this question."""


class Answer(NamedTuple):
    """``records`` are those of the asked type, as text; ``cut`` asks for the same over TCP."""

    rcode: str
    cut: bool
    records: tuple[str, ...]


def query(ident: int, name: str, kind: str) -> bytes:
    """A question with recursion desired. Raises ValueError for a name that is none."""
    return _HEADER.pack(ident, _RECURSE, 1, 0, 0, 0) + _encode_name(name) + struct.pack("!HH", TYPES[kind], _CLASS_IN)


def parse(message: bytes, ident: int, name: str, kind: str) -> Answer:
    """Raises MalformedError."""
    try:
        return _parse(message, ident, name, kind)
    except (struct.error, IndexError):
        raise MalformedError("the message is cut short") from None


def _parse(message: bytes, ident: int, name: str, kind: str) -> Answer:
    answered, flags, questions, answers, _, _ = _HEADER.unpack_from(message)
    if answered != ident or not flags & _RESPONSE:
        raise MalformedError("not an answer to this question")
    offset = _HEADER.size
    if questions != 1:
        raise MalformedError("not one question in the answer")
    asked, offset = _name(message, offset)
    if asked.lower() != _plain(name) or struct.unpack_from("!HH", message, offset) != (TYPES[kind], _CLASS_IN):
        raise MalformedError("the answer is about another question")
    rcode = flags & 0x000F
    records = tuple(_records(message, offset + 4, min(answers, _MAX_RECORDS), TYPES[kind]))
    return Answer(RCODES.get(rcode, f"RCODE{rcode}"), bool(flags & _TRUNCATED), records)


def _records(message: bytes, offset: int, count: int, wanted: int) -> Iterator[str]:
    for _ in range(count):
        _, offset = _name(message, offset)
        kind, family, _, length = _RECORD.unpack_from(message, offset)
        offset += _RECORD.size
        if offset + length > len(message):
            raise MalformedError("the message is cut short")
        if kind == wanted and family == _CLASS_IN:
            yield _text(message, offset, length, kind)
        offset += length


def _text(message: bytes, offset: int, length: int, kind: int) -> str:
    data = message[offset : offset + length]
    if kind in (TYPES["A"], TYPES["AAAA"]):
        try:
            return str((ipaddress.IPv4Address if kind == TYPES["A"] else ipaddress.IPv6Address)(data))
        except ValueError:
            raise MalformedError("an address of the wrong length") from None
    if kind == TYPES["MX"]:
        return f"{struct.unpack_from('!H', message, offset)[0]} {_name(message, offset + 2)[0]}"
    if kind == TYPES["TXT"]:
        return b"".join(_strings(data)).decode("utf-8", "replace")
    if kind == TYPES["SOA"]:
        primary, offset = _name(message, offset)
        mailbox, offset = _name(message, offset)
        return " ".join((primary, mailbox, *map(str, struct.unpack_from("!5I", message, offset))))
    return _name(message, offset)[0]


def _strings(data: bytes) -> Iterator[bytes]:
    while data:
        yield data[1 : 1 + data[0]]
        data = data[1 + data[0] :]


def _name(message: bytes, offset: int) -> tuple[str, int]:
    """A name, and where reading goes on. A pointer may only lead back, so that no message can send us in circles."""
    labels: list[str] = []
    after, length = None, 0
    while size := message[offset]:
        if size >= 0xC0:
            target = struct.unpack_from("!H", message, offset)[0] & 0x3FFF
            if target >= offset:
                raise MalformedError("a name points forward or at itself")
            after = offset + 2 if after is None else after
            offset = target
            continue
        length += size + 1
        if size > _MAX_LABEL or length > _MAX_NAME or offset + 1 + size > len(message):
            raise MalformedError("a name is longer than names can be")
        labels.append(message[offset + 1 : offset + 1 + size].decode("ascii", "backslashreplace"))
        offset += size + 1
    return ".".join(labels) or ".", offset + 1 if after is None else after


def _plain(name: str) -> str:
    """As it appears in a message: without the root's dot, in lower case, with international labels in their ASCII form."""
    return name.rstrip(".").encode("idna").decode().lower() or "."


def _encode_name(name: str) -> bytes:
    plain = _plain(name)
    if plain == ".":
        return b"\0"
    labels = plain.encode().split(b".")
    encoded = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    if not all(0 < len(label) <= _MAX_LABEL for label in labels) or len(encoded) > _MAX_NAME:
        raise ValueError(f"{name!r} is not a host name")
    return encoded
