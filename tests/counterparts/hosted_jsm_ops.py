"""JSM operations as a model: requests that are taken now and done later, one open alert for each alias, notes, and a list that lags."""

import re
from dataclasses import dataclass, field
from typing import Any

from hosted import Hosted, Reply, Request

EVENTS, SITE = "/jsm/ops/integration/v2/", "/jsm/ops/api/"


@dataclass
class OpsAlert:
    id: str
    fields: dict[str, Any]
    visible_at: float
    status: str = "open"
    acknowledged_by: str = ""
    closed_by: str = ""
    owner: str = ""
    count: int = 1
    notes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def comments(self) -> list[str]:
        return [one["note"] for one in self.notes]

    def shown(self) -> dict[str, Any]:
        report = {"acknowledgedBy": self.acknowledged_by, "closedBy": self.closed_by}
        names = {"id": self.id, "alias": self.fields["alias"], "status": self.status, "owner": self.owner}
        return {**names, "acknowledged": bool(self.acknowledged_by), "count": self.count, "report": report}


class HostedJsmOps(Hosted):
    """``working_seconds`` pass between the 202 and the work; until then the request's outcome is a 404."""

    description = "jsm_ops.yaml"

    def __init__(self, *args: Any, working_seconds: float = 0.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.working_seconds = working_seconds
        self.alerts: dict[str, OpsAlert] = {}
        self.outcomes: dict[str, tuple[float, dict[str, Any]]] = {}
        self.readable = True
        self._waiting: list[tuple[float, str, Request]] = []

    def answer(self, request: Request) -> Reply:
        self._work()
        login = request.headers.get("authorization", "")
        if request.path.startswith(EVENTS):
            if not login.startswith("GenieKey "):
                return Reply(401, {"message": "Key format is not valid!"})
            return self._event(request, request.path.removeprefix(EVENTS).split("/"))
        if not login.startswith("Basic ") or not self.readable:
            return Reply(403, {"errors": [{"title": "Forbidden"}]})
        return self._ask(request, request.path.removeprefix(SITE).split("/")[2:])

    def of(self, external_id: str) -> list[OpsAlert]:
        self._work()
        return [one for one in self.alerts.values() if one.fields["alias"] == external_id]

    def _event(self, request: Request, parts: list[str]) -> Reply:
        if parts[1:2] == ["requests"]:
            done = self.outcomes.get(parts[2])
            return (
                Reply(200, {"data": done[1]})
                if done
                else Reply(404, {"message": "Request not found. It might not be processed, yet."})
            )
        name = f"request-{len(self.requests)}"
        self._waiting.append((self.now() + self.working_seconds, name, request))
        self._work()
        return Reply(202, {"result": "Request will be processed", "took": 0.1, "requestId": name})

    def _work(self) -> None:
        for due in [one for one in self._waiting if one[0] <= self.now()]:
            self._waiting.remove(due)
            outcome = self._do(due[2], due[2].path.removeprefix(EVENTS).split("/"))
            self.outcomes[due[1]] = (due[0], outcome)

    def _do(self, request: Request, parts: list[str]) -> dict[str, Any]:
        if len(parts) == 1:
            return self._create(request.json)
        alert = self._named(parts[1], request.query.get("identifierType", "id"))
        if alert is None:
            return {"isSuccess": False, "status": "Alert does not exist"}
        note = request.json.get("note")
        if parts[2] != "notes" and alert.status == "closed":
            return {"isSuccess": False, "status": "Alert is already closed", "alertId": alert.id}
        if parts[2] == "close":
            alert.status, alert.closed_by = "closed", "Alert API"
        elif parts[2] == "acknowledge":
            alert.acknowledged_by = "Alert API"
        if note:
            self.add_note(alert, note, "Alert API")
        return {"isSuccess": True, "status": "Done", "alertId": alert.id}

    def _create(self, fields: dict[str, Any]) -> dict[str, Any]:
        for one in self.of(fields["alias"]):
            if one.status == "open":
                one.count += 1
                return {"isSuccess": True, "status": "Alert de-duplicated", "alertId": one.id}
        number = f"{len(self.alerts):08x}-0000-4000-8000-000000000000-{1_793_577_600_000 + len(self.alerts)}"
        self.alerts[number] = OpsAlert(number, fields, self.now() + self.lag)
        return {"isSuccess": True, "status": "Created alert", "alertId": number}

    def _named(self, called: str, kind: str) -> OpsAlert | None:
        if kind == "id":
            return self.alerts.get(called)
        return next((one for one in self.alerts.values() if one.fields["alias"] == called and one.status == "open"), None)

    def _ask(self, request: Request, parts: list[str]) -> Reply:
        if len(parts) == 1:
            wanted = re.search(r'alias: "([^"]*)"', request.query.get("query", ""))
            found = self.of(wanted[1]) if wanted else list(self.alerts.values())
            visible = [one.shown() for one in reversed(found) if one.visible_at <= self.now()]
            return Reply(200, {"values": visible[: int(request.query["size"])], "count": len(visible)})
        alert = self.alerts.get(parts[1])
        if alert is None:
            return Reply(404, {"errors": [{"title": "Not Found"}]})
        if len(parts) == 2:
            return Reply(200, alert.shown())
        return Reply(200, {"values": alert.notes[::-1][: int(request.query["size"])]})

    def add_note(self, alert: OpsAlert, text: str, by: str) -> None:
        number = f"note-{len(alert.notes) + 1}"
        alert.notes.append({"id": number, "note": text, "owner": by, "createdAt": "2026-11-02T00:01:00Z"})

    def texts(self, number: str) -> list[str]:
        return self._held(number).comments

    def close_by_hand(self, number: str) -> None:
        alert = self._held(number)
        alert.status, alert.closed_by = "closed", "Alex Test"

    def delete_by_hand(self, number: str) -> None:
        del self.alerts[self._held(number).id]

    def _held(self, number: str) -> OpsAlert:
        return self.alerts.get(number) or self.of(number)[-1]
