"""The store's files: private, locked against a second writer, and opened with the settings everything else relies on."""

import fcntl
import os
import sqlite3
from pathlib import Path

from monitor.stores import StoreError

#: How long one statement waits for somebody else's lock before it gives up; the writer tries again by itself.
BUSY_SECONDS = 2.0
#: After a burst the write-ahead log shrinks back to this: a log of gigabytes makes every read slow.
WAL_KEEP_BYTES = 64 << 20
#: The log is written back every 16 MB: a page that many results touched is then written once, not once a second.
CHECKPOINT_PAGES = 4_000
#: Pages in memory per connection: enough that the open roll-up rows of some thousand checks stay there.
CACHE_KIB = 32 << 10


class WriterLock:
    """One writing process per file. The kernel lets go of the lock when the process dies, however it dies."""

    def __init__(self, database: Path) -> None:
        self._path = database.with_name(database.name + ".lock")
        self._descriptor: int | None = None

    def take(self) -> None:
        """Raises StoreError naming the process that has it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise StoreError(
                f"{self._path.with_suffix('')} is being written by another paycanary (process {holder}): stop it, or use another data directory"
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def make_private(database: Path) -> None:
    """Create the file (0600) and its directory (0700) before SQLite does; its log files inherit the mode. Raises StoreError."""
    try:
        if not database.parent.exists():
            database.parent.mkdir(parents=True, mode=0o700)
        descriptor = os.open(database, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        os.fchmod(descriptor, 0o600)
        os.close(descriptor)
    except OSError as problem:
        raise StoreError(f"cannot open the store {database}: {problem.strerror}") from problem


def connect_writer(database: Path) -> sqlite3.Connection:
    """The one connection that writes and checkpoints; transactions are begun by hand."""
    connection = sqlite3.connect(database, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA journal_size_limit = {WAL_KEEP_BYTES}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    return connection


def connect_reader(database: Path) -> sqlite3.Connection:
    """A connection that cannot write and never checkpoints."""
    uri = f"{database.resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA query_only = 1")
    return connection
