"""Entries, transactions and a gateway in the hand."""

from typing import Any

from monitor.ledger.entries import Answer, Answered, Closed, Intended, Planned, Proof, UndoAnswered, UndoIntended
from monitor.ledger.machine import RunEnded, Transaction, apply
from monitor.model.result import Exchange, Reach

TARGET = "gateway"
HANDLE = "/api/rest/version/100/merchant/TESTCANARY/order/pc-test-01"


def intended(
    tx: str = "tx1", *, at: float = 1_000.0, n: int = 0, minor: int = 100, currency: str = "USD", **more: Any
) -> Intended:
    known = {
        "target": TARGET,
        "check": "card",
        "step": f"step{n}",
        "move": "hold",
        "key": f"{tx}-{n}",
        "reference": f"pc-test-{tx}",
        "handle": HANDLE,
        "line": "PUT /order",
        "ends": at + 5.0,
        "undo": ("void",),
        "plan": (Planned("void", {"method": "PUT", "path": "/void"}),),
    }
    return Intended(tx=tx, at=at, n=n, minor=minor, currency=currency, **(known | more))


def answered(tx: str = "tx1", answer: Answer = Answer.DONE, *, at: float = 1_001.0, n: int = 0, released: int = 0) -> Answered:
    return Answered(tx, at, TARGET, n, answer, released, "USD")


def undo(
    tx: str = "tx1", *, at: float = 1_002.0, k: int = 0, name: str = "void", undoes: str = "step0", by_ledger: bool = False
) -> UndoIntended:
    return UndoIntended(tx, at, TARGET, k, name, f"{tx}-u{k}", "PUT /void", undoes, by_ledger)


def undone(tx: str = "tx1", answer: Answer = Answer.DONE, *, at: float = 1_003.0, k: int = 0) -> UndoAnswered:
    return UndoAnswered(tx, at, TARGET, k, answer)


def ended(tx: str = "tx1", at: float = 1_010.0) -> RunEnded:
    return RunEnded(tx, at)


def closed(tx: str = "tx1", proof: Proof = Proof.READ, at: float = 1_020.0) -> Closed:
    return Closed(tx, at, TARGET, proof)


def fold(*entries: Any) -> Transaction:
    tx = None
    for entry in entries:
        tx = apply(tx, entry)
    assert tx is not None
    return tx


def said(body: Any, status: int = 200) -> Exchange:
    return Exchange(Reach.ANSWERED, 0.0, 0.1, status=status, body=body)


def play(flow: Any, *answers: Exchange) -> tuple[list[Any], Any]:
    """A flow over answers in turn: what it asked, and what it came to."""
    asked, queue = [], list(answers)
    try:
        asked.append(next(flow))
        while True:
            asked.append(flow.send(queue.pop(0)))
    except StopIteration as end:
        return asked, end.value
