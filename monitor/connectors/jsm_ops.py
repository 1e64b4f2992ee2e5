"""Alerts in Jira Service Management's operations, by the integration events API with the key of an API integration.

Everything is taken with 202 and done later: the answer names a request, whose outcome is asked for once. The ``alias`` makes a creation
repeatable while an alert is open; a closed alert stays closed, and the same alias then opens another one and pages again, so a new
episode has an alias of its own and news are notes.

The key writes and does not read. With ``cloud_id``, ``email`` and ``token`` the alerts API of the same site is asked: then an unsure
creation is looked up, a note whose answer was lost is not written twice, and what people do is seen. Opsgenie, which this API comes
from, ends in April 2027.
"""

import re
from collections.abc import Generator, Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, Field, model_validator

from monitor.connectors import (
    Answer,
    Call,
    Capabilities,
    Delivered,
    FindFlow,
    Flow,
    Found,
    ReadFlow,
    Rejected,
    Unsure,
)
from monitor.connectors.clip import clip_both, clip_bytes
from monitor.connectors.jsm_alerts import WORK_SECONDS, Alerts, is_id
from monitor.connectors.judge import Refusal, basic, said
from monitor.connectors.options import Address, TicketOptions
from monitor.connectors.rest import Rest, mark, segment, told
from monitor.model.alert import Severity
from monitor.model.incident import Status, Ticket
from monitor.model.secret import Secret

#: A message has 130 characters, an alias 512, a description 15,000, a note 25,000.
MESSAGE_MAX_BYTES = 130
ALIAS_MAX_BYTES = 512
DESCRIPTION_MAX_BYTES = 15_000
NOTE_MAX_BYTES = 24_000
DETAIL_MAX_BYTES = 400
PRIORITIES: Mapping[Severity, str] = {Severity.P1: "P1", Severity.P2: "P2", Severity.P3: "P3", Severity.P4: "P4"}
SOURCE = "paycanary"


class JsmOpsOptions(TicketOptions):
    """``api_key`` is that of an API integration, which belongs to a team. ``cloud_id``, ``email`` and ``token`` let alerts be read."""

    api_key: Secret
    cloud_id: str | None = Field(None, pattern=r"^[0-9a-f-]{36}$", description="the site's, as in /_edge/tenant_info")
    email: str | None = None
    token: Secret | None = Field(None, description="an API token of that account, which may read alerts")
    url: Address = "https://api.atlassian.com"
    tags: tuple[str, ...] = ("paycanary",)
    team: str | None = Field(None, description="id of the team that is told, when it is not the integration's own")

    @model_validator(mode="after")
    def _reader_whole(self) -> Self:
        if len({one is None for one in (self.cloud_id, self.email, self.token)}) > 1:
            raise ValueError("expected cloud_id, email and token together, or none of them")
        return self


