"""A ServiceNow instance as a model: records, a journal, resolving that needs a close code, queries that lag."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from by_hand import OURSELVES, ByHand
from hosted import Hosted, Reply, Request

from monitor.testing.simtime import START

CHOICES = {"state": ("1", "2", "3", "6", "7", "8"), "close_code": ("Resolved by caller", "Solved (Permanently)")}


@dataclass
class Record:
    sys_id: str
    fields: dict[str, str]
    visible_at: float
    notes: list[str] = field(default_factory=list)
    people: ByHand = field(default_factory=ByHand)
    said: list[dict[str, str]] = field(default_factory=list)  # what people wrote


class HostedServiceNow(Hosted):
    description = "servicenow.yaml"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.records: dict[str, Record] = {}
        self.columns = {"correlation_id", "short_description", "work_notes", "assignment_group"}

    def answer(self, request: Request) -> Reply:
        if request.path == "/oauth_token.do":
            return Reply(200, {"access_token": self.issue_token(), "token_type": "Bearer", "expires_in": 1799})
        if not self.allowed(request):
            return Reply(401, {"error": {"message": "User Not Authenticated", "detail": "Required to provide Auth information"}})
        parts = request.path.removeprefix("/api/now/table/").split("/")
        if parts[0] == "sys_dictionary":
            wanted = request.query["sysparm_query"].rpartition("elementIN")[2].split(",")
            return Reply(200, {"result": [{"element": name} for name in wanted if name in self.columns]})
        if parts[0] == "sys_choice":
            column = request.query["sysparm_query"].rpartition("element=")[2]
            return Reply(200, {"result": [{"value": value} for value in CHOICES[column]]})
        if parts[0] == "sys_journal_field":
            return self._journal(request)
        if len(parts) == 2:
            return self._one(request, parts[1])
        return self._create(request) if request.method == "POST" else self._list(request)

    def of(self, external_id: str) -> list[Record]:
        return [one for one in self.records.values() if one.fields.get("correlation_id") == external_id]

    def _list(self, request: Request) -> Reply:
        wanted = dict(part.split("=", 1) for part in request.query["sysparm_query"].split("^") if "=" in part)
        found = [one for one in self.of(wanted["correlation_id"]) if one.visible_at <= self.now()]
        shown = [{"sys_id": one.sys_id, "state": one.fields["state"]} for one in reversed(found)]
        return Reply(200, {"result": shown[: int(request.query["sysparm_limit"])]})

    def _create(self, request: Request) -> Reply:
        sys_id = f"{len(self.records) + 1:032x}"
        record = Record(sys_id, {"state": "1", **request.json}, self.now() + self.lag)
        self.records[sys_id] = record
        return Reply(201, {"result": {"sys_id": sys_id, "number": f"INC{len(self.records):07}"}})

    def _one(self, request: Request, sys_id: str) -> Reply:
        record = self.records.get(sys_id)
        if record is None:
            return Reply(404, {"error": {"message": "No Record found", "detail": "Record doesn't exist or ACL restricts it"}})
        if request.method == "PATCH":
            change = dict(request.json)
            if change.get("state") == "6" and not (change.get("close_code") and change.get("close_notes")):
                return Reply(
                    403, {"error": {"message": "Operation Failed", "detail": "Data Policy Exception: close code, notes"}}
                )
            if "work_notes" in change:
                record.notes.insert(0, change.pop("work_notes"))
            record.fields.update(change)
        if request.query.get("sysparm_display_value") == "all":
            who = {"assigned_to": record.people.assignee, "closed_by": record.people.closed_by, "resolved_by": ""}
            both = {"state": {"value": record.fields["state"], "display_value": "?"}}
            return Reply(200, {"result": both | {name: {"value": "", "display_value": one} for name, one in who.items()}})
        journal = "".join(f"2026-11-02 00:01:00 - paycanary (Work notes)\n{note}\n\n" for note in record.notes)
        return Reply(200, {"result": {"sys_id": sys_id, "state": record.fields["state"], "work_notes": journal}})

    def texts(self, sys_id: str) -> list[str]:
        return self.records[sys_id].notes

    def close_by_hand(self, sys_id: str) -> None:
        self.records[sys_id].fields["state"] = "6"
        self.records[sys_id].people.closed_by = "Ana"

    def close_for_good(self, sys_id: str) -> None:
        self.records[sys_id].fields["state"] = "7"

    def delete_by_hand(self, sys_id: str) -> None:
        del self.records[sys_id]

    def _journal(self, request: Request) -> Reply:
        """Newest first, ours among them; instants in UTC, as values have them."""
        record = self.records[request.query["sysparm_query"].partition("^")[0].removeprefix("element_id=")]
        ours = [
            {"sys_id": f"o{number}", "value": note, "sys_created_by": OURSELVES, "sys_created_on": "2026-11-02 00:00:01"}
            for number, note in enumerate(record.notes)
        ]
        return Reply(200, {"result": [*record.said[::-1], *ours][: int(request.query["sysparm_limit"])]})

    def say_by_hand(self, sys_id: str, by: str, text: str) -> None:
        record = self.records[sys_id]
        at = datetime.fromtimestamp(START + self.now(), UTC).strftime("%Y-%m-%d %H:%M:%S")
        record.said.append({"sys_id": f"p{len(record.said)}", "value": text, "sys_created_by": by, "sys_created_on": at})

    def reopen_by_hand(self, sys_id: str) -> None:
        self.records[sys_id].fields["state"] = "2"

    def assign_by_hand(self, sys_id: str, to: str) -> None:
        self.records[sys_id].people.assignee = to
