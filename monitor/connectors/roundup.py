"""Tickets in a Roundup issue tracker (2.x), by its REST interface.

The tracker's schema needs one more property of ``issue``: ``external_id=String(indexme="yes")``. Roundup has no key that makes
creating repeatable, so an unsure creation is looked up by that property. Messages carry a ``messageid`` of ours: a message
whose reply was lost is found by it and not written twice.

Every change of an issue is one PATCH that sets messages and status together and holds only for the ETag it was read with. The
status is always said, also to leave it as it is: Roundup's own rules move an issue that gets a message without one to
"chatting", and would so reopen what a person has closed. Title and priority belong to people once the issue exists.
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel, Field

from monitor.connectors import (
    Answer,
    Call,
    Capabilities,
    Comment,
    Delivered,
    FindFlow,
    Flow,
    Found,
    Held,
    ReadFlow,
    Rejected,
    Seen,
    TryAgain,
    Unsure,
)
from monitor.connectors.clip import clip_both, clip_bytes, to_json
from monitor.connectors.judge import Refusal, basic, body_of, refusal, said
from monitor.connectors.options import Address, TicketOptions
from monitor.connectors.reading import COMMENTS_MAX, heard, instant, name, people
from monitor.connectors.rest import at, gone, told
from monitor.model.alert import Severity
from monitor.model.incident import Ticket
from monitor.model.secret import Secret
from monitor.model.units import Duration

#: A title is one line of a list and the subject of a mail.
TITLE_MAX_BYTES = 250
MESSAGE_MAX_BYTES = 16_000
#: In Roundup's own writing of dates; without one a message stands undated on the issue's page.
NOW = "."
#: More issues than this under one external id are as wrong as two.
FOUND_MAX = 50
#: What Roundup says to a change of an issue that was deleted: it can still be read by its number.
RETIRED = "is retired"
#: How the ``messageid`` of every message of ours ends.
OURS = "@paycanary"


class RoundupOptions(TicketOptions):
    """Statuses and priorities are named as in Roundup's classic template; every tracker may have its own."""

    url: Address = Field(description="the tracker's address, as in its own config.ini")
    username: str
    password: Secret
    external_id_property: str = Field("external_id", pattern=r"^[a-z_][a-z0-9_]*$")
    status_open: str = "unread"
    status_resolved: str = "resolved"
    status_reopened: str = "chatting"
    priorities: Mapping[Severity, str] = Field(
        default_factory=lambda: {Severity.P1: "critical", Severity.P2: "urgent", Severity.P3: "bug", Severity.P4: "bug"}
    )
    settle: Duration = Field(5.0, description="how long a creation whose answer was lost may take to become visible")


