"""Runs beside the grid: kept, read back, and in no other figure."""

import sqlite3

import pytest
from store_helpers import EVERY, T0, Batch, WallClock, new_store, result

from monitor.model.result import Result
from monitor.stores import Retention
from monitor.stores.cells import FOLDED_SECONDS
from monitor.stores.migrate import Migration, migrate, shipped, version

UNTIL = T0 + 10 * 86_400.0


def extra(slot: int, number: int, *, good: bool = True, seconds_after: float = 3.0, **more: object) -> Result:
    one = result(slot, good=good, run_id=f"x-{slot}-{number}", **more)
    one.due += seconds_after * number
    one.started = one.due
    one.extra = number
    one.covers = "authorise"
    return one


@pytest.fixture
async def store(tmp_path):
    opened = new_store(tmp_path, threaded=False)
    opened.open()
    yield opened
    await opened.close()


async def test_they_are_read_back_as_they_were(store):
    await store.commit(Batch(results=[result(1), extra(1, 1), extra(1, 2, good=False, check="other"), extra(1, 2, good=False)]))
    found = await store.extras("card", since=T0, until=UNTIL)

    assert [(1, 1, True, "authorise"), (1, 2, False, "authorise")] == [(x.slot, x.extra, x.good, x.covers) for x in found]
    assert [T0 + EVERY + 3.0, T0 + EVERY + 6.0] == [x.due for x in found]
    assert found[0].run_id == "x-1-1"
    assert found[0].latency_seconds == pytest.approx(0.5)
    assert [] == await store.extras("card", since=UNTIL, until=UNTIL + 1)
    assert 1 == len(await store.extras("card", since=T0, until=UNTIL, limit=1))


async def test_no_figure_of_an_availability_knows_of_them(store):
    grid = [result(slot) for slot in range(1, 30)]
    await store.commit(Batch(results=grid))
    before = [await store.rollups(["card"], seconds=seconds, since=T0 - 86_400, until=UNTIL) for seconds in FOLDED_SECONDS]
    slots = store.restore().last_slots
    await store.commit(Batch(results=[extra(29, number, good=False) for number in range(1, 60)]))

    after = [await store.rollups(["card"], seconds=seconds, since=T0 - 86_400, until=UNTIL) for seconds in FOLDED_SECONDS]
    assert before == after
    assert slots == store.restore().last_slots
    assert 29 == len(await store.results("card", since=T0, until=UNTIL)) == len(await store.latest("card", 100))
    assert all(run.extra == 0 for run in await store.latest("card", 100))


async def test_the_same_run_told_twice_is_kept_once(store):
    await store.commit(Batch(results=[extra(3, 1)]))
    await store.commit(Batch(results=[extra(3, 1, good=False), extra(3, 2)]))

    assert [True, True] == [run.good for run in await store.extras("card", since=T0, until=UNTIL)]


async def test_they_go_when_their_time_has_come(store):
    await store.commit(Batch(results=[extra(slot, 1) for slot in range(5_000)]))
    await store.prune(T0 + 2_500 * EVERY + 3.0, Retention(results_seconds=0.0))

    assert 2_500 == len(await store.extras("card", since=T0, until=UNTIL))


async def test_a_file_from_before_them_goes_on_where_it_was(tmp_path):
    first = new_store(tmp_path, threaded=False)
    first.open()
    await first.commit(Batch(results=[result(slot) for slot in range(1, 6)]))
    last = first.restore().last_slots
    await first.close()
    path = tmp_path / "data" / "paycanary.db"
    _back_to_the_first_schema(path)

    again = new_store(tmp_path, WallClock(), threaded=False)
    again.open()
    assert last == again.restore().last_slots
    assert 5 == len(await again.results("card", since=T0, until=UNTIL))
    await again.commit(Batch(results=[extra(5, 1)]))
    assert 1 == len(await again.extras("card", since=T0, until=UNTIL))
    await again.close()


def _back_to_the_first_schema(path):
    """A file as the first version wrote it, with the same results in it."""
    kept = sqlite3.connect(path)
    rows = {
        name: kept.execute(f"SELECT {columns} FROM {name}").fetchall()
        for name, columns in {
            "word": "*",
            "series": "*",
            "open_cell": "*",
            "rollup": "*",
            "result": "check_id, location_id, slot, target_id, stratum_id, due, started_us, duration_us, late_us, outcome, good, "
            "reason_id, failed_step_id, run_id",
        }.items()
    }
    kept.close()
    for file in path.parent.glob("paycanary.db*"):
        file.unlink()
    old = sqlite3.connect(path, isolation_level=None)
    first: tuple[Migration, ...] = shipped()[:1]
    migrate(old, path, first, at=T0)
    for name, found in rows.items():
        if found:
            old.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(found[0]))})", found)
    assert 1 == version(old)
    old.close()
    path.chmod(0o600)
