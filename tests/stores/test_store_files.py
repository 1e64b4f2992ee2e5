import sqlite3
import subprocess
import sys

import pytest
from store_helpers import T0, Batch, WallClock, new_store, result

from monitor.model.outcome import Outcome
from monitor.stores import SchemaTooNew, StoreError
from monitor.stores.files import connect_writer, make_private
from monitor.stores.migrate import Migration, migrate, shipped, version
from monitor.stores.rows import OUTCOMES

NEWEST = shipped()[-1].number
NEXT = Migration(
    NEWEST + 1, "colours", "CREATE TABLE colour (name TEXT); -- one ; two\nINSERT INTO colour VALUES ('red;green');\n"
)
BROKEN = Migration(NEWEST + 2, "broken", "CREATE TABLE half (name TEXT);\nINSERT INTO nowhere VALUES (1);\n")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "data" / "paycanary.db"


@pytest.fixture
def connection(path):
    make_private(path)
    opened = connect_writer(path)
    migrate(opened, path, shipped(), at=T0)
    yield opened
    opened.close()


def tables(connection):
    return {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}


async def test_files_are_for_their_owner_only(tmp_path, path):
    store = new_store(tmp_path)
    store.open()
    await store.commit(Batch(results=[result(1)]))
    assert 0o700 == path.parent.stat().st_mode & 0o777
    assert {0o600} == {file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    await store.close()


async def test_a_second_writer_is_refused_in_a_sentence_and_may_follow_the_first(tmp_path):
    first, second = new_store(tmp_path), new_store(tmp_path)
    first.open()
    with pytest.raises(StoreError, match=r"paycanary\.db is being written by another paycanary \(process \d+\)"):
        second.open()
    await first.close()
    second.open()
    await second.close()


def test_a_lock_of_a_dead_process_is_no_lock(tmp_path, path):
    script = (
        "import os; from pathlib import Path; from monitor.stores.files import *\n"
        f"path = Path({str(path)!r}); make_private(path); WriterLock(path).take(); os._exit(9)"
    )
    subprocess.run([sys.executable, "-c", script], check=False)
    assert (path.parent / "paycanary.db.lock").exists()
    store = new_store(tmp_path, threaded=False)
    store.open()
    store._lock.release()
    store._connection.close()
    store._readers.close()


def test_a_file_that_is_a_link_is_refused(tmp_path, path):
    path.parent.mkdir()
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StoreError, match="cannot open the store"):
        new_store(tmp_path).open()
    assert not (tmp_path / "elsewhere").exists()


def test_a_newer_schema_is_refused_and_left_untouched(tmp_path, path, connection):
    connection.execute(f"PRAGMA user_version = {shipped()[-1].number + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(SchemaTooNew, match="written by a newer paycanary"):
        new_store(tmp_path).open()
    assert before == path.read_bytes()
    with pytest.raises(SchemaTooNew):
        new_store(tmp_path, read_only=True).open()


def test_somebody_elses_database_is_refused_and_left_untouched(tmp_path, path):
    path.parent.mkdir()
    foreign = sqlite3.connect(path)
    foreign.execute("CREATE TABLE theirs (x)")
    foreign.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not one of paycanary's"):
        new_store(tmp_path).open()
    assert before == path.read_bytes()


def test_a_file_that_is_no_database_is_refused_and_left_untouched(tmp_path, path):
    path.parent.mkdir()
    path.write_bytes(b"not a database, " * 300)
    with pytest.raises(StoreError, match="cannot open the store"):
        new_store(tmp_path).open()
    assert b"not a database, " * 300 == path.read_bytes()


def test_a_migration_that_was_edited_afterwards_is_noticed(tmp_path, path, connection):
    connection.execute("UPDATE migration SET sha256 = 'other'")
    connection.close()
    with pytest.raises(StoreError, match="is not the one this file was made with"):
        new_store(tmp_path).open()


def test_an_older_file_is_copied_and_then_brought_up_to_date(path, connection):
    connection.execute("INSERT INTO meta VALUES ('old', 'yes')")
    migrate(connection, path, (*shipped(), NEXT), at=T0)
    assert NEXT.number == version(connection)
    assert [("red;green",)] == connection.execute("SELECT name FROM colour").fetchall()
    copy = path.with_name(f"paycanary.db.schema-{NEWEST}")
    assert 0o600 == copy.stat().st_mode & 0o777
    kept = sqlite3.connect(copy)
    assert [("yes",)] == kept.execute("SELECT value FROM meta WHERE key = 'old'").fetchall()
    assert NEWEST == version(kept)
    kept.close()


def test_a_migration_that_fails_changes_nothing_and_can_be_tried_again(path, connection):
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, path, (*shipped(), NEXT, BROKEN), at=T0)
    assert NEXT.number == version(connection)
    assert "half" not in tables(connection)
    migrate(connection, path, (*shipped(), NEXT), at=T0)


def test_a_new_file_needs_no_copy(path, connection):
    assert [] == list(path.parent.glob("*.schema-*"))


KILLED = """
import os, sys
from pathlib import Path
from monitor.stores.files import *
from monitor.stores.migrate import *
path, left = Path(sys.argv[1]), int(sys.argv[2])
many = "".join(f"CREATE TABLE t{n} (x);" + chr(10) for n in range(8))
def count(*_):
    global left
    left -= 1
    if left < 0:
        os._exit(9)
connection = connect_writer(path)
connection.set_trace_callback(count)
migrate(connection, path, (*shipped(), Migration(shipped()[-1].number + 1, "many", many)), at=0.0)
"""


def test_a_kill_before_any_statement_of_a_migration_is_repaired_by_the_next_start(path, connection):
    many = "".join(f"CREATE TABLE t{n} (x);\n" for n in range(8))
    connection.close()
    died = 0
    for left in range(0, 40, 2):
        ended = subprocess.run([sys.executable, "-c", KILLED, str(path), str(left)], check=False)
        died += ended.returncode == 9
        look = sqlite3.connect(path)
        assert (version(look), sum(name.startswith("t") for name in tables(look) - {"timeline"})) in {
            (NEWEST, 0),
            (NEWEST + 1, 8),
        }
        look.close()
    assert died > 5
    last = connect_writer(path)
    migrate(last, path, (*shipped(), Migration(NEWEST + 1, "many", many)), at=0.0)
    assert NEWEST + 1 == version(last)
    last.close()


def test_reading_where_there_is_no_store_yet_says_so(tmp_path):
    with pytest.raises(StoreError, match="start the service once"):
        new_store(tmp_path, read_only=True).open()


def test_every_outcome_has_its_stored_place():
    assert set(Outcome) == set(OUTCOMES)
    assert "ok" == OUTCOMES[0]
    assert "unknown" == OUTCOMES[16]


async def test_outbox_questions_use_their_indexes(tmp_path):
    from monitor.stores import outbox

    store = new_store(tmp_path, WallClock(), threaded=False)
    store.open()
    for query, values in ((outbox._DUE, ("d", 0, 1)), (outbox._NEXT, ("d",)), (outbox._WAITING, ())):
        plan = " / ".join(row[3] for row in store._connection.execute(f"EXPLAIN QUERY PLAN {query}", values))
        assert "INDEX outbox_" in plan, plan
        assert "SCAN outbox " not in plan.replace("SCAN outbox USING", "") + " ", plan
    await store.close()
