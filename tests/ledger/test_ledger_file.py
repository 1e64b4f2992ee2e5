"""The ledger's file: what was acknowledged is there, what was changed is noticed, a full or failing disk is said, nothing is deleted."""

import random
import shutil
import sqlite3

import pytest
from ledger_helpers import answered, closed, intended

from monitor.ledger.entries import Answer, Closed, Proof, from_row, to_row
from monitor.stores import StoreError
from monitor.stores import ledger as ledger_module
from monitor.stores.ledger import LedgerDamaged, LedgerFile, LedgerFull
from monitor.stores.ledger_files import HeadFile, Reserve

#: Bytes changed one at a time, each in a copy of its own.
FLIPS = 150
SUFFIXES = ("", "-wal", ".head")


def opened(folder, **options):
    file = LedgerFile(folder / "ledger.db", threaded=False, **options)
    return file, file.open()


def write(file, *entries, takes_money=False):
    file._append([to_row(entry) for entry in entries], takes_money=takes_money)


@pytest.fixture
def file(tmp_path):
    found, _ = opened(tmp_path)
    yield found
    found.let_go()


def some(count):
    """So many transactions, every second one closed."""
    for number in range(count):
        yield intended(f"tx{number}", at=1_000.0 + number)
        yield answered(f"tx{number}", at=1_000.5 + number)
        if number % 2:
            yield Closed(f"tx{number}", 1_001.0 + number, "gateway", Proof.READ)


def test_a_start_finds_what_is_not_closed_and_what_was_spent(tmp_path):
    file, _ = opened(tmp_path)
    write(file, *some(4), answered("tx9", Answer.REFUSED, at=1_010.0, released=100))
    file.let_go()
    file, restored = opened(tmp_path)
    assert {"tx0", "tx2", "tx9"} == {row.tx for row in restored.rows}
    assert {("gateway", "USD", 0): 300} == restored.spent
    assert intended("tx0", at=1_000.0) == from_row(restored.rows[0])
    file.let_go()


def test_two_processes_never_write_one_ledger(tmp_path, file):
    with pytest.raises(StoreError, match="written by another paycanary"):
        opened(tmp_path)


def test_another_programs_file_is_left_as_it_is(tmp_path):
    with sqlite3.connect(tmp_path / "ledger.db") as other:
        other.execute("CREATE TABLE theirs (x)")
    other.close()
    before = (tmp_path / "ledger.db").read_bytes()
    with pytest.raises(StoreError, match="left as it is"):
        opened(tmp_path)
    assert len(before) == (tmp_path / "ledger.db").stat().st_size


def copied(source, target):
    target.mkdir()
    for suffix in SUFFIXES:
        if (source / f"ledger.db{suffix}").exists():
            shutil.copy(source / f"ledger.db{suffix}", target)
    return target


def rows_of(folder):
    file, _ = opened(folder)
    found = list(file._newest(10_000))
    file.let_go()
    return found


@pytest.mark.parametrize("where", ["", "-wal"], ids=["pages", "log"])
def test_no_changed_byte_goes_unnoticed(tmp_path, file, where):
    """SQLite's own check passes over nearly all of these: a flipped bit in its log makes committed rows vanish without an error."""
    write(file, *some(40))
    if where == "":
        file._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    luck, whole, harmless = random.Random(7), list(file._newest(10_000)), 0
    for number in range(FLIPS):
        folder = copied(tmp_path, tmp_path / str(number))
        victim = folder / f"ledger.db{where}"
        data = bytearray(victim.read_bytes())
        place = luck.randrange(len(data))
        data[place] ^= 1 << luck.randrange(8)
        victim.write_bytes(data)
        try:
            found = rows_of(folder)
        except (LedgerDamaged, StoreError):
            continue
        # Unused space; or the log's end, where answers and ends may be that the gateway would be asked for again.
        assert whole[len(whole) - len(found) :] == found
        assert {row.kind for row in whole[: len(whole) - len(found)]} <= {"answered", "closed"}
        harmless += 1
    assert harmless < FLIPS


def test_a_chain_cut_short_is_noticed_by_its_head(tmp_path):
    file, _ = opened(tmp_path)
    write(file, *some(3))
    file._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    older = (tmp_path / "ledger.db").read_bytes()
    write(file, intended("late", at=9_000.0))
    file.let_go()
    (tmp_path / "ledger.db").write_bytes(older)
    with pytest.raises(LedgerDamaged, match="had been written") as error:
        opened(tmp_path)
    assert error.value.good_until == 1_002.5


@pytest.mark.parametrize("content", [b"", b"not a database at all" * 100], ids=["empty", "nonsense"])
def test_a_file_that_is_gone_or_is_none_is_noticed_and_kept(tmp_path, content):
    file, _ = opened(tmp_path)
    write(file, intended())
    file.let_go()
    (tmp_path / "ledger.db").write_bytes(content)
    with pytest.raises(LedgerDamaged):
        file.open()
    kept = file.set_aside(1_793_577_600.0)
    assert content == kept.read_bytes()
    assert "ledger.db.damaged-20261102T000000Z" == kept.name
    assert [] == file.open().rows
    file.let_go()


