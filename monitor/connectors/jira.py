"""Issues in Jira Cloud (API 3, texts in Atlassian Document Format) and Jira Data Center (API 2, plain texts).

An issue is known by a label. Nothing makes a creation repeatable, and the search lags: an unsure creation is looked up after
``settle`` and looked for again later. Transitions are found by where they lead: the category of a status (new, in progress, done) is
the same in every workflow and language; a name given in the options comes first.
"""

import json
import re
from collections.abc import Generator, Mapping
from typing import Any, ClassVar, Literal, Self

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
    Seen,
    TryAgain,
    Unsure,
)
from monitor.connectors.clip import ELLIPSIS, clip_both, clip_bytes
from monitor.connectors.jira_check import Wanted, complaints
from monitor.connectors.judge import Refusal, basic
from monitor.connectors.options import Address, TicketOptions
from monitor.connectors.reading import heard, instant, name, people
from monitor.connectors.rest import Exchange, Rest, at, gone, rows, segment, told
from monitor.connectors.tracker import Held, Tracker
from monitor.model.alert import Severity
from monitor.model.incident import Ticket
from monitor.model.secret import Secret
from monitor.model.units import Duration

SUMMARY_MAX_BYTES = 250
#: Jira takes 32,767 characters; the document format adds to it.
TEXT_MAX_BYTES = 24_000
#: Each paragraph of a document costs some sixty bytes beside its words.
PARAGRAPHS_MAX = 300
FOUND_MAX = 50
COMMENTS_SEEN = 100
#: Lists in tables in panels: nobody writes deeper.
DEPTH_MAX = 40
_BLOCKS = frozenset({"paragraph", "heading", "codeBlock", "rule"})
_DONE = "done"


class JiraOptions(TicketOptions):
    """Cloud: ``email`` and ``token`` (an API token). Data Center: ``token`` alone (a personal access token)."""

    url: Address = Field(description="like https://example.atlassian.net, or a Data Center's address")
    edition: Literal["cloud", "data_center"] = "cloud"
    email: str | None = None
    token: Secret
    project: str = Field(pattern=r"^[A-Z][A-Z0-9_]{1,20}$", description="the project's key")
    issue_type: str = "Task"
    priorities: Mapping[Severity, str] = Field(
        default_factory=dict, description="the site's own names; left to the site if empty"
    )
    fields: Mapping[str, Any] = Field(default_factory=dict, description="more fields of a new issue, as Jira writes them")
    resolve_transition: str | None = Field(None, description="by name; else the first that leads to a done status")
    reopen_transition: str | None = Field(None, description="by name; else the first that leads to one that is not done")
    settle: Duration = Field(30.0, description="how far the search may lag behind")

    @model_validator(mode="after")
    def _login_fits(self) -> Self:
        if (self.edition == "cloud") != (self.email is not None):
            raise ValueError("expected email with a Cloud token, and none with a Data Center's personal access token")
        return self


