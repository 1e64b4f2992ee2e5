"""Schema changes: numbered SQL files, each applied once, in one transaction, with its checksum written down beside it.

A kill at any point leaves the file before or after a migration, never within one, and the next start goes on from there.
Before a file that holds data is changed, a copy of it is kept.
"""

import hashlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from monitor.stores import SchemaTooNew, StoreError

#: "pay1": tells our file from anybody else's SQLite file, so that a wrong path is refused and not migrated.
APPLICATION_ID = 0x70617931
_SCHEMA = Path(__file__).parent / "schema"
_LEDGER = "CREATE TABLE migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 TEXT NOT NULL, applied REAL NOT NULL)"


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def shipped() -> tuple[Migration, ...]:
    """The migrations of this version, in order: ``schema/NNN_name.sql``."""
    files = sorted(_SCHEMA.glob("[0-9][0-9][0-9]_*.sql"))
    return tuple(Migration(int(file.name[:3]), file.stem[4:], file.read_text("utf-8")) for file in files)


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check(connection: sqlite3.Connection, database: Path, migrations: Sequence[Migration]) -> None:
    """Refuse, having written nothing, what this version must not touch. Raises SchemaTooNew, StoreError."""
    found, newest = version(connection), migrations[-1].number
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and application != APPLICATION_ID:
        raise StoreError(f"{database} is a database, but not one of paycanary's: it is left as it is")
    if found > newest:
        raise SchemaTooNew(
            f"{database} has schema {found}, written by a newer paycanary; this one knows up to {newest}. Nothing was changed"
        )
    if found:
        _compare_checksums(connection, database, migrations)


def _compare_checksums(connection: sqlite3.Connection, database: Path, migrations: Sequence[Migration]) -> None:
    applied = dict(connection.execute("SELECT number, sha256 FROM migration"))
    for migration in migrations:
        recorded = applied.get(migration.number)
        if recorded is not None and recorded != migration.sha256:
            raise StoreError(
                f"{database}: migration {migration.number} ({migration.name}) is not the one this file was made with"
            )


def migrate(connection: sqlite3.Connection, database: Path, migrations: Sequence[Migration], *, at: float) -> None:
    """Bring the file up to the newest of ``migrations``; ``at`` is written beside each one applied."""
    check(connection, database, migrations)
    found = version(connection)
    waiting = [migration for migration in migrations if migration.number > found]
    if waiting and found:
        keep_copy(connection, database, found)
    for migration in waiting:
        _apply(connection, migration, first=not version(connection), at=at)


def keep_copy(connection: sqlite3.Connection, database: Path, schema: int) -> Path:
    """A whole copy ``<name>.schema-N`` beside the file; a half-made one never bears that name."""
    copy = database.with_name(f"{database.name}.schema-{schema}")
    draft = copy.with_name(copy.name + ".draft")
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    target = sqlite3.connect(draft)
    try:
        connection.backup(target)
    finally:
        target.close()
    with draft.open("rb") as written:
        os.fsync(written.fileno())
    draft.replace(copy)
    return copy


def _apply(connection: sqlite3.Connection, migration: Migration, *, first: bool, at: float) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if first:
            connection.execute(_LEDGER)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        for statement in statements(migration.sql):
            connection.execute(statement)
        connection.execute("INSERT INTO migration VALUES (?, ?, ?, ?)", (migration.number, migration.name, migration.sha256, at))
        connection.execute(f"PRAGMA user_version = {migration.number}")
        connection.execute("COMMIT")
    except BaseException:
        connection.rollback()
        raise
    finally:
        connection.execute("PRAGMA synchronous = NORMAL")


def statements(sql: str) -> Iterator[str]:
    """The statements of a script one by one: ``executescript`` would commit between them."""
    pending = ""
    for line in sql.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending
            pending = ""
    if pending.strip():
        yield pending
