"""Nothing measured: silence is neither up nor down, and somebody must know of it.

Runs that could not measure (our own faults, a blind monitor) are silence too.
"""

import re
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Self

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

from monitor.detectors import CALM, HEALTHY, State, Verdict
from monitor.detectors.base import DetectorModel
from monitor.model.check import Check
from monitor.model.durations import duration_text
from monitor.model.sample import Sample
from monitor.model.text import Text
from monitor.model.units import parse_duration

#: Time is looked at every second or so. A look this late means that nobody was here: stopped, suspended, or the clock was set
#: forward. The silence of that time was ours, and counting begins anew.
UNATTENDED_SECONDS = 60.0
_INTERVALS = re.compile(r"(\d{1,4}) intervals?")


@dataclass(frozen=True, slots=True)
class Intervals:
    """A length of time in intervals of the series."""

    count: int

    def __str__(self) -> str:
        return f"{self.count} intervals"


def _length(value: object) -> float | Intervals:
    if isinstance(value, Intervals):
        return value
    match = _INTERVALS.fullmatch(value.strip()) if isinstance(value, str) else None
    length = Intervals(int(match[1])) if match else _duration(value)
    if length in (Intervals(0), 0.0):
        raise ValueError(f"expected some time, got {value!r}: every check would be absent at once")
    return length


def _duration(value: object) -> float:
    try:
        return parse_duration(value)
    except ValueError:
        raise ValueError(f'expected "3 intervals" or a duration like "90s", got {value!r}') from None


Length = Annotated[
    Any,
    BeforeValidator(_length),
    PlainSerializer(lambda value: str(value) if isinstance(value, Intervals) else value),
    WithJsonSchema({"type": "string", "examples": ["3 intervals", "90s"]}),
]


class Absence(DetectorModel):
    """Alarm when no sample was measured for ``after``: a duration, or ``"3 intervals"`` of the series. Any measured sample heals."""

    kind: ClassVar[str] = "absence"

    after: Length = Field(default=Intervals(3), validate_default=True)

    def tailored(self, check: Check, every_seconds: float, family: int = 1) -> Self | None:
        if not isinstance(self.after, Intervals):
            return self
        # A run may take its whole budget, and its clean-ups theirs, before its result is in.
        allowance = check.budget_seconds + check.undo_budget_seconds
        return self.model_copy(update={"after": self.after.count * every_seconds + allowance})

    def start(self) -> State:
        return [None, False]  # last measured (or when watching began), alarmed

    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]:
        if sample.good is None:
            return state, self._judge(state, sample.seen)
        return [sample.seen, False], HEALTHY

    def tick(self, state: State, at: float) -> tuple[State, Verdict | None]:
        last, alarmed = state
        if alarmed:
            return state, None
        due = None if last is None else last + self.after
        if due is None or at > due + UNATTENDED_SECONDS:
            return [at, False], None
        if at < due:
            return state, None
        state = [last, True]
        return state, self._judge(state, at)

    def deadline(self, state: State) -> float | None:
        last, alarmed = state
        if alarmed:
            return None
        return 0.0 if last is None else float(last + self.after)

    def _judge(self, state: State, at: float) -> Verdict:
        last, alarmed = state
        if not alarmed:
            return CALM
        silent = duration_text(max(at - last, self.after))
        summary = Text(f"nothing measured for {silent.en}", f"已有 {silent.zh}没有测量结果")
        return Verdict(alarm=True, recovered=False, since=last, summary=summary, evidence={"silent": silent.en})
