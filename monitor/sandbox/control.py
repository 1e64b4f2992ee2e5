"""The sandbox's own API under ``/_sandbox``: turning knobs, and asking the books what happened."""

from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from monitor.sandbox.core import Core
from monitor.sandbox.faults import MAX_FAULTS, Board, FaultError, parse
from monitor.sandbox.gate import Clock, respond
from monitor.sandbox.knobs import KNOBS, Fault
from monitor.sandbox.wire import Answer

PREFIX = "/_sandbox/"
OWNER = "api"


class Control:
    """``changed`` is awaited after every change, so that a closed listener is closed when the answer is out."""

    def __init__(self, core: Core, board: Board, clock: Clock, changed: Callable[[], Awaitable[None]]) -> None:
        self._core = core
        self._board = board
        self._clock = clock
        self._changed = changed
        self._routes: dict[tuple[str, str], Callable[[web.BaseRequest], Awaitable[Answer]]] = {
            ("GET", "faults"): self._show,
            ("PUT", "faults"): self._put,
            ("DELETE", "faults"): self._delete,
            ("GET", "open"): self._open,
            ("GET", "charges"): self._charges,
            ("GET", "ledger"): self._ledger,
            ("GET", "events"): self._events,
        }

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        do = self._routes.get((request.method, request.path.removeprefix(PREFIX)))
        if do is None:
            return respond(
                Answer(404, {"error": "there is: " + ", ".join(f"{method} {PREFIX}{name}" for method, name in self._routes)})
            )
        return respond(await do(request))

    async def _show(self, request: web.BaseRequest) -> Answer:
        in_force = [shown(fault) for fault in self._board.faults()]
        return Answer(200, {"faults": in_force, "knobs": {name: knob.doc for name, knob in KNOBS.items()}})

    async def _put(self, request: web.BaseRequest) -> Answer:
        """Replaces what was put before; a list that cannot be used as a whole changes nothing."""
        try:
            faults = read_faults(await _json(request))
        except FaultError as error:
            return Answer(400, {"error": error.problems})
        self._board.replace(OWNER, faults, self._clock())
        await self._changed()
        return await self._show(request)

    async def _delete(self, request: web.BaseRequest) -> Answer:
        self._board.clear()
        await self._changed()
        return await self._show(request)

    async def _open(self, request: web.BaseRequest) -> Answer:
        return Answer(200, {"open": [asdict(item) for item in self._core.open_items(self._clock())]})

    async def _charges(self, request: web.BaseRequest) -> Answer:
        counts = self._core.charges()
        double = sorted(reference for reference, count in counts.items() if count > 1)
        return Answer(200, {"charges": dict(counts), "double": double})

    async def _ledger(self, request: web.BaseRequest) -> Answer:
        self._core.expire(self._clock())
        payment = request.query.get("payment")
        postings = [_flat(asdict(posting)) for posting in self._core.ledger.postings(payment)]
        return Answer(200, {"totals": self._core.ledger.totals(), "postings": postings})

    async def _events(self, request: web.BaseRequest) -> Answer:
        return Answer(200, {"events": [_flat(asdict(event)) for event in self._core.events]})


def read_faults(data: object) -> list[Fault]:
    """``{"faults": [...]}``. Raises FaultError with the problems of every entry."""
    listed = data.get("faults") if isinstance(data, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_FAULTS:
        raise FaultError([f'expected {{"faults": [...]}} with at most {MAX_FAULTS} entries'])
    faults, problems = [], []
    for number, each in enumerate(listed):
        try:
            faults.append(parse(each))
        except FaultError as error:
            problems += [f"faults[{number}]: {problem}" for problem in error.problems]
    if problems:
        raise FaultError(problems)
    return faults


def shown(fault: Fault) -> dict[str, Any]:
    """What was set, without what was left at its default."""
    return {"knob": fault.knob} | fault.model_dump(mode="json", exclude_defaults=True)


async def _json(request: web.BaseRequest) -> object:
    try:
        return await request.json()
    except (ValueError, RecursionError):
        raise FaultError(["the body is not JSON"]) from None


def _flat(record: dict[str, Any]) -> dict[str, Any]:
    """Money as minor units and currency, side by side."""
    amount = record.pop("amount")
    return record | {"amount_minor": amount["minor"], "currency": amount["currency"]}
