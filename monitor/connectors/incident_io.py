"""Alerts in incident.io, by an HTTP alert source.

The ``deduplication_key`` makes everything repeatable. A source says ``firing`` or ``resolved`` and nothing else, so news is the same
alert told again; a resolved one stays resolved, and a new episode has a key of its own.
"""

from typing import Any, ClassVar

from pydantic import BaseModel, Field

from monitor.connectors import Answer, Call, Capabilities, Delivered, Delivery, FindFlow, Flow, Found
from monitor.connectors.clip import clip_both, clip_bytes, to_json
from monitor.connectors.judge import body_of, refusal, said
from monitor.connectors.options import Address, DeskOptions
from monitor.connectors.rest import as_code
from monitor.model.incident import Ticket
from monitor.model.secret import Secret

TITLE_MAX_BYTES = 500
DESCRIPTION_MAX_BYTES = 10_000
CHECKS_MAX = 50


class IncidentIoOptions(DeskOptions):
    """``source`` and ``token`` are shown where the alert source was made."""

    source: str = Field(pattern=r"^[A-Za-z0-9]+$", description="the alert source's configuration id")
    token: Secret
    url: Address = "https://api.incident.io"


class IncidentIoConnector:
    kind: ClassVar[str] = "incident_io"
    Options: ClassVar[type[BaseModel]] = IncidentIoOptions
    capabilities = Capabilities(idempotent_create=True, finds=False, reopens=False, settle_seconds=0.0)

    def __init__(self, options: IncidentIoOptions) -> None:
        self._options = options
        self.access = options.access

    def create(self, ticket: Ticket) -> Flow:
        return (yield from self._tell(ticket, "firing"))

    def update(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._tell(ticket, "firing"))

    def resolve(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._tell(ticket, "resolved"))

    def reopen(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._tell(ticket, "firing"))

    def find(self, external_id: str) -> FindFlow:
        """An alert source takes and does not give."""
        yield from ()
        return Found()

    def check(self) -> Flow:
        """Resolving an alert that never was proves source and token and opens nothing."""
        return (yield from self._send({"title": "paycanary check", "status": "resolved", "deduplication_key": "paycanary-check"}))

    def _tell(self, ticket: Ticket, status: str) -> Flow:
        return (
            yield from self._send(
                {
                    "title": clip_bytes(ticket.title.both(), TITLE_MAX_BYTES),
                    "description": as_code(clip_both(ticket.body, DESCRIPTION_MAX_BYTES)),  # read as Markdown
                    "status": status,
                    "deduplication_key": ticket.external_id,
                    "metadata": {
                        "severity": ticket.severity.value,
                        "target": ticket.target,
                        "incident": ticket.incident,
                        "checks": list(ticket.checks[:CHECKS_MAX]),
                        **{name: value for name, value in ticket.labels.items() if name not in ("severity", "target")},
                    },
                }
            )
        )

    def _send(self, event: dict[str, Any]) -> Flow:
        token = self._options.token
        login = Secret(f"Bearer {token.reveal()}", token.reference)
        headers: dict[str, str | Secret] = {"authorization": login, "content-type": "application/json"}
        url = f"{self._options.url.rstrip('/')}/v2/alert_events/http/{self._options.source}"
        answer = yield Call("POST", url, headers, to_json(event))
        return self._judge(answer, event["deduplication_key"])

    def _judge(self, answer: Answer, key: str) -> Delivery:
        told = body_of(answer)
        words = said(told.get("message") if isinstance(told, dict) else None, (self._options.token,))
        return refusal(answer, "incident.io", words) or Delivered(key)
