"""What to do with an outbox row, and what it is afterwards. Pure: the table that "never lost, never twice" rests on.

A row is NEW, is committed as SENDING before its request leaves, and ends as SENT, DEAD or SUPERSEDED. In between it is RETRY
when it is certain that nothing was done, and UNSURE when anything may have been. Only creating can make something twice, so
only an unsure creation is looked up first; every other operation is safe to ask again (see ``connectors.Connector``).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from itertools import pairwise

from monitor.connectors import Capabilities, Delivered, Found, Rejected, TryAgain, Unsure
from monitor.model.incident import CommandKind, OutboxRow, OutboxState, Ticket

Verdict = Delivered | Found | TryAgain | Unsure | Rejected

UNSENT = frozenset({OutboxState.NEW, OutboxState.SENDING, OutboxState.RETRY, OutboxState.UNSURE})
#: Certainly not at the desk yet: a newer word may take its place.
_UNTOLD = frozenset({OutboxState.NEW, OutboxState.RETRY})
#: Longer than any exchange: a row at work is not due, so that it does not hide when the others are.
SENDING_SECONDS = 600.0
_SAYS_IT_ALL = frozenset({CommandKind.UPDATE, CommandKind.RESOLVE})


class Move(StrEnum):
    """One operation of a connector."""

    CREATE = "create"
    FIND = "find"
    UPDATE = "update"
    RESOLVE = "resolve"
    REOPEN = "reopen"


#: What a command means for a ticket that exists. An OPEN finds one when a later row had to make it.
_TO_EXISTING = {
    CommandKind.OPEN: Move.UPDATE,
    CommandKind.UPDATE: Move.UPDATE,
    CommandKind.RESOLVE: Move.RESOLVE,
    CommandKind.REOPEN: Move.REOPEN,
}


def known_remote(
    rows: Sequence[OutboxRow], ticket: Ticket, capabilities: Capabilities, is_gone: Callable[[str], bool] = lambda _: False
) -> str:
    """The desk's id of the ticket this one continues, from the rows already sent; "" when there is none yet, or none any more."""
    for row in reversed(rows):
        same = capabilities.reopens or row.ticket.episode == ticket.episode
        if same and row.remote_id and row.state is OutboxState.SENT and not is_gone(row.remote_id):
            return row.remote_id
    return ""


def choose(row: OutboxRow, remote_id: str, capabilities: Capabilities, *, theirs: bool = False) -> Move:
    """A row that finds no ticket makes one, whatever it says: an incident whose opening was refused is still told.

    ``theirs``: the ticket is about more than this incident; it is told everything and its state is left to people.
    """
    if remote_id:
        return Move.UPDATE if theirs else _TO_EXISTING[row.ticket.kind]
    return Move.FIND if row.state is OutboxState.UNSURE and capabilities.finds else Move.CREATE


def coalesce(waiting: Sequence[OutboxRow]) -> tuple[list[OutboxRow], OutboxRow]:
    """Of one incident's unsent rows in order: those a newer one makes superfluous, and the one whose turn it is."""
    superseded = []
    for row, newer in pairwise(waiting):
        if row.ticket.kind is not CommandKind.UPDATE or row.state not in _UNTOLD or newer.ticket.kind not in _SAYS_IT_ALL:
            break
        superseded.append(replace(row, state=OutboxState.SUPERSEDED))
    return superseded, waiting[len(superseded)]


def sending(row: OutboxRow, now: float) -> OutboxRow:
    """To be on the disk before the request leaves: whoever finds it later knows that anything may have happened."""
    return replace(row, state=OutboxState.SENDING, attempts=row.attempts + 1, next_at=now + SENDING_SECONDS)


def left_behind(row: OutboxRow, now: float, capabilities: Capabilities) -> OutboxRow:
    """A row that was at work when the process died: as one without an answer."""
    return replace(row, state=OutboxState.UNSURE, next_at=now + _settle(capabilities), error="interrupted while sending")


def after(row: OutboxRow, move: Move, verdict: Verdict, *, now: float, wait: float, capabilities: Capabilities) -> OutboxRow:
    """The row once ``move`` came to ``verdict``. ``wait`` is the back-off in seconds for this attempt."""
    match verdict:
        case Delivered(remote_id):
            return _told(row, move, remote_id or row.remote_id, now)
        case Found(()):
            return replace(row, state=OutboxState.RETRY, next_at=now, error="")
        case Found(remote_ids):
            return _told(row, Move.CREATE, remote_ids[-1], now)
        case TryAgain(reason, wish):
            state = OutboxState.UNSURE if move is Move.FIND else OutboxState.RETRY
            return replace(row, state=state, next_at=now + max(wait, wish or 0.0), error=reason)
        case Unsure(reason, wish):
            next_at = now + max(wait, wish or 0.0, _settle(capabilities))
            return replace(row, state=OutboxState.UNSURE, next_at=next_at, error=reason)
        case Rejected(reason):
            return replace(row, state=OutboxState.DEAD, next_at=now, error=reason)


def revived(row: OutboxRow, now: float) -> OutboxRow:
    """A dead row that somebody wants tried again. What it may have done before is looked up first."""
    return replace(row, state=OutboxState.UNSURE if row.attempts else OutboxState.RETRY, next_at=now)


def _told(row: OutboxRow, move: Move, remote_id: str, now: float) -> OutboxRow:
    if move is Move.CREATE and row.ticket.kind is CommandKind.RESOLVE:
        # The ticket had to be made to be closed: the row's own word is still to be said.
        return replace(row, state=OutboxState.RETRY, remote_id=remote_id, next_at=now, error="")
    return replace(row, state=OutboxState.SENT, remote_id=remote_id, sent=now, next_at=now, error="")


def _settle(capabilities: Capabilities) -> float:
    return 0.0 if capabilities.idempotent_create else capabilities.settle_seconds
