"""Facts about delivery against a misbehaving desk, in simulated time."""

import asyncio
import random
from pathlib import Path

import pytest
from desk_model import ModelDesk, World, chance, make_row, make_ticket

from monitor.connectors import Capabilities
from monitor.delivery import Settings
from monitor.model.alert import Severity
from monitor.model.batch import Batch
from monitor.model.incident import CommandKind as Kind
from monitor.model.incident import OutboxState
from monitor.stores import StoreError
from monitor.testing.simtime import simulate

LOOKED_UP = Capabilities(idempotent_create=False, finds=True, reopens=True, settle_seconds=5.0)
REPEATABLE = Capabilities(idempotent_create=True, finds=False, reopens=True, settle_seconds=0.0)
ANEW = Capabilities(idempotent_create=False, finds=True, reopens=False, settle_seconds=5.0)
TROUBLES = {"refused": 0.08, "429": 0.08, "503 before": 0.08, "503 after": 0.1, "lost before": 0.08, "lost after": 0.15}


def once(trouble: str, op: str = "create"):
    """A desk's mood that goes wrong once, at the first call of that kind."""
    left = [trouble]
    return lambda request: left.pop() if left and request["op"] == op else ""


def story(world: World) -> list[str]:
    return [event for event, _ in world.events]


def test_a_command_leaves_within_a_tenth_of_a_second_of_its_commit(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(), LOOKED_UP)
        world.start()
        await asyncio.sleep(100)
        await world.tell(make_ticket())
        told = world.clock.monotonic()
        await asyncio.sleep(1)
        await world.stop()
        return world.desk.calls[0][0] - told, world.events

    waited, events = simulate(main)
    assert waited < 0.1
    assert [("sent", pytest.approx(0.13, abs=0.05))] == events


def test_an_incident_is_told_in_order_and_its_ticket_is_followed(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(), LOOKED_UP)
        world.start()
        for revision, kind in enumerate((Kind.OPEN, Kind.UPDATE, Kind.RESOLVE, Kind.REOPEN, Kind.RESOLVE), 1):
            await world.tell(make_ticket(kind=kind, revision=revision, episode=2 if revision > 3 else 1))
            await asyncio.sleep(5)
        await world.stop()
        return world.desk.tickets, await world.states()

    tickets, states = simulate(main)
    assert ["sent"] * 5 == states
    assert [("resolved", [1, 2, 3, 4, 5])] == [(one.status, one.revisions) for one in tickets]


def test_updates_that_wait_become_one_and_a_resolve_takes_their_place(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(), LOOKED_UP)
        kinds = (Kind.OPEN, Kind.UPDATE, Kind.UPDATE, Kind.UPDATE, Kind.RESOLVE)
        await world.tell(*(make_ticket(kind=kind, revision=revision) for revision, kind in enumerate(kinds, 1)))
        world.start()
        await world.until(world.drained)
        await world.stop()
        return await world.states(), world.desk.tickets[0].revisions

    assert (["sent", "superseded", "superseded", "superseded", "sent"], [1, 5]) == simulate(main)


def test_an_answer_lost_after_the_work_is_looked_up_and_the_ticket_adopted(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(lag=4, mood=once("lost after")), LOOKED_UP)
        world.start()
        await world.tell(make_ticket())
        await world.until(world.drained)
        await world.stop()
        return world, await world.rows()

    world, (row,) = simulate(main)
    assert ("sent", "1", 1) == (row.state, row.remote_id, len(world.desk.tickets))
    assert ["unsure", "sent"] == story(world)


def test_an_answer_lost_before_the_work_is_looked_up_and_the_ticket_made_once(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(mood=once("lost before")), LOOKED_UP)
        world.start()
        await world.tell(make_ticket())
        await world.until(world.drained)
        await world.stop()
        return [request["op"] for _, request in world.desk.calls], world

    operations, world = simulate(main)
    assert ["create", "find", "create"] == operations
    assert 1 == len(world.desk.tickets)


def test_a_look_up_waits_until_the_desks_search_has_settled(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(lag=4, mood=once("503 after")), LOOKED_UP)
        world.start()
        await world.tell(make_ticket())
        await world.until(world.drained)
        await world.stop()
        return [at for at, _ in world.desk.calls]

    created, looked_up = simulate(main)
    assert looked_up - created >= 5.0


def test_a_desk_that_knows_repetitions_is_asked_again_without_a_look_up(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(idempotent=True, mood=once("lost after")), REPEATABLE)
        world.start()
        await world.tell(make_ticket())
        await world.until(world.drained)
        await world.stop()
        return [request["op"] for _, request in world.desk.calls], len(world.desk.tickets)

    assert (["create", "create"], 1) == simulate(main)


