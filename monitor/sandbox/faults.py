"""Fault knobs: one table, each entry a name, a line of documentation, its options and what it does to a request's plan.

Pure: instants come in as arguments, randomness comes in as a seeded generator. The HTTP shell asks for a ``Plan`` per request
and carries it out; the two knobs of the listener itself are asked for with ``active``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Annotated, Any, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from monitor.sandbox.cards import Decision
from monitor.sandbox.wire import Call, Effects, Operation, Trouble

GATEWAYS = frozenset({"mastercard", "stripe"})
#: A request is never held for longer: whoever asks has long given up, and its task would stay for ever.
MAX_HOLD_SECONDS = 120.0
MAX_FAULTS = 100

Seconds = Annotated[float, Field(ge=0, le=86_400)]


def _set(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[frozenset[str], BeforeValidator(_set)]
Operations = Annotated[frozenset[Operation], BeforeValidator(_set)]


class FaultError(Exception):
    """The operator's fault description cannot be used; ``problems`` says everything that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


class Fault(BaseModel):
    """What every knob can be narrowed by: whom, which share, and when. Nothing given means everything, always."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    knob: str
    dialect: Names = GATEWAYS
    operation: Operations = frozenset()
    brand: Names = frozenset()
    card_prefix: str = Field(default="", pattern=r"^\d{0,6}$")
    share: float = Field(default=1.0, gt=0, le=1)
    after_seconds: Seconds = 0.0
    for_seconds: Seconds | None = None
    on_seconds: Seconds | None = Field(default=None, gt=0)  # with off_seconds: a square wave, on first
    off_seconds: Seconds | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _whole_wave(self) -> "Fault":
        if (self.on_seconds is None) != (self.off_seconds is None):
            raise ValueError("on_seconds and off_seconds make a square wave together; one of them is missing")
        return self

    def about(self, call: Call) -> bool:
        return (
            call.dialect in self.dialect
            and (not self.operation or call.operation in self.operation)
            and (not self.brand or call.brand in self.brand)
            and call.card_prefix.startswith(self.card_prefix)
        )

    def on_at(self, elapsed: float) -> bool:
        """Whether it is on, ``elapsed`` seconds after it was set."""
        into = elapsed - self.after_seconds
        if into < 0 or (self.for_seconds is not None and into >= self.for_seconds):
            return False
        if self.on_seconds is None or self.off_seconds is None:
            return True
        return into % (self.on_seconds + self.off_seconds) < self.on_seconds

    def next_change(self, elapsed: float) -> float | None:
        """Seconds after it was set at which it may next turn on or off; None when it will not."""
        into = elapsed - self.after_seconds
        if into < 0:
            return self.after_seconds
        edges = [] if self.for_seconds is None else [self.for_seconds]
        if self.on_seconds is not None and self.off_seconds is not None:
            wave = self.on_seconds + self.off_seconds
            begun = into // wave * wave
            edges += [begun + self.on_seconds, begun + wave]
        if self.for_seconds is not None:
            edges = [min(edge, self.for_seconds) for edge in edges]
        later = [edge for edge in edges if edge > into]
        return self.after_seconds + min(later) if later else None


class Slow(Fault):
    median_seconds: Seconds = 0.5
    sigma: float = Field(default=0.8, ge=0, le=5)  # of the logarithm: 0.3 is calm, 1 has a heavy tail
    most_seconds: float = Field(default=30.0, gt=0, le=MAX_HOLD_SECONDS)


class Wait(Fault):
    seconds: float = Field(default=3.0, gt=0, le=MAX_HOLD_SECONDS)


class BrandDown(Wait):
    seconds: float = Field(default=10.0, ge=0, le=MAX_HOLD_SECONDS)

    @model_validator(mode="after")
    def _needs_somebody(self) -> "BrandDown":
        if not self.brand and not self.card_prefix:
            raise ValueError("name the brand or the card_prefix that is down")
        return self


class Decline(Fault):
    decision: Decision = Decision.DECLINED


class Throttle(Fault):
    per_second: float = Field(default=1.0, gt=0)
    burst: float = Field(default=1.0, ge=1)


class Lag(Fault):
    seconds: Seconds = 5.0


class WrongAmount(Fault):
    factor: int = Field(default=100, ge=2, le=1_000)


class ShortCertificate(Fault):
    days: float = Field(default=3.0, gt=-365, le=365)


@dataclass(slots=True)
class Plan:
    """What is to happen to one request, in this order."""

    delay_seconds: float = 0.0
    reset: bool = False
    hold: bool = False
    refused: Trouble | None = None  # instead of the work
    html: bool = False  # a firewall's page instead of the work
    retry_after_seconds: float | None = None
    effects: Effects = field(default_factory=Effects)
    broken_after: bool = False  # the work is done and the answer denies it
    drop_answer: bool = False


@dataclass(slots=True)
class _Set:
    """A fault in force. ``tokens`` is the throttle's bucket."""

    fault: Fault
    owner: str
    since: float
    tokens: float | None = None
    filled: float = 0.0


