"""Tickets in Request Tracker 5, by its REST 2.0 interface.

A queue needs one custom field for tickets: free text, one value; ``IncidentKey`` by default. RT has no key that makes creating
repeatable: an unsure creation is looked up by that field. RT's statuses belong to lifecycles that each site writes itself, so the
ones used are options; a ticket whose status is rejected or deleted takes no more words.
"""

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
    Gone,
    ReadFlow,
    Rejected,
    Seen,
    TryAgain,
    Unsure,
)
from monitor.connectors.clip import clip_both, clip_bytes
from monitor.connectors.judge import Refusal, basic
from monitor.connectors.options import Address, TicketOptions
from monitor.connectors.reading import heard, instant, name, people, plain
from monitor.connectors.rest import Rest, at, gone, rows, segment, told
from monitor.connectors.tracker import Held, Tracker
from monitor.model.alert import Severity
from monitor.model.incident import Ticket
from monitor.model.secret import Secret
from monitor.model.units import Duration

SUBJECT_MAX_BYTES = 200
TEXT_MAX_BYTES = 30_000
FOUND_MAX = 50
NOBODY = "Nobody"
#: RT's own status of a ticket that is not shown any more, in every lifecycle.
DELETED = "deleted"
#: Comments looked through for one of ours, newest first.
COMMENTS_SEEN = 100
#: RT's own scale is 0 to 100 unless a site changed it.
PRIORITIES: Mapping[Severity, int] = {Severity.P1: 100, Severity.P2: 75, Severity.P3: 50, Severity.P4: 25}


class RequestTrackerOptions(TicketOptions):
    """Give ``token`` (an authentication token), or ``username`` and ``password``."""

    url: Address = Field(description="RT's own address, without /REST/2.0")
    username: str | None = None
    password: Secret | None = None
    token: Secret | None = None
    queue: str = Field(pattern=r"^[^'\"\\]+$")
    key_field: str = Field("IncidentKey", pattern=r"^[A-Za-z][A-Za-z0-9_ -]*$")
    fields: Mapping[str, str] = Field(default_factory=dict, description="more fields of a new ticket, like Owner")
    status_resolved: str = "resolved"
    status_reopened: str = "open"
    statuses_final: tuple[str, ...] = ("rejected", "deleted")
    settle: Duration = Field(5.0, description="how long a creation whose answer was lost may take to be found")

    @model_validator(mode="after")
    def _one_login(self) -> Self:
        password = self.username is not None and self.password is not None
        if password == (self.token is not None) or (self.username is None) != (self.password is None):
            raise ValueError("expected one login: token, or username with password")
        return self


