"""What stands before every handler: no foreign page may use a browser as its hand, no name may be rebound to us, no answer says too much."""

import ipaddress
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

import structlog
from aiohttp import web

log = structlog.get_logger()

#: Bodies we accept are commands of a few hundred bytes.
BODY_MAX = 256 << 10
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; form-action 'self'",
    "Cache-Control": "no-store",
}


def hostname(header: str) -> str:
    """The name in a Host header, without its port."""
    return (urlsplit(f"//{header}").hostname or "").lower()


def is_loopback(name: str) -> bool:
    """``localhost`` or a loopback literal."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def middleware(*, loopback_only: bool) -> Callable[[web.Request, Handler], Awaitable[web.StreamResponse]]:
    """Refuses rebound hosts and cross-origin writes; turns our bugs into a plain 500, logged once."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        refusal = _refusal(request, loopback_only=loopback_only)
        if refusal:
            return problem(403, refusal)
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = problem(error.status, error.reason)
        except Exception as error:  # our own bug: told once, here, and nothing of it to the caller
            log.exception("request_failed", path=request.path, error=type(error).__name__)
            response = problem(500, "paycanary failed here; its log says where")
        if not response.prepared:
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
        return response

    return guard


def _refusal(request: web.Request, *, loopback_only: bool) -> str:
    host = request.headers.get("Host", "")
    if loopback_only and not is_loopback(hostname(host)):
        return "this address is served to this machine only, under its own names"
    if request.method in SAFE:
        return ""
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return "a page of another origin may not do this"
    return ""


def problem(status: int, detail: str) -> web.Response:
    return web.json_response({"error": detail}, status=status)
