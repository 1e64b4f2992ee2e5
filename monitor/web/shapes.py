"""How incidents, outbox rows and windows look in JSON: stable names, instants as ISO 8601 in UTC."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from monitor.deadlines.clocks import Clock
from monitor.incidents.problems import Problem
from monitor.model.alert import Alert
from monitor.model.extent import Between, Extent, Run
from monitor.model.incident import Incident, OutboxRow, Ticket, TimelineEntry, Window
from monitor.model.text import Text
from monitor.model.triage import Diagnosis


def instant(at: float | None) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def words(text: Text) -> dict[str, str]:
    return {"en": text.en, "zh": text.zh or text.en}


def incident_shape(
    incident: Incident,
    *,
    timeline: Sequence[TimelineEntry] = (),
    outbox: Sequence[OutboxRow] = (),
    said: bool = False,
) -> dict[str, Any]:
    """One incident; ``timeline`` and ``tickets`` are there when they were asked for. ``said``: tickets with the words they were sent with."""
    shape: dict[str, Any] = {
        "id": incident.id,
        "status": incident.status,
        "severity": incident.severity,
        "severity_fixed": incident.fixed is not None,
        "target": incident.target,
        "title": words(incident.title),
        "opened": instant(incident.opened),
        "since": instant(incident.since),
        "acknowledged": instant(incident.acknowledged),
        "acknowledged_by": incident.acknowledged_by,
        "resolved": instant(incident.resolved),
        "assignee": incident.assignee,
        "pending": incident.pending,
        "snoozed_until": instant(incident.snoozed_until),
        "escalated": incident.escalated,
        "desks": list(incident.desks),
        "episode": incident.episode,
        "checks": list(incident.checks),
        "check_count": incident.check_count,
        "silenced": incident.silenced,
        "parent": incident.parent,
        "children": list(incident.children),
        "why": words(incident.why),
        "problem": incident.problem,
        "fingerprint": incident.fingerprint,
        "alerts": [alert_shape(alert) for alert in incident.alerts.values()],
        "lead": None if incident.lead is None else alert_shape(incident.lead),
        "diagnosis": None if incident.diagnosis is None else diagnosis_shape(incident.diagnosis),
        "extent": None if incident.extent is None else extent_shape(incident.extent),
    }
    if timeline:
        shape["timeline"] = [
            {"at": instant(entry.at), "kind": entry.kind, "by": entry.by, "text": words(entry.text)} for entry in timeline
        ]
    if outbox:
        shape["tickets"] = [outbox_shape(row) | (_said(row.ticket) if said else {}) for row in outbox]
    return shape


def alert_shape(alert: Alert) -> dict[str, Any]:
    return {
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


def diagnosis_shape(diagnosis: Diagnosis) -> dict[str, Any]:
    return {
        "layer": diagnosis.layer,
        "where": diagnosis.where,
        "cause": diagnosis.cause,
        "code": diagnosis.code,
        "confidence": round(diagnosis.confidence, 3),
        "at": instant(diagnosis.at),
        "took_seconds": round(diagnosis.took_seconds, 3),
        "runbook": diagnosis.runbook,
        "summary": words(diagnosis.summary),
        "findings": [
            {
                "step": one.step,
                "question": words(one.question),
                "mark": one.mark,
                "said": words(one.said),
                "at": instant(one.at),
                "source": one.source,
            }
            for one in diagnosis.findings
        ],
        "against": [words(one) for one in diagnosis.against],
        "next_step": words(diagnosis.next_step),
        "owner": diagnosis.owner,
        "do_not": [words(one) for one in diagnosis.do_not],
        "correlations": list(diagnosis.correlations),
        "likely": [{"layer": layer, "weight": round(weight, 3)} for layer, weight in diagnosis.likely],
    }


def extent_shape(extent: Extent) -> dict[str, Any]:
    return {
        "at": instant(extent.at),
        "parts": [{"kind": one.kind, "name": one.name, "runs": one.runs, "bad": one.bad} for one in extent.parts],
        "first_bad": _run(extent.first_bad),
        "last_good": _run(extent.last_good),
        "failed_share": _between(extent.failed_share, 4),
        "customers": _between(extent.customers, 0),
        "budget_burned": None if extent.budget_burned is None else round(extent.budget_burned, 4),
        "penalty": None if extent.penalty is None else words(extent.penalty),
        "regulators": [
            {"regime": one.regime, "said": words(one.said), "due": instant(one.due), "reached": one.reached}
            for one in extent.regulators
        ],
        "similar": [
            {
                "incident": one.incident,
                "opened": instant(one.opened),
                "lasted_seconds": one.lasted_seconds,
                "note": words(one.note),
            }
            for one in extent.similar
        ],
        "nearby": [{"at": instant(one.at), "said": words(one.said)} for one in extent.nearby],
        "correlations": list(extent.correlations),
    }


def clock_shape(clock: Clock) -> dict[str, Any]:
    return {
        "kind": clock.kind,
        "severity": clock.severity,
        "standing": clock.standing,
        "started": instant(clock.started),
        "allowed_seconds": clock.allowed_seconds,
        "elapsed_seconds": round(clock.elapsed_seconds, 3),
        "due": instant(clock.due),
        "missed": instant(clock.missed),
    }


def problem_shape(problem: Problem) -> dict[str, Any]:
    return {
        "name": problem.name,
        "title": words(problem.title),
        "target": problem.target,
        "count": problem.count,
        "first": instant(problem.first),
        "latest": instant(problem.latest),
        "seconds": round(problem.seconds, 3),
        "customers": _between(problem.customers, 0),
        "incidents": list(problem.incidents),
    }


def _run(run: Run | None) -> dict[str, Any] | None:
    return None if run is None else {"id": run.id, "at": instant(run.at)}


def _between(estimate: Between | None, places: int) -> dict[str, float] | None:
    """With its 95 % interval."""
    if estimate is None:
        return None
    return {"low": round(estimate.low, places), "middle": round(estimate.middle, places), "high": round(estimate.high, places)}


def _said(ticket: Ticket) -> dict[str, Any]:
    return {"body": words(ticket.body), "comment": words(ticket.comment), "severity": ticket.severity, "status": ticket.status}


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