class RoundupConnector:
    kind: ClassVar[str] = "roundup"
    Options: ClassVar[type[BaseModel]] = RoundupOptions

    def __init__(self, options: RoundupOptions) -> None:
        self._options = options
        self.access = options.access
        self.capabilities = Capabilities(
            idempotent_create=False, finds=True, reopens=True, settle_seconds=options.settle, reads=True
        )
        self._base = options.url.rstrip("/")
        self._headers: Mapping[str, str | Secret] = {
            "accept": "application/json",
            "authorization": basic(options.username, options.password),
            # Roundup's guard against forged requests wants these three.
            "x-requested-with": "rest",
            "origin": self._base,
            "referer": self._base + "/",
        }

    def create(self, ticket: Ticket) -> Flow:
        message = yield from self._message(ticket, "new", clip_both(ticket.body, MESSAGE_MAX_BYTES))
        if not isinstance(message, str):
            return message
        answer = yield self._write("POST", "issue", self._issue(ticket, message))
        problem = self._judge(answer)
        if problem:
            return problem
        created = _data(answer).get("id")
        return Delivered(str(created)) if created else Unsure("Roundup took the issue and did not say its number")

    def find(self, external_id: str) -> FindFlow:
        query = {f"{self._options.external_id_property}:": external_id, "@fields": "status", "@verbose": "2"}
        answer = yield self._read("issue", query)
        problem = self._judge(answer, read=True)
        if problem:
            return problem
        issues = _collection(answer)
        if issues is None:
            return Unsure("Roundup's list of issues could not be read")
        numbers = sorted((int(issue["id"]) for issue in issues[:FOUND_MAX]), reverse=True)
        return Found(tuple(map(str, numbers)), open=any(self._is_open(issue) for issue in issues))

    def update(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._amend(ticket, remote_id, status=None))

    def resolve(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._amend(ticket, remote_id, status=self._options.status_resolved))

    def reopen(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._amend(ticket, remote_id, status=self._options.status_reopened))

    def read(self, remote_id: str) -> ReadFlow:
        """From the list of issues: one that was retired is no longer in it, and still to be had by its number."""
        answer = yield self._read("issue", {"id": remote_id, "@fields": "messages,status,assignedto,superseder", "@verbose": "2"})
        problem, found = self._judge(answer, read=True), _collection(answer)
        if problem or found is None:
            return problem or TryAgain("Roundup's issue could not be read")
        if not found:
            return gone("Roundup")
        issue = found[0]
        said = yield from self._said(issue)
        if not isinstance(said, tuple):
            return said
        state = Held.OPEN if self._is_open(issue) else Held.DONE
        superseder = at(issue, "superseder.0.id")
        return Seen(
            state,
            assignee=name(at(issue, "assignedto.username")),
            comments=said,
            merged_into=str(superseder or "") if state is Held.DONE else "",
        )

    def _said(self, issue: Mapping[str, Any]) -> Generator[Call, Answer, tuple[Comment, ...] | Refusal]:
        numbers = sorted((int(one["id"]) for one in issue.get("messages") or []), reverse=True)[:COMMENTS_MAX]
        if not numbers:
            return ()
        query = [("id", str(number)) for number in numbers]
        query += [("@fields", "author,messageid,content,creation"), ("@verbose", "3"), ("@sort", "id")]
        answer = yield self._read("msg", query)
        return self._judge(answer, read=True) or people(
            heard(one["id"], at(one, "author.username"), _instant(one.get("creation")), one.get("content"))
            for one in _collection(answer) or []
            if not str(one.get("messageid", "")).endswith(OURS)
        )

    def check(self) -> Flow:
        """The login works, issues can be searched by the property, and every name in the options exists."""
        answer = yield self._read("issue", {f"{self._options.external_id_property}:": "paycanary-check", "@page_size": "1"})
        problem = self._judge(answer, read=True)
        if problem:
            return problem
        options = self._options
        statuses = {options.status_open, options.status_resolved, options.status_reopened}
        for kind, wanted in (("status", statuses), ("priority", set(options.priorities.values()))):
            answer = yield self._read(kind, {"@fields": "name"})
            problem = self._judge(answer, read=True)
            if problem:
                return problem
            missing = wanted - {str(item.get("name")) for item in _collection(answer) or []}
            if missing:
                return Rejected(f"Roundup has no {kind} named {', '.join(sorted(missing))}")
        return Delivered()

    def _amend(self, ticket: Ticket, remote_id: str, status: str | None) -> Flow:
        text = clip_both(ticket.comment if ticket.comment.en else ticket.body, MESSAGE_MAX_BYTES)
        message = yield from self._message(ticket, remote_id, text)
        if not isinstance(message, str):
            return message
        path = f"issue/{quote(remote_id, safe='')}"
        answer = yield self._read(path, {"@fields": "messages,status", "@verbose": "2"})
        problem = gone("Roundup") if answer.status == 404 else self._judge(answer, read=True)
        if problem:
            return problem
        held = _data(answer).get("attributes", {})
        messages = [str(item["id"]) for item in held.get("messages") or []]
        current = (held.get("status") or {}).get("name")
        wanted = status or current
        if message in messages and wanted == current:
            return Delivered(remote_id)
        messages += [] if message in messages else [message]
        change = {"@op": "replace", "messages": messages, "status": wanted}
        answer = yield self._write("PATCH", path, change, {"if-match": answer.headers.get("etag", "")})
        if answer.status == 409 and RETIRED in str(told(answer, "error").get("msg")):
            return gone("Roundup")
        return self._judge(answer) or Delivered(remote_id)

    def _message(self, ticket: Ticket, place: str, text: str) -> Generator[Call, Answer, str | Refusal]:
        """The id of this revision's message, written now or found again."""
        ours = f"{ticket.external_id}.{ticket.revision}.{place}{OURS}"
        answer = yield self._read("msg", {"messageid:": ours})
        problem = self._judge(answer, read=True)
        if problem:
            return problem
        for item in _collection(answer) or []:
            return str(item["id"])
        answer = yield self._write(
            "POST", "msg", {"content": text, "messageid": ours, "date": NOW, "author": self._options.username}
        )
        problem = self._judge(answer)
        if problem:
            return problem
        written = _data(answer).get("id")
        return str(written) if written else Unsure("Roundup took a message and did not say its number")

    def _issue(self, ticket: Ticket, message: str) -> dict[str, Any]:
        return {
            "title": clip_bytes(ticket.title.both(), TITLE_MAX_BYTES),
            self._options.external_id_property: ticket.external_id,
            "status": self._options.status_open,
            "priority": self._options.priorities.get(ticket.severity),
            "messages": [message],
        }

    def _is_open(self, issue: Mapping[str, Any]) -> bool:
        return bool((issue.get("status") or {}).get("name") != self._options.status_resolved)

    def _read(self, path: str, query: Mapping[str, str] | Sequence[tuple[str, str]]) -> Call:
        return Call("GET", f"{self._base}/rest/data/{path}?{urlencode(query)}", self._headers)

    def _write(self, method: str, path: str, value: object, headers: Mapping[str, str] | None = None) -> Call:
        all_headers = {**self._headers, "content-type": "application/json", **(headers or {})}
        return Call(method, f"{self._base}/rest/data/{path}", all_headers, to_json(value))

    def _judge(self, answer: Answer, *, read: bool = False) -> Refusal | None:
        return judge(answer, (self._options.password,), read=read)


def judge(answer: Answer, secrets: tuple[Secret, ...] = (), *, read: bool = False) -> Refusal | None:
    """None for a success. Errors are ``{"error": {"status", "msg"}}``; the login's are plain text."""
    body = body_of(answer)
    error = body.get("error") if isinstance(body, dict) else None
    return refusal(answer, "Roundup", said(error.get("msg") if isinstance(error, dict) else None, secrets), read=read)


def _instant(text: object) -> float | None:
    """Roundup writes "2026-11-22.08:51:39", in UTC."""
    return instant(str(text).replace(".", "T", 1))


def _data(answer: Answer) -> Mapping[str, Any]:
    body = body_of(answer)
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, dict) else {}


def _collection(answer: Answer) -> list[Mapping[str, Any]] | None:
    items = _data(answer).get("collection")
    if not isinstance(items, list):
        return None
    return [item for item in items if isinstance(item, dict) and str(item.get("id", "")).isdigit()]
