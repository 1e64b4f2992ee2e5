"""When people must know: money that stays open, and money that may not move. One incident for each gateway."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from monitor.janitor.keeper import Keeper
from monitor.ledger import wording
from monitor.ledger.machine import Transaction
from monitor.model.alert import Alert, AlertState, Severity
from monitor.model.check import Target
from monitor.model.sample import Series
from monitor.model.text import Text
from monitor.rules.monitor_alerts import MONEY_OPEN, MONEY_STOPPED
from monitor.rules.watch import alert_id

#: Open for this long, it is an incident: several tries at five minutes' distance have failed.
ORPHAN_SECONDS = 1_800.0
#: Money that may not move is told after this long: a breaker that closes by itself is nobody's business.
STOPPED_SECONDS = 60.0


class Alarms:
    """``firing`` are those that an earlier process raised and that still stand."""

    def __init__(self, location: str, firing: Iterable[Alert] = ()) -> None:
        self._location = location
        self._firing = {alert.id: alert for alert in firing if alert.rule in (MONEY_OPEN, MONEY_STOPPED)}
        self._stopped_since: dict[str, float] = {}

    def review(self, keeper: Keeper, targets: Mapping[str, Target], why: Callable[[str], str]) -> list[Alert]:
        """The alerts that changed: firing or resolved."""
        now = keeper.now()
        wanted = {alert.id: alert for alert in (*self._orphans(keeper, why, now), *self._stops(keeper, targets, now))}
        fresh = [alert for name, alert in wanted.items() if name not in self._firing]
        over = [_resolved(alert, now) for name, alert in self._firing.items() if name not in wanted]
        self._firing = {name: self._firing.get(name, alert) for name, alert in wanted.items()}
        return fresh + over

    def _orphans(self, keeper: Keeper, why: Callable[[str], str], now: float) -> Iterable[Alert]:
        for tx in keeper.books.owed():
            age = now - tx.opened
            if age >= ORPHAN_SECONDS:
                yield self._orphan(tx, age, why(tx.id), now)

    def _orphan(self, tx: Transaction, age: float, why: str, now: float) -> Alert:
        series = Series(tx.check, tx.target, "", self._location, tx.id)
        summary = wording.orphan(tx, age, why)
        return _alert(MONEY_OPEN, series, Severity.P2, tx.opened, now, summary, wording.ORPHAN_TITLE, tx.id)

    def _stops(self, keeper: Keeper, targets: Mapping[str, Target], now: float) -> Iterable[Alert]:
        found = {name: keeper.books.stopped(name, now) for name in {*targets, *keeper.books.unswept}}
        reasons = {name: reason for name, reason in found.items() if reason is not None}
        if keeper.trouble:
            reasons[""] = wording.unwritable(keeper.trouble)
        self._stopped_since = {name: self._stopped_since.get(name, now) for name in reasons}
        for name, since in self._stopped_since.items():
            if now - since >= STOPPED_SECONDS:
                series = Series("", name or "monitor", "", self._location, name)
                summary = wording.stopped(name, reasons[name])
                yield _alert(MONEY_STOPPED, series, Severity.P2, since, now, summary, wording.STOPPED_TITLE, "")


def _alert(
    rule: str, series: Series, severity: Severity, since: float, now: float, summary: Text, title: Text, run: str
) -> Alert:
    return Alert(
        id=alert_id(rule, series),
        rule=rule,
        series=series,
        severity=severity,
        state=AlertState.FIRING,
        since=since,
        changed=now,
        group=f"money|{series.target}",
        summary=summary,
        evidence={"kind": rule},
        run_id=run,
        title=title,
    )


def _resolved(alert: Alert, now: float) -> Alert:
    return replace(alert, state=AlertState.RESOLVED, changed=now)
