"""What the desks tell us by themselves: a proven hook makes us look at its ticket now instead of within the minute."""

from aiohttp import web

from monitor.app import App
from monitor.connectors.hooks import proven, ticket_of
from monitor.connectors.options import TicketOptions
from monitor.web.guard import problem
from monitor.web.routes import Route

#: Proven by its signature, not by the API's token.
PATH = "/hooks/{desk}"


async def hook(app: App, request: web.Request) -> web.Response:
    """202 to everything that is proven, ours or not. A desk that is not there, one without a secret, and a wrong signature look the same."""
    name = request.match_info["desk"]
    desk = app.config.desks.get(name)
    options = desk.options if desk else None
    body = await request.read()
    secret = options.hook_secret.reveal() if isinstance(options, TicketOptions) and options.hook_secret else ""
    headers = {header.lower(): value for header, value in request.headers.items()}
    if desk is None or not proven(desk.kind, headers, body, secret, app.clock.wall()):
        if desk is not None:
            app.exporter.hook(name, "refused")
        return problem(401, "this is not a hook we can trust")
    looked = app.delivery.look(name, ticket_of(desk.kind, body))
    app.exporter.hook(name, "looked" if looked else "unknown")
    return web.json_response({"taken": True}, status=202)


HOOKS = (Route("POST", PATH, hook, "A desk says that something was done to a ticket; signed as its vendor signs."),)