def test_an_older_head_says_less_and_is_no_damage(tmp_path):
    """After a power cut the head may be behind: it is not flushed."""
    file, _ = opened(tmp_path)
    write(file, intended())
    head = (tmp_path / "ledger.db.head").read_bytes()
    write(file, answered())
    file.let_go()
    (tmp_path / "ledger.db.head").write_bytes(head)
    assert 2 == len(rows_of(tmp_path))


def test_of_the_heads_two_slots_the_newer_whole_one_counts(tmp_path):
    from monitor.ledger.chain import Head

    heads = HeadFile(tmp_path / "head")
    heads.open()
    for seq in (1, 2, 3):
        heads.write(Head(seq, bytes([seq]) * 32))
    assert 3 == heads.read().seq
    data = bytearray((tmp_path / "head").read_bytes())
    data[256 + 5] ^= 1
    (tmp_path / "head").write_bytes(data)
    assert 2 == heads.read().seq
    heads.close()


def full(file):
    """SQLite answers exactly as on a full disk."""
    pages = file._connection.execute("PRAGMA page_count").fetchone()[0]
    file._connection.execute(f"PRAGMA max_page_count = {pages}")


def roomy(file):
    file._connection.execute("PRAGMA max_page_count = 1000000")


def test_on_a_full_disk_no_money_is_taken_and_what_gives_it_back_has_a_reserve(tmp_path, file, monkeypatch):
    file.reserve = Reserve(tmp_path / "reserve", size=1 << 16)
    assert file.reserve.fill()
    write(file, intended("open"))
    full(file)
    big = intended("big", handle="x" * 20_000)
    with pytest.raises(LedgerFull):
        write(file, big, takes_money=True)
    assert (tmp_path / "reserve").exists()
    release = Reserve.release

    def room(reserve):
        roomy(file)
        return release(reserve)

    monkeypatch.setattr(Reserve, "release", room)
    write(file, big)
    assert not (tmp_path / "reserve").exists()
    full(file)
    monkeypatch.setattr(Reserve, "release", release)
    with pytest.raises(LedgerFull):
        write(file, intended("bigger", handle="x" * 40_000))
    roomy(file)
    write(file, closed("open"))
    assert ["closed", "intended", "intended"] == [row.kind for row in file._newest(9)]


def test_a_locked_file_refuses_and_heals_by_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger_module, "BUSY_SECONDS", 0.05)
    file, _ = opened(tmp_path)
    other = sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        write(file, intended())
    other.execute("ROLLBACK")
    other.close()
    write(file, intended())
    assert 1 == len(list(file._newest(9)))
    file.let_go()


class Failing:
    """A connection whose commits fail as the disk's flush would."""

    def __init__(self, connection):
        self._connection = connection

    def execute(self, sql, *parameters):
        if sql == "COMMIT":
            problem = sqlite3.OperationalError("disk I/O error")
            problem.sqlite_errorname = "SQLITE_IOERR_FSYNC"
            raise problem
        return self._connection.execute(sql, *parameters)

    def __getattr__(self, name):
        return getattr(self._connection, name)


def test_a_failed_flush_is_never_tried_again_as_if_it_could_succeed(tmp_path, file):
    write(file, intended())
    sound, file._connection = file._connection, Failing(file._connection)
    with pytest.raises(StoreError, match="no longer be trusted"):
        write(file, answered())
    file._connection = sound
    with pytest.raises(StoreError, match="no longer be trusted"):
        write(file, answered())
    file.let_go()
    assert ["intended"] == [row.kind for row in rows_of(tmp_path)]


async def test_old_closed_transactions_are_let_go_and_the_chain_goes_on(tmp_path):
    file, _ = opened(tmp_path)
    write(
        file, *(entry for number in range(50) for entry in (intended(f"tx{number}", at=number), closed(f"tx{number}", at=number)))
    )
    write(file, intended("open", at=50.0), intended("late", at=60.0), closed("late", at=60.0))
    assert 100 == await file.prune(before=1_000.0)
    assert 0 == await file.prune(before=1_000.0)
    assert 3 == (await file.verify()).entries
    write(file, closed("open", at=70.0))
    file.let_go()
    file, restored = opened(tmp_path)
    assert [] == restored.rows
    file.let_go()


def test_the_reserve_is_taken_only_where_there_is_room_twice_over(tmp_path):
    reserve = Reserve(tmp_path / "reserve", size=1 << 60)
    assert not reserve.fill()
    assert not (tmp_path / "reserve").exists()
    assert not reserve.release()
