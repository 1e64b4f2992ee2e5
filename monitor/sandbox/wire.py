"""What passes between the HTTP shell and the pure dialects, and what a fault may change about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from monitor.sandbox.cards import Decision


class Operation(StrEnum):
    """What a request asks for, in words both dialects share: faults are selected by it."""

    INFORMATION = "information"
    CREATE = "create"
    AUTHORISE = "authorise"
    PAY = "pay"
    VERIFY = "verify"
    CAPTURE = "capture"
    VOID = "void"
    REFUND = "refund"
    RETRIEVE = "retrieve"
    LIST = "list"
    SEARCH = "search"
    BALANCE = "balance"
    METHOD = "payment_method"
    TICKET = "ticket"  # the desk's only operation
    OTHER = "other"


class Trouble(StrEnum):
    """Ways for the gateway itself to fail; each dialect has its words for them."""

    UNAVAILABLE = "unavailable"
    BROKEN = "broken"
    BUSY = "busy"
    UNAUTHORISED = "unauthorised"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Request:
    """``path`` is as it came, percent signs and all; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """``payload`` is what goes out as JSON."""

    status: int
    payload: object
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """What a request is about, as far as faults care. ``card_prefix`` holds six digits at most."""

    dialect: str
    operation: Operation
    brand: str = ""
    card_prefix: str = ""


@dataclass(slots=True)
class Effects:
    """What faults change inside the gateway while it does its work."""

    approve_all: bool = False
    approvals_become: Decision | None = None
    ignore_keys: bool = False
    first_key_revoked: bool = False
    list_lag_seconds: float | None = None  # None: the gateway's usual lag
    read_lag_seconds: float = 0.0
    amount_factor: int = 1

    def decide(self, decision: Decision) -> Decision:
        if self.approve_all:
            return Decision.APPROVED
        if self.approvals_become is not None and decision is Decision.APPROVED:
            return self.approvals_become
        return decision


class Dialect(Protocol):
    """One gateway's way of speaking. Pure: the instant comes in, nothing is waited for."""

    name: str

    def owns(self, path: str) -> bool:
        """Whether requests for ``path`` are this dialect's."""

    def call(self, request: Request) -> Call:
        """What ``request`` is about; never raises, whatever came in."""

    def answer(self, request: Request, effects: Effects, now: float) -> Answer:
        """Do the work and say what came of it."""

    def trouble(self, trouble: Trouble) -> Answer:
        """The dialect's words for a failure of the gateway itself."""
