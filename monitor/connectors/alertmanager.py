"""Incidents as alerts of a Prometheus Alertmanager (API v2), which groups, routes and silences them its own way.

An alert is its set of labels: the same labels again are the same alert, so that creating is repeatable. When a label changes
(the severity rises), the alert under the old labels is ended in the same request. Alertmanager forgets an alert that it is not
told about again (``resolve_timeout``, 5 minutes unless set), hence ``refresh``. Instances of a cluster share silences and what
was notified, not alerts: every one of them is told.
"""

import re
from collections.abc import Generator, Iterable
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import quote

from pydantic import BaseModel, Field, model_validator

from monitor.connectors import Answer, Call, Capabilities, Delivered, FindFlow, Flow, Found, Rejected, TryAgain, Unsure
from monitor.connectors.clip import clip_bytes, to_json
from monitor.connectors.judge import Refusal, basic, body_of, refusal, said
from monitor.connectors.options import Address, DeskOptions
from monitor.model.incident import Ticket
from monitor.model.secret import Secret
from monitor.model.units import Duration

ALERT_NAME = "PaycanaryIncident"
#: Receivers put annotations into mails and chats of their own limits; beyond this nobody reads on.
ANNOTATION_MAX_BYTES = 4_000
LABEL_MAX_BYTES = 200
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
Alerts = list[dict[str, Any]]


class AlertmanagerOptions(DeskOptions):
    """``urls`` names every instance of the cluster."""

    urls: tuple[Address, ...] = Field(min_length=1, description="all instances of the cluster, none behind a load balancer")
    username: str | None = None
    password: Secret | None = None
    labels: dict[str, str] = Field(default_factory=dict, description="added to every alert, for routing")
    refresh: Duration = Field(60.0, ge=10, le=240, description="below Alertmanager's resolve_timeout, which is 5m unless set")

    @model_validator(mode="after")
    def _complete(self) -> "AlertmanagerOptions":
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        wrong = [name for name in self.labels if not _LABEL_NAME.fullmatch(name)]
        if wrong:
            raise ValueError(f"not label names: {', '.join(wrong)}")
        return self


class AlertmanagerConnector:
    kind: ClassVar[str] = "alertmanager"
    Options: ClassVar[type[BaseModel]] = AlertmanagerOptions

    def __init__(self, options: AlertmanagerOptions) -> None:
        self._options = options
        self.access = options.access
        self.capabilities = Capabilities(
            idempotent_create=True, finds=True, reopens=False, settle_seconds=0.0, refresh_seconds=options.refresh
        )

    def create(self, ticket: Ticket) -> Flow:
        return (yield from self._everywhere(ticket, ends=None))

    def update(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._everywhere(ticket, ends=None))

    def reopen(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._everywhere(ticket, ends=None))

    def resolve(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._everywhere(ticket, ends=ticket.at))

    def find(self, external_id: str) -> FindFlow:
        """Only alerts that are active can be found: Alertmanager does not list ended ones."""
        problems: list[Refusal] = []
        for url in self._options.urls:
            answer = yield self._held(url, external_id)
            problem = self._judge(answer, read=True)
            if problem is None and _alerts(answer):
                return Found((external_id,), open=True)
            problems += [problem] if problem else []
        return _least_certain(problems) if problems else Found()

    def check(self) -> Flow:
        for url in self._options.urls:
            problem = self._judge((yield self._call("GET", url, "status")), read=True)
            if problem:
                return problem
        return Delivered()

    def _everywhere(self, ticket: Ticket, *, ends: float | None) -> Flow:
        """Delivered when one instance has it, as in Prometheus itself: an instance that was away hears it at the next refresh."""
        problems = []
        for url in self._options.urls:
            problem = yield from self._post(url, ticket, ends)
            if problem:
                problems.append(problem)
        if len(problems) < len(self._options.urls):
            return Delivered(ticket.external_id)
        return _least_certain(problems)

    def _post(self, url: str, ticket: Ticket, ends: float | None) -> Generator[Call, Answer, Refusal | None]:
        held = yield self._held(url, ticket.external_id)
        problem = self._judge(held, read=True)
        if problem:
            return problem
        current = self._alert(ticket, ends)
        stale = [_ended(alert, ticket.at) for alert in _alerts(held) if alert.get("labels") != current["labels"]]
        answer = yield self._call("POST", url, "alerts", to_json([current, *stale]))
        return self._judge(answer)

    def _alert(self, ticket: Ticket, ends: float | None) -> dict[str, Any]:
        own = {
            "alertname": ALERT_NAME,
            "target": ticket.target,
            "severity": ticket.severity.value,
            "incident": ticket.external_id,
        }
        extra = {name: value for name, value in ticket.labels.items() if _LABEL_NAME.fullmatch(name)}
        labels = self._options.labels | extra | own
        alert: dict[str, Any] = {
            # An empty value means "no such label" to Alertmanager: leaving it out keeps labels comparable with its answers.
            "labels": {name: clip_bytes(value, LABEL_MAX_BYTES) for name, value in labels.items() if value},
            "annotations": {name: clip_bytes(text, ANNOTATION_MAX_BYTES) for name, text in _annotations(ticket) if text},
            "startsAt": _iso(ticket.opened),
        }
        if ends is not None:
            alert["endsAt"] = _iso(max(ends, ticket.opened))
        return alert

    def _held(self, url: str, external_id: str) -> Call:
        matcher = quote(f'incident="{external_id}"', safe="")
        return self._call("GET", url, f"alerts?filter={matcher}")

    def _call(self, method: str, url: str, path: str, body: bytes = b"") -> Call:
        headers: dict[str, str | Secret] = {"accept": "application/json"}
        if body:
            headers["content-type"] = "application/json"
        if self._options.username is not None and self._options.password is not None:
            headers["authorization"] = basic(self._options.username, self._options.password)
        return Call(method, f"{url.rstrip('/')}/api/v2/{path}", headers, body)

    def _judge(self, answer: Answer, *, read: bool = False) -> Refusal | None:
        return judge(answer, (self._options.password,) if self._options.password else (), read=read)


def judge(answer: Answer, secrets: tuple[Secret, ...] = (), *, read: bool = False) -> Refusal | None:
    """Errors are a JSON string, or an object with a ``message``."""
    body = body_of(answer)
    return refusal(answer, "Alertmanager", said(body.get("message") if isinstance(body, dict) else body, secrets), read=read)


def _least_certain(problems: list[Refusal]) -> Refusal:
    """Of several instances' refusals, the one that allows the fewest conclusions."""
    for kind in (Unsure, TryAgain, Rejected):
        for problem in problems:
            if isinstance(problem, kind):
                return problem
    raise ValueError("no refusal to choose from")


def _annotations(ticket: Ticket) -> Iterable[tuple[str, str]]:
    return (
        ("summary", ticket.title.en),
        ("summary_zh", ticket.title.in_("zh")),
        ("description", ticket.body.en),
        ("description_zh", ticket.body.in_("zh")),
        ("comment", ticket.comment.en),
        ("comment_zh", ticket.comment.in_("zh")),
        ("checks", ", ".join(ticket.checks)),
        ("incident_id", ticket.incident),
    )


def _alerts(answer: Answer) -> Alerts:
    body = body_of(answer)
    return [alert for alert in body if isinstance(alert, dict)] if isinstance(body, list) else []


def _ended(alert: dict[str, Any], at: float) -> dict[str, Any]:
    return {
        "labels": alert.get("labels"),
        "annotations": alert.get("annotations", {}),
        "startsAt": alert.get("startsAt"),
        "endsAt": _iso(at),
    }


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
