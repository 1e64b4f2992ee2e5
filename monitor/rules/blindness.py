"""Is it them, or can we not see? Control probes go to references that have nothing to do with any gateway.

Blindness is a location's own: each is judged by its own controls (``sight``), and a target is out only if a location with eyes sees
it out. While others see, a blind location is an alert of low severity, since payments are watched on. When nobody sees, nobody
watches the payments, and the alert says that the monitor is blind.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from monitor.model.alert import Alert, AlertState
from monitor.model.check import Check
from monitor.model.durations import duration_text
from monitor.model.result import Result
from monitor.model.text import Text
from monitor.rules.monitor_alerts import BLIND, LOCATION_BLIND, monitor_alert
from monitor.rules.sight import Sight


class Blindness:
    """``judge`` every result before anybody believes it; ``tick`` and ``alerts`` as time passes. A plain object, no I/O.

    ``location`` is this process's own; others appear as their results come in.
    """

    def __init__(self, checks: Mapping[str, Check], location: str, *, hold_seconds: float | None = None) -> None:
        self._checks = checks
        self._location = location
        self._hold_seconds = hold_seconds
        self._sights: dict[str, Sight] = {}
        self._alerts: dict[str, Alert] = {}  # by location
        self._sight(location)

    def adopt(self, checks: Mapping[str, Check]) -> None:
        """Another configuration: controls that stay keep what they know."""
        self._checks = checks
        for sight in self._sights.values():
            sight.adopt(checks)

    def restore(self, alerts: Iterable[Alert]) -> None:
        """Alerts that were firing before a restart: they resolve when their location sees again."""
        self._alerts = {alert.series.location: alert for alert in alerts if alert.rule in (BLIND, LOCATION_BLIND)}
        for location in self._alerts:
            self._sight(location)

    @property
    def hold_seconds(self) -> float:
        return self._sight(self._location).hold_seconds

    @property
    def blind(self) -> bool:
        """No location sees."""
        return all(sight.blind for sight in self._sights.values())

    def judge(self, result: Result, at: float) -> list[Result]:
        """What can be believed now, oldest first: results that were held and are decided, and this one, unless it is held."""
        return self._sight(result.location).judge(result, at)

    def tick(self, at: float) -> list[Result]:
        """Held results whose time has come. Judged a second time, they stay what they are."""
        return [result for sight in self._sights.values() for result in sight.tick(at)]

    def flush(self, at: float) -> list[Result]:
        """Everything held, for a process that ends."""
        return [result for sight in self._sights.values() for result in sight.flush(at)]

    def next_tick(self) -> float | None:
        """When the first held result's time is up."""
        return min((due for sight in self._sights.values() if (due := sight.next_tick()) is not None), default=None)

    def alerts(self, at: float) -> list[Alert]:
        """Those that changed, at most one for each location."""
        changed = []
        for location, sight in self._sights.items():
            alert = self._alerts.get(location)
            if sight.blind and alert is None:
                self._alerts[location] = self._firing(location, sight, at)
                changed.append(self._alerts[location])
            elif alert is not None and not sight.blind and not sight.knows_nothing_yet:
                changed.append(_resolved(self._alerts.pop(location), at))
        return changed

    def _sight(self, location: str) -> Sight:
        known = self._sights.get(location)
        if known is None:
            known = self._sights[location] = Sight(self._checks, hold_seconds=self._hold_seconds)
        return known

    def _firing(self, location: str, sight: Sight, at: float) -> Alert:
        seeing = sorted(name for name, other in self._sights.items() if name != location and other.sees(at))
        count = len(sight.controls)
        en, zh = f"all {count} reference probes and the targets get no answer", f"全部 {count} 个参照探测及各目标均无应答"
        if seeing:
            en, zh = f"{location}: {en}; {', '.join(seeing)} can see", f"{location}：{zh}；{'、'.join(seeing)} 可正常探测"
        evidence = {"controls": ", ".join(sight.controls)}
        rule = LOCATION_BLIND if seeing else BLIND
        since = sight.blind_since
        return monitor_alert(rule, location, AlertState.FIRING, since=since, at=at, summary=Text(en, zh), evidence=evidence)


def _resolved(alert: Alert, at: float) -> Alert:
    lasted = duration_text(max(0.0, at - alert.since))
    summary = Text(f"the monitor sees again after {lasted.en}", f"历时 {lasted.zh}后监控恢复可见")
    return replace(alert, state=AlertState.RESOLVED, changed=at, summary=summary)
