"""The HTTP API: every route in one table, which is also its OpenAPI description."""

from typing import Any

from aiohttp import web
from pydantic import Field

from monitor.app import App
from monitor.config import ConfigError
from monitor.stores.ledger import LedgerDamaged
from monitor.web.guard import problem
from monitor.web.hooks import HOOKS
from monitor.web.incidents import INCIDENTS
from monitor.web.routes import APP, Body, By, Route, changed, limit, read
from monitor.web.shapes import outbox_shape, window_shape
from monitor.web.triage import TRIAGE

__all__ = ["APP", "ROUTES", "Route", "openapi"]


class Recover(By):
    transaction: str = Field(default="", max_length=100, description="One that a person has seen to at the gateway.")
    reason: str = Field(default="", max_length=400)
    swept: str = Field(default="", max_length=100, description="A target that a person has searched for open payments.")


class NewWindow(Body):
    kind: str = Field(pattern="^(maintenance|silence)$")
    starts: float = Field(description="UTC seconds since the epoch.")
    ends: float = Field(description="UTC seconds since the epoch.")
    author: str = Field(min_length=1, max_length=100)
    reason: str = Field(min_length=1, max_length=400)
    checks: list[str] = Field(default_factory=list, max_length=200)
    targets: list[str] = Field(default_factory=list, max_length=200)


async def healthy(_app: App, _request: web.Request) -> web.Response:
    return web.json_response({"healthy": True})


async def ready(app: App, _request: web.Request) -> web.Response:
    problems = app.progress().problems()
    return web.json_response({"ready": not problems, "problems": problems}, status=503 if problems else 200)


async def reload(app: App, _request: web.Request) -> web.Response:
    try:
        version = await app.reload()
    except ConfigError as error:
        return web.json_response({"reloaded": False, "problems": str(error).splitlines()}, status=400)
    return web.json_response({"reloaded": True, "version": version})


async def metrics(app: App, request: web.Request) -> web.Response:
    scrape = await app.exporter.scrape(request.headers.get("Accept", ""), request.headers.get("Accept-Encoding", ""))
    return web.Response(body=scrape.body, headers=scrape.headers)


async def status(app: App, _request: web.Request) -> web.Response:
    return web.json_response(app.status())


async def checks(app: App, _request: web.Request) -> web.Response:
    return web.json_response({"checks": app.check_status()})


async def results(app: App, request: web.Request) -> web.Response:
    check = request.match_info["check"]
    rows = await app.store.latest(check, limit=limit(request))
    names = (
        "slot",
        "location",
        "stratum",
        "due",
        "duration_seconds",
        "late_seconds",
        "outcome",
        "good",
        "reason",
        "failed_step",
        "run_id",
    )
    return web.json_response({"check": check, "results": [{name: getattr(row, name) for name in names} for row in rows]})


async def evidence(app: App, request: web.Request) -> web.Response:
    found = await app.store.evidence(request.match_info["run"])
    return problem(404, "no evidence is kept for that run") if found is None else web.json_response(found)


async def check_evidence(app: App, request: web.Request) -> web.Response:
    found = await app.evidence(request.match_info["check"])
    return problem(404, "there is no such check") if found is None else web.json_response(found)


async def tickets(app: App, request: web.Request) -> web.Response:
    rows = await app.store.outbox_rows(
        desk=request.query.get("desk"), incident=request.query.get("incident"), limit=limit(request)
    )
    return web.json_response({"tickets": [outbox_shape(row) for row in rows]})


async def retry(app: App, request: web.Request) -> web.Response:
    return await changed(app.people.retry(request.match_info["row"]))


async def ledger(app: App, _request: web.Request) -> web.Response:
    return web.json_response(app.ledger.view())


async def verify_ledger(app: App, _request: web.Request) -> web.Response:
    try:
        return web.json_response(await app.ledger.verify())
    except LedgerDamaged as damage:
        return web.json_response({"damage": damage.reason})


async def recover_ledger(app: App, request: web.Request) -> web.Response:
    body = await read(request, Recover)
    try:
        if body.swept:
            await app.ledger.swept_by_hand(body.swept, body.by)
        if body.transaction:
            await app.ledger.settled_by_hand(body.transaction, body.by, body.reason)
    except LookupError as error:
        return problem(404, str(error))
    except ValueError as error:
        return problem(409, str(error))
    return web.json_response(await app.ledger.recover())


async def windows(app: App, _request: web.Request) -> web.Response:
    return web.json_response({"windows": [window_shape(one) for one in await app.store.windows()]})


async def add_window(app: App, request: web.Request) -> web.Response:
    body = await read(request, NewWindow)
    try:
        made = await app.people.add_window(app.config, **body.model_dump())
    except ValueError as error:
        return problem(400, str(error))
    return web.json_response(window_shape(made), status=201)


async def end_window(app: App, request: web.Request) -> web.Response:
    body = await read(request, By)
    return await changed(app.people.end_window(request.match_info["id"], body.by))


ROUTES = (
    Route("GET", "/-/healthy", healthy, "The process answers."),
    Route("GET", "/-/ready", ready, "Checks are running, results are stored: 503 with the reasons when not."),
    Route("POST", "/-/reload", reload, "Read the configuration again: all of it or nothing."),
    Route("GET", "/metrics", metrics, "Prometheus metrics."),
    Route("GET", "/api/v1/status", status, "What runs, since when, and how it is."),
    Route("GET", "/api/v1/checks", checks, "Every check with its latest result."),
    Route("GET", "/api/v1/checks/{check}/results", results, "The latest results of a check.", query=("limit",)),
    Route(
        "GET", "/api/v1/checks/{check}/evidence", check_evidence, "Where the rules of a check stand, and what is normal for it."
    ),
    Route("GET", "/api/v1/runs/{run}/evidence", evidence, "The redacted evidence kept for one run."),
    *INCIDENTS,
    *TRIAGE,
    Route(
        "GET",
        "/api/v1/tickets",
        tickets,
        "The outbox: what was told to the desks and what waits.",
        query=("desk", "incident", "limit"),
    ),
    Route("POST", "/api/v1/tickets/{row}/retry", retry, "Try a dead row again."),
    Route("GET", "/api/v1/ledger", ledger, "Synthetic money that is open, and where none may move."),
    Route("GET", "/api/v1/ledger/verify", verify_ledger, "Walk the ledger's chain of hashes."),
    Route("POST", "/api/v1/ledger/recover", recover_ledger, "Try to close everything that is open, now.", Recover),
    Route("GET", "/api/v1/windows", windows, "Maintenance windows and silences."),
    Route("POST", "/api/v1/windows", add_window, "Add a maintenance window or a silence.", NewWindow),
    Route("POST", "/api/v1/windows/{id}/end", end_window, "End a window now.", By),
    *HOOKS,
)


def openapi(version: str) -> dict[str, Any]:
    """The description of ROUTES, OpenAPI 3.1."""
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        operation: dict[str, Any] = {
            "summary": route.summary,
            "responses": {"default": {"description": "JSON, or text for /metrics."}},
        }
        names = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
        operation["parameters"] = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
        operation["parameters"] += [{"name": name, "in": "query", "schema": {"type": "string"}} for name in route.query]
        if route.body is not None:
            operation["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": route.body.model_json_schema()}},
            }
        paths.setdefault(route.path, {})[route.method.lower()] = operation
    return {"openapi": "3.1.0", "info": {"title": "paycanary", "version": version}, "paths": paths}
