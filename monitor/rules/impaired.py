"""Many of our own faults together: out of file descriptors, a stalled loop, a bug. Somebody must look at the monitor itself."""

import json
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from monitor.model.alert import Alert, AlertState
from monitor.model.durations import duration_text
from monitor.model.outcome import Outcome
from monitor.model.result import Result
from monitor.model.text import Text
from monitor.rules.monitor_alerts import IMPAIRED, monitor_alert

#: Alarm when this many of the latest results are our own faults ...
FAULTS = 5
LATEST = 20
#: ... and it stays so for this long: at hundreds of results a second, one short stall fills the list.
STANDS_SECONDS = 15.0


class Impaired:
    """Watches every result, whatever its check. Recovers when the latest hold no fault of ours."""

    def __init__(self, location: str) -> None:
        self._location = location
        self._latest: deque[bool] = deque(maxlen=LATEST)
        self._faults = 0
        self._since: float | None = None  # first fault since the list was last clean
        self._standing: float | None = None  # when there came to be FAULTS of them
        self._message = ""
        self._alert: Alert | None = None
        self.changed = False  # since the state was last dumped

    def take(self, result: Result) -> list[Alert]:
        fault = result.outcome is Outcome.AGENT_FAULT
        if not fault and not self._faults and self._alert is None:
            return []  # all is well, and has been for a while
        self._remember(fault)
        self.changed = True
        at = result.finished
        if fault:
            self._since = result.due if self._since is None else self._since
            self._message = result.message
        if self._faults == 0 and len(self._latest) == LATEST:
            return self._recover(at)
        if self._faults < FAULTS:
            self._standing = None
        elif self._standing is None:
            self._standing = at
        return self.tick(at)

    def tick(self, at: float) -> list[Alert]:
        due = self.deadline()
        if due is None or at < due:
            return []
        since = at if self._since is None else self._since
        summary = Text(
            f"{self._faults} of the last {len(self._latest)} runs failed by the monitor's own fault",
            f"最近 {len(self._latest)} 次运行中有 {self._faults} 次因监控自身故障而失败",
        )
        evidence = {"faults": str(self._faults), "message": self._message}
        self._alert = monitor_alert(
            IMPAIRED, self._location, AlertState.FIRING, since=since, at=at, summary=summary, evidence=evidence
        )
        return [self._alert]

    def deadline(self) -> float | None:
        return None if self._standing is None or self._alert else self._standing + STANDS_SECONDS

    def alerts(self) -> list[Alert]:
        return [self._alert] if self._alert else []

    def dump(self) -> str:
        self.changed = False
        return json.dumps([list(self._latest), self._since, self._standing, self._message])

    def restore(self, saved: str, alerts: Iterable[Alert]) -> None:
        """``saved`` is what ``dump`` gave, or "" when nothing was kept."""
        if saved:
            latest, self._since, self._standing, self._message = json.loads(saved)
            self._latest.extend(latest)
            self._faults = sum(latest)
        self._alert = next((alert for alert in alerts if alert.rule == IMPAIRED), None)

    def _remember(self, fault: bool) -> None:
        if len(self._latest) == LATEST:
            self._faults -= self._latest[0]
        self._latest.append(fault)
        self._faults += fault

    def _recover(self, at: float) -> list[Alert]:
        self._since = self._standing = None
        self._latest.clear()
        alert, self._alert = self._alert, None
        if alert is None:
            return []
        lasted = duration_text(max(0.0, at - alert.since))
        summary = Text(f"the monitor measures again after {lasted.en}", f"历时 {lasted.zh}后监控恢复测量")
        return [replace(alert, state=AlertState.RESOLVED, changed=at, summary=summary)]