def test_retry_after_is_honoured_for_the_whole_desk(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(mood=once("429")), LOOKED_UP)
        world.start()
        await world.tell(make_ticket("inc_1"))
        await asyncio.sleep(0.5)
        await world.tell(make_ticket("inc_2"))
        await world.until(world.drained)
        await world.stop()
        return [at for at, _ in world.desk.calls]

    first, *others = simulate(main)
    assert 2 == len(others)
    assert all(at - first >= 2.0 for at in others)


def test_a_refused_row_is_dead_and_the_incident_is_still_told(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(mood=once("400")), LOOKED_UP)
        world.start()
        await world.tell(make_ticket(), make_ticket(kind=Kind.UPDATE, revision=2), make_ticket("inc_2"))
        await world.until(world.drained)
        await world.tell(make_ticket(kind=Kind.RESOLVE, revision=3))
        await world.until(world.drained)
        await world.stop()
        return await world.states(), world.desk.of("inc_1"), world.desk.of("inc_2")

    states, ours, other = simulate(main)
    assert ["dead", "sent", "sent"] == states
    assert [("resolved", [2, 3])] == [(one.status, one.revisions) for one in ours]
    assert 1 == len(other)


def test_an_incident_whose_every_command_was_refused_but_the_last_is_recorded_closed(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(mood=once("400")), LOOKED_UP)
        world.start()
        await world.tell(make_ticket())
        await world.until(world.drained)
        await world.tell(make_ticket(kind=Kind.RESOLVE, revision=2))
        await world.until(world.drained)
        await world.stop()
        return await world.states(), [one.status for one in world.desk.tickets]

    assert (["dead", "sent"], ["resolved"]) == simulate(main)


def test_a_dead_row_can_be_tried_again_and_makes_no_second_ticket(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(mood=once("400")), LOOKED_UP)
        world.start()
        await world.tell(make_ticket(), make_ticket(kind=Kind.UPDATE, revision=2))
        await world.until(world.drained)
        dead, sent = await world.rows()
        with pytest.raises(ValueError, match="not dead"):
            await world.delivery.retry(sent.id)
        with pytest.raises(LookupError):
            await world.delivery.retry("desk:no-such-row:1")
        await world.delivery.retry(dead.id)
        await world.until(world.drained)
        await world.stop()
        return await world.states(), len(world.desk.tickets)

    assert (["sent", "sent"], 1) == simulate(main)


def test_a_reopening_is_a_new_ticket_where_the_desk_cannot_reopen(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(), ANEW)
        world.start()
        for revision, kind in enumerate((Kind.OPEN, Kind.RESOLVE, Kind.REOPEN, Kind.UPDATE, Kind.RESOLVE), 1):
            await world.tell(make_ticket(kind=kind, revision=revision, episode=1 + (revision > 2)))
            await world.until(world.drained)
        await world.stop()
        return [(one.external_id[-1], one.status, one.revisions) for one in world.desk.tickets]

    assert [("1", "resolved", [1, 2]), ("2", "resolved", [3, 4, 5])] == simulate(main)


def test_doubles_that_the_desks_own_lag_made_are_closed_after_a_quarter_of_an_hour(tmp_path: Path):
    async def main():
        # The search lags longer than the desk was said to: the look-up finds nothing, and a second ticket is made.
        world = World(tmp_path, ModelDesk(lag=60, mood=once("lost after")), LOOKED_UP)
        world.start()
        await world.tell(make_ticket())
        await world.until(world.drained)
        made = len(world.desk.tickets)
        await asyncio.sleep(1000)
        await world.tell(make_ticket(kind=Kind.UPDATE, revision=2))
        await world.until(world.drained)
        await world.stop()
        return made, world

    made, world = simulate(main)
    assert 2 == made
    assert [("open", [1, 2]), ("resolved", [1])] == [(one.status, one.revisions) for one in world.desk.tickets]
    assert 1 == story(world).count("duplicate")


def test_the_look_for_doubles_is_made_also_when_the_process_died_before_it(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(lag=60, mood=once("lost after")), LOOKED_UP)
        world.start()
        await world.tell(make_ticket())
        await world.until(world.drained)
        await world.crash()
        await asyncio.sleep(2000)
        world.start()
        await asyncio.sleep(10)
        await world.stop()
        return [one.status for one in world.desk.tickets]

    assert ["open", "resolved"] == simulate(main)


def test_a_look_for_doubles_that_fails_is_made_again(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(lag=60, mood=once("lost after")), LOOKED_UP)
        world.start()
        await world.tell(make_ticket())
        await world.until(world.drained)
        world.desk.mood = once("503 before", op="find")
        await asyncio.sleep(2000)
        await world.stop()
        return [one.status for one in world.desk.tickets]

    assert ["open", "resolved"] == simulate(main)