class RequestTrackerConnector(Tracker):
    kind: ClassVar[str] = "request_tracker"
    Options: ClassVar[type[BaseModel]] = RequestTrackerOptions
    comment_max_bytes: ClassVar[int] = TEXT_MAX_BYTES

    def __init__(self, options: RequestTrackerOptions) -> None:
        self._options = options
        self.access = options.access
        self.capabilities = Capabilities(
            idempotent_create=False, finds=True, reopens=True, settle_seconds=options.settle, reads=True
        )
        secret = options.token or options.password or Secret("")
        login = Secret(f"token {secret.reveal()}") if options.token else basic(options.username or "", secret)
        base = f"{options.url.rstrip('/')}/REST/2.0"
        self.rest = Rest("Request Tracker", base, headers={"authorization": login}, secrets=(secret,), words=("message",))

    def create(self, ticket: Ticket) -> Flow:
        answer = yield from self.rest.write("POST", "ticket", self._new(ticket))
        if not isinstance(answer, Answer):
            return answer
        number = told(answer).get("id")
        return Delivered(str(number)) if number else Unsure("Request Tracker took the ticket and did not say its number")

    def find(self, external_id: str) -> FindFlow:
        options = self._options
        asked = {
            "query": f"Queue = '{options.queue}' AND CF.{{{options.key_field}}} = '{_quoted(external_id)}'",
            "fields": "Status",
            "orderby": "id",
            "order": "DESC",
            "per_page": str(FOUND_MAX),
        }
        answer = yield from self.rest.read("tickets", asked)
        if not isinstance(answer, Answer):
            return answer
        found = rows(answer, "items")
        if found is None:
            return Unsure("Request Tracker's list of tickets could not be read")
        held = [one for one in found if one.get("id")]
        return Found(tuple(str(one["id"]) for one in held), open=any(self._stands(one) is Held.OPEN for one in held))

    def held(self, remote_id: str) -> Generator[Call, Answer, Held | Refusal]:
        answer = yield from self.rest.raw("GET", f"ticket/{segment(remote_id)}")
        if not isinstance(answer, Answer):
            return answer
        return self._missing(answer, remote_id) or self.rest.judge(answer, read=True) or self._stands(told(answer))

    def read(self, remote_id: str) -> ReadFlow:
        """Comments and correspondence are transactions; what they say is in their attachments."""
        path = f"ticket/{segment(remote_id)}"
        answer = yield from self.rest.raw("GET", path)
        if not isinstance(answer, Answer):
            return answer
        problem, ticket = self._missing(answer, remote_id) or self.rest.judge(answer, read=True), told(answer)
        if problem or not ticket.get("Status"):
            return problem or TryAgain("Request Tracker's ticket could not be read")
        newest = {"orderby": "id", "order": "DESC", "per_page": str(COMMENTS_SEEN)}
        history = yield from self.rest.read(f"{path}/history", {"fields": "Type,Creator,Created,NewValue", **newest})
        if not isinstance(history, Answer):
            return history
        texts = yield from self.rest.read(f"{path}/attachments", {"fields": "TransactionId,ContentType,Content", **newest})
        if not isinstance(texts, Answer):
            return texts
        done, said = rows(history, "items") or [], _texts(texts)
        mover = next((one for one in done if one.get("Type") == "Status" and one.get("NewValue") == ticket["Status"]), {})
        owner = at(ticket, "Owner.id")
        return Seen(
            self._stands(ticket),
            by=name(at(mover, "Creator.id")),
            assignee=name(owner) if owner != NOBODY else "",
            comments=people(
                heard(one.get("id"), at(one, "Creator.id"), instant(one.get("Created")), said.get(str(one.get("id"))))
                for one in reversed(done)
                if one.get("Type") in ("Comment", "Correspond")
            ),
        )

    def _missing(self, answer: Answer, remote_id: str) -> Gone | None:
        """RT shows a merged ticket as the one it was merged into, and a deleted one as it was."""
        ticket = told(answer)
        number = str(ticket.get("id", remote_id))
        if answer.status == 404 or ticket.get("Status") == DELETED:
            return gone("Request Tracker")
        return gone("Request Tracker", number) if number != remote_id else None

    def has(self, remote_id: str, line: str) -> Generator[Call, Answer, bool | Refusal]:
        asked = {"fields": "Content", "orderby": "id", "order": "DESC", "per_page": str(COMMENTS_SEEN)}
        answer = yield from self.rest.read(f"ticket/{segment(remote_id)}/attachments", asked)
        if not isinstance(answer, Answer):
            return answer
        return any(line in str(one.get("Content", "")) for one in rows(answer, "items") or [])

    def change(self, ticket: Ticket, remote_id: str, comment: str | None, state: Held | None) -> Flow:
        """The status last: a comment may open a ticket again by the site's own rules."""
        path = f"ticket/{segment(remote_id)}"
        if comment is not None:
            value = {"Content": comment, "ContentType": "text/plain"}
            answer = yield from self.rest.write("POST", f"{path}/comment", value)
            if not isinstance(answer, Answer):
                return answer
        if state is not None:
            status = self._options.status_reopened if state is Held.OPEN else self._options.status_resolved
            answer = yield from self.rest.write("PUT", path, {"Status": status})
            if not isinstance(answer, Answer):
                return answer
        return Delivered(remote_id)

    def check(self) -> Flow:
        """The login works, the queue is there for it, and tickets in it have the key field."""
        options = self._options
        answer = yield from self.rest.raw("GET", f"queue/{segment(options.queue)}")
        if not isinstance(answer, Answer):
            return answer
        if answer.status in (403, 404):
            return Rejected(f"Request Tracker has no queue {options.queue!r} that this login may see")
        problem = self.rest.judge(answer, read=True)
        if problem:
            return problem
        fields = {str(one.get("name")) for one in rows(answer, "TicketCustomFields") or []}
        if options.key_field not in fields:
            return Rejected(f"tickets in {options.queue} have no custom field {options.key_field!r} that this login may see")
        return Delivered()

    def _stands(self, ticket: Mapping[str, Any]) -> Held:
        status = str(ticket.get("Status", ""))
        if status in self._options.statuses_final:
            return Held.FINAL
        return Held.DONE if status == self._options.status_resolved else Held.OPEN

    def _new(self, ticket: Ticket) -> dict[str, Any]:
        options = self._options
        return {
            **options.fields,
            "Queue": options.queue,
            "Subject": " ".join(clip_bytes(ticket.title.both(), SUBJECT_MAX_BYTES).split()),
            "Content": clip_both(ticket.body, TEXT_MAX_BYTES),
            "ContentType": "text/plain",
            "Priority": PRIORITIES[ticket.severity],
            "CustomFields": {options.key_field: ticket.external_id},
        }


def _texts(attachments: Answer) -> dict[str, str]:
    """What each transaction says: its plain text, or the words of its HTML."""
    said: dict[str, str] = {}
    for one in rows(attachments, "items") or []:
        kind, transaction, words = one.get("ContentType"), str(one.get("TransactionId")), str(one.get("Content") or "")
        if kind == "text/plain":
            said[transaction] = words
        elif kind == "text/html":
            said.setdefault(transaction, plain(words))
    return said


def _quoted(text: str) -> str:
    """Inside a string of a ticket query."""
    return text.replace("\\", "\\\\").replace("'", "\\'")
