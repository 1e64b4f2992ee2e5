"""What a route of the API is, and how its handlers read a request and answer it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from monitor.app import App, NotThere
from monitor.incidents import Refused
from monitor.web.guard import problem

APP: web.AppKey[App] = web.AppKey("app", App)
Handler = Callable[[App, web.Request], Awaitable[web.StreamResponse]]
M = TypeVar("M", bound=BaseModel)
#: A page of a listing.
LIMIT, LIMIT_MAX = 100, 1000


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class By(Body):
    by: str = Field(min_length=1, max_length=100, description="Who says so.")


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    handler: Handler
    summary: str
    body: type[BaseModel] | None = None
    query: tuple[str, ...] = ()


async def read(request: web.Request, model: type[M]) -> M:
    """Raises HTTPBadRequest, with every problem and no input in it."""
    try:
        return model.model_validate_json(await request.read() or b"{}")
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, item['loc'])) or 'body'}: {item['msg']}" for item in error.errors(include_input=False)]
        raise web.HTTPBadRequest(reason="; ".join(lines).replace("\n", " ")) from None


async def changed(doing: Awaitable[None]) -> web.Response:
    """A command's answer: done, there is no such thing, or not from this state."""
    try:
        await doing
    except NotThere as error:
        return problem(404, str(error))
    except (Refused, ValueError) as error:
        return problem(409, str(error))
    return web.json_response({"done": True})


def limit(request: web.Request) -> int:
    text = request.query.get("limit", str(LIMIT))
    if not text.isdecimal():
        raise web.HTTPBadRequest(reason="limit: expected a whole number")
    return min(int(text), LIMIT_MAX)


def choice(request: web.Request, name: str, *known: str) -> str:
    """A query parameter with a closed set of values; the first when it is left out."""
    given = request.query.get(name, known[0])
    if given not in known:
        raise web.HTTPBadRequest(reason=f"{name}: expected one of {', '.join(known)}")
    return given
