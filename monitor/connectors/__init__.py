"""The family of connectors: each speaks to one kind of ticket desk or notification channel.

A connector decides, it does not act: every operation is a generator that yields a ``Call`` and is sent the ``Answer``,
and returns what the exchange came to. ``client.py`` performs the calls for all of them. Adding a kind: one file with its
``Options`` on top and a class keeping ``Connector``; one line in ``table.py``; it inherits ``tests/connectors/contract.py``.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Protocol, runtime_checkable

from pydantic import BaseModel

from monitor.model.incident import Ticket
from monitor.model.secret import Secret


@dataclass(frozen=True, slots=True)
class Access:
    """How a desk may be reached."""

    allow_private: tuple[str, ...] = ()  # CIDR blocks it may resolve to
    ca_file: str | None = None  # instead of the system's roots
    timeout_seconds: float = 15.0  # one whole exchange: nothing a desk does makes a call outlive it


#: Made at the wire, of the instant of sending (UTC seconds).
Sealed = Callable[[float], Secret]


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a desk. ``body`` is bytes already: resending sends the same.

    Desks that want a secret, or a signature of the instant of sending, inside the address or the body get it at the wire: what
    ``sealed_url`` and ``sealed_body`` give is sent in the place of ``url`` and ``body``, which show the same without it.
    """

    method: str
    url: str
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    body: bytes = b""
    sign: Callable[[float], Mapping[str, str]] | None = None  # headers that depend on the instant of sending, UTC seconds
    sealed_url: Sealed | None = None
    sealed_body: Sealed | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. ``status`` None: no whole answer; ``sent`` says whether anything left."""

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    sent: bool = True
    error: str = ""
    retry_after: float | None = None  # seconds, read from Retry-After in either of its forms


@dataclass(frozen=True, slots=True)
class Delivered:
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """Certain that nothing was done. ``after_seconds`` is the desk's own wish (Retry-After)."""

    reason: str
    after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Unsure:
    """Anything may have happened: look it up after the desk's settle time before doing it again."""

    reason: str
    after_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Rejected:
    """It will never be taken like this: a human is needed."""

    reason: str


@dataclass(frozen=True, slots=True)
class Gone(Rejected):
    """The ticket is not there any more: people deleted it, or merged it into another, which is named when the desk says which.

    A refusal for whoever has no policy for it.
    """

    merged_into: str = ""


Delivery = Delivered | TryAgain | Unsure | Rejected


@dataclass(frozen=True, slots=True)
class Found:
    """What the desk holds under an external id: newest first. ``open`` is the desk's own opinion."""

    remote_ids: tuple[str, ...] = ()
    open: bool = False


class Held(Enum):
    """How a ticket stands at its desk."""

    OPEN = "open"
    DONE = "done"  # solved, resolved, done: can be opened again
    FINAL = "final"  # closed for good: takes no more words


@dataclass(frozen=True, slots=True)
class Comment:
    """What a person wrote at a ticket, in public or between colleagues; never what we wrote ourselves (``reading.heard`` leaves it out)."""

    id: str  # the desk's own, the same at every look
    by: str
    at: float | None  # UTC seconds; None: the desk does not say
    text: str  # redacted and clipped


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at a ticket. ``comments`` are people's, oldest first: at least the newest ones, at most ``reading.COMMENTS_MAX``."""

    state: Held
    by: str = ""  # who brought it to that state, where the desk says so
    assignee: str = ""  # a person's name or login; "": nobody, or a queue
    taken_by: str = ""  # who acknowledged it, at desks that have a word for that
    comments: tuple[Comment, ...] = ()
    merged_into: str = ""  # the ticket is still to be read, and people go on in another one


Flow = Generator[Call, Answer, Delivery]
FindFlow = Generator[Call, Answer, "Found | TryAgain | Unsure | Rejected"]
#: ``Gone`` is among the refusals: it ends the watch on a ticket, or leads on to another.
ReadFlow = Generator[Call, Answer, "Seen | TryAgain | Unsure | Rejected"]


@dataclass(frozen=True, slots=True)
class Capabilities:
    idempotent_create: bool  # the desk itself makes two creates with one external id one ticket
    finds: bool  # it can be asked for an external id
    reopens: bool  # a resolved ticket can be opened again; else a new episode is a new ticket
    settle_seconds: float = 5.0  # how long its look-up may lag behind its writes
    refresh_seconds: float | None = None  # must be told again this often while open (Alertmanager)
    reads: bool = False  # it can be asked how a ticket stands and what people wrote there: see ``Readable``


class Connector(Protocol):
    """``remote_id`` is what ``create`` or ``find`` gave. All texts are clipped and escaped for the desk by the connector.

    Built from its ``Options`` alone. Only ``create`` may make something twice when it is asked twice. The others set a
    state, or recognise by the ticket's revision what they did before: after an unsure answer they are simply asked again.
    """

    kind: ClassVar[str]
    Options: ClassVar[type[BaseModel]]
    capabilities: Capabilities
    access: Access

    def __init__(self, options: Any) -> None: ...

    def create(self, ticket: Ticket) -> Flow: ...

    def find(self, external_id: str) -> FindFlow: ...

    def update(self, ticket: Ticket, remote_id: str) -> Flow: ...

    def resolve(self, ticket: Ticket, remote_id: str) -> Flow: ...

    def reopen(self, ticket: Ticket, remote_id: str) -> Flow: ...

    def check(self) -> Flow:
        """Prove credentials and fields without creating anything."""


@runtime_checkable
class Readable(Protocol):
    """A connector whose ``capabilities.reads`` is true. One that cannot be asked needs none of this."""

    def read(self, remote_id: str) -> ReadFlow:
        """How the ticket stands, who has it, what people wrote. Changes nothing."""
