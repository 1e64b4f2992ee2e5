"""The demo's ticket desk: takes signed webhooks, keeps tickets in a file, shows them to people."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, PackageLoader

from monitor.model.secret import Secret
from monitor.sandbox import gate
from monitor.sandbox.faults import Board
from monitor.sandbox.secret_files import write_private
from monitor.sandbox.tickets import Event, EventError, Ticket, Tickets, read_json, verify
from monitor.sandbox.wire import Answer, Call, Operation, Trouble

HOOK_PATH = "/hooks/paycanary"
DIALECT = "desk"

_STATUSES = {Trouble.UNAVAILABLE: 503, Trouble.BROKEN: 500, Trouble.BUSY: 429, Trouble.UNAUTHORISED: 401}
_CHINESE = {"open": "处理中", "acknowledged": "已确认", "resolved": "已解决"}
_VERBS = {
    "incident.open": "ticket opened",
    "incident.update": "ticket updated",
    "incident.resolve": "ticket resolved",
    "incident.reopen": "ticket reopened",
}
#: Pages carry no scripts and load nothing from elsewhere.
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}

Announce = Callable[[str], None]


class TicketFile:
    """Tickets on disk, whole after every event, so that they survive a restart."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> Tickets:
        if not self._path.exists():
            return Tickets()
        kept = json.loads(self._path.read_text())
        return Tickets([Ticket(**each) for each in kept["tickets"]], dict(kept["seen"]), kept["last_number"])

    def save(self, tickets: Tickets) -> None:
        write_private(self._path, json.dumps(asdict(tickets), ensure_ascii=False).encode())


class Desk:
    def __init__(
        self, file: TicketFile, secret: Secret, board: Board, clock: gate.Clock, announce: Announce, sleep: gate.Sleep
    ) -> None:
        self._file = file
        self._secret = secret
        self._board = board
        self._clock = clock
        self._announce = announce
        self._sleep = sleep
        self.tickets = file.load()
        self._pages = _environment()
        self._css = (Path(__file__).parent / "templates" / "desk.css").read_text()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post(HOOK_PATH, self._hook),
            web.get("/", self._index),
            web.get("/desk.css", self._style),
            web.get("/tickets", self._list),
            web.get("/tickets/{id}", self._ticket),
        ]

    async def _hook(self, request: web.Request) -> web.StreamResponse:
        asked = await gate.read(request)
        plan = self._board.plan(Call(DIALECT, Operation.TICKET), self._clock())
        instead = await gate.before(plan, request, _trouble, self._sleep)
        if instead is not None:
            return instead
        return gate.after(plan, request, self._receive(asked.headers, asked.body), _trouble)

    def _receive(self, headers: Mapping[str, str], body: bytes) -> Answer:
        now = self._clock()
        try:
            message_id = verify(self._secret, headers, body, now)
        except EventError as error:
            return Answer(401, {"error": str(error)})
        try:
            message = read_json(body)
            if message.get("type") == "ping":
                return Answer(200, {"ok": True})
            event = Event.of(message)
        except EventError as error:
            return Answer(400, {"error": str(error)})
        ticket = self.tickets.receive(message_id, event, now)
        if ticket is None:
            return Answer(200, {"duplicate": True})
        self._file.save(self.tickets)  # On the disk before the sender is told so.
        self._announce(f"{_VERBS[event.type]} no. {ticket.number} [{ticket.severity.upper()}] {_one_line(ticket)}")
        return Answer(200, {"ticket": ticket.number})

    async def _index(self, request: web.Request) -> web.Response:
        tickets = sorted(self.tickets.tickets, key=lambda ticket: (ticket.resolved is not None, -ticket.number))
        open_now = sum(1 for ticket in tickets if not ticket.resolved)
        return self._page("tickets.html", tickets=tickets, open=open_now)

    async def _ticket(self, request: web.Request) -> web.Response:
        ticket = self.tickets.find(request.match_info["id"])
        if ticket is None:
            raise web.HTTPNotFound(text="There is no such ticket. 没有这张工单。")
        return self._page("ticket.html", ticket=ticket)

    async def _list(self, request: web.Request) -> web.Response:
        shown = [{**asdict(ticket), "external_id": ticket.external_id} for ticket in self.tickets.tickets]
        return gate.respond(Answer(200, {"tickets": shown}))

    async def _style(self, request: web.Request) -> web.Response:
        return web.Response(text=self._css, content_type="text/css")

    def _page(self, name: str, **values: object) -> web.Response:
        text = self._pages.get_template(name).render(**values)
        return web.Response(text=text, content_type="text/html", headers=_PAGE_HEADERS)


def _one_line(ticket: Ticket) -> str:
    return " / ".join(dict.fromkeys(" ".join(text.split()) for text in (ticket.title["en"], ticket.title["zh"])))


def _trouble(trouble: Trouble) -> Answer:
    return Answer(_STATUSES[trouble], {"error": trouble.value})


def _environment() -> Environment:
    environment = Environment(loader=PackageLoader("monitor.sandbox"), autoescape=True)
    environment.filters["chinese"] = lambda status: _CHINESE.get(status, "")
    environment.filters["utc"] = lambda at: datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return environment