class JiraConnector(Tracker):
    kind: ClassVar[str] = "jira"
    Options: ClassVar[type[BaseModel]] = JiraOptions
    comment_max_bytes: ClassVar[int] = TEXT_MAX_BYTES

    def __init__(self, options: JiraOptions) -> None:
        self._options = options
        self._cloud = options.edition == "cloud"
        self.access = options.access
        self.capabilities = Capabilities(
            idempotent_create=False, finds=True, reopens=True, settle_seconds=options.settle, reads=True
        )
        login = basic(options.email, options.token) if options.email else Secret(f"Bearer {options.token.reveal()}")
        # Names of statuses and transitions come in the login's own language unless one is asked for.
        headers: Mapping[str, str | Secret] = {"authorization": login, "accept-language": "en"}
        base = f"{options.url.rstrip('/')}/rest/api/{3 if self._cloud else 2}"
        self.rest = Rest("Jira", base, headers=headers, secrets=(options.token, login), words=("errorMessages.0", "message"))

    def create(self, ticket: Ticket) -> Flow:
        answer = yield from self.rest.write("POST", "issue", {"fields": self._new(ticket)})
        if not isinstance(answer, Answer):
            return answer
        key = told(answer).get("key")
        return Delivered(str(key)) if key else Unsure("Jira took the issue and did not say its key")

    def find(self, external_id: str) -> FindFlow:
        jql = f'project = "{self._options.project}" AND labels = "{_label(external_id)}" ORDER BY created DESC'
        path = "search/jql" if self._cloud else "search"
        asked = {"jql": jql, "fields": ["status"], "maxResults": FOUND_MAX}
        answer = yield from self.rest.read(path, value=asked, method="POST")
        if not isinstance(answer, Answer):
            return answer
        issues = rows(answer, "issues")
        if issues is None:
            return Unsure("Jira's list of issues could not be read")
        named = [one for one in issues if one.get("key")]
        return Found(tuple(str(one["key"]) for one in named), open=any(_stands(one) is Held.OPEN for one in named))

    def held(self, remote_id: str) -> Generator[Call, Answer, Held | Refusal]:
        answer = yield from self.rest.raw("GET", f"issue/{segment(remote_id)}", {"fields": "status"})
        if answer.status == 404 if isinstance(answer, Answer) else False:
            return gone("Jira")
        return (self.rest.judge(answer, read=True) or _stands(told(answer))) if isinstance(answer, Answer) else answer

    def read(self, remote_id: str) -> ReadFlow:
        path = f"issue/{segment(remote_id)}"
        answer = yield from self.rest.raw("GET", path, {"fields": "status,assignee", "expand": "changelog"})
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 404:
            return gone("Jira")
        problem, issue = self.rest.judge(answer, read=True), told(answer)
        if problem or not at(issue, "fields.status"):
            return problem or TryAgain("Jira's issue could not be read")
        newest = yield from self.rest.read(f"{path}/comment", {"orderBy": "-created", "maxResults": str(COMMENTS_SEEN)})
        if not isinstance(newest, Answer):
            return newest
        return Seen(
            _stands(issue),
            by=name(_mover(issue)),
            assignee=name(at(issue, "fields.assignee.displayName")),
            comments=people(
                heard(one.get("id"), at(one, "author.displayName"), instant(one.get("created")), words_of(one.get("body")))
                for one in reversed(rows(newest, "comments") or [])
            ),
        )

    def has(self, remote_id: str, line: str) -> Generator[Call, Answer, bool | Refusal]:
        query = {"orderBy": "-created", "maxResults": str(COMMENTS_SEEN)}
        answer = yield from self.rest.read(f"issue/{segment(remote_id)}/comment", query)
        if not isinstance(answer, Answer):
            return answer
        return any(line in json.dumps(one.get("body"), ensure_ascii=False) for one in rows(answer, "comments") or [])

    def change(self, ticket: Ticket, remote_id: str, comment: str | None, state: Held | None) -> Flow:
        path = f"issue/{segment(remote_id)}"
        if comment is not None:
            answer = yield from self.rest.write("POST", f"{path}/comment", {"body": self._text(comment)})
            if not isinstance(answer, Answer):
                return answer
        if state is not None:
            answer = yield from self._move(path, state)
            if not isinstance(answer, Answer):
                return answer
        return Delivered(remote_id)

    def check(self) -> Flow:
        """The login works, may do what it must in the project, and the project has the issue type, with labels on its create screen."""
        options = self._options
        priorities, fields = frozenset(options.priorities.values()), frozenset(options.fields)
        missing = yield from complaints(self.rest, Wanted(options.project, options.issue_type, priorities, fields))
        if not isinstance(missing, list):
            return missing
        return Rejected("; ".join(missing)) if missing else Delivered()

    def _move(self, path: str, state: Held) -> Exchange:
        """Take the transition that leads there."""
        answer = yield from self.rest.read(f"{path}/transitions")
        if not isinstance(answer, Answer):
            return answer
        name = self._options.reopen_transition if state is Held.OPEN else self._options.resolve_transition
        for one in rows(answer, "transitions") or []:
            fits = one.get("name") == name if name else _leads_to_done(one) is (state is Held.DONE)
            if fits and one.get("id"):
                return (yield from self.rest.write("POST", f"{path}/transitions", {"transition": {"id": str(one["id"])}}))
        wanted = name or ("a done status" if state is Held.DONE else "an open status")
        return Rejected(f"Jira's workflow offers no way to {wanted} from where the issue stands")

    def _new(self, ticket: Ticket) -> dict[str, Any]:
        options = self._options
        new: dict[str, Any] = {
            **options.fields,
            "project": {"key": options.project},
            "issuetype": {"name": options.issue_type},
            "summary": _one_line(clip_bytes(ticket.title.both(), SUMMARY_MAX_BYTES)),
            "description": self._text(clip_both(ticket.body, TEXT_MAX_BYTES)),
            "labels": ["paycanary", _label(ticket.external_id)],
        }
        if ticket.severity in options.priorities:
            new["priority"] = {"name": options.priorities[ticket.severity]}
        return new

    def _text(self, text: str) -> object:
        return document(text) if self._cloud else unformatted(text)


