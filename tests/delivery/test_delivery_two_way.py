"""Facts about delivery that listens: what people do at a desk is heard once, soon, and never in the way of what is to be sent."""

import asyncio
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from desk_model import SlowStore, World, make_row, make_ticket
from hosted import HostedClient, Request
from hosted_gitlab import HostedGitLab
from hypothesis import given
from hypothesis import strategies as st

from monitor.connectors import Comment, Held, Seen
from monitor.connectors.table import KINDS
from monitor.delivery import Delivery, Policy, Settings, Sighting
from monitor.delivery.sights import HEARD_MAX, caught_up, noticed
from monitor.model.batch import Batch
from monitor.model.incident import CommandKind as Kind
from monitor.model.incident import OutboxState
from monitor.model.mirror import Cursor, DeskEvent
from monitor.model.secret import Secret
from monitor.testing.simtime import START, simulate


class Listening(World):
    """A GitLab project with people in it; ``heard`` is what came of them, stored as the service does."""

    def __init__(self, path: Path, policy: Policy = Policy(), settings: Settings = Settings()) -> None:
        kind = KINDS["gitlab"]
        made = kind(kind.Options(url="https://desk.test", project="payments/ops", token=Secret("t0ken")))
        self.people: Any = HostedGitLab(lambda: asyncio.get_running_loop().time())
        self.client = HostedClient(self.people)
        super().__init__(path, self.client, made.capabilities, settings, made)
        self.policy = policy
        self.heard: list[DeskEvent] = []
        self.dies_hearing = 0

    async def hear(self, sighting: Sighting) -> None:
        if self.dies_hearing:
            self.dies_hearing -= 1
            raise asyncio.CancelledError
        batch = Batch(outbox=list(sighting.rows), cursors=list(sighting.cursors), durable=True)
        await self.store.commit(batch)
        self.heard += sighting.events
        assert self.delivery
        self.delivery.wake()

    def start(self) -> None:
        self.delivery = Delivery(
            SlowStore(self.store),
            {"desk": self.connector},
            self.desk,
            self.clock,
            lambda event, _, seconds: self.events.append((event, seconds)),
            self.settings,
            policies={"desk": self.policy},
            hear=self.hear,
        )
        self._running = asyncio.create_task(self.delivery.run())

    async def opened(self, incident: str = "inc_1") -> str:
        """The number of a ticket that was made and told once more."""
        await self.tell(make_ticket(incident))
        await self.until(self.drained)
        return (await self.rows(incident))[0].remote_id

    def told(self) -> list[tuple[str, str, str]]:
        return [(event.kind.value, event.by, event.text) for event in self.heard]

    def reads(self) -> list[Request]:
        return [one for one in self.people.requests if one.method == "GET"]


def listening(path: Path, story: Any, **settings: Any) -> Any:
    async def main() -> Any:
        world = Listening(path, **settings)
        world.start()
        try:
            return await story(world)
        finally:
            await world.stop()
            assert [] == world.people.violations

    return simulate(main)


def test_what_people_do_is_heard_once_within_the_minute(tmp_path: Path):
    async def story(world: Listening) -> Any:
        number = await world.opened()
        world.people.say_by_hand(number, "Ana", "calling the acquirer")
        world.people.assign_by_hand(number, "Ana")
        await asyncio.sleep(65)
        first = world.told()
        world.people.close_by_hand(number)
        await asyncio.sleep(65)
        world.people.reopen_by_hand(number)
        await asyncio.sleep(600)
        return first, world.told()

    first, all_of_it = listening(tmp_path, story)
    assert [("commented", "Ana", "calling the acquirer"), ("assigned", "", "Ana")] == first
    assert [("closed", "Ana", ""), ("reopened", "", "")] == all_of_it[2:]


def test_nothing_is_told_again_after_a_restart_and_nothing_is_missed_that_was_said_meanwhile(tmp_path: Path):
    async def story(world: Listening) -> Any:
        number = await world.opened()
        world.people.say_by_hand(number, "Ana", "one")
        await asyncio.sleep(65)
        await world.crash()
        world.people.say_by_hand(number, "Ana", "two")
        world.start()
        await asyncio.sleep(130)
        return world.told()

    assert [("commented", "Ana", "one"), ("commented", "Ana", "two")] == listening(tmp_path, story)


