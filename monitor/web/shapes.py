"""How incidents, outbox rows and windows look in JSON: stable names, instants as ISO 8601 in UTC."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from monitor.model.incident import Incident, OutboxRow, TimelineEntry, Window
from monitor.model.text import Text


def instant(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def words(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh or text.en}


def incident_shape(
    incident: Incident, *, timeline: Sequence[TimelineEntry] = (), outbox: Sequence[OutboxRow] = ()
) -> dict[str, Any]:
    """One incident; ``timeline`` and ``tickets`` are there when they were asked for."""
    shape: dict[str, Any] = {
        "id": incident.id,
        "status": incident.status,
        "severity": incident.severity,
        "target": incident.target,
        "title": words(incident.title),
        "opened": instant(incident.opened),
        "since": instant(incident.since),
        "acknowledged": instant(incident.acknowledged),
        "acknowledged_by": incident.acknowledged_by,
        "resolved": instant(incident.resolved),
        "episode": incident.episode,
        "checks": list(incident.checks),
        "check_count": incident.check_count,
        "silenced": incident.silenced,
        "alerts": [
            {
                "rule": alert.rule,
                "check": alert.series.check,
                "stratum": alert.series.stratum,
                "step": alert.series.step,
                "severity": alert.severity,
                "since": instant(alert.since),
                "changed": instant(alert.changed),
                "summary": words(alert.summary),
                "evidence": dict(alert.evidence),
                "run_id": alert.run_id,
            }
            for alert in incident.alerts.values()
        ],
    }
    if timeline:
        shape["timeline"] = [
            {"at": instant(entry.at), "kind": entry.kind, "by": entry.by, "text": words(entry.text)} for entry in timeline
        ]
    if outbox:
        shape["tickets"] = [outbox_shape(row) for row in outbox]
    return shape


def outbox_shape(row: OutboxRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "desk": row.desk,
        "incident": row.ticket.incident,
        "external_id": row.ticket.external_id,
        "kind": row.ticket.kind,
        "revision": row.ticket.revision,
        "state": row.state,
        "title": words(row.ticket.title),
        "created": instant(row.created),
        "sent": instant(row.sent),
        "attempts": row.attempts,
        "remote_id": row.remote_id,
        "error": row.error,
    }


def window_shape(window: Window) -> dict[str, Any]:
    return {
        "id": window.id,
        "kind": window.kind,
        "starts": instant(window.starts),
        "ends": instant(window.ends),
        "ended": instant(window.ended),
        "author": window.author,
        "reason": window.reason,
        "checks": list(window.checks),
        "targets": list(window.targets),
    }
