"""Alerts in PagerDuty, by its Events API v2.

The ``dedup_key`` makes everything repeatable while an alert is open, and there is nothing to look up. A closed alert stays closed, so
a new episode has a key of its own, and news of an open one is not sent: an event under a key that a person has resolved would
page again. Only an acknowledgement is passed on; it opens nothing.

What people do is heard with an ``api_token``, from the REST API: an integration key cannot ask. Nothing there is deleted, and
an incident that is not found is one whose alerts were grouped into another.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from monitor.connectors import (
    Answer,
    Call,
    Capabilities,
    Delivered,
    Delivery,
    FindFlow,
    Flow,
    Found,
    Held,
    ReadFlow,
    Seen,
    TryAgain,
    Unsure,
)
from monitor.connectors.clip import clip_both, clip_bytes, to_json
from monitor.connectors.judge import body_of, refusal, said
from monitor.connectors.options import Address, TicketOptions
from monitor.connectors.reading import heard, instant, name, people
from monitor.connectors.rest import Rest, at, rows, segment
from monitor.model.alert import Severity
from monitor.model.incident import Status, Ticket
from monitor.model.secret import Secret

SUMMARY_MAX_BYTES = 1_000
DETAILS_MAX_BYTES = 8_000
KEY_MAX_BYTES = 255
CHECKS_MAX = 50
SEVERITIES = {Severity.P1: "critical", Severity.P2: "error", Severity.P3: "warning", Severity.P4: "info"}


class PagerDutyOptions(TicketOptions):
    """``routing_key`` is the integration key of a service or of an event orchestration."""

    routing_key: Secret
    url: Address = Field("https://events.pagerduty.com/v2/enqueue", description="the European service region has another one")
    api_token: Secret | None = Field(
        None, description="a read-only REST API key: people's acknowledgements and notes are heard with it"
    )
    api_url: Address = Field("https://api.pagerduty.com", description="the European service region has another one")


class PagerDutyConnector:
    kind: ClassVar[str] = "pagerduty"
    Options: ClassVar[type[BaseModel]] = PagerDutyOptions

    def __init__(self, options: PagerDutyOptions) -> None:
        self._options = options
        self.access = options.access
        token = options.api_token
        self.capabilities = Capabilities(
            idempotent_create=True, finds=False, reopens=False, settle_seconds=0.0, reads=token is not None
        )
        login = Secret(f"Token token={token.reveal()}", token.reference) if token else Secret("")
        headers: Mapping[str, str | Secret] = {"authorization": login, "accept": "application/vnd.pagerduty+json;version=2"}
        secrets = (token, login) if token else ()
        self._api = Rest("PagerDuty", options.api_url, headers=headers, secrets=secrets, words=("error.message",))

    def create(self, ticket: Ticket) -> Flow:
        return (yield from self._tell("trigger", ticket, {"payload": _payload(ticket), "client": "paycanary"}))

    def update(self, ticket: Ticket, remote_id: str) -> Flow:
        if ticket.status is Status.ACKNOWLEDGED:
            return (yield from self._tell("acknowledge", ticket, {}))
        return Delivered(remote_id)

    def resolve(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._tell("resolve", ticket, {}))

    def reopen(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self.create(ticket))

    def read(self, remote_id: str) -> ReadFlow:
        """Only with an ``api_token``."""
        asked = {"incident_key": remote_id, "sort_by": "created_at:desc", "limit": "1"}
        answer = yield from self._api.read("incidents", asked)
        if not isinstance(answer, Answer):
            return answer
        found = rows(answer, "incidents")
        if not found or not found[0].get("id"):
            return TryAgain("PagerDuty shows no incident under this key")
        incident = found[0]
        notes = yield from self._api.read(f"incidents/{segment(str(incident['id']))}/notes")
        if not isinstance(notes, Answer):
            return notes
        closed = incident.get("status") == "resolved"
        return Seen(
            Held.FINAL if closed else Held.OPEN,
            by=name(_person(at(incident, "last_status_change_by"))) if closed else "",
            taken_by=name(_person(at(incident, "acknowledgements.0.acknowledger"))),
            comments=people(
                heard(one.get("id"), at(one, "user.summary"), instant(one.get("created_at")), one.get("content"))
                for one in sorted(rows(notes, "notes") or [], key=lambda one: str(one.get("created_at", "")))
            ),
        )

    def find(self, external_id: str) -> FindFlow:
        """Events cannot be asked for."""
        yield from ()
        return Found()

    def check(self) -> Flow:
        """Resolving an alert that never was proves the key and opens nothing."""
        return (yield from self._send({"event_action": "resolve", "dedup_key": "paycanary-check"}, "paycanary-check"))

    def _tell(self, action: str, ticket: Ticket, more: dict[str, Any]) -> Flow:
        key = clip_bytes(ticket.external_id, KEY_MAX_BYTES, "")
        return (yield from self._send({"event_action": action, "dedup_key": key, **more}, key))

    def _send(self, event: dict[str, Any], key: str) -> Flow:
        """The routing key is part of the body: that is where PagerDuty wants it."""
        secret = self._options.routing_key
        shown, whole = (to_json({"routing_key": value, **event}) for value in ("***", secret.reveal()))
        sealed = Secret(whole.decode(), secret.reference)
        headers = {"content-type": "application/json"}
        answer = yield Call("POST", self._options.url, headers, shown, sealed_body=lambda _: sealed)
        return self._judge(answer, key)

    def _judge(self, answer: Answer, key: str) -> Delivery:
        told = body_of(answer)
        words = said(told.get("message") if isinstance(told, dict) else None, (self._options.routing_key,))
        problem = refusal(answer, "PagerDuty", words)
        if problem:
            return problem
        if answer.status != 202:
            return Unsure(f"PagerDuty answered {answer.status} where it says 202 to an event it has taken")
        return Delivered(key)


def _person(who: object) -> object:
    """Services and integrations acknowledge and resolve as well."""
    return at(who, "summary") if at(who, "type") in ("user", "user_reference") else ""


def _payload(ticket: Ticket) -> dict[str, Any]:
    return {
        "summary": clip_bytes(ticket.title.both(), SUMMARY_MAX_BYTES),
        "severity": SEVERITIES[ticket.severity],
        "source": ticket.target,
        "component": ticket.target,
        "group": ticket.incident,
        "custom_details": {
            "story": clip_both(ticket.body, DETAILS_MAX_BYTES),
            "checks": list(ticket.checks[:CHECKS_MAX]),
            "labels": dict(ticket.labels),
        },
    }
