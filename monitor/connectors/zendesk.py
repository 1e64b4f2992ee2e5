"""Tickets in Zendesk Support, by its Ticketing API v2 with OAuth client credentials.

A creation carries an ``Idempotency-Key``, which Zendesk keeps for two hours: the same bytes under the same key are one ticket. After
that, and after an answer that never came, the ticket is looked up by ``external_id`` (the list of tickets; the search index lags).
Updates take no key: see ``tracker.py``. A solved ticket is told more in private comments, which do not reopen it; a closed one is
final, and a new episode becomes its follow-up. Priority and fields are set once, when the ticket is made.
"""

from collections.abc import Generator, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from monitor.connectors import Answer, Call, Capabilities, Delivered, FindFlow, Flow, Found, Rejected, Unsure
from monitor.connectors.bearer import Bearer
from monitor.connectors.clip import clip_bytes
from monitor.connectors.judge import Refusal
from monitor.connectors.options import Address, DeskOptions
from monitor.connectors.rest import Rest, gone, rows, segment, told
from monitor.connectors.tracker import Held, Tracker
from monitor.model.alert import Severity
from monitor.model.incident import Ticket
from monitor.model.secret import Secret
from monitor.model.units import Duration

#: Zendesk cuts subjects at 255 characters; comments hold 64 kB.
SUBJECT_MAX_BYTES = 250
COMMENT_MAX_BYTES = 30_000
KEY_MAX_BYTES = 255
#: Comments looked through for one of ours, newest first: a page. An older repetition than that is hours old.
COMMENTS_SEEN = 100
_HELD: Mapping[str, Held] = {"solved": Held.DONE, "closed": Held.FINAL}
PRIORITIES: Mapping[Severity, str] = {Severity.P1: "urgent", Severity.P2: "high", Severity.P3: "normal", Severity.P4: "low"}


class ZendeskOptions(DeskOptions):
    """``client_id`` is the OAuth client's unique identifier; it needs the scopes ``read`` and ``write``."""

    url: Address = Field(description="like https://example.zendesk.com")
    client_id: str
    client_secret: Secret
    scope: str = "read write"
    group_id: int | None = Field(None, description="the group that gets the tickets")
    brand_id: int | None = None
    ticket_form_id: int | None = None
    requester_id: int | None = Field(None, description="in whose name tickets are made; the OAuth client's user when left out")
    tags: tuple[str, ...] = ("paycanary",)
    custom_fields: Mapping[int, str] = Field(
        default_factory=dict, description="custom field id: value, set when a ticket is made"
    )
    public: bool = Field(default=False, description="comments that the requester sees; else internal notes")
    settle: Duration = Field(10.0, description="how long a creation whose answer was lost may take to be listed")