def test_a_fault_in_the_one_who_is_told_stops_nobody(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(), LOOKED_UP)
        world.start()
        world.events = None  # every report of an event now raises
        await world.tell(make_ticket("inc_1"), make_ticket("inc_2"))
        await world.until(world.drained)
        await world.stop()
        return len(world.desk.tickets)

    assert 2 == simulate(main)


def test_a_double_that_was_worked_on_gives_its_place_to_the_oldest_ticket(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(lag=60, mood=once("lost after")), LOOKED_UP)
        world.start()
        await world.tell(make_ticket())
        await world.until(world.drained)
        await world.tell(make_ticket(kind=Kind.RESOLVE, revision=2))
        await asyncio.sleep(1000)
        await world.stop()
        return [(one.status, one.revisions) for one in world.desk.tickets], {row.remote_id for row in await world.rows()}

    # Both are closed, and what is said from now on is said to the first.
    assert ([("resolved", [1, 2]), ("resolved", [1, 2])], {"1"}) == simulate(main)


def test_what_is_open_is_repeated_to_a_desk_that_forgets_also_after_a_restart(tmp_path: Path):
    forgets = Capabilities(idempotent_create=True, finds=True, reopens=False, settle_seconds=0.0, refresh_seconds=60.0)

    async def main():
        world = World(tmp_path, ModelDesk(idempotent=True), forgets)
        world.start()
        await world.tell(make_ticket())
        await asyncio.sleep(200)
        before = len(world.desk.calls)
        await world.crash()
        world.start()
        await asyncio.sleep(1)
        at_once = len(world.desk.calls)
        await world.tell(make_ticket(kind=Kind.RESOLVE, revision=2))
        await asyncio.sleep(500)
        await world.stop()
        return before, at_once, len(world.desk.calls)

    assert (1 + 3, 5, 6) == simulate(main)


def test_a_row_that_keeps_failing_is_reported_once_and_never_given_up(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(mood=lambda _: "refused"), LOOKED_UP)
        world.start()
        await world.tell(make_ticket())
        await asyncio.sleep(86_400)
        outage = len(world.desk.calls)
        world.desk.mood = lambda _: ""
        back = world.clock.monotonic()
        await world.until(world.drained)
        seconds = world.clock.monotonic() - back
        await world.stop()
        return story(world), outage, seconds, await world.states()

    events, outage, seconds, states = simulate(main)
    assert (1, ["sent"]) == (events.count("fallback"), states)
    assert 288 <= outage < 1200  # at most five minutes apart, and not a storm
    assert seconds <= 301


def test_the_worst_incident_goes_first_when_many_wait(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(), LOOKED_UP, Settings(parallel=1))
        grades = (Severity.P3, Severity.P4, Severity.P1, Severity.P2)
        await world.tell(*(make_ticket(f"inc_{number}", severity=grade) for number, grade in enumerate(grades)))
        world.start()
        await world.until(world.drained)
        await world.stop()
        return [one.external_id.split("_")[1][0] for one in world.desk.tickets]

    assert list("2301") == simulate(main)


def test_a_desk_is_never_asked_more_often_than_agreed(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(), LOOKED_UP, Settings(requests_per_second=5.0))
        world.desk.seconds = 0.001
        await world.tell(*(make_ticket(f"inc_{number}") for number in range(100)))
        world.start()
        await world.until(world.drained)
        await world.stop()
        return [at for at, _ in world.desk.calls]

    times = simulate(main)
    for start in times:
        assert sum(start <= at < start + 10 for at in times) <= 5 * 10 + 5


def test_a_full_disk_delays_and_loses_nothing(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(), LOOKED_UP)
        await world.tell(make_ticket())
        working, failures = world.store.commit, [0]

        async def full(batch):
            failures[0] += 1
            if failures[0] in (1, 3, 4):  # before the request, and twice with the answer in hand
                raise StoreError("disk is full")
            await working(batch)

        world.store.commit = full
        world.start()
        await world.until(world.drained)
        await world.stop()
        return len(world.desk.tickets), await world.states(), [request["op"] for _, request in world.desk.calls]

    assert (1, ["sent"], ["create"]) == simulate(main)


def test_a_fault_in_a_connector_holds_up_its_own_incident_only(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(), LOOKED_UP)
        working = world.connector.create

        def create(ticket):
            if ticket.incident == "inc_1":
                raise KeyError("sk_live_canary")
            return (yield from working(ticket))

        world.connector.create = create
        world.start()
        await world.tell(make_ticket("inc_1"), make_ticket("inc_2"))
        await asyncio.sleep(30)
        await world.stop()
        return await world.rows("inc_1"), await world.states("inc_2")

    (broken,), fine = simulate(main)
    assert ["sent"] == fine
    assert (OutboxState.UNSURE, "a fault of paycanary's own: KeyError") == (broken.state, broken.error)


