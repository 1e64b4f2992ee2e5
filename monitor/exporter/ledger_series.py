"""Every series of one target's synthetic money."""

from collections.abc import Mapping

from monitor.exporter import catalogue as metric
from monitor.exporter.catalogue import Metric
from monitor.exporter.lines import Counter, Family, Gauge
from monitor.model.exposure import LedgerFigures

#: Currencies of one gateway that get a series; a canary pays in one or two.
CURRENCIES_MAX = 16
LEDGER_SERIES = CURRENCIES_MAX + 5


class LedgerSeries:
    """They stay when a reload takes the target away: what is open there is still ours."""

    def __init__(self, families: Mapping[Metric, Family], target: str) -> None:
        self._families, self._labels = families, {"target": target}
        self._exposure: dict[str, Gauge] = {}
        self._open = Gauge(families[metric.LEDGER_OPEN], self._labels)
        self._oldest = Gauge(families[metric.LEDGER_OLDEST], self._labels)
        self._stopped = Gauge(families[metric.LEDGER_STOPPED], self._labels)
        self._undo_failures = Counter(families[metric.LEDGER_UNDO_FAILURES], self._labels)
        self._strays = Counter(families[metric.LEDGER_STRAYS], self._labels)
        self._counted = LedgerFigures(target)

    def stand(self, figures: LedgerFigures) -> None:
        for currency in figures.exposure_minor:
            if currency not in self._exposure and len(self._exposure) < CURRENCIES_MAX:
                labels = {**self._labels, "currency": currency}
                self._exposure[currency] = Gauge(self._families[metric.LEDGER_EXPOSURE], labels)
        for currency, gauge in self._exposure.items():
            gauge.set(figures.exposure_minor.get(currency, 0))
        self._open.set(figures.open_transactions)
        self._oldest.set(round(figures.oldest_open_seconds, 3))
        self._stopped.set(int(figures.stopped))
        self._undo_failures.add(figures.undo_failures - self._counted.undo_failures)
        self._strays.add(figures.strays - self._counted.strays)
        self._counted = figures
