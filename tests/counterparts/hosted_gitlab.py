"""A GitLab project's incidents as a model."""

from typing import Any

from hosted import Reply, Request
from hosted_issues import HostedIssues, Issue


class HostedGitLab(HostedIssues):
    description = "gitlab.yaml"
    level, issues_level = 20, "enabled"

    def answer(self, request: Request) -> Reply:
        if not request.headers.get("private-token"):
            return Reply(401, {"message": "401 Unauthorized"})
        if request.path == "/api/v4/projects/payments%2Fops":
            access = {"project_access": {"access_level": self.level}, "group_access": None}
            return Reply(200, {"id": 1, "issues_access_level": self.issues_level, "archived": False, "permissions": access})
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
        written = [
            {
                "id": issue.number * 1000 + index,
                "body": body,
                "author": {"name": issue.people.of(index)[0]},
                "created_at": issue.people.of(index)[1],
            }
            for index, body in enumerate(issue.comments)
        ]
        return Reply(200, written[::-1][: int(request.query["per_page"])])

    def merge_by_hand(self, number: str) -> str:
        """GitLab's word for it is duplicate."""
        into = self.add({"title": "checkout is down"}, [])
        self.issues[int(number)].people.merged_into = str(into.number)
        self.close_by_hand(number)
        return str(into.number)


def _shown(issue: Issue) -> dict[str, Any]:
    into = issue.people.merged_into
    link = f"https://desk.test/api/v4/projects/1/issues/{into}" if into else None
    return {
        "iid": issue.number,
        "project_id": 1,
        "state": "opened" if issue.open else "closed",
        "closed_by": {"name": issue.people.closed_by} if not issue.open else None,
        "assignees": [{"name": issue.people.assignee}] if issue.people.assignee else [],
        "_links": {"closed_as_duplicate_of": link},
    }