class Moment(NamedTuple):
    now: float
    random: Random
    set: _Set


def _slow(fault: Slow, plan: Plan, moment: Moment) -> None:
    seconds = fault.median_seconds * moment.random.lognormvariate(0.0, fault.sigma)
    plan.delay_seconds += min(seconds, fault.most_seconds)


def _wait(fault: Wait, plan: Plan, moment: Moment) -> None:
    plan.delay_seconds += fault.seconds


def _brand_down(fault: BrandDown, plan: Plan, moment: Moment) -> None:
    plan.delay_seconds += fault.seconds
    plan.effects.approvals_become = Decision.TIMED_OUT


def _decline(fault: Decline, plan: Plan, moment: Moment) -> None:
    plan.effects.approvals_become = fault.decision


def _throttle(fault: Throttle, plan: Plan, moment: Moment) -> None:
    bucket = moment.set
    tokens = fault.burst if bucket.tokens is None else bucket.tokens + (moment.now - bucket.filled) * fault.per_second
    tokens, bucket.filled = min(tokens, fault.burst), moment.now
    if tokens < 1:
        plan.refused, plan.retry_after_seconds = Trouble.BUSY, (1 - tokens) / fault.per_second
    bucket.tokens = tokens - 1 if tokens >= 1 else tokens


def _list_lag(fault: Lag, plan: Plan, moment: Moment) -> None:
    plan.effects.list_lag_seconds = fault.seconds


def _stale_read(fault: Lag, plan: Plan, moment: Moment) -> None:
    plan.effects.read_lag_seconds = fault.seconds


def _wrong_amount(fault: WrongAmount, plan: Plan, moment: Moment) -> None:
    plan.effects.amount_factor = fault.factor


def _mark(**changes: object) -> Callable[[Any, Plan, Moment], None]:
    def apply(fault: Fault, plan: Plan, moment: Moment) -> None:
        for name, value in changes.items():
            setattr(plan, name, value)

    return apply


def _effect(name: str) -> Callable[[Any, Plan, Moment], None]:
    return lambda fault, plan, moment: setattr(plan.effects, name, True)


def _listener(fault: Fault, plan: Plan, moment: Moment) -> None:
    """Carried out at the listening socket, before there is a request."""


class Knob(NamedTuple):
    doc: str
    apply: Callable[[Any, Plan, Moment], None]
    options: type[Fault] = Fault


LISTS = (Operation.LIST, Operation.SEARCH)

