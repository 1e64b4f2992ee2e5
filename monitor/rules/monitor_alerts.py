"""Alerts about ourselves: whatever is wrong with the monitor is one incident, and one location's troubles another, apart from every target's."""

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
#: One of several places we watch from: it sees nothing, or it alone does not reach one target. No target's outage, and no blindness.
LOCATION_BLIND = "location-blind"
LOCATION_PATH = "location-path"
#: Raised by the money ledger: synthetic money that stays open, and money that may not move.
MONEY_OPEN = "money-open"
MONEY_STOPPED = "money-stopped"
#: Alerts that no configured rule raises.
OWN_RULES = frozenset({BLIND, IMPAIRED, LOCATION_BLIND, LOCATION_PATH, MONEY_OPEN, MONEY_STOPPED})
MONITOR_RULES: Mapping[str, Text] = MappingProxyType(
    {
        BLIND: Text("The monitor is blind: it reaches nothing, not even its references", "监控失明：所有目标与参照点均不可达"),
        IMPAIRED: Text("The monitor is impaired: its own faults spoil its runs", "监控受损：监控自身故障导致无法测量"),
        LOCATION_BLIND: Text(
            "One location is blind: it reaches nothing, not even its references", "单个探测点失明：所有目标与参照点均不可达"
        ),
        LOCATION_PATH: Text(
            "One location alone does not reach a target that the others reach", "单个探测点无法连接目标，其他探测点正常"
        ),
    }
)
#: While these last nobody watches the payments; anything else of ours leaves them watched.
_SEVERITIES = {LOCATION_BLIND: Severity.P3, LOCATION_PATH: Severity.P4}


def monitor_alert(
    rule: str,
    location: str,
    state: AlertState,
    *,
    since: float,
    at: float,
    summary: Text,
    evidence: Mapping[str, str],
    target: str = TARGET,
) -> Alert:
    """``rule`` is one of MONITOR_RULES. What concerns one location of several is an incident of that location."""
    series = Series("", target, "", location)
    place = f",location={location}"
    groups = {LOCATION_BLIND: f"{GROUP}{place}", LOCATION_PATH: f"target={target}{place}"}
    return Alert(
        # A path is named by its target too: one location may lose several.
        id=alert_id(rule, series._replace(check=target) if rule == LOCATION_PATH else series),
        rule=rule,
        series=series,
        severity=_SEVERITIES.get(rule, Severity.P1),
        state=state,
        since=since,
        changed=at,
        group=groups.get(rule, GROUP),
        summary=summary,
        evidence={"kind": rule, **evidence},
        title=MONITOR_RULES[rule],
    )
