"""Issues on GitHub, and on GitHub Enterprise Server, by the REST API.

An issue is known by a label. Nothing makes a creation repeatable: an unsure one is looked up in the list of issues (the search index
lags), and looked for again later. GitHub closes and opens issues by one field, and comments apart.
"""

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
from monitor.connectors.clip import clip_both, clip_bytes
from monitor.connectors.judge import Refusal
from monitor.connectors.options import Address, TicketOptions
from monitor.connectors.reading import heard, instant, name, people
from monitor.connectors.rest import Rest, as_code, at, gone, rows, segment, told
from monitor.connectors.tracker import Held, Tracker
from monitor.model.incident import Ticket
from monitor.model.secret import Secret
from monitor.model.units import Duration

TITLE_MAX_BYTES = 250
#: GitHub takes 65,536 characters.
TEXT_MAX_BYTES = 30_000
#: A label holds 50 characters; the install and the incident are its end.
LABEL_MAX = 50
PAGE = 100
#: Transferred to another repository, deleted where we may not look, deleted where we may.
_GONE = frozenset({301, 404, 410})
_API_VERSION = "2022-11-28"


class GitHubOptions(TicketOptions):
    """``token`` may read and write issues of the one repository: a fine-grained token, or a GitHub App's."""

    repository: str = Field(pattern=r"^[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+$", description="owner/name")
    token: Secret
    url: Address = Field("https://api.github.com", description="an Enterprise Server's ends in /api/v3")
    labels: tuple[str, ...] = ("paycanary",)
    assignees: tuple[str, ...] = ()
    settle: Duration = Field(10.0, description="how long a creation whose answer was lost may take to be listed")


