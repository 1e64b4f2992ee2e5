"""The entries of the ledger: what is written down, before and after each exchange that moves money.

A body is JSON of a dataclass below. Card numbers and credentials never come here: of a request only its line is kept, and of an
undo request only what the redaction gate lets through unchanged.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

from monitor.model.money import Money


class Answer(StrEnum):
    """What became of one request."""

    PENDING = "pending"  # written down, and perhaps sent: after a crash nobody knows
    NOT_SENT = "not_sent"
    DONE = "done"
    REFUSED = "refused"  # a definite no: nothing happened
    AMBIGUOUS = "ambiguous"  # time-outs, resets, 5xx, broken bodies: anything can have happened

    @property
    def nothing_happened(self) -> bool:
        return self in (Answer.NOT_SENT, Answer.REFUSED)


class Proof(StrEnum):
    """Why a transaction counts as closed."""

    NOTHING_TAKEN = "nothing_taken"  # no step left us, or every one was refused
    READ = "read"  # the gateway shows the payment, and nothing of it open
    ABSENT = "absent"  # the gateway knows no such payment, long after it would have shown one
    ANSWER = "answer"  # the undo was accepted by a gateway that cannot be asked
    HUMAN = "human"  # a person says so


@dataclass(frozen=True, slots=True)
class Planned:
    """One undo request of the plan: its rendered options, or why it cannot be repeated from here."""

    name: str
    options: Mapping[str, Any] | None
    lacking: str = ""  # "needs intent", "holds a secret"
    written: str = ""  # for people: "POST /v1/payment_intents/${intent}/cancel"


@dataclass(frozen=True, slots=True)
class Intended:
    """A step that takes money is about to be sent."""

    KIND: ClassVar[str] = "intended"
    tx: str
    at: float
    target: str
    check: str
    n: int
    step: str
    move: str  # hold, charge
    minor: int
    currency: str
    key: str
    reference: str
    handle: str  # by which the gateway's adapter finds the payment again
    line: str
    ends: float  # when its answer is in or its time is out
    undo: tuple[str, ...]
    plan: tuple[Planned, ...] = ()

    @property
    def amount(self) -> Money:
        return Money(self.minor, self.currency)


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of step ``n``. ``plan`` replaces the intent's when the answer completed it."""

    KIND: ClassVar[str] = "answered"
    tx: str
    at: float
    target: str
    n: int
    answer: Answer
    released_minor: int = 0  # given back to the day's cap: it was surely not taken
    currency: str = ""
    plan: tuple[Planned, ...] = ()


@dataclass(frozen=True, slots=True)
class UndoIntended:
    """A request that gives money back is about to be sent, by the run itself or by the ledger."""

    KIND: ClassVar[str] = "undo_intended"
    tx: str
    at: float
    target: str
    k: int
    name: str
    key: str
    line: str
    undoes: str = ""  # the run's own: the step whose money it takes back
    by_ledger: bool = False


@dataclass(frozen=True, slots=True)
class UndoAnswered:
    KIND: ClassVar[str] = "undo_answered"
    tx: str
    at: float
    target: str
    k: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Adopted:
    """Open money under our reference that no open transaction accounts for: found at the gateway, and ours to give back."""

    KIND: ClassVar[str] = "adopted"
    tx: str
    at: float
    target: str
    reference: str
    handle: str
    minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Closed:
    KIND: ClassVar[str] = "closed"
    tx: str
    at: float
    target: str
    proof: Proof
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Damaged:
    """The ledger could not be trusted and was begun anew; each of ``targets`` must be swept before money moves there."""

    KIND: ClassVar[str] = "damaged"
    tx: str
    at: float
    reason: str
    targets: tuple[str, ...]
    target: str = ""


@dataclass(frozen=True, slots=True)
class Swept:
    """Everything open at a gateway under our references up to ``until`` is accounted for."""

    KIND: ClassVar[str] = "swept"
    tx: str
    at: float
    target: str
    until: float


Entry = Intended | Answered | UndoIntended | UndoAnswered | Adopted | Closed | Damaged | Swept
_KINDS: Mapping[str, type[Any]] = {
    kind.KIND: kind for kind in (Intended, Answered, UndoIntended, UndoAnswered, Adopted, Closed, Damaged, Swept)
}
_BESIDE = ("tx", "at", "target")


class Row(NamedTuple):
    """An entry as it is stored: what is asked for often beside its body."""

    at: float
    tx: str
    kind: str
    target: str
    body: str


def to_row(entry: Entry) -> Row:
    body = {name: value for name, value in asdict(entry).items() if name not in _BESIDE}
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=_exact)
    return Row(entry.at, entry.tx, entry.KIND, entry.target, text)


def from_row(row: Row) -> Entry:
    """Raises ValueError for what no version of paycanary wrote."""
    kind = _KINDS.get(row.kind)
    if kind is None:
        raise ValueError(f"an entry of the unknown kind {row.kind!r}")
    body = json.loads(row.body, object_hook=_whole)
    known = {one.name for one in fields(kind)}
    values = {name: _READ.get(name, _same)(value) for name, value in body.items() if name in known}
    entry: Entry = kind(tx=row.tx, at=row.at, target=row.target, **values)
    return entry


def _exact(value: object) -> object:
    """Amounts in requests are exact numbers; JSON's own would come back as floats."""
    if isinstance(value, Decimal):
        return {"$decimal": str(value)}
    raise TypeError(f"{type(value).__name__} cannot be written down")


def _whole(value: dict[str, Any]) -> Any:
    return Decimal(value["$decimal"]) if value.keys() == {"$decimal"} else value


def _plans(values: list[dict[str, Any]]) -> tuple[Planned, ...]:
    return tuple(Planned(**value) for value in values)


def _same(value: Any) -> Any:
    return value


_READ: Mapping[str, Any] = {"answer": Answer, "proof": Proof, "plan": _plans, "undo": tuple, "targets": tuple}
