"""The ledger as people and the API see it."""

from typing import Any

from monitor.janitor.keeper import Keeper
from monitor.janitor.rounds import Janitor
from monitor.ledger.machine import Transaction
from monitor.model.durations import iso


def ledger_shape(keeper: Keeper, janitor: Janitor, targets: list[str]) -> dict[str, Any]:
    """What is open, what it comes to, and where money may not move; amounts in minor units."""
    now, books = keeper.now(), keeper.books
    stops = {name: books.stopped(name, now) for name in sorted(targets)}
    reasons = {name: stop.en if stop else janitor.held(name) for name, stop in stops.items()}
    return {
        "open": [transaction_shape(tx, now, janitor.why(tx.id)) for tx in sorted(books.open.values(), key=lambda tx: tx.opened)],
        "exposure": [
            {"target": target, "currency": currency, "minor": minor}
            for (target, currency), minor in sorted(books.exposure().items())
        ],
        "stopped": {name: reason for name, reason in reasons.items() if reason},
        "trouble": keeper.trouble,
        "damage": keeper.damage,
    }


def transaction_shape(tx: Transaction, now: float, why: str = "") -> dict[str, Any]:
    return {
        "id": tx.id,
        "target": tx.target,
        "check": tx.check,
        "state": tx.state,
        "reference": tx.reference,
        "handles": list(tx.handles),
        "opened": iso(tx.opened),
        "age_seconds": round(max(0.0, now - tx.opened), 3),
        "exposure": [{"minor": amount.minor, "currency": amount.currency} for amount in tx.exposure],
        "steps": [
            {"step": move.intent.step, "move": move.intent.move, "request": move.intent.line, "answer": move.answer}
            for move in tx.moves
        ],
        "undo": [{"name": one.intent.name, "request": one.intent.line, "answer": one.answer} for one in tx.attempts],
        "why_open": why,
    }
