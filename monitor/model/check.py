"""What is watched: checks, their steps and targets, as the configuration builds them and the transaction reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from monitor.model.allowance import Allowance
from monitor.model.money import Money
from monitor.model.outcome import SUCCESSES, Outcome
from monitor.model.text import Text

Scope = Mapping[str, object]


class ExpressionError(Exception):
    """An expression could not be worked out: a field is missing, types do not meet. Fails an assertion; never passes one."""


class Expression(Protocol):
    """A compiled CEL expression."""

    @property
    def source(self) -> str: ...

    def __call__(self, scope: Scope) -> object:
        """Its value in ``scope``. Raises ExpressionError."""


class Template(Protocol):
    """A step's request with holes: nested dicts, lists and strings holding ``${...}``."""

    @property
    def constant(self) -> bool:
        """True when it has no holes: ``render`` then always gives the same object."""

    def render(self, scope: Scope) -> Mapping[str, Any]:
        """Filled in. Captured text is data: never expanded a second time. Raises ExpressionError."""


class MoveKind(StrEnum):
    HOLD = "hold"
    CHARGE = "charge"


@dataclass(frozen=True, slots=True)
class Moves:
    """What a step does with money, and which undo step takes it back.

    ``otherwise`` are tried in order when ``undo`` does not work: void, else refund. Naming an earlier step's undo takes that debt
    over: a capture with ``refund``, else ``cancel`` says that one of the two takes back the hold it was made from.
    """

    kind: MoveKind
    amount: Money
    undo: str
    reference: Template | None = None  # {"reference": ...}: the gateway-visible reference that makes it findable
    otherwise: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One exchange. ``request`` renders to the options of the probe named by ``kind``."""

    name: str
    kind: str
    request: Template
    timeout_seconds: float
    expect: tuple[Expression, ...] = ()
    outcomes: frozenset[Outcome] = SUCCESSES
    save: tuple[tuple[str, Expression], ...] = ()
    moves: Moves | None = None
    when: Expression | None = None  # an undo step is made unless this is false; what cannot be worked out is not false
    written: str = ""  # its request for people, holes and all: "POST /v1/payment_intents/${intent}/capture"
    reads: bool = False  # it only asks: nothing at the gateway changes by it


@dataclass(frozen=True, slots=True)
class Stratum:
    """One cell of a check's strata: brand=visa, currency=usd."""

    values: tuple[tuple[str, str], ...] = ()

    @property
    def label(self) -> str:
        return ",".join([f"{name}={value}" for name, value in self.values]) if self.values else ""


class Burst(StrEnum):
    """What of a check may be sent more often while something is suspected."""

    OFF = "off"
    READS = "reads"  # steps that only ask
    FULL = "full"  # every step; those that move money few and far between


@dataclass(frozen=True, slots=True)
class Objective:
    """What the check is held to: share of runs that must be up, and how fast."""

    availability: float = 0.999
    latency_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Check:
    id: str
    title: Text
    target: str
    every_seconds: float
    budget_seconds: float  # for the steps of a run
    undo_budget_seconds: float  # for its clean-ups: a budget of their own
    steps: tuple[Step, ...]
    undo: Mapping[str, Step] = field(default_factory=dict)
    strata: tuple[Stratum, ...] = (Stratum(),)  # rotated by slot
    objective: Objective = Objective()
    control: bool = False  # a control probe: tells our own blindness from the target's fault
    labels: tuple[tuple[str, str], ...] = ()
    max_in_flight: int = 1
    source: str = ""  # file:line, for people
    burst: Burst = Burst.READS
    moves_money: bool = field(init=False)  # worked out once: every run asks a dozen times

    def __post_init__(self) -> None:
        object.__setattr__(self, "moves_money", any(step.moves for step in self.steps))


@dataclass(frozen=True, slots=True)
class Tls:
    """How to speak TLS to a target. Verification is always on unless said otherwise for this one target."""

    ca_file: str | None = None  # instead of the system's roots
    client_cert_file: str | None = None
    client_key_file: str | None = None
    server_name: str | None = None
    minimum: str = "1.2"
    verify: bool = True


#: A gateway that keeps this many transactions open at once has stopped giving money back.
OPEN_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Caps:
    """The most synthetic money that may move at one gateway. Decided together with each intent, by currency.

    Empty amounts bound nothing; once one currency is named, a step in any other is refused.
    """

    per_step: tuple[Money, ...] = ()
    per_day: tuple[Money, ...] = ()  # a day of UTC; what was surely not taken does not count
    open_at_once: int = OPEN_AT_ONCE  # transactions not yet proved closed


@dataclass(frozen=True, slots=True)
class Target:
    """A gateway environment. ``base_url`` is literal in configuration: no captured value chooses where a request goes."""

    id: str
    title: Text
    base_url: str
    dialect: str = "plain"  # whose words its answers are in: see monitor/transactions/dialects
    signer: str = "none"
    signer_options: Any = None  # the signer kind's own options, secrets wrapped
    live: bool = False
    allow_private: tuple[str, ...] = ()  # CIDR blocks that this target may resolve to
    tls: Tls = Tls()
    headers: tuple[tuple[str, str], ...] = ()
    max_concurrency: int = 16  # a monitor must not become the load
    timeout_seconds: float = 30.0
    body_limit_bytes: int = 1 << 20
    reuse_connections: bool = False
    customers_per_minute: float | None = None
    settle_seconds: float = 5.0  # how long the gateway's own search may lag behind its writes
    idempotency_header: str | None = None
    idempotency_ttl_seconds: float | None = None
    caps: Caps = Caps()
    allowance: Allowance | None = None  # what may be asked of it, shared with targets of the same gateway and credential
    depends_on: tuple[str, ...] = ()  # targets without which this one cannot work: their trouble explains its own
    front_door: str = ""  # a path whose GET needs no credential; "": found among the checks, or the root
    second_signer: str = "none"  # another credential of the same kind of access, tried on reads when the first is refused
    second_signer_options: Any = None
    regulators: tuple[str, ...] = ()  # regimes under which its trouble may have to be reported
    shares: tuple[str, ...] = ()  # what it stands on together with other targets, by any name: "cloudflare"
    labels: tuple[tuple[str, str], ...] = ()  # for routes: whose payments these are ("customer"), which team's