class ZendeskConnector(Tracker):
    kind: ClassVar[str] = "zendesk"
    comment_max_bytes: ClassVar[int] = COMMENT_MAX_BYTES
    Options: ClassVar[type[BaseModel]] = ZendeskOptions

    def __init__(self, options: ZendeskOptions) -> None:
        self._options = options
        self.access = options.access
        self.capabilities = Capabilities(idempotent_create=False, finds=True, reopens=True, settle_seconds=options.settle)
        base = options.url.rstrip("/")
        bearer = Bearer(
            "Zendesk", f"{base}/oauth/tokens", options.client_id, options.client_secret, scope=options.scope, as_json=True
        )
        secrets = (options.client_secret,)
        self.rest = Rest("Zendesk", f"{base}/api/v2", bearer=bearer, secrets=secrets, words=("description", "error"))

    def create(self, ticket: Ticket) -> Flow:
        return (yield from self._create(ticket, follows=None))

    def find(self, external_id: str) -> FindFlow:
        answer = yield from self.rest.read("tickets", {"external_id": external_id})
        if not isinstance(answer, Answer):
            return answer
        tickets = _numbered(answer, "tickets")
        if tickets is None:
            return Unsure("Zendesk's list of tickets could not be read")
        numbers = sorted((int(one["id"]) for one in tickets), reverse=True)
        return Found(tuple(map(str, numbers)), open=any(one.get("status") not in _HELD for one in tickets))

    def check(self) -> Flow:
        """The login works, tickets can be listed, and the group and the custom fields of the options exist."""
        options = self._options
        asked = [("tickets", "list of tickets")]
        asked += [(f"groups/{options.group_id}", f"group {options.group_id}")] if options.group_id else []
        asked += [(f"ticket_fields/{field}", f"custom field {field}") for field in options.custom_fields]
        for path, what in asked:
            answer = yield from self.rest.raw("GET", path, {"external_id": "paycanary-check"} if path == "tickets" else None)
            if isinstance(answer, Answer) and answer.status == 404:
                return Rejected(f"Zendesk has no {what}")
            problem = self.rest.judge(answer, read=True) if isinstance(answer, Answer) else answer
            if problem:
                return problem
        return Delivered()

    def _create(self, ticket: Ticket, follows: str | None) -> Flow:
        key = f"{ticket.external_id}:{ticket.revision}" if follows else ticket.external_id
        header = {"idempotency-key": clip_bytes(key, KEY_MAX_BYTES, "")}
        answer = yield from self.rest.raw("POST", "tickets", value={"ticket": self._new(ticket, follows)}, headers=header)
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 400 and told(answer).get("error") == "IdempotentRequestError":
            return Unsure("Zendesk has had this ticket before, with other words: it is looked up")
        number = told(answer, "ticket").get("id")
        taken = Delivered(str(number)) if number else Unsure("Zendesk took the ticket and did not say its number")
        return self.rest.judge(answer) or taken

    def follow(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._create(ticket, follows=remote_id))

    def held(self, remote_id: str) -> Generator[Call, Answer, Held | Refusal]:
        answer = yield from self.rest.raw("GET", f"tickets/{segment(remote_id)}")
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 404:
            return gone("Zendesk")
        status = told(answer, "ticket").get("status")
        return self.rest.judge(answer, read=True) or _HELD.get(str(status), Held.OPEN)

    def has(self, remote_id: str, line: str) -> Generator[Call, Answer, bool | Refusal]:
        query = {"sort": "-created_at", "page[size]": str(COMMENTS_SEEN)}
        answer = yield from self.rest.read(f"tickets/{segment(remote_id)}/comments", query)
        if not isinstance(answer, Answer):
            return answer
        return any(line in str(one.get("body", "")) for one in rows(answer, "comments") or [])

    def change(self, ticket: Ticket, remote_id: str, comment: str | None, state: Held | None) -> Flow:
        change: dict[str, Any] = {} if comment is None else {"comment": self._comment(comment)}
        if state:
            change["status"] = "open" if state is Held.OPEN else "solved"
        answer = yield from self.rest.write("PUT", f"tickets/{segment(remote_id)}", {"ticket": change})
        return Delivered(remote_id) if isinstance(answer, Answer) else answer

    def _new(self, ticket: Ticket, follows: str | None) -> dict[str, Any]:
        options = self._options
        new: dict[str, Any] = {
            "subject": clip_bytes(ticket.title.both(), SUBJECT_MAX_BYTES),
            "comment": self._comment(self.words(ticket, first=True)),
            "external_id": ticket.external_id,
            "type": "incident",
            "priority": PRIORITIES[ticket.severity],
            "tags": list(options.tags),
        }
        extra = {name: getattr(options, name) for name in ("group_id", "brand_id", "ticket_form_id", "requester_id")}
        new |= {name: value for name, value in extra.items() if value is not None}
        if options.custom_fields:
            new["custom_fields"] = [{"id": number, "value": value} for number, value in sorted(options.custom_fields.items())]
        if follows is not None:
            new["via_followup_source_id"] = int(follows)
        return new

    def _comment(self, text: str) -> dict[str, Any]:
        return {"body": text, "public": self._options.public}


def _numbered(answer: Answer, name: str) -> list[Mapping[str, Any]] | None:
    items = rows(answer, name)
    return None if items is None else [item for item in items if str(item.get("id", "")).isdigit()]
