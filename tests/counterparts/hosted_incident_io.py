"""incident.io's alert source as a model."""

from typing import Any

from hosted import Hosted, Reply, Request


class HostedIncidentIo(Hosted):
    description = "incident_io.yaml"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.alerts: dict[str, str] = {}

    def answer(self, request: Request) -> Reply:
        if not request.headers.get("authorization", "").startswith("Bearer "):
            return Reply(401, {"type": "authentication_error", "message": "no token"})
        event = request.json
        if event["status"] == "firing" or event["deduplication_key"] in self.alerts:
            self.alerts[event["deduplication_key"]] = event["status"]
        return Reply(202, {"status": "success", "message": "Event accepted", "deduplication_key": event["deduplication_key"]})

    def of(self, external_id: str) -> list[str]:
        return [self.alerts[external_id]] if external_id in self.alerts else []
