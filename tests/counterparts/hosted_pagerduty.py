"""PagerDuty's Events API as a model: alerts by their key; an event under the key of a closed one pages again."""

from typing import Any

from hosted import Hosted, Reply, Request


class HostedPagerDuty(Hosted):
    description = "pagerduty.yaml"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.alerts: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request) -> Reply:
        event = request.json
        key, alert = event["dedup_key"], self.alerts.get(event["dedup_key"])
        if event["event_action"] == "trigger":
            if alert is None or alert["state"] == "resolved":
                self.alerts[key] = {"state": "triggered", "pages": (alert or {"pages": 0})["pages"] + 1}
        elif alert is not None and alert["state"] != "resolved":
            alert["state"] = f"{event['event_action']}d"
        return Reply(202, {"status": "success", "message": "Event processed", "dedup_key": key})

    def of(self, external_id: str) -> list[dict[str, Any]]:
        """One for each time somebody was paged."""
        alert = self.alerts.get(external_id)
        return [alert] * alert["pages"] if alert else []

    def of_key(self, key: str) -> dict[str, Any]:
        return self.alerts[key]

    def close_by_hand(self, key: str) -> None:
        self.alerts[key]["state"] = "resolved"
