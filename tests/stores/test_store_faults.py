"""The store under kill -9, a full disk and a locked file."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest
from store_helpers import T0, Batch, new_store, result, row

from monitor.stores import StoreError, writer
from monitor.stores.files import connect_writer

CHILD = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from store_helpers import *
from store_helpers import new_store, Batch, result, row, entry

async def main(directory, first):
    store = new_store(Path(directory))
    store.open()
    print("open", flush=True)
    n = first
    while True:
        store.record(Batch(results=[result(2 * n, "recorded")]))
        await store.commit(Batch(
            results=[result(n * 10 + k, evidence=b"x" * 2000) for k in range(10)],
            rule_states={"n": str(n)}, outbox=[row(f"inc_{n}")], timeline=[entry(str(n))], durable=True))
        print(n, flush=True)
        n += 1

asyncio.run(main(sys.argv[1], int(sys.argv[3])))
"""
KILLS = 8


async def test_a_kill_at_any_moment_loses_nothing_acknowledged_and_leaves_nothing_half(tmp_path):
    acknowledged = -1
    for _ in range(KILLS):
        acknowledged = kill_one(tmp_path, acknowledged)
        store = new_store(tmp_path)
        store.open()
        last = int(store.restore().rule_states.get("n", -1))
        assert acknowledged <= last <= acknowledged + 1
        slots = [one.slot for one in await store.results("card", since=0, until=T0 * 2)]
        assert list(range((last + 1) * 10)) == slots
        assert last + 1 == len(await store.outbox_rows(limit=100_000)) == len(await store.timeline("inc_1"))
        assert sum(one.up for one in await store.rollups(["card"], seconds=86_400, since=0, until=T0 * 2)) == len(slots)
        assert len(await store.results("recorded", since=0, until=T0 * 2)) >= last
        await store.close()
        acknowledged = last
    assert acknowledged > KILLS


def kill_one(directory, after):
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(directory), os.path.dirname(__file__), str(after + 1)],
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert "open" == child.stdout.readline().strip()
        threading.Timer(random.uniform(0.02, 0.4), child.send_signal, (signal.SIGKILL,)).start()
        said = [int(line) for line in child.stdout if line.endswith("\n")]
    return max(said, default=after)


@pytest.fixture(params=[True, False], ids=["threaded", "inline"])
async def full(request, tmp_path):
    """A store whose file may not grow any more: SQLite answers exactly as on a full disk."""
    store = new_store(tmp_path, threaded=request.param)
    store.open()
    pages = store._connection.execute("PRAGMA page_count").fetchone()[0]
    store._connection.execute(f"PRAGMA max_page_count = {pages + 4}")
    yield store
    store._connection.execute("PRAGMA max_page_count = 1000000")
    await store.close()


async def test_a_full_disk_refuses_commits_keeps_records_and_heals_by_itself(full):
    big = b"x" * 40_000
    await full.commit(Batch(rule_states={"before": "1"}))
    for slot in range(1500):
        full.record(Batch(results=[result(slot, evidence=big if slot == 0 else b"")]))
    with pytest.raises(StoreError, match="full"):
        await full.commit(Batch(rule_states={"during": "1"}))
    assert full.pending >= 1500
    assert {"before": "1"} == full.restore().rule_states
    full._connection.execute("PRAGMA max_page_count = 1000000")
    await full.commit(Batch(rule_states={"after": "1"}))
    assert {"before": "1", "after": "1"} == full.restore().rule_states
    assert 1500 == len(await full.results("card", since=0, until=T0 * 2))
    assert 0 == full.pending


async def test_a_file_locked_by_somebody_is_waited_out(tmp_path, monkeypatch):
    monkeypatch.setattr("monitor.stores.files.BUSY_SECONDS", 0.05)
    store = new_store(tmp_path)
    store.open()
    other = connect_writer(tmp_path / "data" / "paycanary.db")
    other.execute("BEGIN IMMEDIATE")
    assert store.record(Batch(results=[result(1)]))
    with pytest.raises(StoreError, match="locked"):
        await store.commit(Batch(rule_states={"k": "1"}))
    assert 1 == store.pending
    other.execute("ROLLBACK")
    other.close()
    await store.commit(Batch(rule_states={"k": "2"}))
    assert 1 == len(await store.latest("card"))
    await store.close()


