"""The two small files beside the ledger: its head, which shows a chain cut short, and a reserve for the day the disk is full."""

import os
from pathlib import Path

from monitor.ledger.chain import SLOT_BYTES, Head, seal, unseal

#: Room for some tens of thousands of entries: every undo that can be open, many times over.
RESERVE_BYTES = 16 << 20


class HeadFile:
    """The newest entry's number and hash, in two slots written in turn: one of them is always whole.

    Not flushed: it is written after the commit that it tells of, so after a power cut it is only older than the chain, and says less.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def read(self) -> Head | None:
        """None when none was ever written. Raises OSError."""
        data = self._path.read_bytes() if self._path.exists() else b""
        heads = [unseal(data[start : start + SLOT_BYTES]) for start in (0, SLOT_BYTES)]
        return max((head for head in heads if head is not None), default=None)

    def open(self) -> None:
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)

    def write(self, head: Head) -> None:
        if self._descriptor is not None:
            os.pwrite(self._descriptor, seal(head), SLOT_BYTES * (head.seq % 2))

    def close(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Reserve:
    """Disk space held back, so that money can be given back when there is none left to take more."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        self._path = path
        self._size = size

    def fill(self) -> bool:
        """Hold it back, when there is at least as much room beside it. True when it is there. Raises OSError."""
        if self._path.exists() and self._path.stat().st_size >= self._size:
            return True
        disk = os.statvfs(self._path.parent)
        if disk.f_bavail * disk.f_frsize < 2 * self._size:
            return False
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, self._size)
        except OSError:
            self._path.unlink()
            return False
        finally:
            os.close(descriptor)
        return True

    def release(self) -> bool:
        """Give the space to whoever writes next. False when it was given already."""
        if not self._path.exists():
            return False
        self._path.unlink()
        return True
