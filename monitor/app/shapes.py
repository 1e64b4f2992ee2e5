"""A running service as the API and the pages show it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from monitor.model.check import Check
from monitor.model.result import Result

if TYPE_CHECKING:
    from monitor.app.service import App

#: What is shown of a check's latest result.
_LATEST = ("slot", "stratum", "due", "duration_seconds", "outcome", "good", "failed_step", "message", "run_id")


def status_shape(app: "App") -> dict[str, Any]:
    """What runs, since when, and how it is."""
    tally = app.scheduler.tally
    return {
        "install": app.config.service.install,
        "location": app.config.service.location,
        "config_version": app.config.version,
        "up_seconds": round(app.up_seconds, 3),
        "checks": len(app.config.checks),
        "slots": {
            "planned": tally.planned,
            "ran": tally.ran,
            "missed": {reason.value: count for reason, count in tally.missed.items()},
            "waiting": app.scheduler.waiting,
        },
        "in_flight": app.scheduler.in_flight,
        "loop_lag_seconds": round(app.lag.latest, 6),
        "blind": app.pipeline.blindness.blind,
        "problems": app.progress().problems(),
    }


def check_shapes(checks: Mapping[str, Check], latest: Mapping[str, Result]) -> list[dict[str, Any]]:
    """Every check with its latest result."""
    return [
        {
            "id": check.id,
            "title": {"en": check.title.en, "zh": check.title.zh or check.title.en},
            "target": check.target,
            "every_seconds": check.every_seconds,
            "moves_money": check.moves_money,
            "latest": _latest(latest.get(check.id)),
        }
        for check in checks.values()
    ]


def _latest(result: Result | None) -> dict[str, Any] | None:
    return None if result is None else {name: getattr(result, name) for name in _LATEST}
