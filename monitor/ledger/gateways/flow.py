"""The contract of a gateway's adapter, and what all of them share."""

import re
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from monitor.model.result import Exchange, Reach

T = TypeVar("T")
_WORD = re.compile(r"[A-Za-z_]{1,40}")


class NoAnswerError(Exception):
    """The gateway did not answer the question: nothing is known, ask again later. Its text is fit for people."""


class UnfindableError(Exception):
    """A step's payment could not be found again at the gateway: it must not be sent. Its text is fit for people."""


class Ask(NamedTuple):
    """One HTTP request: the options of the http probe, and the idempotency key of those that change something."""

    options: Mapping[str, Any]
    key: str = ""


Flow = Generator[Ask, Exchange, T]


class Part(NamedTuple):
    """One thing of a payment that can be taken back by itself."""

    kind: str  # in the gateway's own word
    id: str
    minor: int


@dataclass(frozen=True, slots=True)
class Shown:
    """What the gateway shows of one payment, in minor units. ``over``: it can never again take money."""

    handle: str
    found: bool = False
    over: bool = False
    held: int = 0
    kept: int = 0  # charged and not given back
    currency: str = ""
    parts: tuple[Part, ...] = ()

    @property
    def open(self) -> int:
        return self.held + self.kept


@dataclass(frozen=True, slots=True)
class Undo:
    """One way to give something back. ``name`` stays the same each time the same way is tried."""

    name: str
    ask: Ask


class Listed(NamedTuple):
    """A payment with open money that bears one of our references."""

    reference: str
    shown: Shown


class Window(NamedTuple):
    """Which of our payments to list. ``root`` is what ``Gateway.root`` made of the check's own requests."""

    root: str
    prefix: str  # "pc-demo-": all references of this installation begin with it
    since: float
    until: float


class Gateway(Protocol):
    """``reads``: it can show what became of a payment. ``lists``: and which payments there are under our references."""

    reads: bool
    lists: bool

    def handle(self, options: Mapping[str, Any], reference: str) -> str:
        """By what the payment of this money step is found again, whatever becomes of its answer. Raises UnfindableError."""

    def root(self, line: str) -> str | None:
        """From the line of a money step, holes and all: where payments are listed. None when it does not tell."""

    def look(self, handle: str) -> Flow[Shown]:
        """Ask what is open. Raises NoAnswerError."""

    def undo(self, shown: Shown, refused: Iterable[str], tag: str) -> Undo | None:
        """The first way to give back that was not refused before: void, else refund. None when none is left.

        ``tag`` is short, and different for each request that the ledger makes.
        """

    def listing(self, window: Window) -> Flow[list[Listed]]:
        """What is open under our references. Raises NoAnswerError."""


def answered(exchange: Exchange) -> Mapping[str, Any]:
    """The JSON object of a whole answer. Raises NoAnswerError for anything else, and for what is not the gateway's own word."""
    if exchange.reach is not Reach.ANSWERED or exchange.status is None:
        raise NoAnswerError(exchange.error or "no whole answer came")
    if exchange.status >= 500 or exchange.status in (401, 403, 407, 429):
        raise NoAnswerError(f"HTTP {exchange.status}")
    if exchange.parse_error or not isinstance(exchange.body, Mapping):
        raise NoAnswerError(f"HTTP {exchange.status} without a JSON object")
    return exchange.body


def word(value: object) -> str:
    """A gateway's own short word for something; anything else it may say is not repeated to people."""
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""


def mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def listed(value: object) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []
