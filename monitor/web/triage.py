"""Over HTTP: an inquiry into a target, now."""

from aiohttp import web

from monitor.app import App
from monitor.web.guard import problem
from monitor.web.routes import Route
from monitor.web.shapes import diagnosis_shape


async def examine(app: App, request: web.Request) -> web.Response:
    """Answers when the verdict is there, within ten seconds; one inquiry of a target runs at a time."""
    target = request.match_info["target"]
    try:
        diagnosis = await app.inquiring.examine(target)
    except KeyError:
        return problem(404, "there is no such target")
    return web.json_response({"target": target, "diagnosis": diagnosis_shape(diagnosis)})


TRIAGE = (
    Route("POST", "/api/v1/targets/{target}/triage", examine, "Look into a target now: what was asked, and which layer it is."),
)
