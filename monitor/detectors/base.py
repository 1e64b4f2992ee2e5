"""What the kinds share: options that are the detector, and the counting of measured samples in order."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from monitor.detectors import State, Verdict
from monitor.detectors.baseline import Baseline
from monitor.model.check import Check
from monitor.model.outcome import Outcome
from monitor.model.sample import Sample

#: Most samples a state remembers: at about 25 bytes each as JSON, a state stays below eight kilobytes.
REMEMBERED_MAX = 300
#: A sample this much older than the newest is no straggler: the clock was set back, and what it stamped before counts no more.
STRAGGLER_SECONDS = 900.0

#: [instant, value] in order of instants; lists, because that is what JSON gives back.
Entries = list[list[float]]


class DetectorModel(BaseModel):
    """Options are frozen and refuse what they do not know. Time alone means nothing unless a kind says otherwise."""

    kind: ClassVar[str]
    pools_locations: ClassVar[bool] = False
    takes_extra: ClassVar[bool] = False
    model_config = ConfigDict(frozen=True, extra="forbid")

    @abstractmethod
    def start(self) -> State:
        """The state before any sample."""

    @abstractmethod
    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]:
        """One more sample of the series."""

    def tailored(self, check: Check, every_seconds: float, family: int = 1) -> Self | None:
        return self

    def informed(self, baseline: Baseline | None) -> Self:
        return self

    def patience(self, location: str, at: float) -> float | None:
        return None

    def describe(self, state: State) -> Mapping[str, str]:
        return {}

    def tick(self, state: State, at: float) -> tuple[State, Verdict | None]:
        return state, None

    def deadline(self, state: State) -> float | None:
        return None


def _in_order(outcomes: tuple[Outcome, ...]) -> tuple[Outcome, ...]:
    return tuple(sorted(set(outcomes)))


#: In one order whatever was written: two spellings of one rule are the same rule, and keep its state over a reload.
Outcomes = Annotated[tuple[Outcome, ...], AfterValidator(_in_order)]


class CountingModel(DetectorModel):
    """Counts failures; ``outcomes`` narrows which. A failure of another kind is then neither good nor bad."""

    outcomes: Outcomes | None = Field(default=None, min_length=1)

    def weigh(self, sample: Sample) -> bool | None:
        """Good, bad, or None: says nothing."""
        if sample.good is False and self.outcomes is not None and sample.outcome not in self.outcomes:
            return None
        return sample.good


def remember(entries: Entries, at: float, value: float, keep: int) -> Entries:
    """``entries`` with one more, in order of instants, the newest ``keep`` of them.

    A straggler is put where it belongs: a run that timed out comes in after quicker ones that were due later. An instant that is
    there already is the same run told twice.
    """
    if not entries or at > entries[-1][0]:
        return [*entries[-(keep - 1) :], [at, value]] if keep > 1 else [[at, value]]
    if entries[-1][0] - at > STRAGGLER_SECONDS:
        return [[at, value]]
    place = len(entries)
    while place and entries[place - 1][0] > at:
        place -= 1
    if place and entries[place - 1][0] == at:
        return entries
    return [*entries[:place], [at, value], *entries[place:]][-keep:]


def trailing(entries: Entries, value: float) -> int:
    """How many of the newest entries in a row have ``value``."""
    count = 0
    for entry in reversed(entries):
        if entry[1] != value:
            break
        count += 1
    return count
