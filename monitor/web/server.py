"""The HTTP server: routes, pages and the guards before them, on one listener."""

import hmac
import ssl
from collections.abc import Awaitable, Callable
from importlib.metadata import version
from typing import Any

from aiohttp import web

from monitor.app import App
from monitor.web import pages, probe
from monitor.web.api import APP, ROUTES, Route, openapi
from monitor.web.guard import BODY_MAX, Handler, is_loopback, middleware, problem
from monitor.web.hooks import PATH as HOOK_PATH

#: Answered without a token: they say nothing but whether we work.
OPEN_PATHS = frozenset({"/-/healthy", "/-/ready"})


def build(app: App) -> web.Application:
    """The whole interface of one service."""
    service = app.config.service
    guards: list[Any] = [middleware(loopback_only=is_loopback(service.host) and not service.behind_proxy)]
    if service.auth_token is not None:
        guards.append(_authorised(service.auth_token.reveal()))
    site = web.Application(middlewares=guards, client_max_size=BODY_MAX)
    site[APP] = app
    for route in ROUTES:
        site.router.add_route(route.method, route.path, _bound(route))
    document = openapi(version("paycanary"))

    async def describe(_request: web.Request) -> web.Response:
        return web.json_response(document)

    site.router.add_get("/api/v1/openapi.json", describe)
    site.router.add_get("/probe", _probe)
    pages.add(site)
    return site


async def _probe(request: web.Request) -> web.Response:
    """With what is configured now, not what was at start."""
    app = request.app[APP]
    view = probe.handler(app.config.modules, app.config.targets, app.probing.perform, app.probing.gate.text)
    return await view(request)


def _bound(route: Route) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        return await route.handler(request.app[APP], request)

    return handle


def _authorised(token: str) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
    expected = f"Bearer {token}".encode()

    @web.middleware
    async def authorised(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("Authorization", "").encode()
        resource = request.match_info.route.resource
        is_open = request.path in OPEN_PATHS or (resource is not None and resource.canonical == HOOK_PATH)
        if not is_open and not hmac.compare_digest(given, expected):
            return problem(401, "a bearer token is needed")
        return await handler(request)

    return authorised


async def serve(app: App) -> web.AppRunner:
    """Start listening. Raises OSError when the address is taken. The caller cleans the runner up."""
    service = app.config.service
    context = None
    if service.tls_cert_file and service.tls_key_file:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(service.tls_cert_file, service.tls_key_file)
    runner = web.AppRunner(build(app), access_log=None, handle_signals=False, shutdown_timeout=2.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, service.host, service.port, ssl_context=context).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner
