"""Which rules watch a check, and over which of its series: worked out once, when the configuration is read.

A detector that pools locations has one series for all of them, and its location is "". Which samples feed it is still the
selector's choice.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.detectors import Detector
from monitor.model.check import Check
from monitor.model.sample import Series
from monitor.rules.rule import Rule, matches

WHOLE = frozenset({""})


@dataclass(frozen=True, slots=True)
class Assignment:
    """One rule on one check. ``strata`` and ``steps`` hold the labels of its series; "" is the whole."""

    rule: Rule
    detector: Detector
    strata: frozenset[str]
    steps: frozenset[str]
    ticks: bool  # time alone means something to the detector
    rotated: int = 1  # strata of the check

    def series(self, check: Check, stratum: str, location: str, step: str) -> Series | None:
        """The series that a sample of ``stratum``, ``location`` and ``step`` belongs to; None: it is none of ours."""
        label = stratum if self.rule.selector.stratum else ""
        if label not in self.strata or step not in self.steps or not matches(self.rule.selector.location, location):
            return None
        return Series(check.id, check.target, label, "" if self.detector.pools_locations else location, step)

    def owns(self, stratum: str, location: str, step: str) -> bool:
        """Whether this is one of our series, by the labels it has."""
        here = (
            not location if self.detector.pools_locations else bool(location) and matches(self.rule.selector.location, location)
        )
        return stratum in self.strata and step in self.steps and here

    def part(self, series: Series) -> float:
        """The share of the check's runs that ``series`` speaks of: strata are rotated evenly."""
        return 1.0 / self.rotated if series.stratum else 1.0


def assign(rules: Iterable[Rule], check: Check) -> tuple[Assignment, ...]:
    """The rules that have something to watch on ``check``."""
    found = (_assignment(rule, check) for rule in rules if rule.selector.takes(check))
    return tuple(assignment for assignment in found if assignment)


def _assignment(rule: Rule, check: Check) -> Assignment | None:
    selector = rule.selector
    labels = [stratum.label for stratum in check.strata]
    strata = frozenset(label for label in labels if matches(selector.stratum, label)) if selector.stratum else WHOLE
    steps = _steps(rule, check)
    if not strata or not steps:
        return None
    every = check.every_seconds * (len(labels) if selector.stratum else 1)
    # Locations are not counted: which there are shows only as their results come in, and what needs a budget pools them.
    detector = rule.detector.tailored(check, every, len(strata) * len(steps))
    if detector is None:
        return None
    return Assignment(rule, detector, strata, steps, detector.deadline(detector.start()) is not None, len(labels))


def _steps(rule: Rule, check: Check) -> frozenset[str]:
    wanted = rule.selector.step
    if not wanted:
        return WHOLE
    names = {step.name for step in check.steps}
    # Clean-ups run only when something is owed: their silence means nothing.
    if rule.detector.kind != "absence":
        names |= set(check.undo)
    return frozenset(name for name in names if matches(wanted, name))
