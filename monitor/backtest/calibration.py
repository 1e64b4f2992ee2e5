"""The budget asked against the false alarms seen, on a check's own history, with an interval that says how sure that is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from monitor.backtest.firings import Ticket
from monitor.backtest.labels import Label
from monitor.backtest.poisson import interval
from monitor.backtest.score import Span, belongs, calm_months
from monitor.detectors.false_alarms import MONTH_SECONDS, show_false_alarms
from monitor.model.units import show_seconds
from monitor.rules import Rule

DAYS_A_MONTH = 30
#: What a verdict says at the end of its sentence.
_SAID = {"kept": "kept", "broken": "not kept", "open": "not enough history to tell"}


@dataclass(frozen=True, slots=True)
class Calibration:
    """One rule on one check, or on many together.

    ``asked_seconds``: mean time between false alarms that the rule promises for a check; None: it promises none. ``months``:
    check-months (30 days) outside known incidents.
    """

    rule: str
    asked_seconds: float | None
    seen: int
    months: float

    @property
    def bounds(self) -> tuple[float, float]:
        """95 % interval of the false alarms, per check-month."""
        low, high = interval(self.seen)
        return (low / self.months, high / self.months) if self.months > 0 else (0.0, float("inf"))

    @property
    def verdict(self) -> str:
        """``kept``: surely at most what was asked. ``broken``: surely more. ``open``: the history is too short to say."""
        if self.asked_seconds is None:
            return "none"
        low, high = self.bounds
        allowed = MONTH_SECONDS / self.asked_seconds
        return "kept" if high <= allowed else "broken" if low > allowed else "open"

    def sentence(self) -> str:
        low, high = (bound / DAYS_A_MONTH for bound in self.bounds)
        asked = f"asked: {show_false_alarms(self.asked_seconds)}; " if self.asked_seconds else "asked: nothing; "
        seen = f"seen: {self.seen} in {show_seconds(self.months * MONTH_SECONDS)}"
        said = f": {_SAID[self.verdict]}" if self.verdict in _SAID else ""
        return f"{asked}{seen}; 95 % interval {low:.3g} to {high:.3g} a day{said}"

    def facts(self) -> dict[str, object]:
        low, high = self.bounds
        return {
            "rule": self.rule,
            "asked_per_check_month": round(MONTH_SECONDS / self.asked_seconds, 6) if self.asked_seconds else None,
            "seen": self.seen,
            "check_months": round(self.months, 6),
            "seen_per_check_month_95": [round(low, 6), round(high, 6)] if self.months > 0 else None,
            "verdict": self.verdict,
        }


def calibrate(
    rules: Iterable[Rule], tickets: Mapping[str, Sequence[Ticket]], known: Sequence[Label], spans: Mapping[str, Span]
) -> list[Calibration]:
    """``tickets`` by rule; ``known`` incidents are left out, with the time they took."""
    months = calm_months(known, spans)
    return [
        Calibration(
            rule.id,
            getattr(rule.detector, "false_alarms", None),
            sum(1 for ticket in tickets.get(rule.id, ()) if not any(belongs(ticket, label) for label in known)),
            months,
        )
        for rule in rules
    ]
