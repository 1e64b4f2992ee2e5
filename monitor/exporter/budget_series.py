"""Every series of one target's budget."""

from collections.abc import Iterator, Mapping

from monitor.budget import Refusal
from monitor.exporter import catalogue as metric
from monitor.exporter.catalogue import Metric
from monitor.exporter.lines import Cell, Counter, Family, Gauge

BUDGET_SERIES = len(Refusal) + 3


class BudgetSeries:
    def __init__(self, families: Mapping[Metric, Family], target: str) -> None:
        labels = {"target": target}
        self._refused = {r: Counter(families[metric.BUDGET_REFUSED], {**labels, "reason": r.value}) for r in Refusal}
        self._tokens = Gauge(families[metric.BUDGET_TOKENS], labels)
        self._declines = Gauge(families[metric.BUDGET_DECLINES], labels)
        self._paused = Gauge(families[metric.BUDGET_PAUSED], labels)

    def refused(self, reason: Refusal) -> None:
        self._refused[reason].add()

    def level(self, tokens: float | None, declines_used: int, paused_seconds: float) -> None:
        self._tokens.set(None if tokens is None else round(tokens, 3))
        self._declines.set(declines_used)
        self._paused.set(round(paused_seconds, 3))

    def close(self) -> None:
        for cell in self._cells():
            cell.close()

    def _cells(self) -> Iterator[Cell]:
        yield from (*self._refused.values(), self._tokens, self._declines, self._paused)
