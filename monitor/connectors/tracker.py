"""What the desks that hold tickets have in common: a state, comments, and people who work there.

None of them has a key that makes a comment repeatable. Every comment therefore ends with a line that names its revision, and one that
is there already is not written twice. What people do is theirs: a ticket they have done with is told more but not opened again, and
one that can take no more words is left alone; a new episode then begins a new ticket.
"""

from abc import ABC, abstractmethod
from collections.abc import Generator
from typing import Any, ClassVar

from pydantic import BaseModel

from monitor.connectors import Access, Answer, Call, Capabilities, Delivered, FindFlow, Flow, Held, ReadFlow
from monitor.connectors.clip import clip_both
from monitor.connectors.judge import Refusal
from monitor.connectors.rest import mark
from monitor.model.incident import Ticket

__all__ = ["Held", "Tracker"]


class Tracker(ABC):
    """``create``, ``find`` and ``check`` are each desk's own; the rest follows from three questions and one change."""

    kind: ClassVar[str]
    Options: ClassVar[type[BaseModel]]
    capabilities: Capabilities
    access: Access
    comment_max_bytes: ClassVar[int]

    @abstractmethod
    def __init__(self, options: Any) -> None: ...

    @abstractmethod
    def create(self, ticket: Ticket) -> Flow: ...

    @abstractmethod
    def find(self, external_id: str) -> FindFlow: ...

    @abstractmethod
    def check(self) -> Flow: ...

    @abstractmethod
    def held(self, remote_id: str) -> Generator[Call, Answer, Held | Refusal]:
        """How the ticket stands. A ticket that is gone is a ``Rejected`` that says so."""

    @abstractmethod
    def has(self, remote_id: str, line: str) -> Generator[Call, Answer, bool | Refusal]:
        """Whether a comment with ``line`` in it is there."""

    @abstractmethod
    def change(self, ticket: Ticket, remote_id: str, comment: str | None, state: Held | None) -> Flow:
        """Say ``comment`` and bring the ticket to ``state``, as far as either is given."""

    @abstractmethod
    def read(self, remote_id: str) -> ReadFlow: ...

    def update(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._amend(ticket, remote_id, None))

    def resolve(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._amend(ticket, remote_id, Held.DONE))

    def reopen(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._amend(ticket, remote_id, Held.OPEN))

    def follow(self, ticket: Ticket, remote_id: str) -> Flow:
        """A new episode of an incident whose ticket is closed for good."""
        return (yield from self.create(ticket))

    def _amend(self, ticket: Ticket, remote_id: str, wanted: Held | None) -> Flow:
        held = yield from self.held(remote_id)
        if not isinstance(held, Held):
            return held
        if held is Held.FINAL:
            return (yield from self.follow(ticket, remote_id)) if wanted is Held.OPEN else Delivered(remote_id)
        there = yield from self.has(remote_id, mark(ticket))
        if not isinstance(there, bool):
            return there
        state = wanted if wanted is not held else None
        if there and state is None:
            return Delivered(remote_id)
        return (yield from self.change(ticket, remote_id, None if there else self.words(ticket), state))

    def words(self, ticket: Ticket, *, first: bool = False) -> str:
        """What is said: the whole story ``first``, later what is new; with the line that names the revision."""
        words = ticket.body if first or not ticket.comment.en else ticket.comment
        line = mark(ticket)
        return f"{clip_both(words, self.comment_max_bytes - len(line) - 2)}\n\n{line}"
