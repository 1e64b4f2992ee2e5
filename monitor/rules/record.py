"""What a watch remembers of the trouble it sees: the evidence of its alert."""

from collections.abc import Mapping
from typing import Any

from monitor.model.durations import iso
from monitor.model.sample import Sample

#: Names counted apart in one tally; the rest is counted together. Steps and strata are few; this keeps a strange check bounded.
NAMES_MAX = 20
REST = "others"


class Record:
    """Counts of failures since health was last seen. Empty nearly always."""

    __slots__ = ("failures", "first_bad", "last_good", "message", "outcomes", "steps", "strata")

    def __init__(self) -> None:
        self.last_good: float | None = None
        self.forget()

    def forget(self) -> None:
        self.failures = 0
        self.first_bad: float | None = None
        self.outcomes: dict[str, int] = {}
        self.steps: dict[str, int] = {}
        self.strata: dict[str, int] = {}
        self.message = ""

    def failed(self, sample: Sample, step: str) -> None:
        self.failures += 1
        self.first_bad = sample.at if self.first_bad is None else min(self.first_bad, sample.at)
        self.message = sample.message
        _count(self.outcomes, sample.outcome.value)
        if step:
            _count(self.steps, step)
        if sample.series.stratum:
            _count(self.strata, sample.series.stratum)

    @property
    def suspect(self) -> str:
        """The step that failed most often; "" when none did."""
        return max(sorted(self.steps), key=self.steps.__getitem__) if self.steps else ""

    def evidence(self) -> dict[str, str]:
        """For people and tickets; absent when there is nothing to say. ``outcome`` is the commonest."""
        found = {
            "failures": str(self.failures) if self.failures else "",
            "outcome": max(sorted(self.outcomes), key=self.outcomes.__getitem__) if self.outcomes else "",
            "outcomes": _shown(self.outcomes),
            "steps": _shown(self.steps),
            "strata": _shown(self.strata),
            "first_bad": iso(self.first_bad) if self.first_bad is not None else "",
            "last_good": iso(self.last_good) if self.last_good is not None else "",
            "message": self.message,
        }
        return {name: text for name, text in found.items() if text}

    def dump(self) -> list[Any]:
        return [self.last_good, self.failures, self.first_bad, self.outcomes, self.steps, self.strata, self.message]

    def load(self, saved: list[Any]) -> None:
        self.last_good, self.failures, self.first_bad, self.outcomes, self.steps, self.strata, self.message = saved


def _count(tally: dict[str, int], name: str) -> None:
    if name not in tally and len(tally) >= NAMES_MAX:
        name = REST
    tally[name] = tally.get(name, 0) + 1


def _shown(tally: Mapping[str, int]) -> str:
    """Commonest first: ``tech_gateway 3, timeout_unknown 1``."""
    return ", ".join(f"{name} {count}" for name, count in sorted(tally.items(), key=lambda item: (-item[1], item[0])))
