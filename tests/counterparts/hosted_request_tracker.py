"""A Request Tracker queue as a model, for storms that would take a real one an hour: tickets, comments, a query that lags."""

import re
from dataclasses import dataclass, field
from typing import Any

from hosted import Hosted, Reply, Request

API = "/REST/2.0/"


@dataclass
class RtTicket:
    id: int
    fields: dict[str, Any]
    visible_at: float
    status: str = "new"
    texts: list[str] = field(default_factory=list)


class HostedRequestTracker(Hosted):
    description = "request_tracker.yaml"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tickets: dict[int, RtTicket] = {}
        self.by_key: dict[str, list[RtTicket]] = {}

    def answer(self, request: Request) -> Reply:
        if not request.headers.get("authorization", "").startswith("token "):
            return Reply(401, {"message": "Unauthorized"})
        parts = request.path.removeprefix(API).split("/")
        if parts == ["ticket"]:
            return self._create(request.json)
        if parts == ["tickets"]:
            return self._list(request.query["query"])
        ticket = self.tickets.get(int(parts[1]))
        if ticket is None:
            return Reply(404, {"message": "Resource does not exist"})
        return self._one(request, ticket, parts[2:])

    def of(self, external_id: str) -> list[RtTicket]:
        return self.by_key.get(external_id, [])

    def _create(self, fields: dict[str, Any]) -> Reply:
        ticket = RtTicket(len(self.tickets) + 1, fields, self.now() + self.lag)
        self.tickets[ticket.id] = ticket
        self.by_key.setdefault(fields["CustomFields"]["IncidentKey"], []).append(ticket)
        return Reply(201, {"id": str(ticket.id), "type": "ticket"})

    def _list(self, query: str) -> Reply:
        key = re.search(r"CF\.\{IncidentKey\} = '([^']+)'", query)
        assert key, query
        found = [one for one in reversed(self.of(key[1])) if one.visible_at <= self.now()]
        return Reply(200, {"items": [{"id": str(one.id), "Status": one.status} for one in found]})

    def _one(self, request: Request, ticket: RtTicket, rest: list[str]) -> Reply:
        if rest == ["comment"]:
            ticket.texts.append(request.json["Content"])
            return Reply(201, ["Comments added"])
        if rest == ["attachments"]:
            return Reply(200, {"items": [{"id": str(n), "Content": text} for n, text in enumerate(ticket.texts)][::-1]})
        if request.method == "PUT":
            ticket.status = request.json["Status"]
            return Reply(200, [f"Ticket {ticket.id}: Status changed"])
        return Reply(200, {"id": ticket.id, "Status": ticket.status})
