"""Tickets as signed JSON, to any receiver that can check a signature.

The headers are those of Standard Webhooks 1.0.0 (https://www.standardwebhooks.com). The receiver knows a repetition by its
``webhook-id``, which never changes for one revision of one ticket; so repeating is always safe and nothing is looked up.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from monitor.connectors import Answer, Call, Capabilities, Delivered, Delivery, FindFlow, Flow, Found
from monitor.connectors.clip import clip_bytes, to_json
from monitor.connectors.judge import refusal
from monitor.connectors.options import Address, DeskOptions
from monitor.model.incident import Ticket
from monitor.model.secret import Secret
from monitor.model.text import Text

VERSION = 1
#: Standard Webhooks advises bodies below 20 kB: a title and two texts in two languages stay there. The body has the larger part: it is the
#: whole story, and a comment mostly what is new in it.
TITLE_MAX_BYTES = 300
BODY_MAX_BYTES = 5_800
COMMENT_MAX_BYTES = 3_300
CHECKS_MAX = 50
_SECRET_PREFIX = "whsec_"  # noqa: S105 - the prefix, not a secret


class WebhookOptions(DeskOptions):
    """``url`` receives POSTs; ``secret`` is ``whsec_`` and base64, or any other text, which is then used as it is."""

    url: Address
    secret: Secret = Field(description="signs every request; shared with the receiver alone")


@dataclass(frozen=True, slots=True)
class Signer:
    """``webhook-*`` headers for one message. The instant is the attempt's, so that a receiver can refuse old ones."""

    secret: Secret
    message_id: str
    body: bytes

    def __call__(self, now: float) -> Mapping[str, str]:
        stamp = str(int(now))
        content = f"{self.message_id}.{stamp}.".encode() + self.body
        digest = hmac.digest(signing_key(self.secret.reveal()), content, "sha256")
        return {
            "webhook-id": self.message_id,
            "webhook-timestamp": stamp,
            "webhook-signature": "v1," + base64.b64encode(digest).decode(),
        }


class WebhookConnector:
    """One POST for everything that happens to a ticket."""

    kind: ClassVar[str] = "webhook"
    Options: ClassVar[type[BaseModel]] = WebhookOptions
    capabilities = Capabilities(idempotent_create=True, finds=False, reopens=True, settle_seconds=0.0)

    def __init__(self, options: WebhookOptions) -> None:
        self._options = options
        self.access = options.access

    def create(self, ticket: Ticket) -> Flow:
        return (yield from self._tell(ticket))

    def update(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._tell(ticket))

    def resolve(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._tell(ticket))

    def reopen(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._tell(ticket))

    def find(self, external_id: str) -> FindFlow:
        """A receiver of webhooks cannot be asked anything."""
        yield from ()
        return Found()

    def check(self) -> Flow:
        """A signed ``ping``: receivers answer it like any message and make no ticket of it."""
        body = to_json({"version": VERSION, "type": "ping"})
        answer = yield self._call("ping", body)
        return judge(answer)

    def _tell(self, ticket: Ticket) -> Flow:
        answer = yield self._call(f"{ticket.external_id}:{ticket.revision}", to_json(message(ticket)))
        return judge(answer, ticket.external_id)

    def _call(self, message_id: str, body: bytes) -> Call:
        signer = Signer(self._options.secret, message_id, body)
        return Call("POST", self._options.url, {"content-type": "application/json"}, body, signer)


def judge(answer: Answer, external_id: str = "") -> Delivery:
    """Any 2xx is taken: the receiver has it. The external id stands for the ticket, as receivers give no id of theirs."""
    return refusal(answer, "the webhook's receiver") or Delivered(external_id)


def message(ticket: Ticket) -> dict[str, Any]:
    """The body, version 1. Fields are added, never changed or taken away, within a version."""
    return {
        "version": VERSION,
        "type": f"incident.{ticket.kind.value}",
        "timestamp": _iso(ticket.at),
        "external_id": ticket.external_id,
        "incident": ticket.incident,
        "episode": ticket.episode,
        "revision": ticket.revision,
        "status": ticket.status.value,
        "severity": ticket.severity.value,
        "target": ticket.target,
        "title": _both(ticket.title, TITLE_MAX_BYTES),
        "body": _both(ticket.body, BODY_MAX_BYTES),
        "comment": _both(ticket.comment, COMMENT_MAX_BYTES),
        "checks": list(ticket.checks[:CHECKS_MAX]),
        "labels": dict(ticket.labels),
        "opened": _iso(ticket.opened),
        "resolved": None if ticket.resolved is None else _iso(ticket.resolved),
    }


def _both(text: Text, limit: int) -> dict[str, str]:
    return {"en": clip_bytes(text.en, limit), "zh": clip_bytes(text.in_("zh"), limit)}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def signing_key(secret: str) -> bytes:
    """``whsec_`` and base64, or any other text as it is."""
    if not secret.startswith(_SECRET_PREFIX):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_SECRET_PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()
