"""What a run of a check came to: phases, steps, result. Made by ``probes/drive.py``, read by everything above it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from monitor.model.outcome import NetworkReason, Outcome, Standing, standing

#: Longest sentence kept about one step: enough for a person, too little to smuggle a body into a ticket.
MESSAGE_MAX = 400


class Phases(NamedTuple):
    """Seconds spent in each phase of one exchange. None: not reached, or not measured; never 0 for that."""

    resolve: float | None = None
    connect: float | None = None
    tls: float | None = None
    auth: float | None = None
    send: float | None = None
    wait: float | None = None
    receive: float | None = None

    def reached(self) -> dict[str, float]:
        return {name: seconds for name, seconds in zip(self._fields, self, strict=True) if seconds is not None}


PHASES = Phases._fields


class Connection(StrEnum):
    FRESH = "fresh"
    REUSED = "reused"


class Reach(StrEnum):
    """How far a request got; money depends on the difference."""

    NOT_SENT = "not_sent"  # no byte of the request left: nothing can have happened at the gateway
    SENT = "sent"  # something left and no whole answer came back: anything can have happened
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class TlsFacts:
    """What the handshake showed. Expiries are instants; ``chain_expires`` is the earliest in the presented chain."""

    version: str
    cipher: str
    leaf_expires: float
    chain_expires: float
    issuer: str
    subject: str
    alternative_names: tuple[str, ...] = ()
    fingerprint_sha256: str = ""
    serial: str = ""
    key_sha256: str = ""  # of the leaf's public key: the same over a renewal that keeps it


@dataclass(slots=True)
class Exchange:
    """What a probe brings back from one request: facts only, no judgement. A misbehaving target is a value of this type."""

    reach: Reach
    started: float
    duration_seconds: float
    phases: Phases = Phases()
    reason: NetworkReason = NetworkReason.NONE
    error: str = ""  # one plain sentence; already free of secrets
    ours: bool = False  # the fault is the monitor's: out of file descriptors, a stalled loop, our own bug
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: object = None  # parsed JSON (numbers exact: int or Decimal), text, or None
    raw: bytes = b""  # the first part of the body, for evidence
    body_bytes: int = 0
    parse_error: str = ""  # why the body could not be read, when it could not
    tls: TlsFacts | None = None
    address: str = ""  # the IP address reached
    connection: Connection = Connection.FRESH
    queued_seconds: float = 0.0  # waiting on ourselves; never part of a phase
    request_line: str = ""  # "POST /v1/payment_intents", for evidence
    answers: tuple[str, ...] = ()  # DNS answers
    http_version: str = ""  # "1.1"
    over_budget: bool = False  # sent faster than we promised, or while asked to wait: being throttled for it is our own doing


@dataclass(slots=True)
class StepResult:
    """One step of a run, judged."""

    name: str
    outcome: Outcome
    good: bool | None
    duration_seconds: float
    phases: Phases = Phases()
    reason: NetworkReason = NetworkReason.NONE
    message: str = ""
    status: int | None = None
    body_bytes: int = 0
    tls: TlsFacts | None = None
    address: str = ""
    connection: Connection = Connection.FRESH
    queued_seconds: float = 0.0
    undo: bool = False  # a clean-up step
    code: str = ""  # the gateway's own code for it: decline code, error cause; short, from the gateway's closed vocabulary
    correlation: str = ""  # the gateway's own id of the exchange, to paste to its support
    traits: tuple[tuple[str, str], ...] = ()  # what the gateway showed of itself: see ``model/traits.py``
    content: str = ""  # of the answer: json, html, text, empty; "" without a whole one


@dataclass(slots=True)
class Result:
    """One run of one check at one slot. Its identity is (check, location, slot, extra)."""

    run_id: str
    check: str
    target: str
    location: str
    slot: int
    stratum: str  # "" or "brand=visa" or "brand=visa,currency=usd": a label value from a closed set
    due: float
    started: float
    late_seconds: float
    duration_seconds: float
    outcome: Outcome
    good: bool | None
    steps: tuple[StepResult, ...]
    reason: NetworkReason = NetworkReason.NONE
    message: str = ""
    failed_step: str = ""
    suspect: bool = False  # the loop stalled while it ran: not latency evidence
    control: bool = False  # a control probe's: says whether *we* can see at all
    open_undo: tuple[str, ...] = ()  # undo steps that were owed and did not succeed
    evidence: bytes = b""  # redacted, compressed JSON; empty when none was kept
    extra: int = 0  # 0 on the grid; else the n-th run asked for under suspicion in that slot's interval
    covers: str = ""  # the step that an extra run was made for, and ended with; "" when it was the whole run
    pending: bool = False  # still under way, later than ever in calm times: told to rules that can use it, and kept nowhere

    @property
    def standing(self) -> Standing:
        return standing(self.outcome, good=self.good)

    @property
    def finished(self) -> float:
        return self.started + self.duration_seconds

    @property
    def latency_seconds(self) -> float | None:
        """What a customer would have waited; clean-ups are our own housekeeping. None: no evidence (failed, or suspect)."""
        if not self.good or self.suspect:
            return None
        return sum(step.duration_seconds for step in self.steps if not step.undo) if self.steps else self.duration_seconds


class MissReason(StrEnum):
    """Why a planned slot did not run. Every slot ends as run or as one of these."""

    OVERLOAD = "overload"  # too much in flight, or too late to be this slot's sample
    OVERLAP = "overlap"  # the check's previous run had not ended
    PAUSED = "paused"  # the process was stopped, suspended or restarting
    SHUTDOWN = "shutdown"
    BUDGET = "budget"  # the gateway was to be left alone: its rate, its pause, its failing, a card's declines of the day


@dataclass(frozen=True, slots=True)
class Missed:
    """A run of slots of one check that did not run, both ends included."""

    check: str
    location: str
    first_slot: int
    last_slot: int
    reason: MissReason
    at: float

    @property
    def count(self) -> int:
        return self.last_slot - self.first_slot + 1
