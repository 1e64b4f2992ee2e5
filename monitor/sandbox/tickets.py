"""The desk's tickets as values: what an event does to a ticket, and whether an event is genuine. No socket, no file, no clock."""

import base64
import binascii
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from monitor.model.secret import Secret

#: Standard Webhooks: older or newer messages are refused, so that a recorded one cannot be played back later.
TOLERANCE_SECONDS = 300.0
MAX_EVENTS_PER_TICKET = 200
MAX_TICKETS = 1_000
MAX_SEEN = 10_000

KINDS = ("incident.open", "incident.update", "incident.resolve", "incident.reopen")


class EventError(Exception):
    """The message is not a ticket event that this desk can use."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a sender says about one incident: the whole state, not a change of it."""

    type: str
    external_id: str
    incident: str
    revision: int
    status: str
    severity: str
    target: str
    title: dict[str, str]
    body: dict[str, str]
    comment: dict[str, str]
    checks: list[str]
    opened: str
    resolved: str | None

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> "Event":
        """Raises EventError."""
        if _text(message, "type") not in KINDS:
            raise EventError(f"type: expected one of {', '.join(KINDS)}")
        revision, checks = message.get("revision"), message.get("checks", [])
        if not isinstance(revision, int) or isinstance(revision, bool):
            raise EventError("revision: expected a whole number")
        if not isinstance(checks, list):
            raise EventError("checks: expected a list")
        return cls(
            type=_text(message, "type"),
            external_id=_text(message, "external_id"),
            incident=_text(message, "incident"),
            revision=revision,
            status=_text(message, "status"),
            severity=_text(message, "severity"),
            target=str(message.get("target", "")),
            title=_both(message, "title"),
            body=_both(message, "body"),
            comment=_both(message, "comment"),
            checks=[str(check) for check in checks],
            opened=str(message.get("opened", "")),
            resolved=str(message["resolved"]) if message.get("resolved") else None,
        )


@dataclass(slots=True)
class Ticket:
    """One incident as a human at the desk sees it. ``external_ids`` are the sender's names for it, newest last."""

    number: int
    external_ids: list[str]
    incident: str
    status: str = ""
    severity: str = ""
    target: str = ""
    title: dict[str, str] = field(default_factory=dict)
    body: dict[str, str] = field(default_factory=dict)
    checks: list[str] = field(default_factory=list)
    opened: str = ""
    resolved: str | None = None
    revision: int = 0
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def external_id(self) -> str:
        return self.external_ids[0]


@dataclass(slots=True)
class Tickets:
    """All of them, and the ids of the messages that made them."""

    tickets: list[Ticket] = field(default_factory=list)
    seen: dict[str, float] = field(default_factory=dict)
    last_number: int = 0

    def find(self, external_id: str) -> Ticket | None:
        return next((ticket for ticket in self.tickets if external_id in ticket.external_ids), None)

    def receive(self, message_id: str, event: Event, at: float) -> Ticket | None:
        """The ticket the event made or changed; None for a message seen before."""
        if message_id in self.seen:
            return None
        ticket = self._ticket_for(event)
        _apply(ticket, event, at)
        self.seen[message_id] = at
        while len(self.seen) > MAX_SEEN:
            del self.seen[next(iter(self.seen))]
        return ticket

    def _ticket_for(self, event: Event) -> Ticket:
        known = self.find(event.external_id)
        if known is None and event.type == "incident.reopen":  # A reopening has a new external id and is the same story.
            known = next((ticket for ticket in reversed(self.tickets) if ticket.incident == event.incident), None)
            if known is not None:
                known.external_ids.append(event.external_id)
        return known or self._open(event)

    def _open(self, event: Event) -> Ticket:
        self.last_number += 1
        ticket = Ticket(self.last_number, [event.external_id], event.incident)
        self.tickets.append(ticket)
        if len(self.tickets) > MAX_TICKETS:
            self.tickets.remove(next((each for each in self.tickets if each.resolved), self.tickets[0]))
        return ticket


def verify(secret: Secret, headers: Mapping[str, str], body: bytes, now: float) -> str:
    """The message's id, when its Standard Webhooks signature holds. Raises EventError."""
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not stamp.isdecimal():
        raise EventError("webhook-id and webhook-timestamp are required")
    if abs(now - int(stamp)) > TOLERANCE_SECONDS:
        raise EventError(f"webhook-timestamp is more than {TOLERANCE_SECONDS:.0f} s away from now")
    signed = hmac.digest(_key(secret.reveal()), f"{message_id}.{stamp}.".encode() + body, "sha256")
    expected = "v1," + base64.b64encode(signed).decode()
    given = headers.get("webhook-signature", "").split()
    if not any(hmac.compare_digest(each.encode(errors="replace"), expected.encode()) for each in given):
        raise EventError("webhook-signature does not match")
    return message_id


def read_json(body: bytes) -> Mapping[str, Any]:
    """Raises EventError."""
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise EventError("the body is not JSON") from None
    if not isinstance(message, dict):
        raise EventError("the body is not a JSON object")
    return message


def _apply(ticket: Ticket, event: Event, at: float) -> None:
    """Events set the state; one that was overtaken by a newer one is kept in the record and changes nothing else."""
    record = {"at": at, "type": event.type, "revision": event.revision, "comment": event.comment}
    ticket.events = [*ticket.events, record][-MAX_EVENTS_PER_TICKET:]
    if event.revision < ticket.revision:
        return
    ticket.revision, ticket.status, ticket.severity = event.revision, event.status, event.severity
    ticket.target, ticket.title, ticket.body, ticket.checks = event.target, event.title, event.body, event.checks
    ticket.opened, ticket.resolved = event.opened, event.resolved


def _text(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    if not isinstance(value, str) or not value:
        raise EventError(f"{name}: expected some text")
    return value


def _both(message: Mapping[str, Any], name: str) -> dict[str, str]:
    value = message.get(name)
    texts = value if isinstance(value, dict) else {}
    english = str(texts.get("en", ""))
    return {"en": english, "zh": str(texts.get("zh", "")) or english}


def _key(secret: str) -> bytes:
    """``whsec_`` is followed by the key in base64; any other text is the key itself."""
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True) if secret.startswith("whsec_") else secret.encode()
    except binascii.Error:
        return secret.encode()
