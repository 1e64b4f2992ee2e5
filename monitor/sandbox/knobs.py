"""What can go wrong at the sandbox: one table, each entry a name, a line of documentation, its options, and what it does to a
request's plan.

Pure: instants come in as arguments, randomness comes in as a seeded generator.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from monitor.sandbox.cards import Decision
from monitor.sandbox.wire import Call, Effects, Operation, Trouble

GATEWAYS = frozenset({"mastercard", "stripe"})
#: A request is never held for longer: whoever asks has long given up, and its task would stay for ever.
MAX_HOLD_SECONDS = 120.0

Seconds = Annotated[float, Field(ge=0, le=86_400)]


def _set(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[frozenset[str], BeforeValidator(_set)]
Operations = Annotated[frozenset[Operation], BeforeValidator(_set)]


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


class AcquirerDown(Wait):
    seconds: float = Field(default=1.0, ge=0, le=MAX_HOLD_SECONDS)
    error: Literal["system_error", "timed_out"] = "system_error"


class Decline(Fault):
    decision: Decision = Decision.DECLINED


class Throttle(Fault):
    per_second: float = Field(default=1.0, gt=0)
    burst: float = Field(default=1.0, ge=1)


class Lag(Fault):
    seconds: Seconds = 5.0


class WrongAmount(Fault):
    factor: int = Field(default=100, ge=2, le=1_000)


class MissingField(Fault):
    field: str = Field(default="status", min_length=1, max_length=80)


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
    without: str = ""  # a field of the answer that is left out, with dots: "order.amount"
    garbled: bool = False  # the answer ends in the middle of its JSON


@dataclass(slots=True)
class Bucket:
    """Of a throttle. ``tokens`` is None before its first request."""

    tokens: float | None = None
    filled: float = 0.0


class Moment(NamedTuple):
    now: float
    random: Random
    bucket: Bucket


_ACQUIRER_SAYS = {"system_error": Decision.ACQUIRER_SYSTEM_ERROR, "timed_out": Decision.TIMED_OUT}


def _slow(fault: Slow, plan: Plan, moment: Moment) -> None:
    seconds = fault.median_seconds * moment.random.lognormvariate(0.0, fault.sigma)
    plan.delay_seconds += min(seconds, fault.most_seconds)


def _wait(fault: Wait, plan: Plan, moment: Moment) -> None:
    plan.delay_seconds += fault.seconds


def _brand_down(fault: BrandDown, plan: Plan, moment: Moment) -> None:
    plan.delay_seconds += fault.seconds
    plan.effects.approvals_become = Decision.TIMED_OUT


def _acquirer_down(fault: AcquirerDown, plan: Plan, moment: Moment) -> None:
    plan.delay_seconds += fault.seconds
    plan.effects.approvals_become = _ACQUIRER_SAYS[fault.error]


def _missing_field(fault: MissingField, plan: Plan, moment: Moment) -> None:
    plan.without = fault.field


def _decline(fault: Decline, plan: Plan, moment: Moment) -> None:
    plan.effects.approvals_become = fault.decision


def _throttle(fault: Throttle, plan: Plan, moment: Moment) -> None:
    bucket = moment.bucket
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
    "key_rotated": Knob("401 for the first password or key; the second one works", _effect("first_key_revoked")),
    "merchant_disabled": Knob("the merchant's profile is switched off: everything that needs credentials is refused", _mark(refused=Trouble.DISABLED)),
    "html_403": Knob("a firewall's HTML page with 403", _mark(html=True)),
    "throttle": Knob("429 with Retry-After from a token bucket of `per_second` and `burst`", _throttle, Throttle),
    "slow": Knob("log-normal delay: `median_seconds`, `sigma`, at most `most_seconds`", _slow, Slow),
    "slow_lists": Knob("`seconds` of delay on lists and searches only", _wait, Wait),
    "brand_down": Knob("the brand's issuers do not answer: after `seconds` approvals come back as timed out", _brand_down, BrandDown),
    "acquirer_down": Knob("the acquirer fails: after `seconds` approvals come back with its `error`, system_error or timed_out", _acquirer_down, AcquirerDown),
    "decline": Knob("approvals come back as `decision`", _decline, Decline),
    "approve_all": Knob("every card is approved, those that must be declined too", _effect("approve_all")),
    "ignore_keys": Knob("idempotency keys and transaction ids are ignored: the same request twice is two deeds", _effect("ignore_keys")),
    "list_lag": Knob("lists and searches see writes only after `seconds`", _list_lag, Lag),
    "stale_read": Knob("reads by id see writes only after `seconds`", _stale_read, Lag),
    "missing_field": Knob("answers leave out the `field` (dots lead inwards); a deploy that changed a shape", _missing_field, MissingField),
    "garbled": Knob("answers end in the middle of their JSON", _mark(garbled=True)),
    "wrong_amount": Knob("amounts are booked and told times `factor`", _wrong_amount, WrongAmount),
}  # fmt: skip

#: Knobs that mean certain operations whatever else is selected.
ONLY: dict[str, Iterable[Operation]] = {
    "slow_lists": LISTS,
    "merchant_disabled": frozenset(Operation) - {Operation.INFORMATION},
}
