"""Alerts about ourselves: one group, so that whatever is wrong with the monitor is one incident, apart from every target's."""

from collections.abc import Mapping
from types import MappingProxyType

from monitor.model.alert import Alert, AlertState, Severity
from monitor.model.sample import Series
from monitor.model.text import Text
from monitor.rules.watch import alert_id

GROUP = "monitor"
TARGET = "monitor"
BLIND = "monitor-blind"
IMPAIRED = "monitor-impaired"
#: Raised by the money ledger: synthetic money that stays open, and money that may not move.
MONEY_OPEN = "money-open"
MONEY_STOPPED = "money-stopped"
#: Alerts that no configured rule raises.
OWN_RULES = frozenset({BLIND, IMPAIRED, MONEY_OPEN, MONEY_STOPPED})
MONITOR_RULES: Mapping[str, Text] = MappingProxyType(
    {
        BLIND: Text("The monitor is blind: it reaches nothing, not even its references", "监控失明：所有目标与参照点均不可达"),
        IMPAIRED: Text("The monitor is impaired: its own faults spoil its runs", "监控受损：监控自身故障导致无法测量"),
    }
)


def monitor_alert(
    rule: str, location: str, state: AlertState, *, since: float, at: float, summary: Text, evidence: Mapping[str, str]
) -> Alert:
    """``rule`` is BLIND or IMPAIRED."""
    series = Series("", TARGET, "", location)
    return Alert(
        id=alert_id(rule, series),
        rule=rule,
        series=series,
        severity=Severity.P1,  # while it lasts, nobody watches the payments
        state=state,
        since=since,
        changed=at,
        group=GROUP,
        summary=summary,
        evidence={"kind": rule, **evidence},
        title=MONITOR_RULES[rule],
    )