async def test_closing_on_a_full_disk_says_what_was_lost(tmp_path):
    store = new_store(tmp_path, threaded=True)
    store.open()
    store._connection.execute(f"PRAGMA max_page_count = {store._connection.execute('PRAGMA page_count').fetchone()[0]}")
    for slot in range(600):
        store.record(Batch(results=[result(slot, evidence=b"x" * 5000)]))
    with pytest.raises(StoreError, match="600 rows could not be written"):
        await store.close()


async def test_the_queue_is_bounded_and_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "QUEUE_ROWS", 100)
    store = new_store(tmp_path)
    store.open()
    busy, hold = threading.Event(), threading.Event()
    asking = asyncio.create_task(store._writer.ask(lambda _: busy.set() or hold.wait(30)))
    await asyncio.to_thread(busy.wait)
    taken = [store.record(Batch(results=[result(slot)])) for slot in range(150)]
    assert [True] * 100 + [False] * 50 == taken
    hold.set()
    await asking
    await store.commit(Batch())
    assert store.record(Batch(results=[result(200)]))
    assert 100 == len(await store.results("card", since=0, until=T0 * 2))
    await store.close()


@pytest.mark.parametrize("threaded", [True, False])
async def test_one_batch_beyond_the_bound_is_taken_when_nothing_waits(tmp_path, monkeypatch, threaded):
    monkeypatch.setattr(writer, "QUEUE_ROWS", 100)
    store = new_store(tmp_path, threaded=threaded)
    store.open()
    assert store.record(Batch(results=[result(slot) for slot in range(150)]))
    await store.commit(Batch())
    assert 150 == len(await store.results("card", since=0, until=T0 * 2))
    await store.close()


async def test_many_commits_at_once_share_one_transaction(tmp_path):
    store = new_store(tmp_path)
    store.open()
    begun = []
    store._connection.set_trace_callback(lambda sql: begun.append(sql) if sql.startswith("BEGIN") else None)
    await asyncio.gather(*(store.commit(Batch(rule_states={f"k{n}": "1"})) for n in range(200)))
    assert 200 == len(store.restore().rule_states)
    assert len(begun) < 20
    await store.close()


async def test_a_commit_syncs_and_a_record_does_not(tmp_path):
    store = new_store(tmp_path, threaded=False)
    store.open()
    said = []
    store._connection.set_trace_callback(lambda sql: said.append(sql) if "synchronous" in sql else None)
    await store.commit(Batch(rule_states={"k": "1"}))
    store.record(Batch(results=[result(1)]))
    store._writer.flush()
    assert ["PRAGMA synchronous = FULL", "PRAGMA synchronous = NORMAL"] == said
    await store.close()


async def test_somebody_who_stopped_waiting_does_not_stop_the_writer(tmp_path):
    store = new_store(tmp_path)
    store.open()
    waiting = asyncio.create_task(store.commit(Batch(rule_states={"k": "1"})))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await store.commit(Batch(rule_states={"l": "1"}))
    assert {"k": "1", "l": "1"} == store.restore().rule_states
    await store.close()


async def test_no_step_of_a_pruning_holds_the_writer_long(tmp_path):
    store = new_store(tmp_path, threaded=False)
    store.open()
    store.record(Batch(results=[result(slot, every=1) for slot in range(20_000)]))
    store._writer.flush()
    longest = 0.0
    ask = store._writer.ask

    async def timed(question):
        nonlocal longest
        begun = time.thread_time()
        answer = await ask(question)
        longest = max(longest, time.thread_time() - begun)
        return answer

    store._writer.ask = timed
    assert await store.prune(T0 + 100 * 86_400.0) >= 20_000
    assert longest < 0.05
    await store.close()


async def test_a_damaged_file_is_refused_as_a_store_error(tmp_path):
    store = new_store(tmp_path)
    store.open()
    await store.commit(Batch(outbox=[row()], rule_states={"k": json.dumps(list(range(2000)))}))
    await store.close()
    path = tmp_path / "data" / "paycanary.db"
    damaged = bytearray(path.read_bytes())
    damaged[4096:] = random.Random(1).randbytes(len(damaged) - 4096)
    path.write_bytes(damaged)
    with pytest.raises(StoreError, match="cannot open the store"):
        store.open()