def test_a_kill_between_hearing_and_storing_is_heard_at_the_next_look(tmp_path: Path):
    async def story(world: Listening) -> Any:
        number = await world.opened()
        world.people.say_by_hand(number, "Ana", "one")
        world.dies_hearing = 1
        while world.dies_hearing:
            await asyncio.sleep(0.1)
        assert [] == world.told()
        await world.crash()
        world.start()
        await asyncio.sleep(130)
        return world.told()

    assert [("commented", "Ana", "one")] == listening(tmp_path, story)


def test_what_we_did_ourselves_is_nobodys_news(tmp_path: Path):
    async def story(world: Listening) -> Any:
        await world.opened()
        await world.tell(make_ticket(kind=Kind.UPDATE, revision=2))
        await asyncio.sleep(130)
        await world.tell(make_ticket(kind=Kind.RESOLVE, revision=3))
        await asyncio.sleep(130)
        await world.tell(make_ticket(kind=Kind.REOPEN, revision=4, episode=2))
        await asyncio.sleep(130)
        return world.told(), len(world.people.issues)

    assert ([], 1) == listening(tmp_path, story)


def test_a_hook_makes_us_look_at_once_and_a_storm_of_them_does_not(tmp_path: Path):
    async def story(world: Listening) -> Any:
        number = await world.opened()
        await asyncio.sleep(10)
        world.people.say_by_hand(number, "Ana", "now")
        assert world.delivery.look("desk", number)
        await asyncio.sleep(3)
        soon = world.told()
        before = len(world.reads())
        for _ in range(1_000):
            world.delivery.look("desk", number)
        await asyncio.sleep(10)
        return soon, len(world.reads()) - before, world.delivery.look("desk", "999"), world.delivery.look("other", number)

    soon, reads, unknown, nowhere = listening(tmp_path, story)
    assert [("commented", "Ana", "now")] == soon
    assert reads <= 4  # two looks of two requests
    assert (False, False) == (unknown, nowhere)


def test_a_ticket_is_looked_at_for_an_hour_after_it_was_resolved(tmp_path: Path):
    async def story(world: Listening) -> Any:
        number = await world.opened()
        await world.tell(make_ticket(kind=Kind.RESOLVE, revision=2))
        await asyncio.sleep(3_000)
        world.people.say_by_hand(number, "Ana", "it was the certificate")
        await asyncio.sleep(1_200)
        heard, before = world.told(), len(world.reads())
        await asyncio.sleep(3_600)
        return heard, len(world.reads()) - before

    assert ([("commented", "Ana", "it was the certificate")], 0) == listening(tmp_path, story)


def test_a_person_who_closes_the_ticket_has_the_last_word(tmp_path: Path):
    """Later news and the end are comments; a new episode has a ticket of its own."""

    async def story(world: Listening) -> Any:
        number = await world.opened()
        world.people.close_by_hand(number)
        await asyncio.sleep(65)
        for revision, kind in ((2, Kind.UPDATE), (3, Kind.RESOLVE)):
            await world.tell(make_ticket(kind=kind, revision=revision))
            await asyncio.sleep(65)
        still = world.people.issues[int(number)]
        comments = len(still.comments)
        await world.tell(make_ticket(kind=Kind.REOPEN, revision=4, episode=2))
        await asyncio.sleep(65)
        again = (await world.rows())[-1].remote_id
        await world.tell(make_ticket(kind=Kind.RESOLVE, revision=5, episode=2))
        await asyncio.sleep(65)
        return still.open, comments, again != number, world.people.issues[int(again)].open, world.told(), await world.states()

    assert (False, 2, True, False, [("closed", "Ana", "")], ["sent"] * 5) == listening(tmp_path, story)


def test_a_deleted_ticket_is_left_at_that_and_nothing_dies(tmp_path: Path):
    async def story(world: Listening) -> Any:
        number = await world.opened()
        world.people.delete_by_hand(number)
        await asyncio.sleep(65)
        told = world.told()
        await world.tell(make_ticket(kind=Kind.UPDATE, revision=2))
        await asyncio.sleep(5)
        await world.crash()
        world.start()
        await world.tell(make_ticket(kind=Kind.RESOLVE, revision=3))
        await asyncio.sleep(600)
        left = len(world.people.issues)
        await world.tell(make_ticket(kind=Kind.REOPEN, revision=4, episode=2))
        await asyncio.sleep(65)
        return told, left, await world.states(), len(world.people.issues), world.told()

    told, left, states, after, in_the_end = listening(tmp_path, story)
    assert [("gone", "", "")] == told == in_the_end
    assert ["sent", "superseded", "superseded", "sent"] == states
    assert (0, 1) == (left, after)


