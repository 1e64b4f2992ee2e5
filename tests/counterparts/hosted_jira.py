"""A Jira Cloud site as a model: issues, a search that lags, comments, and a workflow with names in another language."""

import base64
import re
from dataclasses import dataclass, field
from typing import Any

from by_hand import ByHand
from hosted import Hosted, Reply, Request

#: status -> category, and the transitions out of it: id -> (name, where to).
STATUSES = {"待办": "new", "处理中": "indeterminate", "完成": "done"}
WORKFLOW = {
    "待办": {"11": ("开始", "处理中"), "31": ("解决", "完成")},
    "处理中": {"31": ("解决", "完成")},
    "完成": {"41": ("重新打开", "处理中")},
}


@dataclass
class Issue:
    key: str
    fields: dict[str, Any]
    visible_at: float
    status: str = "待办"
    comments: list[Any] = field(default_factory=list)
    people: ByHand = field(default_factory=ByHand)
    moves: list[dict[str, Any]] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        category = {"key": STATUSES[self.status]}
        who = {"displayName": self.people.assignee} if self.people.assignee else None
        fields = {"status": {"name": self.status, "statusCategory": category}, "assignee": who}
        return {"key": self.key, "fields": fields, "changelog": {"histories": self.moves}}

    def written(self) -> list[dict[str, Any]]:
        """Newest first."""
        found = []
        for index, body in enumerate(self.comments):
            by, at = self.people.of(index)
            found.append({"id": str(index), "body": body, "author": {"displayName": by}, "created": at})
        return found[::-1]


class HostedJira(Hosted):
    description = "jira.yaml"
    vendor = "jira.json"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.issues: dict[str, Issue] = {}
        self.screen = [
            {"fieldId": "summary", "name": "Summary", "required": True, "hasDefaultValue": False},
            {"fieldId": "labels", "name": "Labels", "required": False, "hasDefaultValue": False},
            {"fieldId": "priority", "name": "Priority", "allowedValues": [{"name": "Highest"}, {"name": "Low"}]},
        ]
        self.granted = {"BROWSE_PROJECTS", "CREATE_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES"}

    def answer(self, request: Request) -> Reply:
        login = base64.b64decode(request.headers.get("authorization", "").removeprefix("Basic ")).decode()
        if not login.startswith("canary@example.com:"):
            return Reply(401, {"errorMessages": ["You do not have permission"]})
        parts = request.path.removeprefix("/rest/api/3/").split("/")
        match parts:
            case ["issue"]:
                return self._create(request.json["fields"])
            case ["search", "jql"]:
                return self._search(request.json)
            case ["mypermissions"]:
                names = request.query["permissions"].split(",")
                return Reply(200, {"permissions": {name: {"havePermission": name in self.granted} for name in names}})
            case ["issue", "createmeta", _, "issuetypes"]:
                return Reply(200, {"issueTypes": [{"id": "10001", "name": "Task"}, {"id": "10002", "name": "Incident"}]})
            case ["issue", "createmeta", _, "issuetypes", _]:
                return Reply(200, {"fields": self.screen})
        issue = self.issues.get(parts[1])
        if issue is None:
            return Reply(404, {"errorMessages": ["Issue does not exist or you do not have permission to see it."]})
        return self._one(request, issue, parts[2:])

    def of(self, external_id: str) -> list[Issue]:
        return [one for one in self.issues.values() if external_id in one.fields["labels"]]

    def _create(self, fields: dict[str, Any]) -> Reply:
        issue = Issue(f"PAY-{len(self.issues) + 1}", fields, self.now() + self.lag)
        self.issues[issue.key] = issue
        return Reply(201, {"id": "1", "key": issue.key})

    def _search(self, asked: dict[str, Any]) -> Reply:
        label = re.search(r'labels = "([^"]+)"', asked["jql"])
        assert label, asked
        found = [one.shown() for one in reversed(self.of(label[1])) if one.visible_at <= self.now()]
        return Reply(200, {"issues": found[: asked["maxResults"]], "isLast": True})

    def _one(self, request: Request, issue: Issue, rest: list[str]) -> Reply:
        if rest == ["comment"]:
            if request.method == "POST":
                issue.comments.append(request.json["body"])
                return Reply(201, {"id": "1"})
            return Reply(200, {"comments": issue.written()})
        if rest == ["transitions"]:
            return self._transitions(request, issue)
        return Reply(200, issue.shown())

    def _transitions(self, request: Request, issue: Issue) -> Reply:
        ways = WORKFLOW[issue.status]
        if request.method == "GET":
            shown = [
                {"id": number, "name": name, "to": {"name": to, "statusCategory": {"key": STATUSES[to]}}}
                for number, (name, to) in ways.items()
            ]
            return Reply(200, {"transitions": shown})
        chosen = ways.get(request.json["transition"]["id"])
        if chosen is None:
            return Reply(400, {"errorMessages": ["It seems that you have tried to perform an illegal workflow operation."]})
        issue.status = chosen[1]
        return Reply(204)

    def texts(self, key: str) -> list[Any]:
        return self.issues[key].comments

    def close_by_hand(self, key: str) -> None:
        self.issues[key].status = "完成"
        self.issues[key].moves = [
            {"author": {"displayName": "Ana"}, "created": "2026-11-02T00:05:00.000+0000", "items": [{"field": "status"}]}
        ]

    def delete_by_hand(self, key: str) -> None:
        del self.issues[key]

    def say_by_hand(self, key: str, by: str, text: str) -> None:
        """In two paragraphs' worth of Atlassian Document Format, with a mention in it."""
        words = [{"type": "mention", "attrs": {"text": "@canary "}}, {"type": "text", "text": text}]
        body = {"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": words}]}
        self.issues[key].people.write(self.issues[key].comments, body, by, self.now())

    def reopen_by_hand(self, key: str) -> None:
        self.issues[key].status = "处理中"

    def assign_by_hand(self, key: str, to: str) -> None:
        self.issues[key].people.assignee = to
