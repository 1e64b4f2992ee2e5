"""A rule's alarm on one series."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.model.sample import Series
from monitor.model.text import Text


class Severity(StrEnum):
    """P1 is the worst. Order by ``rank``: lower is worse."""

    P1 = "p1"
    P2 = "p2"
    P3 = "p3"
    P4 = "p4"

    @property
    def rank(self) -> int:
        return int(self.value[1])

    def worse(self, other: "Severity") -> "Severity":
        return self if self.rank <= other.rank else other


class AlertState(StrEnum):
    PENDING = "pending"
    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Alert:
    """``group`` says which incident it belongs to: alerts of one cause share it."""

    id: str  # rule|check|stratum|location|step
    rule: str
    series: Series
    severity: Severity
    state: AlertState
    since: float  # onset: when the trouble began, by the samples' due instants
    changed: float  # when it came to this state
    group: str
    summary: Text
    evidence: Mapping[str, str] = field(default_factory=dict)
    run_id: str = ""  # the deciding run
    title: Text = Text("")  # the rule's: what the incident is called
    between: tuple[float, float] | None = None  # 95 % interval of ``since``, when the detector can say