def test_a_command_that_finds_its_ticket_deleted_follows_the_policy(tmp_path: Path):
    async def story(world: Listening) -> Any:
        number = await world.opened()
        world.people.delete_by_hand(number)
        await world.tell(make_ticket(kind=Kind.UPDATE, revision=2))
        await asyncio.sleep(5)
        return world.told(), await world.states(), len(world.people.issues)

    assert ([("gone", "", "")], ["sent", "superseded"], 0) == listening(tmp_path, story)


def test_a_deleted_ticket_is_made_again_once_where_the_policy_says_so(tmp_path: Path):
    async def story(world: Listening) -> Any:
        number = await world.opened()
        world.people.delete_by_hand(number)
        await world.tell(make_ticket(kind=Kind.UPDATE, revision=2))
        await asyncio.sleep(5)
        second = (await world.rows())[-1]
        await world.tell(make_ticket(kind=Kind.UPDATE, revision=3))
        await asyncio.sleep(5)
        said = len(world.people.issues[int(second.remote_id)].comments)
        world.people.delete_by_hand(second.remote_id)
        await asyncio.sleep(130)
        await world.tell(make_ticket(kind=Kind.RESOLVE, revision=4))
        await asyncio.sleep(65)
        return second.ticket.external_id, said, world.told(), sorted(await world.states()), len(world.people.issues)

    external_id, said, told, states, left = listening(tmp_path, story, policy=Policy(when_gone="again"))
    assert ("paycanary-test-inc_1-1-r1", 1) == (external_id, said)
    assert [("gone", "", "")] * 2 == told
    assert (["sent"] * 3 + ["superseded"] * 2, 0) == (states, left)


@pytest.mark.parametrize("found_by", ["a look", "a command"])
def test_a_merged_ticket_is_followed_and_theirs_is_never_closed(tmp_path: Path, found_by: str):
    async def story(world: Listening) -> Any:
        number = await world.opened()
        world.people.say_by_hand(number, "Ana", "same as yours")
        into = world.people.merge_by_hand(number)
        if found_by == "a look":
            await asyncio.sleep(65)
        await world.tell(make_ticket(kind=Kind.UPDATE, revision=2))
        await asyncio.sleep(65)
        world.people.say_by_hand(into, "Bo", "all of checkout")
        await asyncio.sleep(65)
        await world.tell(make_ticket(kind=Kind.RESOLVE, revision=3))
        await asyncio.sleep(65)
        theirs = world.people.issues[int(into)]
        return into, world.told(), theirs.open, "".join(theirs.comments), await world.states()

    into, told, is_open, said, states = listening(tmp_path, story)
    assert [("commented", "Ana", "same as yours"), ("merged", "", into), ("commented", "Bo", "all of checkout")] == told
    assert is_open
    assert ("r3]" in said, ["sent"] * 3) == (True, states)


def test_two_tickets_of_ours_that_people_merged_go_on_as_one(tmp_path: Path):
    """The one that is kept stays ours: its own incident closes it, the other one does not, and both hear what is written there."""

    async def story(world: Listening) -> Any:
        kept = await world.opened("inc_a")
        other = await world.opened("inc_b")
        world.people.issues[int(other)].people.merged_into = kept
        world.people.close_by_hand(other)
        await asyncio.sleep(65)
        world.people.say_by_hand(kept, "Ana", "both are the acquirer")
        await asyncio.sleep(65)
        await world.tell(make_ticket("inc_b", Kind.RESOLVE, 2))
        await asyncio.sleep(65)
        still_open = world.people.issues[int(kept)].open
        await world.tell(make_ticket("inc_a", Kind.RESOLVE, 2))
        await asyncio.sleep(65)
        told = sorted((event.incident, event.kind.value) for event in world.heard)
        return told, still_open, world.people.issues[int(kept)].open

    told, still_open, in_the_end = listening(tmp_path, story)
    heard = [("inc_a", "commented"), ("inc_b", "commented"), ("inc_b", "merged")]
    assert heard == [one for one in told if one != ("inc_b", "closed")]
    assert (True, False) == (still_open, in_the_end)


