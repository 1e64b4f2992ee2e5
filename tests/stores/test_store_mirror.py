"""How far a ticket has been heard is kept with what was heard: both or neither."""

from pathlib import Path

from monitor.clock import SystemClock
from monitor.model.batch import Batch
from monitor.model.incident import Happening, TimelineEntry
from monitor.model.mirror import Cursor
from monitor.model.text import Text
from monitor.stores.sqlite import SqliteStore

HEARD = Cursor("desk", "7", "inc_1", 2, open=False, by_people=True, assignee="李雷", told=3, heard=("1", "2"), after=12.5)
SAID = TimelineEntry("inc_1", 1.0, Happening.HEARD, Text("Ana: hello", "Ana：你好"), "Ana")


def opened(path: Path) -> SqliteStore:
    store = SqliteStore(path / "paycanary.db", clock=SystemClock(), threaded=False)
    store.open()
    return store


async def test_a_cursor_comes_back_as_it_was_and_the_newest_counts(tmp_path: Path):
    store = opened(tmp_path)
    await store.commit(Batch(cursors=[HEARD], timeline=[SAID], durable=True))
    newer = Cursor("desk", "7", "inc_1", 2, heard=("1", "2", "3"))
    await store.commit(Batch(cursors=[newer], durable=True))
    await store.close()

    store = opened(tmp_path)
    assert [newer] == await store.cursors("desk")
    assert [] == await store.cursors("other")
    assert [SAID] == await store.timeline("inc_1")
    await store.close()


async def test_one_ticket_may_be_that_of_two_incidents(tmp_path: Path):
    store = opened(tmp_path)
    other = Cursor("desk", "7", "inc_2", 1, theirs=True, open=None)
    await store.commit(Batch(cursors=[HEARD, other], durable=True))
    assert [HEARD, other] == sorted(await store.cursors("desk"), key=lambda one: one.incident)
    await store.close()
