"""Every series about the extra runs of one check: made when it is first suspected."""

from collections.abc import Iterator, Mapping

from monitor.exporter import catalogue as metric
from monitor.exporter.catalogue import Metric
from monitor.exporter.lines import Cell, Counter, Family, Gauge
from monitor.model.extra import ExtraRefusal
from monitor.model.outcome import Standing

EXTRA_SERIES = len(Standing) + len(ExtraRefusal) + 2


class ExtraSeries:
    def __init__(self, families: Mapping[Metric, Family], check: str, target: str, location: str) -> None:
        labels = {"check": check, "target": target, "location": location}
        self._runs = {s: Counter(families[metric.EXTRA_RUNS], {**labels, "standing": s.value}) for s in Standing}
        self._refused = {r: Counter(families[metric.EXTRA_REFUSED], {**labels, "reason": r.value}) for r in ExtraRefusal}
        self._bursting = Gauge(families[metric.BURSTING], labels)
        self._saved = Gauge(families[metric.EXTRA_SAVED], labels)

    def ran(self, standing: Standing) -> None:
        self._runs[standing].add()

    def refused(self, reason: ExtraRefusal) -> None:
        self._refused[reason].add()

    def level(self, *, bursting: bool, saved: float) -> None:
        self._bursting.set(int(bursting))
        self._saved.set(round(saved, 2))

    def close(self) -> None:
        for cell in self._cells():
            cell.close()

    def _cells(self) -> Iterator[Cell]:
        yield from (*self._runs.values(), *self._refused.values(), self._bursting, self._saved)
