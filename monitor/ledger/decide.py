"""What to do next about a transaction that is the ledger's: decided here, done elsewhere.

A transaction is closed only on a read that proves nothing open. A read that shows an ended payment proves it at once. One that shows
nothing, or a payment that could still take money, proves it only when everything we sent must long have been done and be visible: twice
the time that the gateway's own view may lag, after the last request was over.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.ledger.entries import Answer, Planned, Proof
from monitor.ledger.gateways import Ask, Gateway, Shown, Undo
from monitor.ledger.machine import Attempt, Move, State, Transaction

#: The lag of the gateway's view, and as much again: it is a promise kept by others.
QUIET_LAGS = 2.0
#: A way to give back that was refused is worth another try after this long: its reason may have passed.
REFUSED_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Nothing:
    """A run is at work on it, or it is closed."""


@dataclass(frozen=True, slots=True)
class Look:
    """Ask the gateway, not before ``at``."""

    at: float


@dataclass(frozen=True, slots=True)
class TakeBack:
    undo: Undo


@dataclass(frozen=True, slots=True)
class Close:
    proof: Proof


@dataclass(frozen=True, slots=True)
class Stuck:
    """A person is needed, though looking goes on. ``why`` is for people."""

    why: str


Deed = Nothing | Look | TakeBack | Close | Stuck


@dataclass(frozen=True, slots=True)
class Terms:
    """What the target says about its gateway. ``key_seconds`` None: it knows no idempotency keys."""

    settle_seconds: float
    key_seconds: float | None = None


def decide(tx: Transaction, view: Sequence[Shown] | None, seen: float, now: float, gateway: Gateway, terms: Terms) -> Deed:
    """``view`` is the latest read of each of its payments, begun at ``seen``; None when something was sent since."""
    if tx.state is not State.OWED:
        return Nothing()
    if not tx.possible and tx.adopted is None:
        return Close(Proof.NOTHING_TAKEN)
    if not gateway.reads:
        return _by_plan(tx, now, terms)
    if view is None:
        return Look(now)
    if any(shown.open for shown in view) and (until := _under_way(tx, terms)) > seen:
        return Look(until)
    refused, tag = _refused(tx, now), f"{tx.id[-6:]}-{len(tx.attempts)}".lower()
    for shown in view:
        way = None if shown.over or not shown.found else gateway.undo(shown, refused, tag)
        if way is not None:
            return TakeBack(way)
    if any(shown.open for shown in view):
        return Stuck("the gateway refuses every way to give the money back")
    if all(shown.over for shown in view):
        return Close(Proof.READ)
    return _after_quiet(tx, view, seen, terms)


def quiet_from(tx: Transaction, terms: Terms) -> float:
    """From when on a read that shows nothing is proof of nothing."""
    if tx.inherited and not any(attempt.intent.by_ledger for attempt in tx.attempts):
        # Instants from before a start may be those of another clock.
        return (tx.owned_since or 0.0) + QUIET_LAGS * terms.settle_seconds
    over = [move.over for move in tx.moves] + [attempt.answered or attempt.intent.at for attempt in tx.attempts]
    return max(over, default=tx.opened) + QUIET_LAGS * terms.settle_seconds


def _under_way(tx: Transaction, terms: Terms) -> float:
    """Until when a read may not yet show the latest undo, which perhaps worked: a second one before that would be a guess."""
    last = tx.attempts[-1] if tx.attempts else None
    if last is None or last.answer.nothing_happened or (tx.inherited and not last.intent.by_ledger):
        return 0.0
    return (last.answered or last.intent.at) + terms.settle_seconds


def _after_quiet(tx: Transaction, view: Sequence[Shown], seen: float, terms: Terms) -> Deed:
    quiet = quiet_from(tx, terms)
    if seen < quiet:
        return Look(quiet)
    absent = not any(shown.found for shown in view)
    if absent and any(move.answer is Answer.DONE for move in tx.moves):
        return Stuck("the gateway accepted the payment and now shows none of it")
    return Close(Proof.ABSENT if absent else Proof.READ)


def _refused(tx: Transaction, now: float) -> frozenset[str]:
    recent = (one for one in tx.attempts if one.answer is Answer.REFUSED and now - (one.answered or now) < REFUSED_SECONDS)
    return frozenset(one.intent.name for one in recent if one.intent.by_ledger)


def _by_plan(tx: Transaction, now: float, terms: Terms) -> Deed:
    """Without a read: every debt's undo accepted under its key is all the proof there is."""
    for move in reversed(tx.owed):
        deed = _plan_of(tx, move, now, terms)
        if deed is not None:
            return deed
    return Close(Proof.ANSWER)


def _plan_of(tx: Transaction, move: Move, now: float, terms: Terms) -> Deed | None:
    """None when this debt is paid."""
    if any(_pays(attempt, move) for attempt in tx.attempts):
        return None
    if terms.key_seconds is None or now - move.intent.at > terms.key_seconds:
        return Stuck("the gateway cannot be asked, and has by now forgotten the keys that made it safe to try again")
    refused = _refused(tx, now)
    for planned in move.intent.plan:
        if planned.options is not None and plan_name(move, planned) not in refused:
            return TakeBack(Undo(plan_name(move, planned), Ask(planned.options, f"{tx.id}-{planned.name}")))
    lacking = "; ".join(f"{one.name} {one.lacking}" for one in move.intent.plan if one.lacking)
    return Stuck(f"no undo of {move.intent.step} can be made from here ({lacking or 'the gateway refuses them all'})")


def plan_name(move: Move, planned: Planned) -> str:
    return f"{planned.name} of {move.intent.step}"


def _pays(attempt: Attempt, move: Move) -> bool:
    if attempt.answer is not Answer.DONE:
        return False
    names = {plan_name(move, planned) for planned in move.intent.plan}
    return attempt.intent.undoes == move.intent.step or attempt.intent.name in names
