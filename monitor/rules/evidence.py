"""Where one rule stands on one series: for `explain`, the API and the gauges."""

from collections.abc import Mapping
from dataclasses import dataclass

from monitor.model.alert import AlertState
from monitor.model.sample import Series


@dataclass(frozen=True, slots=True)
class Evidence:
    """``facts`` are the detector's own words: score, threshold, the alternative that is winning, onset. Empty for the plain kinds."""

    rule: str
    series: Series
    kind: str
    alert: AlertState | None  # None: quiet
    facts: Mapping[str, str]
