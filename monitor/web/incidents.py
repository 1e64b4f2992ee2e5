"""The API of incidents: what is wrong, and what people do about it."""

import asyncio
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from pydantic import Field

from monitor.app import App
from monitor.deadlines.clocks import Clock, clocks
from monitor.incidents.postmortem import postmortem
from monitor.incidents.problems import problems
from monitor.incidents.words import Words
from monitor.incidents.words.preview import WHAT, preview
from monitor.model.alert import Severity
from monitor.model.incident import Incident, OutboxRow, TimelineEntry
from monitor.model.money import Money
from monitor.web.bundle import bundle
from monitor.web.routes import By, Route, changed, choice, limit, read
from monitor.web.shapes import clock_shape, incident_shape, problem_shape
from monitor.web.shapes import words as said

#: Incidents that are looked through for recurring problems: years of a team that has one a day.
PROBLEMS_READ = 2_000


class Note(By):
    text: str = Field(min_length=1, max_length=4000)


class Assign(By):
    to: str = Field(default="", max_length=100, description="Who has it from now on; nobody when left out.")


class Snooze(By):
    until: float = Field(description="UTC seconds since the epoch; within 24 h.")


class Pending(By):
    reason: str = Field(min_length=1, max_length=200, description="Whom or what it waits for.")


class Priority(By):
    severity: Severity | None = Field(default=None, description="Fixed until taken back; left out: the alerts decide again.")


async def incidents(app: App, request: web.Request) -> web.Response:
    wanted = [word for word in request.query.get("status", "").split(",") if word]
    found = await app.store.incidents(statuses=wanted, limit=limit(request))
    return web.json_response({"incidents": [incident_shape(one) for one in found]})


async def incident(app: App, request: web.Request) -> web.Response:
    found, timeline, rows = await whole(app, request)
    shape = incident_shape(found, timeline=timeline, outbox=rows)
    return web.json_response(shape | {"clocks": [clock_shape(one) for one in running(app, found)]})


async def postmortem_draft(app: App, request: web.Request) -> web.Response:
    language = choice(request, "lang", "en", "zh")
    found, timeline, rows = await whole(app, request)
    text = postmortem(found, timeline, rows, language, open_money=money_open(app, found.target))
    return web.Response(text=text, content_type="text/markdown")


async def export(app: App, request: web.Request) -> web.Response:
    kind, language = choice(request, "format", "json", "md"), choice(request, "lang", "en", "zh")
    found, timeline, rows = await whole(app, request)
    packed = bundle(found, timeline, rows)
    if kind == "json":
        return web.json_response(packed)
    text = postmortem(found, timeline, rows, language, open_money=money_open(app, found.target), digest=packed["sha256"])
    return web.Response(text=text, content_type="text/markdown")


async def words(app: App, request: web.Request) -> web.Response:
    """As it would be said now, with the templates that the service has."""
    found, what = await app.store.incident(request.match_info["id"]), request.match_info["what"]
    if found is None or what not in WHAT:
        raise web.HTTPNotFound(reason="there is no such incident" if found is None else f"expected one of {', '.join(WHAT)}")
    text = preview(Words(app.config.words, triages=app.config.service.triage), found, what, app.clock.wall())
    return web.json_response(said(text))


async def recurring(app: App, _request: web.Request) -> web.Response:
    found = problems(await app.store.incidents(limit=PROBLEMS_READ), app.clock.wall())
    return web.json_response({"problems": [problem_shape(one) for one in found]})


async def acknowledge(app: App, request: web.Request) -> web.Response:
    body = await read(request, By)
    return await changed(app.people.acknowledge(_id(request), body.by))


async def note(app: App, request: web.Request) -> web.Response:
    body = await read(request, Note)
    return await changed(app.people.note(_id(request), body.by, body.text))


async def resolve(app: App, request: web.Request) -> web.Response:
    body = await read(request, By)
    return await changed(app.people.resolve(_id(request), body.by))


