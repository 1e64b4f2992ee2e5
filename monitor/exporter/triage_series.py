"""Every series of the inquiries into what is wrong."""

from collections.abc import Iterable, Mapping

from monitor.exporter import catalogue as metric
from monitor.exporter.bounds import LATENCY
from monitor.exporter.catalogue import Metric
from monitor.exporter.lines import Counter, Family, Histogram
from monitor.model.triage import Diagnosis, Experiment, Layer


class TriageSeries:
    """Closed sets, so all of them are there from the start: a verdict that was never given shows as 0."""

    def __init__(self, families: Mapping[Metric, Family], location: str) -> None:
        self._seconds = Histogram(families[metric.TRIAGE_SECONDS], {"location": location}, LATENCY)
        self._verdicts = {layer: Counter(families[metric.TRIAGE_VERDICTS], {"layer": layer.value}) for layer in Layer}
        self._skipped = {one: Counter(families[metric.TRIAGE_SKIPPED], {"experiment": one.value}) for one in Experiment}

    def told(self, diagnosis: Diagnosis, skipped: Iterable[Experiment]) -> None:
        self._seconds.observe(diagnosis.took_seconds)
        self._verdicts[diagnosis.layer].add(1)
        for experiment in skipped:
            self._skipped[experiment].add(1)
