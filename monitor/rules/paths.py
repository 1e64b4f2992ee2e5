"""One location alone does not reach a target that others reach: its way there is broken, and the target is not.

Rules that pool locations leave such a place out of their evidence, so somebody has to say it: at low severity, as an incident of
that location. Where all locations lose the target nothing is said here: that is the target's own trouble.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from monitor.model.alert import Alert, AlertState
from monitor.model.durations import duration_text
from monitor.model.result import Result
from monitor.model.text import Text
from monitor.rules.monitor_alerts import LOCATION_PATH, monitor_alert
from monitor.rules.sight import SEEN_SECONDS, UNREACHED

#: Runs in a row without an answer, over at least this long: a network's hiccup of a minute concerns nobody.
LOST = 5
LOST_SECONDS = 60.0
#: Answered runs in a row that show that the way is good again.
ANSWERED = 5
_NEVER = float("-inf")


@dataclass(slots=True)
class _Way:
    """From one location to one target: runs in a row that were lost or answered, since when, and the latest answer."""

    lost: int = 0
    since: float = 0.0
    answered: int = 0
    latest: float = _NEVER


class Paths:
    """Watches every result, judged already by ``Blindness``. With one location there is nothing to compare, and nothing to say."""

    def __init__(self) -> None:
        self._ways: dict[str, dict[str, _Way]] = {}  # by target, then location
        self._alerts: dict[tuple[str, str], Alert] = {}
        self.changed = False  # since the state was last dumped

    def take(self, result: Result) -> list[Alert]:
        if result.good is None or result.control or result.extra:
            return []
        ways = self._ways.setdefault(result.target, {})
        way = ways.setdefault(result.location, _Way())
        key = (result.target, result.location)
        if result.good is False and result.outcome in UNREACHED:
            self._lost(way, result)
            self.changed |= len(ways) > 1
            fires = key not in self._alerts and self._is_alone(way, ways, result.finished)
            return [self._fire(key, way, ways, result.finished)] if fires else []
        self.changed |= bool(way.lost and len(ways) > 1)
        way.lost, way.answered, way.latest = 0, way.answered + 1, max(way.latest, result.started)
        return [self._end(key, result.finished)] if key in self._alerts and way.answered >= ANSWERED else []

    def alerts(self) -> list[Alert]:
        return list(self._alerts.values())

    def adopt(self, targets: Collection[str], at: float) -> list[Alert]:
        """Another configuration: what is no longer asked cannot recover."""
        self._ways = {target: ways for target, ways in self._ways.items() if target in targets}
        return [self._end(key, at) for key in list(self._alerts) if key[0] not in targets]

    def dump(self) -> str:
        self.changed = False
        lost = [
            [target, place, way.lost, way.since] for target, ways in self._ways.items() for place, way in ways.items() if way.lost
        ]
        return json.dumps(lost)

    def restore(self, saved: str, alerts: Iterable[Alert]) -> None:
        """``saved`` is what ``dump`` gave, or "" when nothing was kept."""
        for target, place, lost, since in json.loads(saved or "[]"):
            self._ways.setdefault(target, {})[place] = _Way(lost, since)
        self._alerts = {(alert.series.target, alert.series.location): alert for alert in alerts if alert.rule == LOCATION_PATH}

    def _lost(self, way: _Way, result: Result) -> None:
        if not way.lost:
            way.since = result.due
        way.lost, way.answered = way.lost + 1, 0

    def _is_alone(self, way: _Way, ways: dict[str, _Way], at: float) -> bool:
        long = way.lost >= LOST and at - way.since >= LOST_SECONDS
        return long and bool(_reached(ways, way, at))

    def _fire(self, key: tuple[str, str], way: _Way, ways: dict[str, _Way], at: float) -> Alert:
        target, place = key
        others = _reached(ways, way, at)
        summary = Text(
            f"{way.lost} runs in a row from {place} got no answer; {', '.join(others)} reached it meanwhile",
            f"{place} 连续 {way.lost} 次无应答，同期 {'、'.join(others)} 可正常连接",
        )
        evidence = {"places": place, "failures": str(way.lost)}
        state, since = AlertState.FIRING, way.since
        alert = monitor_alert(LOCATION_PATH, place, state, since=since, at=at, summary=summary, evidence=evidence, target=target)
        self._alerts[key] = alert
        return alert

    def _end(self, key: tuple[str, str], at: float) -> Alert:
        alert = self._alerts.pop(key)
        lasted = duration_text(max(0.0, at - alert.since))
        summary = Text(f"{key[1]} reaches it again after {lasted.en}", f"{key[1]} 历时 {lasted.zh}后恢复连接")
        return replace(alert, state=AlertState.RESOLVED, changed=max(at, alert.changed), summary=summary)


def _reached(ways: dict[str, _Way], way: _Way, at: float) -> list[str]:
    """Locations that got an answer since this one lost its way, and lately."""
    return sorted(
        place
        for place, other in ways.items()
        if not other.lost and other.latest >= way.since and at - other.latest <= SEEN_SECONDS
    )
