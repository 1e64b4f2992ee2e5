"""Incidents in GitLab, by the Issues API of one project.

An incident is known by a label. Nothing makes a creation repeatable: an unsure one is looked up in the list of issues, and looked for
again later. Notes are written as code, so that nothing in them is a quick action (``/close``) or a mention.
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
TEXT_MAX_BYTES = 30_000
PAGE = 100


class GitLabOptions(TicketOptions):
    """``token`` is a project access token with the scope ``api`` and the role Reporter or above."""

    project: str = Field(description="the project's number or its path, like payments/operations")
    token: Secret
    url: Address = "https://gitlab.com"
    labels: tuple[str, ...] = ("paycanary",)
    settle: Duration = Field(10.0, description="how long a creation whose answer was lost may take to be listed")


class GitLabConnector(Tracker):
    kind: ClassVar[str] = "gitlab"
    Options: ClassVar[type[BaseModel]] = GitLabOptions
    comment_max_bytes: ClassVar[int] = TEXT_MAX_BYTES

    def __init__(self, options: GitLabOptions) -> None:
        self._options = options
        self.access = options.access
        self.capabilities = Capabilities(
            idempotent_create=False, finds=True, reopens=True, settle_seconds=options.settle, reads=True
        )
        base = f"{options.url.rstrip('/')}/api/v4/projects/{segment(options.project)}"
        headers = {"private-token": options.token}
        self.rest = Rest("GitLab", base, headers=headers, secrets=(options.token,), words=("message", "error"))

    def create(self, ticket: Ticket) -> Flow:
        new: dict[str, Any] = {
            "title": clip_bytes(ticket.title.both(), TITLE_MAX_BYTES),
            "description": as_code(clip_both(ticket.body, TEXT_MAX_BYTES)),
            "issue_type": "incident",
            "labels": ",".join([*self._options.labels, ticket.external_id]),
        }
        answer = yield from self.rest.write("POST", "issues", new)
        if not isinstance(answer, Answer):
            return answer
        number = told(answer).get("iid")
        return Delivered(str(number)) if number else Unsure("GitLab took the incident and did not say its number")

    def find(self, external_id: str) -> FindFlow:
        query = {"labels": external_id, "order_by": "created_at", "sort": "desc", "per_page": str(PAGE), "scope": "all"}
        answer = yield from self.rest.read("issues", query)
        if not isinstance(answer, Answer):
            return answer
        issues = rows(answer)
        if issues is None:
            return Unsure("GitLab's list of issues could not be read")
        held = [one for one in issues if one.get("iid")]
        return Found(tuple(str(one["iid"]) for one in held), open=any(one.get("state") == "opened" for one in held))

    def held(self, remote_id: str) -> Generator[Call, Answer, Held | Refusal]:
        answer = yield from self.rest.raw("GET", f"issues/{segment(remote_id)}")
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 404:
            return gone("GitLab")
        return self.rest.judge(answer, read=True) or (Held.DONE if told(answer).get("state") == "closed" else Held.OPEN)

    def read(self, remote_id: str) -> ReadFlow:
        path = f"issues/{segment(remote_id)}"
        answer = yield from self.rest.raw("GET", path)
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 404:
            return gone("GitLab")
        problem, issue = self.rest.judge(answer, read=True), told(answer)
        if problem or not issue.get("state"):
            return problem or TryAgain("GitLab's incident could not be read")
        query = {"activity_filter": "only_comments", "order_by": "created_at", "sort": "desc", "per_page": str(PAGE)}
        newest = yield from self.rest.read(f"{path}/notes", query)
        if not isinstance(newest, Answer):
            return newest
        return Seen(
            Held.DONE if issue["state"] == "closed" else Held.OPEN,
            by=name(at(issue, "closed_by.name")),
            assignee=name(at(issue, "assignees.0.name")),
            comments=people(
                heard(one.get("id"), at(one, "author.name"), instant(one.get("created_at")), one.get("body"))
                for one in reversed(rows(newest) or [])
                if not one.get("system")
            ),
            merged_into=_same_project(issue),
        )

    def has(self, remote_id: str, line: str) -> Generator[Call, Answer, bool | Refusal]:
        query = {"order_by": "created_at", "sort": "desc", "per_page": str(PAGE)}
        answer = yield from self.rest.read(f"issues/{segment(remote_id)}/notes", query)
        if not isinstance(answer, Answer):
            return answer
        return any(line in str(one.get("body", "")) for one in rows(answer) or [])

    def change(self, ticket: Ticket, remote_id: str, comment: str | None, state: Held | None) -> Flow:
        path = f"issues/{segment(remote_id)}"
        if comment is not None:
            answer = yield from self.rest.write("POST", f"{path}/notes", {"body": as_code(comment)})
            if not isinstance(answer, Answer):
                return answer
        if state is not None:
            event = "reopen" if state is Held.OPEN else "close"
            answer = yield from self.rest.write("PUT", path, {"state_event": event})
            if not isinstance(answer, Answer):
                return answer
        return Delivered(remote_id)

    def check(self) -> Flow:
        """The token works, the project takes issues, and its user may make and close them."""
        project = self._options.project
        answer = yield from self.rest.raw("GET", "")
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 404:
            return Rejected(
                f"GitLab has no project {project} that this token may see: make it one of that project, with scope api"
            )
        problem = self.rest.judge(answer, read=True)
        if problem:
            return problem
        missing = _lacks(project, told(answer))
        answer = yield from self.rest.read("issues", {"per_page": "1"})
        if not isinstance(answer, Answer):
            return answer
        return Rejected("; ".join(missing)) if missing else Delivered()


#: The role from which on a member may label and close issues that are not its own: Reporter.
_REPORTER = 20


def _lacks(name: str, project: Mapping[str, Any]) -> list[str]:
    missing = []
    if project.get("issues_access_level") == "disabled" or project.get("issues_enabled") is False:
        missing.append(f"{name} takes no issues: turn them on in its settings")
    if project.get("archived") is True:
        missing.append(f"{name} is archived and takes nothing more")
    levels = [at(project, f"permissions.{of}.access_level") for of in ("project_access", "group_access")]
    known = [level for level in levels if isinstance(level, int)]
    if known and max(known) < _REPORTER:
        missing.append(f"this token's role in {name} may not make incidents: give it Reporter or above")
    return missing


def _same_project(issue: Mapping[str, Any]) -> str:
    """The number of the issue that this one was closed as a duplicate of; "" also when that is in a project we do not work in."""
    link = re.search(r"/projects/(\d+)/issues/(\d+)$", str(at(issue, "_links.closed_as_duplicate_of") or ""))
    return link[2] if link and link[1] == str(issue.get("project_id")) else ""
