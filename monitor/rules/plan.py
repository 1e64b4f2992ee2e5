"""Which rules watch a check, and over which of its series: worked out once, when the configuration is read."""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.detectors import Detector
from monitor.model.check import Check
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

    @property
    def pooled(self) -> bool:
        return not self.rule.selector.stratum

    def covers(self, stratum: str, location: str, step: str) -> bool:
        return stratum in self.strata and step in self.steps and matches(self.rule.selector.location, location)


def assign(rules: Iterable[Rule], check: Check) -> tuple[Assignment, ...]:
    """The rules that have something to watch on ``check``."""
    found = (_assignment(rule, check) for rule in rules if rule.selector.takes(check))
    return tuple(assignment for assignment in found if assignment)


def _assignment(rule: Rule, check: Check) -> Assignment | None:
    selector = rule.selector
    labels = [stratum.label for stratum in check.strata]
    every = check.every_seconds * (len(labels) if selector.stratum else 1)
    detector = rule.detector.tailored(check, every)
    strata = frozenset(label for label in labels if matches(selector.stratum, label)) if selector.stratum else WHOLE
    steps = _steps(rule, check)
    if detector is None or not strata or not steps:
        return None
    return Assignment(rule, detector, strata, steps, ticks=detector.deadline(detector.start()) is not None)


def _steps(rule: Rule, check: Check) -> frozenset[str]:
    wanted = rule.selector.step
    if not wanted:
        return WHOLE
    names = {step.name for step in check.steps}
    # Clean-ups run only when something is owed: their silence means nothing.
    if rule.detector.kind != "absence":
        names |= set(check.undo)
    return frozenset(name for name in names if matches(wanted, name))
