"""A GitLab project's incidents as a model."""

from typing import Any

from hosted import Reply, Request
from hosted_issues import HostedIssues, Issue


class HostedGitLab(HostedIssues):
    description = "gitlab.yaml"

    def answer(self, request: Request) -> Reply:
        if not request.headers.get("private-token"):
            return Reply(401, {"message": "401 Unauthorized"})
        parts = request.path.removeprefix("/api/v4/projects/payments%2Fops/").split("/")
        if parts == ["issues"]:
            if request.method == "POST":
                return Reply(201, _shown(self.add(request.json, request.json["labels"].split(","))))
            return Reply(200, [_shown(one) for one in self.listed(request.query.get("labels", ""))])
        issue = self.issues.get(int(parts[1]))
        if issue is None:
            return Reply(404, {"message": "404 Not found"})
        return self._notes(request, issue) if len(parts) == 3 else self._one(request, issue)

    def _one(self, request: Request, issue: Issue) -> Reply:
        if request.method == "PUT":
            issue.open = request.json["state_event"] == "reopen"
        return Reply(200, _shown(issue))

    def _notes(self, request: Request, issue: Issue) -> Reply:
        if request.method == "POST":
            issue.comments.append(request.json["body"])
            return Reply(201, {"id": len(issue.comments)})
        return Reply(200, [{"body": body} for body in reversed(issue.comments)][: int(request.query["per_page"])])


def _shown(issue: Issue) -> dict[str, Any]:
    return {"iid": issue.number, "state": "opened" if issue.open else "closed"}
