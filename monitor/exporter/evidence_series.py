"""Every series about what the rules go by on one check: evidence of each rule, and what is normal."""

from collections.abc import Iterator, Mapping

from monitor.exporter import catalogue as metric
from monitor.exporter.catalogue import Metric
from monitor.exporter.lines import Cell, Family, Gauge
from monitor.model.check import Check

#: Rule -> (score, threshold).
Scores = Mapping[str, tuple[float, float]]


def evidence_count(scores: Scores) -> int:
    return 2 * len(scores) + 2


class EvidenceSeries:
    """For a fixed set of rules; another set is another object."""

    def __init__(self, families: Mapping[Metric, Family], check: Check, location: str, rules: frozenset[str]) -> None:
        labels = {"check": check.id, "target": check.target, "location": location}
        self.rules = rules
        self._scores = {rule: Gauge(families[metric.EVIDENCE], {**labels, "rule": rule}) for rule in sorted(rules)}
        self._thresholds = {rule: Gauge(families[metric.EVIDENCE_THRESHOLD], {**labels, "rule": rule}) for rule in sorted(rules)}
        self._learned = Gauge(families[metric.BASELINE_AT], labels)
        self._failures = Gauge(families[metric.BASELINE_FAILURES], labels)

    def stand(self, scores: Scores) -> None:
        for rule, (score, threshold) in scores.items():
            self._scores[rule].set(round(score, 3))
            self._thresholds[rule].set(round(threshold, 3))

    def baseline(self, learned_at: float | None, failure_ratio: float | None) -> None:
        self._learned.set(learned_at)
        self._failures.set(failure_ratio)

    def close(self) -> None:
        for cell in self._cells():
            cell.close()

    def _cells(self) -> Iterator[Cell]:
        yield from (*self._scores.values(), *self._thresholds.values(), self._learned, self._failures)
