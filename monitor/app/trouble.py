"""What an incident complains of, in the terms of triage."""

from collections.abc import Iterable

from monitor.model.alert import Alert
from monitor.model.incident import Incident, Status
from monitor.model.triage import Symptom

#: Rules that watch how long it takes, and rules that watch what the gateway shows of itself. Others watch failures, unless their alert
#: tells of a ``slowdown``: a spike may be one of either.
_SLOW = frozenset({"latency", "quantile"})
_CHANGED = frozenset({"drift", "mix", "expiry"})


def is_open(incident: Incident) -> bool:
    return incident.status is not Status.RESOLVED


def symptom_of(alerts: Iterable[Alert]) -> Symptom:
    """The worst of what its alerts say: failing before slow, slow before changed."""
    found = {_symptom(alert) for alert in alerts}
    return next((one for one in (Symptom.FAILING, Symptom.SLOW, Symptom.CHANGED) if one in found), Symptom.FAILING)


def _symptom(alert: Alert) -> Symptom:
    kind = alert.evidence.get("kind", "")
    if kind in _SLOW or ("slowdown" in alert.evidence and "share" not in alert.evidence):
        return Symptom.SLOW
    return Symptom.CHANGED if kind in _CHANGED else Symptom.FAILING