async def assign(app: App, request: web.Request) -> web.Response:
    body = await read(request, Assign)
    return await changed(app.people.assign(_id(request), body.by, body.to))


async def escalate(app: App, request: web.Request) -> web.Response:
    body = await read(request, By)
    return await changed(app.people.escalate(_id(request), body.by))


async def snooze(app: App, request: web.Request) -> web.Response:
    body = await read(request, Snooze)
    return await changed(app.people.snooze(_id(request), body.by, body.until))


async def pend(app: App, request: web.Request) -> web.Response:
    body = await read(request, Pending)
    return await changed(app.people.pend(_id(request), body.by, body.reason))


async def resume(app: App, request: web.Request) -> web.Response:
    body = await read(request, By)
    return await changed(app.people.resume(_id(request), body.by))


async def prioritise(app: App, request: web.Request) -> web.Response:
    body = await read(request, Priority)
    return await changed(app.people.prioritise(_id(request), body.by, body.severity))


def running(app: App, incident: Incident) -> tuple[Clock, ...]:
    """Its clocks as they stand now."""
    deadlines = app.config.deadlines
    return clocks(incident, deadlines.targets, deadlines.calendars, app.clock.wall())


def money_open(app: App, target: str) -> list[str]:
    """A line for each synthetic payment at ``target`` that is not closed."""
    return [
        f"{one['reference']}: {', '.join(_amount(part) for part in one['exposure']) or '-'}, {one['state']}, {one['opened']}"
        for one in app.ledger.view()["open"]
        if one["target"] == target
    ]


def _amount(part: dict[str, Any]) -> str:
    return str(Money(part["minor"], part["currency"]))


def _id(request: web.Request) -> str:
    return request.match_info["id"]


async def whole(app: App, request: web.Request) -> tuple[Incident, Sequence[TimelineEntry], Sequence[OutboxRow]]:
    """The incident that the path names, its timeline and its outbox rows. Raises HTTPNotFound."""
    found = await app.store.incident(_id(request))
    if found is None:
        raise web.HTTPNotFound(reason="there is no such incident")
    timeline, rows = await asyncio.gather(app.store.timeline(found.id), app.store.outbox_rows(incident=found.id))
    return found, timeline, rows


_ONE = "/api/v1/incidents/{id}"
INCIDENTS = (
    Route("GET", "/api/v1/incidents", incidents, "Incidents, newest first.", query=("status", "limit")),
    Route("GET", "/api/v1/problems", recurring, "Trouble that comes back: how often, for how long, at whose cost."),
    Route("GET", _ONE, incident, "One incident with its timeline and tickets."),
    Route("GET", f"{_ONE}/postmortem", postmortem_draft, "The draft of a post-mortem, in Markdown.", query=("lang",)),
    Route(
        "GET",
        f"{_ONE}/export",
        export,
        "Everything about one incident in one piece, with the hash of its content.",
        query=("format", "lang"),
    ),
    Route("GET", f"{_ONE}/words/{{what}}", words, "One of its texts: title, body, update, resolved, notice or vendor."),
    Route("POST", f"{_ONE}/ack", acknowledge, "Somebody has it.", By),
    Route("POST", f"{_ONE}/note", note, "A line for the timeline.", Note),
    Route("POST", f"{_ONE}/resolve", resolve, "A human says it is over.", By),
    Route("POST", f"{_ONE}/assign", assign, "Whose it is.", Assign),
    Route("POST", f"{_ONE}/escalate", escalate, "The next step of its route, now.", By),
    Route("POST", f"{_ONE}/snooze", snooze, "No reminder and no escalation for a while.", Snooze),
    Route("POST", f"{_ONE}/pending", pend, "It waits for somebody else: its clocks stand still.", Pending),
    Route("POST", f"{_ONE}/resume", resume, "It waits no longer.", By),
    Route("POST", f"{_ONE}/priority", prioritise, "How bad it is, by a person's word.", Priority),
)