KNOBS: dict[str, Knob] = {
    "refuse": Knob("the listening socket is closed: connections are refused (whole gateway)", _listener),
    "short_certificate": Knob("new handshakes get a certificate that ends in `days`", _listener, ShortCertificate),
    "reset": Knob("the connection is reset as soon as the request is in", _mark(reset=True)),
    "black_hole": Knob("the request is taken and never answered", _mark(hold=True)),
    "unavailable": Knob("503 from the front door, no work done", _mark(refused=Trouble.UNAVAILABLE)),
    "error_before": Knob("500, no work done", _mark(refused=Trouble.BROKEN)),
    "error_after": Knob("500 although the work was done", _mark(broken_after=True)),
    "drop_answer": Knob("the work is done and the connection reset before the answer", _mark(drop_answer=True)),
    "unauthorised": Knob("401 for everybody, right credentials or not", _mark(refused=Trouble.UNAUTHORISED)),
    "html_403": Knob("a firewall's HTML page with 403", _mark(html=True)),
    "throttle": Knob("429 with Retry-After from a token bucket of `per_second` and `burst`", _throttle, Throttle),
    "slow": Knob("log-normal delay: `median_seconds`, `sigma`, at most `most_seconds`", _slow, Slow),
    "slow_lists": Knob("`seconds` of delay on lists and searches only", _wait, Wait),
    "brand_down": Knob("the brand's issuers do not answer: after `seconds` approvals come back as timed out", _brand_down, BrandDown),
    "decline": Knob("approvals come back as `decision`", _decline, Decline),
    "approve_all": Knob("every card is approved, those that must be declined too", _effect("approve_all")),
    "ignore_keys": Knob("idempotency keys and transaction ids are ignored: the same request twice is two deeds", _effect("ignore_keys")),
    "list_lag": Knob("lists and searches see writes only after `seconds`", _list_lag, Lag),
    "stale_read": Knob("reads by id see writes only after `seconds`", _stale_read, Lag),
    "wrong_amount": Knob("amounts are booked and told times `factor`", _wrong_amount, WrongAmount),
}  # fmt: skip

#: Knobs that mean certain operations whatever else is selected.
_ONLY: dict[str, Iterable[Operation]] = {"slow_lists": LISTS}


def parse(data: object) -> Fault:
    """One fault from its JSON. Raises FaultError with every problem, and with the list of knobs for an unknown one."""
    if not isinstance(data, Mapping):
        raise FaultError([f'expected an object like {{"knob": "unavailable"}}, got {type(data).__name__}'])
    name = str(data.get("knob", ""))
    if name not in KNOBS:
        raise FaultError([f"unknown knob {name[:40]!r}; there are: {', '.join(KNOBS)}"])
    try:
        return KNOBS[name].options.model_validate(dict(data))
    except ValidationError as error:
        problems = [f"{name}.{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors(include_url=False)]
        raise FaultError(problems) from None


class Board:
    """The faults in force, by who set them: replacing one owner's leaves the others' alone."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._set: list[_Set] = []

    def replace(self, owner: str, faults: Iterable[Fault], now: float) -> None:
        self._set = [each for each in self._set if each.owner != owner] + [_Set(fault, owner, now) for fault in faults]

    def clear(self) -> None:
        self._set = []

    def faults(self) -> list[Fault]:
        return [each.fault for each in self._set]

    def active(self, knob: str, now: float) -> Fault | None:
        """The listener's knobs: the fault of that name in force now."""
        running = (each.fault for each in self._set if each.fault.knob == knob and each.fault.on_at(now - each.since))
        return next(running, None)

    def next_change(self, now: float) -> float | None:
        """The next instant at which some fault turns on or off by itself."""
        changes = ((each.since, each.fault.next_change(now - each.since)) for each in self._set)
        return min((since + change for since, change in changes if change is not None), default=None)

    def plan(self, call: Call, now: float) -> Plan:
        """What happens to this request. Each fault that is about it draws its share anew."""
        plan = Plan()
        for each in self._set:
            fault = each.fault
            meant = call.operation in _ONLY.get(fault.knob, (call.operation,))
            if meant and fault.about(call) and fault.on_at(now - each.since) and self._random.random() < fault.share:
                KNOBS[fault.knob].apply(fault, plan, Moment(now, self._random, each))
        return plan
