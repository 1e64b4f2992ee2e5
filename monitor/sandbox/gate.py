"""The HTTP shell: turns aiohttp's request into ours, carries out the plan of faults, and turns our answer into theirs."""

import asyncio
import json
import math
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import replace

from aiohttp import web

from monitor.sandbox.faults import Board
from monitor.sandbox.knobs import MAX_HOLD_SECONDS, Plan
from monitor.sandbox.wire import Answer, Dialect, Request, Trouble

#: SO_LINGER on with zero seconds: closing sends RST instead of FIN.
_RESET = struct.pack("ii", 1, 0)
_FIREWALL_PAGE = "<!DOCTYPE html><html><head><title>Access Denied</title></head><body><h1>Access Denied</h1></body></html>"

Clock = Callable[[], float]
Sleep = Callable[[float], Awaitable[None]]


class Gate:
    """All dialects behind one door."""

    def __init__(self, dialects: tuple[Dialect, ...], board: Board, clock: Clock, sleep: Sleep = asyncio.sleep) -> None:
        self._dialects = dialects
        self._board = board
        self._clock = clock
        self._sleep = sleep

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        asked = await read(request)
        dialect = next((each for each in self._dialects if each.owns(asked.path)), None)
        if dialect is None:
            return respond(Answer(404, {"error": {"message": "There is nothing at this address."}}))
        plan = self._board.plan(dialect.call(asked), self._clock())
        instead = await before(plan, request, dialect.trouble, self._sleep)
        if instead is not None:
            return instead
        answer = dialect.answer(asked, plan.effects, self._clock())
        return after(plan, request, answer, dialect.trouble)


async def read(request: web.BaseRequest) -> Request:
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Request(request.method, request.rel_url.raw_path, dict(request.query), headers, await request.read())


async def before(
    plan: Plan, request: web.BaseRequest, trouble: Callable[[Trouble], Answer], sleep: Sleep
) -> web.StreamResponse | None:
    """Everything that happens ahead of the work; an answer when there will be no work."""
    if plan.hold:
        await sleep(MAX_HOLD_SECONDS)
    if plan.hold or plan.reset:
        return reset(request)
    if plan.delay_seconds:
        await sleep(plan.delay_seconds)
    if plan.html:
        return web.Response(status=403, text=_FIREWALL_PAGE, content_type="text/html")
    return respond(trouble(plan.refused), plan.retry_after_seconds) if plan.refused else None


def after(plan: Plan, request: web.BaseRequest, answer: Answer, trouble: Callable[[Trouble], Answer]) -> web.StreamResponse:
    """The work is done: say so, deny it, or say nothing."""
    if plan.drop_answer:
        return reset(request)
    if plan.broken_after:
        return respond(trouble(Trouble.BROKEN))
    if plan.without:
        answer = replace(answer, payload=without(answer.payload, plan.without.split(".")))
    return respond(answer, garbled=plan.garbled)


def without(payload: object, path: list[str]) -> object:
    """``payload`` with the field at ``path`` left out, where it has one."""
    if not isinstance(payload, dict) or path[0] not in payload:
        return payload
    if len(path) == 1:
        return {name: value for name, value in payload.items() if name != path[0]}
    return payload | {path[0]: without(payload[path[0]], path[1:])}


def respond(answer: Answer, retry_after_seconds: float | None = None, *, garbled: bool = False) -> web.Response:
    headers = dict(answer.headers)
    if retry_after_seconds is not None:
        headers["Retry-After"] = str(max(1, math.ceil(retry_after_seconds)))  # whole seconds, as the header has them
    text = json.dumps(answer.payload, ensure_ascii=False)
    return web.Response(
        status=answer.status,
        text=text[: len(text) // 2] if garbled else text,
        content_type="application/json",
        headers=headers,
    )


def reset(request: web.BaseRequest) -> web.Response:
    """Cut the connection so that the other side sees a reset; the response returned goes nowhere."""
    transport = request.transport
    if transport is not None:
        plain = transport.get_extra_info("socket")
        if plain is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        transport.abort()
    return web.Response()
