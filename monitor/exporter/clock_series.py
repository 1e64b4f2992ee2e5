"""The series of incidents' clocks and of the calendars they count in. Bounded by kinds of clocks, priorities and configuration."""

from collections.abc import Collection, Mapping

from monitor.deadlines.targets import Kind
from monitor.exporter import catalogue as metric
from monitor.exporter.catalogue import Metric
from monitor.exporter.lines import Counter, Family, Gauge
from monitor.model.alert import Severity

#: Time left until a target is missed, by clock and severity.
Left = Mapping[tuple[Kind, Severity], float]


class ClockSeries:
    def __init__(self, families: Mapping[Metric, Family]) -> None:
        self._families = families
        each = [(kind, severity) for kind in Kind for severity in Severity]
        labels = {pair: {"clock": pair[0].value, "severity": pair[1].value} for pair in each}
        self._left = {pair: Gauge(families[metric.CLOCK_LEFT], labels[pair]) for pair in each}
        self._missed = {pair: Counter(families[metric.CLOCKS_MISSED], labels[pair]) for pair in each}
        self._calendars: dict[str, Gauge] = {}

    def left(self, left: Left) -> None:
        for pair, gauge in self._left.items():
            gauge.set(round(left[pair], 3) if pair in left else None)

    def missed(self, kind: Kind, severity: Severity) -> None:
        self._missed[kind, severity].add()

    def calendars(self, names: Collection[str], doubted: Collection[str]) -> None:
        for name in self._calendars.keys() - set(names):
            self._calendars.pop(name).close()
        for name in names:
            if name not in self._calendars:
                self._calendars[name] = Gauge(self._families[metric.CALENDAR_OFFICIAL], {"calendar": name})
            self._calendars[name].set(int(name not in doubted))
