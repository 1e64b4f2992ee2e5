"""Incidents in GitLab, by the Issues API of one project.

An incident is known by a label. Nothing makes a creation repeatable: an unsure one is looked up in the list of issues, and looked for
again later. Notes are written as code, so that nothing in them is a quick action (``/close``) or a mention.
"""

from collections.abc import Generator
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from monitor.connectors import Answer, Call, Capabilities, Delivered, FindFlow, Flow, Found, Unsure
from monitor.connectors.clip import clip_both, clip_bytes
from monitor.connectors.judge import Refusal
from monitor.connectors.options import Address, DeskOptions
from monitor.connectors.rest import Rest, as_code, gone, rows, segment, told
from monitor.connectors.tracker import Held, Tracker
from monitor.model.incident import Ticket
from monitor.model.secret import Secret
from monitor.model.units import Duration

TITLE_MAX_BYTES = 250
TEXT_MAX_BYTES = 30_000
PAGE = 100


class GitLabOptions(DeskOptions):
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
        self.capabilities = Capabilities(idempotent_create=False, finds=True, reopens=True, settle_seconds=options.settle)
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
        """The token works and the project's issues can be read."""
        answer = yield from self.rest.read("issues", {"per_page": "1"})
        return Delivered() if isinstance(answer, Answer) else answer