class JsmOpsConnector:
    kind: ClassVar[str] = "jsm_ops"
    Options: ClassVar[type[BaseModel]] = JsmOpsOptions

    def __init__(self, options: JsmOpsOptions) -> None:
        self._options = options
        self.access = options.access
        base = options.url.rstrip("/")
        key = Secret(f"GenieKey {options.api_key.reveal()}", options.api_key.reference)
        secrets = tuple(one for one in (options.api_key, options.token) if one)
        words = ("message", "error", "errors.0.title")
        self.rest = Rest("JSM", f"{base}/jsm/ops/integration/v2", headers={"authorization": key}, secrets=secrets, words=words)
        self._reader: Alerts | None = None
        if options.cloud_id is not None and options.email is not None and options.token is not None:
            login = basic(options.email, options.token)
            api = f"{base}/jsm/ops/api/{options.cloud_id}/v1"
            self._reader = Alerts(Rest("JSM", api, headers={"authorization": login}, secrets=(*secrets, login), words=words))
        reads = self._reader is not None
        self.capabilities = Capabilities(idempotent_create=True, finds=reads, reopens=False, settle_seconds=0.0, reads=reads)

    def create(self, ticket: Ticket) -> Flow:
        outcome = yield from self._act("alerts", self._new(ticket))
        if not isinstance(outcome, Mapping):
            return outcome
        if not outcome and self._reader:
            return Unsure("JSM took the alert and has not made it yet: it is looked up", WORK_SECONDS)
        return Delivered(str(outcome.get("alertId") or _alias(ticket.external_id)))

    def find(self, external_id: str) -> FindFlow:
        if self._reader is None:
            return Found()
        return (yield from self._reader.find(_alias(external_id)))

    def update(self, ticket: Ticket, remote_id: str) -> Flow:
        """A note; a person's acknowledgement is passed on with it, as it stops the paging."""
        action = "acknowledge" if ticket.status is Status.ACKNOWLEDGED else "notes"
        return (yield from self._amend(ticket, remote_id, action))

    def resolve(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._amend(ticket, remote_id, "close"))

    def reopen(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self.create(ticket))

    def read(self, remote_id: str) -> ReadFlow:
        if self._reader is None:
            return Rejected("JSM can only be read with cloud_id, email and token")
        return (yield from self._reader.look(remote_id))

    def check(self) -> Flow:
        """Closing an alert that never was proves the key and closes nothing; with a reader, that alerts can be read."""
        outcome = yield from self._act("alerts/paycanary-check/close", {"source": SOURCE}, _called("paycanary-check"))
        if not isinstance(outcome, Mapping):
            return outcome
        if self._reader is None:
            return Delivered()
        lacking = yield from self._reader.lacks()
        return lacking or Delivered()

    def _amend(self, ticket: Ticket, remote_id: str, action: str) -> Flow:
        left = yield from self._left(ticket, remote_id, action)
        if not isinstance(left, str):
            return left
        if not left:
            return Delivered(remote_id)
        words = ticket.comment if ticket.comment.en else ticket.body
        line = mark(ticket)
        note = f"{clip_both(words, NOTE_MAX_BYTES - len(line) - 2)}\n\n{line}"
        outcome = yield from self._act(
            f"alerts/{segment(remote_id)}/{left}", {"note": note, "source": SOURCE}, _called(remote_id)
        )
        return Delivered(remote_id) if isinstance(outcome, Mapping) else outcome

    def _left(self, ticket: Ticket, remote_id: str, action: str) -> Generator[Call, Answer, str | Refusal]:
        """What is still to be done of ``action``: "" when this revision was told. Without a reader nobody can say, and all of it is."""
        if self._reader is None:
            return action
        alert = yield from self._reader.alert(remote_id)
        if not isinstance(alert, Mapping):
            return alert
        notes = yield from self._reader.notes(str(alert.get("id")))
        if not isinstance(notes, list):
            return notes
        there = any(mark(ticket) in str(one.get("note", "")) for one in notes)
        closed = alert.get("status") == "closed"
        if there and (closed or action != "close"):
            return ""
        # A closed alert takes notes, which open nothing; other actions on it fail, and their words with them.
        return "notes" if closed else action

    def _act(
        self, path: str, value: Mapping[str, Any], query: Mapping[str, str] | None = None
    ) -> Generator[Call, Answer, Mapping[str, Any] | Refusal]:
        """What became of the request: empty when JSM has not come to it yet, which its 202 answers for."""
        answer = yield from self.rest.write("POST", path, value, query)
        if not isinstance(answer, Answer):
            return answer
        request = told(answer).get("requestId")
        if answer.status != 202 or not request:
            return Unsure(f"JSM answered {answer.status} where it says 202 and names the request")
        status = yield from self.rest.raw("GET", f"alerts/requests/{segment(str(request))}")
        outcome = told(status, "data") if isinstance(status, Answer) and status.status == 200 else {}
        if outcome.get("isSuccess") is False and not _WAS_DONE.search(str(outcome.get("status"))):
            return Rejected(f"JSM did not do it: {said(outcome.get('status'), (self._options.api_key,))}")
        return outcome

    def _new(self, ticket: Ticket) -> dict[str, Any]:
        options = self._options
        details = {"incident": ticket.incident, "target": ticket.target, **ticket.labels}
        new: dict[str, Any] = {
            "message": " ".join(clip_bytes(ticket.title.both(), MESSAGE_MAX_BYTES).split()),
            "alias": _alias(ticket.external_id),
            "description": clip_both(ticket.body, DESCRIPTION_MAX_BYTES),
            "priority": PRIORITIES[ticket.severity],
            "entity": ticket.target,
            "source": SOURCE,
            "tags": list(options.tags),
            "details": {name: clip_bytes(value, DETAIL_MAX_BYTES) for name, value in details.items()},
        }
        if options.team:
            new["responders"] = [{"type": "team", "id": options.team}]
        return new


#: An action on an alert that is closed, or was never: nothing is left to do.
_WAS_DONE = re.compile(r"does not exist|already (closed|acknowledged)", re.IGNORECASE)


def _alias(external_id: str) -> str:
    return clip_bytes(external_id, ALIAS_MAX_BYTES, "")


def _called(remote_id: str) -> dict[str, str]:
    """How the address names an alert."""
    return {"identifierType": "id" if is_id(remote_id) else "alias"}