class GitHubConnector(Tracker):
    kind: ClassVar[str] = "github"
    Options: ClassVar[type[BaseModel]] = GitHubOptions
    comment_max_bytes: ClassVar[int] = TEXT_MAX_BYTES

    def __init__(self, options: GitHubOptions) -> None:
        self._options = options
        self.access = options.access
        self.capabilities = Capabilities(
            idempotent_create=False, finds=True, reopens=True, settle_seconds=options.settle, reads=True
        )
        login = Secret(f"Bearer {options.token.reveal()}", options.token.reference)
        headers: Mapping[str, str | Secret] = {
            "accept": "application/vnd.github+json",
            "authorization": login,
            "x-github-api-version": _API_VERSION,
        }
        base = f"{options.url.rstrip('/')}/repos/{options.repository}"
        self.rest = Rest("GitHub", base, headers=headers, secrets=(options.token,), words=("message",))

    def create(self, ticket: Ticket) -> Flow:
        options = self._options
        new: dict[str, Any] = {
            "title": clip_bytes(ticket.title.both(), TITLE_MAX_BYTES),
            "body": as_code(clip_both(ticket.body, TEXT_MAX_BYTES)),
            "labels": [*options.labels, _label(ticket.external_id)],
        }
        if options.assignees:
            new["assignees"] = list(options.assignees)
        answer = yield from self.rest.write("POST", "issues", new)
        if not isinstance(answer, Answer):
            return answer
        number = told(answer).get("number")
        return Delivered(str(number)) if number else Unsure("GitHub took the issue and did not say its number")

    def find(self, external_id: str) -> FindFlow:
        query = {"labels": _label(external_id), "state": "all", "sort": "created", "direction": "desc", "per_page": str(PAGE)}
        answer = yield from self.rest.read("issues", query)
        if not isinstance(answer, Answer):
            return answer
        issues = rows(answer)
        if issues is None:
            return Unsure("GitHub's list of issues could not be read")
        held = [one for one in issues if one.get("number") and "pull_request" not in one]
        return Found(tuple(str(one["number"]) for one in held), open=any(one.get("state") == "open" for one in held))

    def held(self, remote_id: str) -> Generator[Call, Answer, Held | Refusal]:
        answer = yield from self.rest.raw("GET", f"issues/{segment(remote_id)}")
        if not isinstance(answer, Answer):
            return answer
        if answer.status in _GONE:
            return gone("GitHub")
        return self.rest.judge(answer, read=True) or (Held.DONE if told(answer).get("state") == "closed" else Held.OPEN)

    def read(self, remote_id: str) -> ReadFlow:
        path = f"issues/{segment(remote_id)}"
        answer = yield from self.rest.raw("GET", path)
        if not isinstance(answer, Answer):
            return answer
        if answer.status in _GONE:
            return gone("GitHub")
        problem, issue = self.rest.judge(answer, read=True), told(answer)
        if problem or not issue.get("state"):
            return problem or TryAgain("GitHub's issue could not be read")
        newest = yield from self._newest(path, issue)
        if not isinstance(newest, list):
            return newest
        return Seen(
            Held.DONE if issue["state"] == "closed" else Held.OPEN,
            by=name(at(issue, "closed_by.login")),
            assignee=name(at(issue, "assignees.0.login")),
            comments=people(
                heard(one.get("id"), at(one, "user.login"), instant(one.get("created_at")), one.get("body"))
                for one in newest
                if at(one, "user.type") != "Bot"
            ),
        )

    def has(self, remote_id: str, line: str) -> Generator[Call, Answer, bool | Refusal]:
        path = f"issues/{segment(remote_id)}"
        answer = yield from self.rest.read(path)
        if not isinstance(answer, Answer):
            return answer
        newest = yield from self._newest(path, told(answer))
        return any(line in str(one.get("body", "")) for one in newest) if isinstance(newest, list) else newest

    def _newest(self, path: str, issue: Mapping[str, Any]) -> Generator[Call, Answer, list[Mapping[str, Any]] | Refusal]:
        """Comments come oldest first, and the list of one issue takes no other order: the last pages are asked for, a hundred at least."""
        count = issue.get("comments")
        last = max(1, -(-count // PAGE)) if isinstance(count, int) else 1
        found: list[Mapping[str, Any]] = []
        for page in range(max(1, last - 1), last + 1):
            answer = yield from self.rest.read(f"{path}/comments", {"per_page": str(PAGE), "page": str(page)})
            if not isinstance(answer, Answer):
                return answer
            found += rows(answer) or []
        return found

    def change(self, ticket: Ticket, remote_id: str, comment: str | None, state: Held | None) -> Flow:
        path = f"issues/{segment(remote_id)}"
        if comment is not None:
            answer = yield from self.rest.write("POST", f"{path}/comments", {"body": as_code(comment)})
            if not isinstance(answer, Answer):
                return answer
        if state is not None:
            change = {"state": "open", "state_reason": "reopened"} if state is Held.OPEN else {"state": "closed"}
            answer = yield from self.rest.write("PATCH", path, change)
            if not isinstance(answer, Answer):
                return answer
        return Delivered(remote_id)

    def check(self) -> Flow:
        """The token works, the repository takes issues, and its user may label and close them."""
        name = self._options.repository
        answer = yield from self.rest.raw("GET", "")
        if not isinstance(answer, Answer):
            return answer
        if answer.status in (301, 404):
            return Rejected(f"GitHub has no repository {name} that this token may see: give it access there")
        problem = self.rest.judge(answer, read=True)
        if problem:
            return problem
        missing = _lacks(name, told(answer))
        answer = yield from self.rest.read("issues", {"per_page": "1", "state": "all"})
        if not isinstance(answer, Answer):
            return answer
        return Rejected("; ".join(missing)) if missing else Delivered()


def _lacks(name: str, repository: Mapping[str, Any]) -> list[str]:
    """An App's token has no user, and GitHub then says nothing of rights."""
    missing = []
    if repository.get("has_issues") is False:
        missing.append(f"{name} takes no issues: turn them on in its settings")
    if repository.get("archived") is True:
        missing.append(f"{name} is archived and takes nothing more")
    rights = repository.get("permissions")
    if isinstance(rights, dict) and not any(rights.get(right) for right in ("triage", "push", "maintain", "admin")):
        missing.append(f"this token's user may read {name} but not label or close its issues: give it the role Triage or above")
    return missing


def _label(external_id: str) -> str:
    return external_id[-LABEL_MAX:]
