"""A rule: which series, watched by which detector, and how bad it is when it alarms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType

from monitor.detectors import Detector
from monitor.model.alert import Severity
from monitor.model.check import Check
from monitor.model.sample import Series
from monitor.model.text import Text

ANY = ("*",)
#: In place of a severity: judge each alert by what it sees.
BY_IMPACT = "impact"


def matches(globs: tuple[str, ...], name: str) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


@dataclass(frozen=True, slots=True)
class Selector:
    """Globs; one that matches is enough. Every label must match.

    ``stratum`` and ``step`` say how finely to look. Empty: the check as a whole, all its strata together, the run as a whole.
    ``"*"``: each by itself, so that one brand's failure is not drowned by the others. ``"?*"`` leaves out checks without strata.
    """

    check: tuple[str, ...] = ANY
    target: tuple[str, ...] = ANY
    stratum: tuple[str, ...] = ()
    location: tuple[str, ...] = ANY
    step: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()

    def takes(self, check: Check) -> bool:
        """Is this check one of ours? Control probes never are: they tell of us, not of a target."""
        carried = dict(check.labels)
        return (
            not check.control
            and matches(self.check, check.id)
            and matches(self.target, check.target)
            and all(name in carried and fnmatchcase(carried[name], glob) for name, glob in self.labels)
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """``for_seconds``: the alarm must stand that long. Alerts alike in what ``group_by`` names are one incident.

    ``by_impact``: its alerts are as bad as what they see (``impact.severity``), and ``severity`` says nothing.

    Raises ValueError for an unknown name in ``group_by``.
    """

    id: str
    title: Text
    selector: Selector
    detector: Detector
    for_seconds: float = 0.0
    severity: Severity = Severity.P2
    group_by: tuple[str, ...] = ("target",)
    by_impact: bool = False

    def __post_init__(self) -> None:
        unknown = [name for name in self.group_by if name not in GROUP_KEYS]
        if unknown or not self.group_by:
            raise ValueError(f"expected group_by to be among {', '.join(GROUP_KEYS)}, got {', '.join(unknown) or 'nothing'}")

    @property
    def written_severity(self) -> str:
        """As a rules file has it."""
        return BY_IMPACT if self.by_impact else self.severity.value

    def group(self, series: Series) -> str:
        return ",".join(f"{name}={GROUP_KEYS[name](self, series)}" for name in self.group_by)


#: What alerts may be grouped by. ``kind`` is the detector's: the four levels of a certificate's ladder are one cause.
GROUP_KEYS: Mapping[str, Callable[[Rule, Series], str]] = MappingProxyType(
    {
        "target": lambda _, series: series.target,
        "check": lambda _, series: series.check,
        "stratum": lambda _, series: series.stratum,
        "location": lambda _, series: series.location,
        "step": lambda _, series: series.step,
        "rule": lambda rule, _: rule.id,
        "kind": lambda rule, _: rule.detector.kind,
    }
)
