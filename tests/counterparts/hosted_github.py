"""A GitHub repository's issues as a model."""

from typing import Any, ClassVar

from hosted import Reply, Request
from hosted_issues import HostedIssues, Issue


class HostedGitHub(HostedIssues):
    description = "github.yaml"
    vendor = "github.json"
    rights: ClassVar = {"admin": False, "maintain": False, "push": False, "triage": True, "pull": True}

    def answer(self, request: Request) -> Reply:
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return Reply(401, {"message": "Requires authentication"})
        parts = request.path.split("/")[4:]
        if not parts:
            return Reply(200, {"full_name": "payments/ops", "has_issues": True, "archived": False, "permissions": self.rights})
        if parts == ["issues"]:
            if request.method == "POST":
                return Reply(201, _shown(self.add(request.json, request.json.get("labels", []))))
            return Reply(200, [_shown(one) for one in self.listed(request.query.get("labels", ""))])
        issue = self.issues.get(int(parts[1]))
        if issue is None:
            return Reply(410, {"message": "This issue was deleted"})
        return self._comments(request, issue) if len(parts) == 3 else self._one(request, issue)

    def _one(self, request: Request, issue: Issue) -> Reply:
        if request.method == "PATCH":
            issue.open = request.json.get("state", "open") == "open"
        return Reply(200, _shown(issue))

    def _comments(self, request: Request, issue: Issue) -> Reply:
        if request.method == "POST":
            issue.comments.append(request.json["body"])
            return Reply(201, {"id": len(issue.comments)})
        size, page = int(request.query["per_page"]), int(request.query["page"])
        written = [
            {
                "id": issue.number * 1000 + index,
                "body": body,
                "user": {"login": issue.people.of(index)[0]},
                "created_at": issue.people.of(index)[1],
            }
            for index, body in enumerate(issue.comments)
        ]
        return Reply(200, written[(page - 1) * size : page * size])


def _shown(issue: Issue) -> dict[str, Any]:
    shown = {"number": issue.number, "state": "open" if issue.open else "closed", "comments": len(issue.comments)}
    closer = {"login": issue.people.closed_by} if not issue.open else None
    return shown | {"closed_by": closer, "assignees": [{"login": issue.people.assignee}] if issue.people.assignee else []}
