"""Evidence in short words, for cases made by hand: what was tried, what the recent runs came to, what the last good run showed."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Phases, TlsFacts
from monitor.model.triage import Case, Experiment, Observation, Symptom

AT = 1_760_000_000.0
HERE = "fra"
DAY = 86_400.0
X, R, O = Experiment, NetworkReason, Outcome  # noqa: E741


def tls(*, days: float = 90.0, issuer: str = "CN=Public CA") -> TlsFacts:
    return TlsFacts("TLSv1.3", "TLS_AES_128_GCM_SHA256", AT + days * DAY, AT + days * DAY, issuer, "CN=gateway.test")


def tried(experiment: Experiment, subject: str, good: bool | None = True, **facts: Any) -> Observation:
    facts.setdefault("source", HERE)
    return Observation(experiment, subject, AT - 1, good=good, **facts)


def runs(experiment: Experiment, subject: str, count: int, bad: int = 0, **facts: Any) -> Observation:
    """A summary of ``count`` recent runs."""
    facts.setdefault("source", subject if experiment is X.LOCATION else HERE)
    facts.setdefault("outcome", None if bad else O.APPROVED)
    return Observation(experiment, subject, AT - 5, good=bad == 0, runs=count, bad=bad, **facts)


def was(subject: str, seconds: float = 0.2, **facts: Any) -> Observation:
    """One step of the last good run."""
    facts.setdefault("source", HERE)
    return Observation(X.STEP, subject, AT - 600, good=True, seconds=seconds, **facts)


def case(
    observations: Iterable[Observation], before: Iterable[Observation] = (), symptom: Symptom = Symptom.FAILING, **more: Any
) -> Case:
    """Summaries of several runs are recent; the rest was tried."""
    told = tuple(observations)
    recent = tuple(each for each in told if each.runs > 1 or each.experiment in (X.LOCATION, X.NEIGHBOUR))
    rest = tuple(each for each in told if each not in recent)
    return Case("gateway", symptom, AT - 60, AT, HERE, rest, recent, tuple(before), **more)


def phases(**seconds: float) -> Phases:
    return Phases(**seconds)


# --- how things fail

REFUSED = {"outcome": O.NETWORK_ERROR, "reason": R.TCP_REFUSED, "seconds": 0.002}
SILENT_TCP = {"outcome": O.NETWORK_ERROR, "reason": R.TCP_TIMEOUT, "seconds": 3.0}
RESET = {"outcome": O.NETWORK_ERROR, "reason": R.RESET}
NO_NAME = {
    "outcome": O.NETWORK_ERROR,
    "reason": R.DNS,
    "code": "NXDOMAIN",
    "message": "cannot resolve gateway.test: the name does not exist",
}
NO_DNS = {"outcome": O.NETWORK_ERROR, "reason": R.DNS_TIMEOUT, "message": "no DNS answer within 3 s"}
NO_ANSWER = {"outcome": O.TIMEOUT_UNKNOWN, "reason": R.ANSWER_TIMEOUT, "seconds": 5.0}
EXPIRED = {
    "outcome": O.NETWORK_ERROR,
    "reason": R.TLS_CERTIFICATE,
    "message": "the certificate was refused: certificate has expired",
}
WRONG_NAME = {
    "outcome": O.NETWORK_ERROR,
    "reason": R.TLS_CERTIFICATE,
    "message": "the certificate was refused: Hostname mismatch",
}
TLS_SILENT = {"outcome": O.NETWORK_ERROR, "reason": R.TLS_TIMEOUT}
E503 = {"outcome": O.TECH_GATEWAY, "status": 503, "code": "SERVER_FAILED", "content": "json", "correlation": "supp-1"}
E401 = {"outcome": O.CLIENT_CONFIG, "status": 401, "code": "authentication_error", "content": "json"}
E400 = {
    "outcome": O.CLIENT_CONFIG,
    "status": 400,
    "code": "INVALID_REQUEST",
    "content": "json",
    "message": "INVALID_REQUEST in order.amount",
}
E429 = {"outcome": O.THROTTLED, "status": 429, "content": "json"}
PAGE = {"outcome": O.CONTRACT_VIOLATION, "status": 403, "content": "html"}
BAD_GATEWAY = {"outcome": O.TECH_GATEWAY, "status": 502, "content": "html"}
LOGIN = {"outcome": O.CONTRACT_VIOLATION, "status": 302, "content": "empty"}
ACQUIRER = {"outcome": O.TECH_ACQUIRER, "status": 201, "code": "ACQUIRER_SYSTEM_ERROR", "content": "json"}
ISSUER = {"outcome": O.TECH_ISSUER, "status": 201, "code": "TIMED_OUT", "content": "json"}
DECLINED = {"outcome": O.SOFT_DECLINE, "status": 201, "code": "DECLINED", "content": "json"}
WRONG_AMOUNT = {
    "outcome": O.CONTRACT_VIOLATION,
    "status": 201,
    "content": "json",
    "message": 'expected minor(body.order.amount, "USD") == 100',
}
APPROVED_ANYWAY = {
    "outcome": O.CONTRACT_VIOLATION,
    "status": 201,
    "content": "json",
    "message": "approved, where soft_decline was expected",
}
MISSING = {
    "outcome": O.CONTRACT_VIOLATION,
    "status": 400,
    "content": "json",
    "code": "INVALID_REQUEST",
    "message": "Unable to find order",
}
GARBLED = {"outcome": O.CONTRACT_VIOLATION, "status": 200, "content": "json", "message": "expected body.id: there is no id"}

# --- what works

SEES = (
    tried(X.REFERENCE, "control", status=204, seconds=0.02),
    tried(X.OWN, "loop_lag", seconds=0.004),
    tried(X.OWN, "clock", seconds=0.4),
)
NAMED = (tried(X.RESOLVE, "gateway.test", answers=("203.0.113.7",), seconds=0.003),)
JOINED = (tried(X.CONNECT, "203.0.113.7", seconds=0.009), tried(X.HANDSHAKE, "203.0.113.7", seconds=0.03, tls=tls()))
DOOR = (tried(X.FRONT_DOOR, "information", status=200, seconds=0.041, content="json"),)
#: Everything before the gateway itself is in order.
REACHED = (*SEES, *NAMED, *JOINED, *DOOR)


def everywhere(count: int = 24, bad: int = 12, step: str = "authorise", **how: Any) -> tuple[Observation, ...]:
    """Runs that fail alike in both places and on both brands."""
    half, half_bad = count // 2, bad // 2
    return (
        runs(X.STEP, step, count, bad, **how),
        *(runs(X.LOCATION, place, half, half_bad, **how, step=step) for place in ("fra", "sin")),
        *(runs(X.STRATUM, f"brand={brand}", half, half_bad, **how, step=step) for brand in ("mastercard", "visa")),
    )


def in_one_place(place: str = "sin", step: str = "authorise", **how: Any) -> tuple[Observation, ...]:
    """Three places, of which one fails."""
    others = [name for name in ("fra", "iad", "sin") if name != place]
    return (
        runs(X.STEP, step, 8, 8, source=place, **how),
        *(runs(X.STEP, step, 8, source=name) for name in others),
        runs(X.LOCATION, place, 8, 8, **how, step=step),
        *(runs(X.LOCATION, name, 8) for name in others),
    )


def on_one_part(hit: str, spared: str, experiment: Experiment = X.STRATUM, **how: Any) -> tuple[Observation, ...]:
    """Two parts, of which one fails."""
    return (
        runs(X.STEP, "authorise", 16, 8, **how),
        runs(experiment, hit, 8, 8, **how, step="authorise"),
        runs(experiment, spared, 8),
    )


def slower(step: str, count: int = 8, **seconds: float) -> Observation:
    """The median of recent good runs of a step, by phase."""
    return runs(X.STEP, step, count, seconds=sum(seconds.values()), phases=Phases(**seconds))


def formerly(step: str, **seconds: float) -> Observation:
    return was(step, sum(seconds.values()), phases=Phases(**seconds))


def elsewhere(observation: Observation, source: str) -> Observation:
    return replace(observation, source=source)