def document(text: str) -> dict[str, Any]:
    """Plain text in Atlassian Document Format: a paragraph a line. Nothing in it is markup, so nothing needs escaping."""
    lines = text.split("\n")
    if len(lines) > PARAGRAPHS_MAX:  # the last line stays: it names the revision
        lines = [*lines[: PARAGRAPHS_MAX - 2], ELLIPSIS, lines[-1]]
    paragraphs = [{"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []} for line in lines]
    return {"type": "doc", "version": 1, "content": paragraphs}


def words_of(body: object, depth: int = 0) -> str:
    """The words of a text in either of Jira's forms. What is neither a word nor holds any is left out."""
    if isinstance(body, str):
        return body
    if not isinstance(body, dict) or depth > DEPTH_MAX:
        return ""
    if body.get("type") == "hardBreak":
        return "\n"
    own = body.get("text") or at(body, "attrs.text") or at(body, "attrs.url") or ""
    inside = body.get("content")
    parts = [words_of(part, depth + 1) for part in inside] if isinstance(inside, list) else []
    return str(own) + "".join(parts) + ("\n" if body.get("type") in _BLOCKS else "")


def _mover(issue: Mapping[str, Any]) -> object:
    """Who changed the status last, as the changelog has it."""
    histories = at(issue, "changelog.histories")
    moves = [one for one in histories if _moves(one)] if isinstance(histories, list) else []
    moves.sort(key=lambda one: instant(one.get("created")) or 0.0)
    return at(moves[-1], "author.displayName") if moves else ""


def _moves(history: object) -> bool:
    items = at(history, "items")
    return isinstance(items, list) and any(at(item, "field") == "status" for item in items)


def unformatted(text: str) -> str:
    """Plain text where Data Center reads wiki markup: in this block nothing is a link, a mention or a macro. Its own end inside is broken."""
    inside = re.sub(r"\{(?=noformat)", "{ ", text, flags=re.IGNORECASE)
    return f"{{noformat}}\n{inside}\n{{noformat}}"


def _label(external_id: str) -> str:
    """Labels hold no spaces; quotes would end the query's string."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", external_id)[:255]


def _one_line(text: str) -> str:
    """Jira refuses a summary with a line break in it."""
    return " ".join(text.split())


def _stands(issue: Mapping[str, Any]) -> Held:
    return Held.DONE if at(issue, "fields.status.statusCategory.key") == _DONE else Held.OPEN


def _leads_to_done(transition: Mapping[str, Any]) -> bool:
    return bool(at(transition, "to.statusCategory.key") == _DONE)
