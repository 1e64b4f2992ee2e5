"""Facts about what becomes of a row; the whole table, no I/O."""

import itertools

import pytest
from desk_model import make_row, make_ticket

from monitor.connectors import Capabilities, Delivered, Found, Rejected, TryAgain, Unsure
from monitor.delivery.moves import Move, after, choose, coalesce, known_remote, left_behind, revived, sending
from monitor.delivery.pace import LONGEST_WAIT_SECONDS, back_off
from monitor.model.incident import CommandKind as Kind
from monitor.model.incident import OutboxState as State

LOOKED_UP = Capabilities(idempotent_create=False, finds=True, reopens=True, settle_seconds=5.0)
REPEATABLE = Capabilities(idempotent_create=True, finds=True, reopens=True, settle_seconds=5.0)
BLIND = Capabilities(idempotent_create=False, finds=False, reopens=True, settle_seconds=5.0)


def row_of(kind: Kind = Kind.OPEN, state: State = State.SENDING, **changes):
    return make_row(make_ticket(kind=kind), state=state, attempts=1, **changes)


def became(row, move, verdict, capabilities=LOOKED_UP):
    return after(row, move, verdict, now=100.0, wait=2.0, capabilities=capabilities)


@pytest.mark.parametrize(
    ("kind", "remote", "state", "move"),
    [
        (Kind.OPEN, "", State.NEW, Move.CREATE),
        (Kind.OPEN, "", State.RETRY, Move.CREATE),
        (Kind.OPEN, "", State.UNSURE, Move.FIND),
        (Kind.OPEN, "7", State.RETRY, Move.UPDATE),
        (Kind.UPDATE, "7", State.NEW, Move.UPDATE),
        (Kind.UPDATE, "7", State.UNSURE, Move.UPDATE),
        (Kind.UPDATE, "", State.NEW, Move.CREATE),
        (Kind.RESOLVE, "7", State.UNSURE, Move.RESOLVE),
        (Kind.RESOLVE, "", State.UNSURE, Move.FIND),
        (Kind.REOPEN, "7", State.NEW, Move.REOPEN),
        (Kind.REOPEN, "", State.NEW, Move.CREATE),
    ],
)
def test_only_an_unsure_creation_is_looked_up(kind: Kind, remote: str, state: State, move: Move):
    assert move is choose(row_of(kind, state), remote, LOOKED_UP)


def test_a_desk_that_cannot_be_asked_is_told_again():
    assert Move.CREATE is choose(row_of(state=State.UNSURE), "", BLIND)


@pytest.mark.parametrize(
    ("move", "verdict", "state", "next_at"),
    [
        (Move.CREATE, Delivered("7"), State.SENT, 100.0),
        (Move.CREATE, TryAgain("busy"), State.RETRY, 102.0),
        (Move.CREATE, TryAgain("busy", 60.0), State.RETRY, 160.0),
        (Move.CREATE, Unsure("lost"), State.UNSURE, 105.0),
        (Move.CREATE, Unsure("lost", 60.0), State.UNSURE, 160.0),
        (Move.CREATE, Rejected("no"), State.DEAD, 100.0),
        (Move.FIND, Found(("9", "7")), State.SENT, 100.0),
        (Move.FIND, Found(()), State.RETRY, 100.0),
        (Move.FIND, TryAgain("busy"), State.UNSURE, 102.0),
        (Move.FIND, Unsure("lost"), State.UNSURE, 105.0),
        (Move.FIND, Rejected("no"), State.DEAD, 100.0),
    ],
)
def test_what_becomes_of_an_opening(move, verdict, state, next_at):
    row = became(row_of(), move, verdict)
    assert (state, next_at) == (row.state, row.next_at)
    assert ("7" if state is State.SENT else "") == row.remote_id


def test_a_repeatable_creation_need_not_wait_for_the_desk_to_settle():
    assert 102.0 == became(row_of(), Move.CREATE, Unsure("lost"), REPEATABLE).next_at


@pytest.mark.parametrize(("move", "verdict"), [(Move.CREATE, Delivered("7")), (Move.FIND, Found(("7",)))])
def test_a_resolve_that_had_to_make_its_ticket_still_resolves_it(move, verdict):
    row = became(row_of(Kind.RESOLVE), move, verdict)
    assert (State.RETRY, "7") == (row.state, row.remote_id)
    assert Move.RESOLVE is choose(row, row.remote_id, LOOKED_UP)


def test_a_row_at_work_is_out_of_the_way_and_unsure_when_the_process_dies():
    row = sending(row_of(state=State.NEW), 100.0)
    assert (State.SENDING, 2, True) == (row.state, row.attempts, row.next_at > 100.0)
    assert (State.UNSURE, 205.0) == (left_behind(row, 200.0, LOOKED_UP).state, left_behind(row, 200.0, LOOKED_UP).next_at)
    assert 200.0 == left_behind(row, 200.0, REPEATABLE).next_at


def test_a_dead_row_is_looked_up_before_it_is_tried_again():
    assert State.UNSURE is revived(row_of(state=State.DEAD), 100.0).state


@pytest.mark.parametrize("kinds", list(itertools.product(Kind, repeat=3)))
@pytest.mark.parametrize("state", [State.NEW, State.RETRY, State.UNSURE])
def test_only_updates_nobody_has_seen_are_left_out_and_only_for_a_newer_word(kinds, state):
    rows = [make_row(make_ticket(kind=kind, revision=number)) for number, kind in enumerate(kinds, 1)]
    rows[0] = make_row(rows[0].ticket, state=state)
    left_out, following = coalesce(rows)
    assert rows[len(left_out)] == following
    assert all(row.ticket.kind is Kind.UPDATE for row in left_out)
    assert not (left_out and state is State.UNSURE)
    if following.ticket.kind is Kind.UPDATE and following.state is State.NEW and following is not rows[-1]:
        assert rows[len(left_out) + 1].ticket.kind in (Kind.OPEN, Kind.REOPEN)


def test_the_ticket_followed_is_the_newest_one_sent():
    rows = [
        make_row(make_ticket(revision=1), state=State.SENT, remote_id="7"),
        make_row(make_ticket(revision=2, kind=Kind.UPDATE), state=State.DEAD, remote_id="8"),
    ]
    assert "7" == known_remote(rows, make_ticket(revision=3), LOOKED_UP)


@pytest.mark.parametrize(("reopens", "remote"), [(True, "7"), (False, "")])
def test_another_episode_is_the_same_ticket_only_where_tickets_reopen(reopens: bool, remote: str):
    rows = [make_row(make_ticket(), state=State.SENT, remote_id="7")]
    able = Capabilities(idempotent_create=False, finds=True, reopens=reopens)
    assert remote == known_remote(rows, make_ticket(episode=2), able)


def test_waits_grow_are_spread_and_end_at_five_minutes():
    waits = {attempts: [back_off(attempts) for _ in range(300)] for attempts in (1, 2, 5, 9, 30, 10_000)}
    assert max(waits[1]) <= 1.0 < max(waits[2]) <= 2.0 < max(waits[5]) <= 16.0
    assert 200 < max(waits[30]) <= LONGEST_WAIT_SECONDS
    assert min(waits[10_000]) < 60
