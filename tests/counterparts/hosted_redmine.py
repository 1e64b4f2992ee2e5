"""A Redmine project as a model, for storms that would take a real one an hour: issues, journals, a list that lags."""

from dataclasses import dataclass, field
from typing import Any

from hosted import Hosted, Reply, Request

STATUSES = {1: "New", 2: "In Progress", 3: "Resolved", 5: "Closed"}


@dataclass
class RedmineIssue:
    id: int
    fields: dict[str, Any]
    visible_at: float
    status: int = 1
    notes: list[str] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        status = {"id": self.status, "name": STATUSES[self.status], "is_closed": self.status == 5}
        journals = [{"id": number, "notes": text, "user": {"name": "Monitor"}} for number, text in enumerate(self.notes, 1)]
        return {"id": self.id, "status": status, "custom_fields": self.fields["custom_fields"], "journals": journals}


class HostedRedmine(Hosted):
    description = "redmine.yaml"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.issues: dict[int, RedmineIssue] = {}
        self.by_key: dict[str, list[RedmineIssue]] = {}

    def answer(self, request: Request) -> Reply:
        if not request.headers.get("x-redmine-api-key"):
            return Reply(401)
        name = request.path.rpartition("/")[2].removesuffix(".json")
        if name == "issues":
            return self._create(request.json["issue"]) if request.method == "POST" else self._list(request.query)
        issue = self.issues.get(int(name))
        if issue is None:
            return Reply(404)
        if request.method == "PUT":
            change = request.json["issue"]
            issue.status = change.get("status_id", issue.status)
            issue.notes += [change["notes"]] if "notes" in change else []
            return Reply(204)
        return Reply(200, {"issue": issue.shown()})

    def of(self, external_id: str) -> list[RedmineIssue]:
        return self.by_key.get(external_id, [])

    def _create(self, fields: dict[str, Any]) -> Reply:
        issue = RedmineIssue(len(self.issues) + 1, fields, self.now() + self.lag)
        self.issues[issue.id] = issue
        self.by_key.setdefault(fields["custom_fields"][0]["value"], []).append(issue)
        return Reply(201, {"issue": issue.shown()})

    def _list(self, query: dict[str, str]) -> Reply:
        found = [one.shown() for one in reversed(self.of(query["cf_1"])) if one.visible_at <= self.now()]
        return Reply(200, {"issues": found, "total_count": len(found)})
