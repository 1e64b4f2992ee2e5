"""What the chat rooms have in common: a message for everything that happens, and no ticket to look up.

A message whose answer was lost is sent again: a word said twice in a room does less harm than one that was never said. Most rooms
answer HTTP 200 to everything and put what became of it into the body, so an answer counts only when its body says so.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import BaseModel

from monitor.connectors import Access, Answer, Call, Capabilities, Delivered, Delivery, FindFlow, Flow, Found, Unsure
from monitor.connectors.clip import clip_both, clip_bytes
from monitor.connectors.judge import refusal
from monitor.model.incident import CommandKind, Ticket
from monitor.model.text import Text

TITLE_MAX_BYTES = 400
_HEADS = {
    CommandKind.OPEN: Text("", ""),
    CommandKind.UPDATE: Text("[Update] ", "【更新】"),
    CommandKind.RESOLVE: Text("[Resolved] ", "【已恢复】"),
    CommandKind.REOPEN: Text("[Again] ", "【再次发生】"),
}
_TEST = Text("paycanary can write here.", "paycanary 可以在此发送消息。")


class ChatRoom(ABC):
    """A subclass says how a message looks (``message``) and what an answer's body means (``read``)."""

    kind: ClassVar[str]
    Options: ClassVar[type[BaseModel]]
    capabilities = Capabilities(idempotent_create=True, finds=False, reopens=True, settle_seconds=0.0)
    access: Access
    name: ClassVar[str]

    @abstractmethod
    def __init__(self, options: Any) -> None: ...

    @abstractmethod
    def message(self, title: str, text: Callable[[int], str]) -> Call:
        """The request that says it. ``text(limit)`` is the rest in at most so many bytes, both languages."""

    @abstractmethod
    def read(self, answer: Answer) -> Delivery | None:
        """What the body of a 2xx says became of the message; None: nothing against it."""

    def create(self, ticket: Ticket) -> Flow:
        return (yield from self._tell(ticket))

    def update(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._tell(ticket))

    def resolve(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._tell(ticket))

    def reopen(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._tell(ticket))

    def find(self, external_id: str) -> FindFlow:
        """A room that takes messages by a bot's address gives none back."""
        yield from ()
        return Found()

    def check(self) -> Flow:
        """The only proof that a room takes messages is one."""
        answer = yield self.message("paycanary", lambda limit: clip_both(_TEST, limit))
        return self._judge(answer, "")

    def _tell(self, ticket: Ticket) -> Flow:
        answer = yield self.message(headline(ticket), lambda limit: clip_both(news(ticket), limit))
        return self._judge(answer, ticket.external_id)

    def _judge(self, answer: Answer, external_id: str) -> Delivery:
        return refusal(answer, self.name) or self.read(answer) or Delivered(external_id)

    def unreadable(self) -> Unsure:
        return Unsure(f"{self.name} answered without saying what became of the message")


def headline(ticket: Ticket) -> str:
    """One line: what happened, how bad, and what it is called, in both languages."""
    head, severity = _HEADS[ticket.kind], ticket.severity.value.upper()
    both = Text(f"{head.en}[{severity}] {ticket.title.en}", f"{head.zh}[{severity}] {ticket.title.in_('zh')}")
    return clip_bytes(" ".join(both.both().split()), TITLE_MAX_BYTES)


def news(ticket: Ticket) -> Text:
    """The whole story at first, then what is new."""
    return ticket.body if ticket.kind is CommandKind.OPEN or not ticket.comment.en else ticket.comment
