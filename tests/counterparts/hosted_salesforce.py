"""A Salesforce organisation as a model: cases with a unique key, comments counted in bytes, picklists, a quota that runs out."""

import re
from dataclasses import dataclass, field
from typing import Any

from by_hand import OURSELVES, ByHand
from hosted import Hosted, Reply, Request

COMMENT_BYTES = 4_000
STATUSES = ("New", "Working", "Escalated", "Closed")


@dataclass
class Case:
    id: str
    key: str
    fields: dict[str, str]
    comments: list[str] = field(default_factory=list)
    people: ByHand = field(default_factory=ByHand)

    def whole(self) -> dict[str, Any]:
        """With its owner and its comments, newest first."""
        owner = self.people.assignee or OURSELVES
        found = []
        for index, body in enumerate(self.comments):
            by, at = self.people.of(index)
            found.append({"Id": f"00a{index}", "CommentBody": body, "CreatedBy": {"Name": by}, "CreatedDate": at})
        comments = {"records": found[::-1]} if found else None
        owned = {"OwnerId": f"005{owner}", "Owner": {"Name": owner}, "CreatedById": f"005{OURSELVES}"}
        return self.shown() | owned | {"CaseComments": comments}

    def shown(self) -> dict[str, Any]:
        return {"Id": self.id, "IsClosed": self.fields["Status"] == "Closed"}


class HostedSalesforce(Hosted):
    description = "salesforce.yaml"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.cases: dict[str, Case] = {}
        self.merged: dict[str, str] = {}
        self.exhausted = False
        self.unique_key = True

    def answer(self, request: Request) -> Reply:
        if request.path == "/services/oauth2/token":
            return Reply(200, {"access_token": self.issue_token(), "instance_url": "https://desk.test", "token_type": "Bearer"})
        if not self.allowed(request):
            return Reply(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
        if self.exhausted:
            return Reply(403, [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}])
        parts = request.path.removeprefix("/services/data/v62.0/").split("/")
        if parts == ["query"] and "FROM CaseComments" in request.query["q"]:
            found = self.cases.get(request.query["q"].rpartition("Id = '")[2].strip("'"))
            return Reply(200, {"done": True, "records": [found.whole()] if found else []})
        if parts == ["query"]:
            return self._comments(request.query["q"])
        if parts == ["queryAll"]:
            kept = self.merged.get(request.query["q"].rpartition("Id = '")[2].strip("'"))
            return Reply(200, {"done": True, "records": [{"MasterRecordId": kept}] if kept else []})
        if parts[1:] == ["CaseComment"]:
            return self._comment(request.json)
        if parts[-1] == "describe":
            return Reply(200, self._described())
        if len(parts) == 4:
            return self._by_key(request, parts[3])
        return self._one(request, parts[2])

    def of(self, external_id: str) -> list[Case]:
        return [one for one in self.cases.values() if one.key == external_id]

    def _by_key(self, request: Request, key: str) -> Reply:
        known = self.of(key)
        if request.method == "GET":
            return Reply(200, known[0].shown()) if known else Reply(404, [{"errorCode": "NOT_FOUND", "message": "not found"}])
        wrong = self._wrong(request.json)
        if wrong:
            return wrong
        if known:
            known[0].fields.update(request.json)
            return Reply(200, {"id": known[0].id, "success": True, "created": False})
        case = Case(f"500{len(self.cases) + 1:015}", key, dict(request.json))
        self.cases[case.id] = case
        return Reply(201, {"id": case.id, "success": True, "created": True, "errors": []})

    def _one(self, request: Request, number: str) -> Reply:
        case = self.cases.get(number)
        if case is None:
            return Reply(404, [{"errorCode": "NOT_FOUND", "message": "Provided external ID field does not exist"}])
        if request.method == "GET":
            return Reply(200, case.shown())
        wrong = self._wrong(request.json)
        if wrong:
            return wrong
        case.fields.update(request.json)
        return Reply(204)

    def _wrong(self, fields: dict[str, str]) -> Reply | None:
        if fields.get("Status", "New") not in STATUSES:
            return Reply(400, [{"errorCode": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "message": "Status: bad value"}])
        return None

    def _comment(self, value: dict[str, Any]) -> Reply:
        if len(value["CommentBody"].encode()) > COMMENT_BYTES:
            return Reply(400, [{"errorCode": "STRING_TOO_LONG", "message": "Comment Body: data value too large"}])
        self.cases[value["ParentId"]].comments.append(value["CommentBody"])
        return Reply(201, {"id": "00a000000000000", "success": True})

    def _comments(self, query: str) -> Reply:
        found = re.search(r"ParentId = '([^']+)'.* LIMIT (\d+)$", query)
        assert found, query
        newest = self.cases[found[1]].comments[::-1][: int(found[2])]
        return Reply(200, {"done": True, "records": [{"CommentBody": body} for body in newest]})

    def _described(self) -> dict[str, Any]:
        picklists = {"Status": STATUSES, "Priority": ("High", "Medium", "Low"), "Origin": ("Web", "Phone", "Email")}
        fields = [
            {"name": name, "createable": True, "picklistValues": [{"value": value} for value in values]}
            for name, values in picklists.items()
        ]
        key = {"name": "Paycanary_Key__c", "externalId": True, "unique": self.unique_key, "createable": True}
        return {"createable": True, "updateable": True, "fields": [*fields, key]}

    def texts(self, number: str) -> list[str]:
        return self.cases[number].comments

    def close_by_hand(self, number: str) -> None:
        self.cases[number].fields["Status"] = "Closed"

    def delete_by_hand(self, number: str) -> None:
        del self.cases[number]

    def say_by_hand(self, number: str, by: str, text: str) -> None:
        case = self.cases[number]
        case.people.write(case.comments, text, by, self.now())

    def reopen_by_hand(self, number: str) -> None:
        self.cases[number].fields["Status"] = "Working"

    def assign_by_hand(self, number: str, to: str) -> None:
        self.cases[number].people.assignee = to

    def merge_by_hand(self, number: str) -> str:
        """The case that is not kept is deleted, and names the one that is."""
        kept = Case(f"500{len(self.cases) + 1:015}", "", {"Status": "Working"})
        self.cases[kept.id] = kept
        del self.cases[number]
        self.merged[number] = kept.id
        return kept.id