def test_looks_are_behind_what_is_to_be_sent(tmp_path: Path):
    async def story(world: Listening) -> Any:
        for number in range(60):
            await world.tell(make_ticket(f"inc_{number}"))
        await world.until(world.drained)
        world.client.seconds = 4.0  # the desk has become slow, and looks are under way all the time
        await asyncio.sleep(120)
        waits = []
        for number, ticket in enumerate((make_ticket("inc_new"), make_ticket("inc_3", Kind.UPDATE, 2))):
            before = len(world.people.requests)
            at = world.clock.monotonic()
            await world.tell(ticket)
            while not any(_is_about(one, number) for one in world.people.requests[before:]):
                await asyncio.sleep(0.05)
            waits.append(world.clock.monotonic() - at)
        return waits

    new, update = listening(tmp_path, story, settings=Settings(requests_per_second=10.0))
    assert new < 4.0 + 0.2  # the model counts a request when half of its time is over
    assert update < 4.0 + 0.6


def _is_about(request: Request, number: int) -> bool:
    return request.method == "POST" if number == 0 else request.path.endswith("/issues/4")


def test_a_hundred_tickets_are_looked_at_within_what_a_small_plan_allows(tmp_path: Path):
    async def story(world: Listening) -> Any:
        for number in range(100):
            await world.tell(make_ticket(f"inc_{number}"))
        await world.until(world.drained)
        await asyncio.sleep(60)
        before = len(world.reads())
        await asyncio.sleep(240)
        return (len(world.reads()) - before) / 4, {one.path for one in world.reads()[before:]}

    per_minute, paths = listening(tmp_path, story)
    assert per_minute <= 62  # thirty looks of two requests
    assert 2 * 100 == len(paths)  # and each of them has its turn


def test_a_desk_that_wants_to_be_left_alone_is_not_looked_at(tmp_path: Path):
    async def story(world: Listening) -> Any:
        await world.opened()
        asked: list[float] = []
        world.client.mood = lambda request: (asked.append(world.clock.monotonic()), "429")[1]
        await asyncio.sleep(200)
        return asked

    asked = listening(tmp_path, story)
    assert 2 <= len(asked) <= 4


looks = st.lists(st.tuples(st.integers(0, 12), st.sampled_from(Held), st.sampled_from(["", "Ana", "Bo"])), max_size=12)


@given(looks)
def test_each_comment_is_told_once_and_states_alternate(story: list[tuple[int, Held, str]]):
    """Whatever the looks show: comments only ever come, and a desk may show an older state again."""
    cursor, told, written = Cursor("desk", "7", "inc_1", 1), [], []
    for count, state, assignee in story:
        written += [Comment(str(len(written)), "Ana", START, "x")] if count > 6 else []
        events, cursor = noticed(cursor, Seen(state, assignee=assignee, comments=tuple(written[count % 3 :])), START + 60)
        told += events
    said = [event for event in told if event.kind == "commented"]
    assert len(said) <= len(written)
    turns = [event.kind for event in told if event.kind in ("closed", "reopened")]
    assert all(one != other for one, other in pairwise(turns))
    assert turns[:1] in ([], ["closed"])


def test_more_comments_than_are_remembered_are_still_told_once():
    cursor, told = Cursor("desk", "7", "inc_1", 1), 0
    for start in range(0, 3 * HEARD_MAX, 50):
        seen = Seen(Held.OPEN, comments=tuple(Comment(str(n), "Ana", START, "x") for n in range(start, start + 100)))
        events, cursor = noticed(cursor, seen, START)
        told += len(events)
    assert 3 * HEARD_MAX + 50 == told
    assert len(cursor.heard) == HEARD_MAX


def test_a_command_that_was_not_taken_changes_nothing_of_what_we_expect():
    resolve = replace(make_row(make_ticket(kind=Kind.RESOLVE, revision=2)), remote_id="7")
    cursor = Cursor("desk", "7", "inc_1", 1)
    assert caught_up(cursor, [replace(resolve, state=OutboxState.DEAD)]).open
    assert not caught_up(cursor, [replace(resolve, state=OutboxState.SENT)]).open
    assert caught_up(cursor, [replace(resolve, state=OutboxState.SENT, remote_id="8")]).open
