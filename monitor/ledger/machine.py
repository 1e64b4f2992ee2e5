"""One transaction: the fold of its entries. States only move forward; an entry that does not fit is refused and changes nothing."""

from dataclasses import dataclass, replace
from enum import StrEnum

from monitor.ledger.entries import Adopted, Answer, Answered, Closed, Entry, Intended, Proof, UndoAnswered, UndoIntended
from monitor.model.money import Money


class State(StrEnum):
    RUNNING = "running"  # a run is at work on it
    OWED = "owed"  # the run is over, and the gateway has not yet shown that nothing is open
    CLOSED = "closed"


class ImpossibleError(Exception):
    """An entry that cannot follow what is there: our own bug, or a ledger that is not one."""


@dataclass(frozen=True, slots=True)
class RunEnded:
    """Never written down: a start ends every run there was."""

    tx: str
    at: float


@dataclass(frozen=True, slots=True)
class Move:
    """One step that took money, or may have."""

    intent: Intended
    answer: Answer = Answer.PENDING
    answered: float | None = None

    @property
    def over(self) -> float:
        """From when on nothing more can come of it: a request without an answer may be at work until its time is out."""
        return self.intent.ends if self.answered is None or self.answer is Answer.AMBIGUOUS else self.answered


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request to give money back."""

    intent: UndoIntended
    answer: Answer = Answer.PENDING
    answered: float | None = None


@dataclass(frozen=True, slots=True)
class Transaction:
    """``owned_since`` is when it became the ledger's."""

    id: str
    target: str
    check: str
    opened: float
    state: State = State.RUNNING
    moves: tuple[Move, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    adopted: Adopted | None = None
    owned_since: float | None = None
    inherited: bool = False  # from before this start: every request of it ended with the process that made it
    proof: Proof | None = None
    closed: float | None = None

    @property
    def reference(self) -> str:
        return self.adopted.reference if self.adopted else self.moves[-1].intent.reference

    @property
    def handles(self) -> tuple[str, ...]:
        """What there is to look at: usually one payment, newest first."""
        own = (self.adopted.handle,) if self.adopted else ()
        return tuple(dict.fromkeys((*own, *(move.intent.handle for move in reversed(self.moves)))))

    @property
    def possible(self) -> tuple[Move, ...]:
        """The steps that may have taken money."""
        return tuple(move for move in self.moves if not move.answer.nothing_happened)

    @property
    def owed(self) -> tuple[Move, ...]:
        """Those of them that are to be undone: a capture takes over the debt of the hold it was made from."""
        owed: list[Move] = []
        for move in self.possible:
            owed = [older for older in owed if older.intent.undo[0] not in move.intent.undo]
            owed.append(move)
        return tuple(owed)

    @property
    def exposure(self) -> tuple[Money, ...]:
        """The most that can be open, by currency."""
        if self.state is State.CLOSED:
            return ()
        amounts = [move.intent.amount for move in self.owed]
        if self.adopted:
            amounts.append(Money(self.adopted.minor, self.adopted.currency))
        sums: dict[str, int] = {}
        for amount in amounts:
            sums[amount.currency] = sums.get(amount.currency, 0) + amount.minor
        return tuple(Money(minor, currency) for currency, minor in sorted(sums.items()))


_S = State
#: Absent pairs are refused. None: there is no such transaction yet.
MOVES: dict[tuple[State | None, type], State] = {
    (None, Intended): _S.RUNNING,
    (None, Adopted): _S.OWED,
    (_S.RUNNING, Intended): _S.RUNNING,
    (_S.RUNNING, Answered): _S.RUNNING,
    (_S.RUNNING, UndoIntended): _S.RUNNING,
    (_S.RUNNING, UndoAnswered): _S.RUNNING,
    (_S.RUNNING, RunEnded): _S.OWED,
    (_S.OWED, Answered): _S.OWED,
    (_S.OWED, UndoIntended): _S.OWED,
    (_S.OWED, UndoAnswered): _S.OWED,
    (_S.OWED, Closed): _S.CLOSED,
}


def apply(tx: Transaction | None, entry: Entry | RunEnded) -> Transaction:
    """The transaction after ``entry``. Raises ImpossibleError."""
    before = tx.state if tx else None
    state = MOVES.get((before, type(entry)))
    if state is None:
        raise ImpossibleError(f"{type(entry).__name__} cannot follow {before or 'nothing'} in {entry.tx}")
    if tx is None:
        return replace(_first(entry), state=state)
    return replace(_after(tx, entry), state=state)


def recovered(tx: Transaction, at: float) -> Transaction:
    """As a start at ``at`` finds it: whatever run there was is over."""
    return replace(tx, state=State.OWED, owned_since=at, inherited=True)


def _first(entry: Entry | RunEnded) -> Transaction:
    if isinstance(entry, Adopted):
        return Transaction(entry.tx, entry.target, "", entry.at, adopted=entry, owned_since=entry.at)
    if isinstance(entry, Intended):
        return Transaction(entry.tx, entry.target, entry.check, entry.at, moves=(Move(entry),))
    raise ImpossibleError(f"{entry.tx} cannot begin with {type(entry).__name__}")


def _after(tx: Transaction, entry: Entry | RunEnded) -> Transaction:
    match entry:
        case Intended():
            _expect(entry.n == len(tx.moves), tx, "a step is missing")
            return replace(tx, moves=(*tx.moves, Move(entry)))
        case Answered():
            return replace(tx, moves=_answer_move(tx, entry))
        case UndoIntended():
            _expect(entry.k == len(tx.attempts), tx, "an undo is missing")
            return replace(tx, attempts=(*tx.attempts, Attempt(entry)))
        case UndoAnswered():
            return replace(tx, attempts=_answer_attempt(tx, entry))
        case Closed():
            return replace(tx, proof=entry.proof, closed=entry.at)
        case RunEnded():
            return replace(tx, owned_since=entry.at)
    raise ImpossibleError(f"{type(entry).__name__} is not about a transaction")


def _answer_move(tx: Transaction, entry: Answered) -> tuple[Move, ...]:
    _expect(entry.n < len(tx.moves), tx, "an answer without its step")
    move = tx.moves[entry.n]
    _expect(move.answer is Answer.PENDING, tx, "a second answer")
    intent = replace(move.intent, plan=entry.plan) if entry.plan else move.intent
    return (*tx.moves[: entry.n], Move(intent, entry.answer, entry.at), *tx.moves[entry.n + 1 :])


def _answer_attempt(tx: Transaction, entry: UndoAnswered) -> tuple[Attempt, ...]:
    _expect(entry.k < len(tx.attempts), tx, "an answer without its undo")
    attempt = tx.attempts[entry.k]
    _expect(attempt.answer is Answer.PENDING, tx, "a second answer")
    return (*tx.attempts[: entry.k], Attempt(attempt.intent, entry.answer, entry.at), *tx.attempts[entry.k + 1 :])


def _expect(holds: bool, tx: Transaction, otherwise: str) -> None:
    if not holds:
        raise ImpossibleError(f"{tx.id}: {otherwise}")
