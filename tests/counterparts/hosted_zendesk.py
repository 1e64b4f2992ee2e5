"""Zendesk Support as a model: tickets, comments, tokens that expire, idempotency keys kept for two hours, a list that lags."""

from dataclasses import dataclass, field
from typing import Any

from by_hand import OURSELVES, ByHand
from hosted import Hosted, Reply, Request

KEY_SECONDS = 7_200.0
MERGER = "Zendesk"
USERS = {OURSELVES: 1, "Ana": 2, "李雷": 3, MERGER: -1}


@dataclass
class ZendeskTicket:
    id: int
    fields: dict[str, Any]
    visible_at: float
    status: str = "new"
    comments: list[str] = field(default_factory=list)
    deleted: bool = False
    people: ByHand = field(default_factory=ByHand)

    def shown(self) -> dict[str, Any]:
        tags = [*self.fields.get("tags", []), *(["closed_by_merge"] if self.people.merged_into else [])]
        assignee = USERS.get(self.people.assignee)
        shown = {"id": self.id, "status": self.status, "external_id": self.fields.get("external_id"), "tags": tags}
        return shown | {"submitter_id": USERS[OURSELVES], "assignee_id": assignee}

    def written(self) -> list[dict[str, Any]]:
        """Newest first."""
        found = []
        for index, body in enumerate(self.comments):
            by, at = self.people.of(index)
            via = {"channel": "merge" if by == MERGER else "web"}
            found.append({"id": self.id * 1000 + index, "body": body, "author_id": USERS[by], "created_at": at, "via": via})
        return found[::-1]


class HostedZendesk(Hosted):
    description = "zendesk.yaml"
    vendor = "zendesk.json"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tickets: dict[int, ZendeskTicket] = {}
        self.keys: dict[str, tuple[float, bytes, int]] = {}
        self.groups, self.ticket_fields = {7}, {360}
        self.role, self.active = "agent", True

    def answer(self, request: Request) -> Reply:
        if request.path == "/oauth/tokens":
            return Reply(200, {"access_token": self.issue_token(), "token_type": "bearer", "scope": request.json.get("scope")})
        if not self.allowed(request):
            return Reply(401, {"error": "invalid_token", "error_description": "The access token provided is expired"})
        parts = request.path.removeprefix("/api/v2/").split("/")
        if parts == ["users", "me"]:
            return Reply(200, {"user": {"id": 1, "role": self.role}})
        if parts[0] in ("groups", "ticket_fields", "ticket_forms"):
            known = {"groups": self.groups, "ticket_fields": self.ticket_fields}.get(parts[0], set())
            found = {"ticket_field": {"id": int(parts[1]), "active": self.active}} if parts[0] == "ticket_fields" else {}
            return Reply(200, found) if int(parts[1]) in known else Reply(404, {"error": "RecordNotFound"})
        if parts == ["tickets"]:
            return self._create(request) if request.method == "POST" else self._list(request.query["external_id"])
        return self._one(request, parts)

    def of(self, external_id: str) -> list[ZendeskTicket]:
        return [one for one in self.tickets.values() if one.fields.get("external_id") == external_id and not one.deleted]

    def _list(self, external_id: str) -> Reply:
        found = [one.shown() for one in self.of(external_id) if one.visible_at <= self.now()]
        return Reply(200, {"tickets": found, "count": len(found)})

    def _create(self, request: Request) -> Reply:
        key = request.headers.get("idempotency-key", "")
        known = self.keys.get(key)
        if key and known and self.now() - known[0] < KEY_SECONDS:
            if known[1] != request.body:
                return Reply(400, {"error": "IdempotentRequestError", "description": "The request parameters do not match"})
            return Reply(201, {"ticket": self.tickets[known[2]].shown()}, {"x-idempotency-lookup": "hit"})
        fields = dict(request.json["ticket"])
        number = len(self.tickets) + 1
        ticket = ZendeskTicket(number, fields, self.now() + self.lag, comments=[fields["comment"]["body"]])
        self.tickets[number] = ticket
        self.keys[key] = (self.now(), request.body, number)
        return Reply(201, {"ticket": ticket.shown()}, {"x-idempotency-lookup": "miss"})

    def _one(self, request: Request, parts: list[str]) -> Reply:
        ticket = self.tickets.get(int(parts[1]))
        if ticket is None or ticket.deleted:
            return Reply(404, {"error": "RecordNotFound", "description": "Not found"})
        if parts[2:] == ["comments"]:
            size = int(request.query.get("page[size]", "100"))
            return Reply(200, {"comments": ticket.written()[:size], "users": _named()})
        if request.method == "PUT":
            if ticket.status == "closed":
                return Reply(422, {"error": "RecordInvalid", "description": "Status: closed prevents ticket update"})
            change = request.json["ticket"]
            ticket.status = change.get("status", ticket.status)
            if "comment" in change:
                ticket.comments.append(change["comment"]["body"])
        return Reply(200, {"ticket": ticket.shown(), "users": _named()})

    def texts(self, number: str) -> list[str]:
        return self.tickets[int(number)].comments

    def close_by_hand(self, number: str) -> None:
        self.tickets[int(number)].status = "solved"

    def close_for_good(self, number: str) -> None:
        self.tickets[int(number)].status = "closed"

    def delete_by_hand(self, number: str) -> None:
        self.tickets[int(number)].deleted = True

    def say_by_hand(self, number: str, by: str, text: str) -> None:
        ticket = self.tickets[int(number)]
        ticket.people.write(ticket.comments, text, by, self.now())

    def reopen_by_hand(self, number: str) -> None:
        self.tickets[int(number)].status = "open"

    def assign_by_hand(self, number: str, to: str) -> None:
        self.tickets[int(number)].people.assignee = to

    def merge_by_hand(self, number: str) -> str:
        """Into a ticket of theirs. Nothing but a comment says which."""
        into = ZendeskTicket(len(self.tickets) + 1, {"external_id": None}, self.now(), "open")
        self.tickets[into.id] = into
        self.say_by_hand(number, MERGER, f'此工单已关闭并合并到工单 #{into.id} "Checkout is down".')
        self.tickets[int(number)].people.merged_into = str(into.id)
        self.tickets[int(number)].status = "closed"
        return str(into.id)


def _named() -> list[dict[str, Any]]:
    return [{"id": number, "name": name} for name, number in USERS.items()]
