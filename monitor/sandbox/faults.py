"""The fault knobs in force: who set them, since when, and what they do to one request.

Pure, like the knobs. The HTTP shell asks for a ``Plan`` per request and carries it out; the knobs of the listener itself are asked
for with ``active``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from random import Random

from pydantic import ValidationError

from monitor.sandbox.knobs import KNOBS, ONLY, Bucket, Fault, Moment, Plan
from monitor.sandbox.wire import Call

MAX_FAULTS = 100


class FaultError(Exception):
    """The operator's fault description cannot be used; ``problems`` says everything that is wrong."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(slots=True)
class _Set:
    """A fault in force."""

    fault: Fault
    owner: str
    since: float
    bucket: Bucket = field(default_factory=Bucket)


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
            meant = call.operation in ONLY.get(fault.knob, (call.operation,))
            if meant and fault.about(call) and fault.on_at(now - each.since) and self._random.random() < fault.share:
                KNOBS[fault.knob].apply(fault, plan, Moment(now, self._random, each.bucket))
        return plan
