"""Whose turn it is at a desk: the worst first, one row of each incident, at the same cost whatever waits behind it."""

import random

import pytest
from store_helpers import T0, Batch, new_store, replace, row

from monitor.model.alert import Severity
from monitor.model.incident import OutboxRow, OutboxState
from monitor.stores import StoreError, outbox
from monitor.stores.files import connect_writer, make_private
from monitor.stores.migrate import migrate, shipped
from monitor.stores.rows import OUTBOX_ROW

UNSENT = (OutboxState.NEW, OutboxState.SENDING, OutboxState.RETRY, OutboxState.UNSURE)
#: The first migration that writes down whose turn it is.
TURNS = 5


def graded(severity, *about, **more):
    made = row(*about, **more)
    return replace(made, ticket=replace(made.ticket, severity=severity))


async def put(store, *rows):
    await store.commit(Batch(outbox=list(rows), durable=True))


async def names(store, at, limit=100):
    return [one.ticket.incident for one in await store.outbox_due("roundup", at, limit)]


async def test_the_worst_is_first_and_of_equals_the_one_that_is_due_for_longest(store):
    await put(
        store,
        graded(Severity.P3, "minor", next_at=T0 + 1.0),
        graded(Severity.P1, "late", next_at=T0 + 30.0),
        graded(Severity.P1, "early", next_at=T0 + 20.0),
        graded(Severity.P1, "not yet", next_at=T0 + 60.0),
        graded(Severity.P2, "given first", next_at=T0 + 5.0),
        graded(Severity.P2, "given last", next_at=T0 + 5.0),
    )
    whole = ["early", "late", "given first", "given last", "minor"]
    assert whole == await names(store, T0 + 59.0)
    assert whole[:2] == await names(store, T0 + 59.0, 2)


async def test_how_bad_an_incident_is_goes_by_the_row_whose_turn_it_is(store):
    first, second = graded(Severity.P3, "a", 1), graded(Severity.P1, "a", 2)
    await put(store, first, second, graded(Severity.P2, "b"))
    assert ["b", "a"] == await names(store, T0 + 10.0)
    await put(store, replace(first, state=OutboxState.SENT))
    assert ["a", "b"] == await names(store, T0 + 10.0)


def by_the_book(rows: list[OutboxRow], at: float) -> list[str]:
    """The same question answered by looking at everything; ``rows`` in the order in which they were given."""
    first: dict[str, tuple[int, OutboxRow]] = {}
    for place, one in enumerate(rows):
        if one.desk == "roundup" and one.state in UNSENT:
            first.setdefault(one.ticket.incident, (place, one))
    due = [(one.ticket.severity.rank, one.next_at, place, one.id) for place, one in first.values() if one.next_at <= at]
    return [name for *_, name in sorted(due)]


@pytest.mark.parametrize("seed", range(5))
async def test_whatever_is_written_in_whatever_order_the_turn_is_that_of_a_look_at_every_row(store, seed):
    dice = random.Random(seed)
    kept: dict[str, OutboxRow] = {}
    for _ in range(60):
        batch = []
        for _ in range(dice.randint(1, 4)):
            about = f"inc_{dice.randint(1, 6)}", dice.randint(1, 5)
            one = graded(dice.choice(list(Severity)), *about, desk=dice.choice(("roundup", "other")))
            batch.append(replace(one, state=dice.choice(list(OutboxState)), next_at=T0 + dice.randint(0, 9)))
        kept.update({one.id: one for one in batch})
        await put(store, *batch)
        at = T0 + dice.randint(0, 9)
        assert by_the_book(list(kept.values()), at) == [one.id for one in await store.outbox_due("roundup", at, 100)]
    waiting = [one.next_at for one in await store.outbox_due("roundup", T0 + 10.0, 100)]
    assert min(waiting, default=None) == await store.outbox_next("roundup")


async def test_a_batch_that_could_not_be_written_leaves_the_turns_as_they_were(store):
    told = row("a")
    await put(store, told)
    with pytest.raises(StoreError):
        await store.commit(Batch(outbox=[row("b"), replace(told, state=OutboxState.SENT)], cursors=["no cursor"], durable=True))
    assert ["a"] == await names(store, T0 + 10.0)


def test_what_waited_before_turns_were_written_down_has_its_turn(tmp_path):
    path = tmp_path / "data" / "paycanary.db"
    make_private(path)
    older = connect_writer(path)
    migrate(older, path, [one for one in shipped() if one.number < TURNS], at=T0)
    told = [row("a", 1, state=OutboxState.SENT), row("a", 2), row("a", 3), graded(Severity.P2, "b"), row("c", desk="other")]
    for one in told:
        values = one.id, one.desk, one.ticket.incident, one.state, one.created, one.next_at, OUTBOX_ROW.dump_json(one).decode()
        older.execute(
            "INSERT INTO outbox (id, desk, incident, state, created, next_at, body) VALUES (?, ?, ?, ?, ?, ?, ?)", values
        )
    older.commit()
    migrate(older, path, shipped(), at=T0)
    assert [told[1], told[3]] == outbox.due(older, "roundup", T0 + 10.0, 10)
    assert [told[4]] == outbox.due(older, "other", T0 + 10.0, 10)
    older.close()


async def steps_to_find_the_next(store, connection) -> int:
    """In instructions of the database's own machine: the same on every computer."""
    taken = 0

    def count() -> None:
        nonlocal taken
        taken += 1

    connection.set_progress_handler(count, 1)
    found = await store.outbox_due("roundup", T0 + 10.0, 6)
    connection.set_progress_handler(None, 0)
    assert 6 == len(found)
    return taken


async def test_the_next_ones_are_found_at_the_same_cost_with_ten_incidents_waiting_and_with_a_thousand(tmp_path):
    store = new_store(tmp_path, threaded=False)
    store.open()
    costs = []
    for number in (10, 1_000):
        await put(store, *(row(f"inc_{one}", revision) for one in range(number) for revision in (1, 2, 3)))
        costs.append(await steps_to_find_the_next(store, store._connection))
    assert costs[0] == costs[1]
    await store.close()