async def _life(path: Path, seed: int, capabilities: Capabilities, lag: float) -> World:
    """Incidents come and go at a desk in a bad mood, while the sender is killed at random moments."""
    dice = random.Random(seed)
    desk = ModelDesk(lag=lag, idempotent=capabilities.idempotent_create, mood=chance(seed, TROUBLES))
    world = World(path, desk, capabilities, Settings(sweep_after_seconds=1e9))
    world.start()
    for number in range(6):
        kinds = [Kind.OPEN, *[Kind.UPDATE] * dice.randrange(4), Kind.RESOLVE]
        if dice.random() < 0.5:
            kinds += [Kind.REOPEN, *[Kind.UPDATE] * dice.randrange(3), Kind.RESOLVE]
        episode = 1
        for revision, kind in enumerate(kinds, 1):
            episode += kind is Kind.REOPEN
            await world.tell(make_ticket(f"inc_{number}", kind, revision, episode=episode))
            await asyncio.sleep(dice.choice((0.0, 0.02, 0.07, 0.3, 9.0)))
            if dice.random() < 0.5:
                await world.crash()
                world.start()
    desk.mood = lambda _: ""
    await world.until(world.drained)
    await world.stop()
    return world


def test_the_model_bites_a_look_up_that_does_not_wait_makes_doubles(tmp_path: Path):
    hasty = Capabilities(idempotent_create=False, finds=True, reopens=True, settle_seconds=0.0)
    doubles = 0
    for seed in range(5):
        random.seed(seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        world = simulate(lambda seed=seed, folder=folder: _life(folder, seed, hasty, lag=4.0))
        doubles += len(world.desk.tickets) - 6
    assert doubles > 0


@pytest.mark.parametrize("seed", range(24))
@pytest.mark.parametrize("capabilities", [LOOKED_UP, REPEATABLE, ANEW], ids=["looked-up", "repeatable", "anew"])
def test_nothing_is_lost_or_doubled_or_out_of_order_through_faults_lag_and_kills(
    tmp_path: Path, seed: int, capabilities: Capabilities
):
    random.seed(seed)

    async def main():
        world = await _life(tmp_path, seed, capabilities, lag=4.0)
        return world, [await world.rows(f"inc_{number}") for number in range(6)]

    world, histories = simulate(main)
    for number, rows in enumerate(histories):
        held = world.desk.of(f"inc_{number}")
        episodes = {row.ticket.episode for row in rows}
        assert (1 if capabilities.reopens else len(episodes)) == len(held)
        assert all("resolved" == one.status for one in held)
        assert all(sorted(one.revisions) == one.revisions for one in held)
        arrived = {revision for one in held for revision in one.revisions}
        assert {row.ticket.revision for row in rows if row.state is OutboxState.SENT} <= arrived
        assert {OutboxState.SENT, OutboxState.SUPERSEDED} >= {row.state for row in rows}


def test_an_opening_is_stored_as_on_its_way_before_its_request_leaves(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(), LOOKED_UP)
        world.start()
        await asyncio.sleep(1)
        stored = asyncio.get_running_loop().create_future()
        (row,) = world.delivery.claim([make_row(make_ticket(), at=world.clock.wall())], stored)
        await asyncio.sleep(5)
        before = len(world.desk.calls)
        await world.store.commit(Batch(outbox=[row], durable=True))
        stored.set_result(None)
        await asyncio.sleep(1)
        await world.stop()
        return row.state, before, await world.states(), [request["op"] for _, request in world.desk.calls]

    assert (OutboxState.SENDING, 0, ["sent"], ["create"]) == simulate(main)


def test_an_opening_that_the_store_refused_does_not_leave_and_its_place_is_free_again(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(), LOOKED_UP, Settings(parallel=1))
        world.start()
        await asyncio.sleep(1)
        refused = asyncio.get_running_loop().create_future()
        world.delivery.claim([make_row(make_ticket("inc_refused"), at=world.clock.wall())], refused)
        refused.cancel()
        await asyncio.sleep(1)
        await world.tell(make_ticket("inc_2"))
        await asyncio.sleep(1)
        await world.stop()
        return [request["external_id"] for _, request in world.desk.calls]

    assert [make_ticket("inc_2").external_id] == simulate(main)


def test_what_a_desk_is_not_free_for_is_stored_as_new(tmp_path: Path):
    async def main():
        world = World(tmp_path, ModelDesk(), LOOKED_UP, Settings(parallel=1))
        world.start()
        await asyncio.sleep(1)
        stored = asyncio.get_running_loop().create_future()
        rows = [make_row(make_ticket(name)) for name in ("inc_1", "inc_2")]
        rows.append(make_row(make_ticket("inc_3", Kind.UPDATE, 2)))
        claimed = world.delivery.claim(rows, stored)
        stored.cancel()
        await world.stop()
        return [row.state.value for row in claimed]

    assert ["sending", "new", "new"] == simulate(main)
