"""Tickets in Zendesk Support, by its Ticketing API v2 with OAuth client credentials.

A creation carries an ``Idempotency-Key``, which Zendesk keeps for two hours: the same bytes under the same key are one ticket. After
that, and after an answer that never came, the ticket is looked up by ``external_id`` (the list of tickets; the search index lags).
Updates take no key: see ``tracker.py``. A solved ticket is told more in private comments, which do not reopen it; a closed one is
final, and a new episode becomes its follow-up. Priority and fields are set once, when the ticket is made.
"""

import re
from collections.abc import Generator, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, Field

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
    Seen,
    TryAgain,
    Unsure,
)
from monitor.connectors.bearer import Bearer
from monitor.connectors.clip import clip_bytes
from monitor.connectors.judge import Refusal
from monitor.connectors.options import Address, TicketOptions
from monitor.connectors.reading import heard, instant, name, people
from monitor.connectors.rest import Exchange, Rest, at, gone, rows, segment, told
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
#: Zendesk's own mark on a ticket that was merged into another.
MERGED_TAG = "closed_by_merge"
#: How a placeholder or a tag of its template language begins.
_LIQUID = re.compile(r"\{(?=[{%])")
_HELD: Mapping[str, Held] = {"solved": Held.DONE, "closed": Held.FINAL}
_AGENTS = ("agent", "admin")
PRIORITIES: Mapping[Severity, str] = {Severity.P1: "urgent", Severity.P2: "high", Severity.P3: "normal", Severity.P4: "low"}


class ZendeskOptions(TicketOptions):
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
        self.capabilities = Capabilities(
            idempotent_create=False, finds=True, reopens=True, settle_seconds=options.settle, reads=True
        )
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
        """The login works and is an agent's, tickets can be listed, and the group, form and custom fields of the options exist."""
        options = self._options
        answer = yield from self.rest.read("users/me")
        if not isinstance(answer, Answer):
            return answer
        role = at(told(answer), "user.role")
        missing = (
            []
            if role in _AGENTS
            else [f"this OAuth client acts for a user whose role is {role!r}: it must be an agent's or an admin's"]
        )
        asked = [("tickets", "list of tickets")]
        asked += [(f"groups/{options.group_id}", f"group {options.group_id}")] if options.group_id else []
        asked += (
            [(f"ticket_forms/{options.ticket_form_id}", f"ticket form {options.ticket_form_id}")]
            if options.ticket_form_id
            else []
        )
        asked += [(f"ticket_fields/{field}", f"custom field {field}") for field in options.custom_fields]
        for path, what in asked:
            answer = yield from self.rest.raw("GET", path, {"external_id": "paycanary-check"} if path == "tickets" else None)
            if not isinstance(answer, Answer):
                return answer
            if answer.status == 404:
                missing.append(f"Zendesk has no {what}")
                continue
            problem = self.rest.judge(answer, read=True)
            if problem:
                return problem
            if at(told(answer), "ticket_field.active") is False:
                missing.append(f"{what} is not active: activate it, or take it out of the options")
        return Rejected("; ".join(missing)) if missing else Delivered()

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
        ticket = told(answer, "ticket")
        if MERGED_TAG in (ticket.get("tags") or []):
            newest = yield from self._comments(f"tickets/{segment(remote_id)}")
            if not isinstance(newest, Answer):
                return newest
            return gone("Zendesk", _merged_into(ticket, newest))
        return self.rest.judge(answer, read=True) or _HELD.get(str(ticket.get("status")), Held.OPEN)

    def read(self, remote_id: str) -> ReadFlow:
        path = f"tickets/{segment(remote_id)}"
        answer = yield from self.rest.raw("GET", path, {"include": "users"})
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 404:
            return gone("Zendesk")
        problem, ticket = self.rest.judge(answer, read=True), told(answer, "ticket")
        if problem or not ticket.get("status"):
            return problem or TryAgain("Zendesk's ticket could not be read")
        people_there = _names(answer)
        newest = yield from self._comments(path)
        if not isinstance(newest, Answer):
            return newest
        people_there |= _names(newest)
        said = [one for one in reversed(rows(newest, "comments") or []) if not _is_merging(one)]
        ours = ticket.get("submitter_id")
        assignee = ticket.get("assignee_id")
        return Seen(
            _HELD.get(str(ticket["status"]), Held.OPEN),
            assignee=people_there.get(assignee, "") if assignee != ours else "",
            comments=people(
                heard(one.get("id"), people_there.get(one.get("author_id")), instant(one.get("created_at")), one.get("body"))
                for one in said
            ),
            merged_into=_merged_into(ticket, newest),
        )

    def has(self, remote_id: str, line: str) -> Generator[Call, Answer, bool | Refusal]:
        answer = yield from self._comments(f"tickets/{segment(remote_id)}")
        if not isinstance(answer, Answer):
            return answer
        return any(line in str(one.get("body", "")) for one in rows(answer, "comments") or [])

    def change(self, ticket: Ticket, remote_id: str, comment: str | None, state: Held | None) -> Flow:
        change: dict[str, Any] = {} if comment is None else {"comment": self._comment(comment)}
        if state:
            change["status"] = "open" if state is Held.OPEN else "solved"
        answer = yield from self.rest.write("PUT", f"tickets/{segment(remote_id)}", {"ticket": change})
        return Delivered(remote_id) if isinstance(answer, Answer) else answer

    def _comments(self, path: str) -> Exchange:
        query = {"sort": "-created_at", "page[size]": str(COMMENTS_SEEN), "include": "users"}
        return (yield from self.rest.read(f"{path}/comments", query))

    def _new(self, ticket: Ticket, follows: str | None) -> dict[str, Any]:
        options = self._options
        new: dict[str, Any] = {
            "subject": clip_bytes(_plain(ticket.title.both()), SUBJECT_MAX_BYTES),
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
        return {"body": _plain(text), "public": self._options.public}


def _names(answer: Answer) -> dict[Any, str]:
    return {one.get("id"): name(one.get("name")) for one in rows(answer, "users") or []}


def _is_merging(comment: Mapping[str, Any]) -> bool:
    return "merge" in (at(comment, "via.channel"), at(comment, "via.source.rel"))


def _merged_into(ticket: Mapping[str, Any], newest: Answer) -> str:
    """The number of the ticket that this one was merged into. Nothing but the comment that the merging leaves says it, in any language as
    "#" and a number.
    """
    if MERGED_TAG not in (ticket.get("tags") or []):
        return ""
    found = (re.search(r"#(\d+)", str(one.get("body", ""))) for one in rows(newest, "comments") or [])
    return next((match[1] for match in found if match), "")


def _numbered(answer: Answer, name: str) -> list[Mapping[str, Any]] | None:
    items = rows(answer, name)
    return None if items is None else [item for item in items if str(item.get("id", "")).isdigit()]


def _plain(text: str) -> str:
    """Zendesk fills in placeholders (``{{ticket.requester.email}}``) and dynamic content, also in what it is told: nothing may be one."""
    return _LIQUID.sub("{ ", text)
