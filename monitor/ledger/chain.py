"""The hash chain: each entry's hash covers its own fields and the hash before it, so that no entry can change or vanish unseen.

What is cut off at the end leaves a shorter chain that is whole; the head, kept in a file of its own, tells that.
"""

import hashlib
import struct
from typing import NamedTuple

from monitor.ledger.entries import Row

#: What the very first entry is chained to.
GENESIS = bytes(32)
_HEAD = struct.Struct(">Q32s")
#: Half a disk sector: a slot is written whole or not at all, and two of them never share one write.
SLOT_BYTES = 256


class Head(NamedTuple):
    """The newest entry: its number, counted from 1, and its hash."""

    seq: int
    hash: bytes


def link(before: bytes, seq: int, row: Row) -> bytes:
    """The hash of entry ``seq``. Lengths are part of it, so that no two rows run together into the same bytes."""
    digest = hashlib.sha256(before)
    digest.update(struct.pack(">Qd", seq, row.at))
    for text in (row.tx, row.kind, row.target, row.body):
        data = text.encode()
        digest.update(struct.pack(">Q", len(data)))
        digest.update(data)
    return digest.digest()


def seal(head: Head) -> bytes:
    """A head as one slot of its file."""
    packed = _HEAD.pack(*head)
    return (packed + hashlib.sha256(packed).digest()).ljust(SLOT_BYTES, b"\0")


def unseal(slot: bytes) -> Head | None:
    """None for a slot that was never written, or not whole."""
    packed, check = slot[: _HEAD.size], slot[_HEAD.size : _HEAD.size + 32]
    if len(packed) < _HEAD.size or hashlib.sha256(packed).digest() != check:
        return None
    return Head(*_HEAD.unpack(packed))
