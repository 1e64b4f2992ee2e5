"""PagerDuty's Events API as a model: alerts by their key; an event under the key of a closed one pages again."""

from datetime import UTC, datetime
from typing import Any

from hosted import Hosted, Reply, Request

from monitor.testing.simtime import START


class HostedPagerDuty(Hosted):
    description = "pagerduty.yaml"
    vendor = "pagerduty.json"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.alerts: dict[str, dict[str, Any]] = {}

    def handle(self, request: Request) -> Reply:
        """The REST API is another one than that of events, and the vendor describes it elsewhere."""
        apis = self._apis
        self._apis = apis[:1] if request.path.startswith("/incidents") else apis
        try:
            return super().handle(request)
        finally:
            self._apis = apis

    def answer(self, request: Request) -> Reply:
        parts = request.path.strip("/").split("/")
        if parts[0] == "incidents":
            return self._shown(request, parts)
        event = request.json
        key, alert = event["dedup_key"], self.alerts.get(event["dedup_key"])
        if event["event_action"] == "trigger":
            if alert is None or alert["state"] == "resolved":
                self.alerts[key] = {"state": "triggered", "pages": (alert or {"pages": 0})["pages"] + 1}
        elif alert is not None and alert["state"] != "resolved":
            alert["state"] = f"{event['event_action']}d"
        return Reply(202, {"status": "success", "message": "Event processed", "dedup_key": key})

    def _shown(self, request: Request, parts: list[str]) -> Reply:
        if request.headers.get("authorization") != "Token token=t0ken":
            return Reply(401, {"error": {"message": "Invalid Token"}})
        if len(parts) == 3:
            return Reply(200, {"notes": self.alerts[parts[1]].get("notes", [])})
        alert = self.alerts.get(request.query["incident_key"])
        if alert is None:
            return Reply(200, {"incidents": []})
        by = {"type": "user_reference", "summary": alert.get("by", "")}
        taken = [{"acknowledger": by}] if alert["state"] == "acknowledged" else []
        shown = {"id": request.query["incident_key"], "status": alert["state"], "acknowledgements": taken}
        return Reply(200, {"incidents": [shown | {"last_status_change_by": by}]})

    def of(self, external_id: str) -> list[dict[str, Any]]:
        """One for each time somebody was paged."""
        alert = self.alerts.get(external_id)
        return [alert] * alert["pages"] if alert else []

    def of_key(self, key: str) -> dict[str, Any]:
        return self.alerts[key]

    def close_by_hand(self, key: str) -> None:
        self.alerts[key] |= {"state": "resolved", "by": "Ana"}

    def acknowledge_by_hand(self, key: str) -> None:
        self.alerts[key] |= {"state": "acknowledged", "by": "Ana"}

    def say_by_hand(self, key: str, by: str, text: str) -> None:
        notes = self.alerts[key].setdefault("notes", [])
        at = datetime.fromtimestamp(START + self.now(), UTC).isoformat()
        notes.append({"id": f"N{len(notes)}", "user": {"summary": by}, "content": text, "created_at": at})
