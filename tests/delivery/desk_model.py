"""A ticket desk that misbehaves on purpose, and the world around it: a stateful model in simulated time.

It speaks through the same ``Connector`` and ``Client`` contracts as a real one: calls in, answers out, replies lost on the way.
"""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from monitor.connectors import Access, Answer, Call, Capabilities, Delivered, Found, Unsure
from monitor.connectors.judge import refusal
from monitor.delivery import Delivery, Settings
from monitor.model.alert import Severity
from monitor.model.batch import Batch
from monitor.model.incident import CommandKind, OutboxRow, OutboxState, Status, Ticket
from monitor.model.text import Text
from monitor.stores.sqlite import SqliteStore
from monitor.testing.simtime import SimulatedClock

STATUS = {
    CommandKind.OPEN: Status.OPEN,
    CommandKind.UPDATE: Status.OPEN,
    CommandKind.RESOLVE: Status.RESOLVED,
    CommandKind.REOPEN: Status.OPEN,
}


def make_ticket(incident: str = "inc_1", kind: CommandKind = CommandKind.OPEN, revision: int = 1, **changes: object) -> Ticket:
    episode = changes.pop("episode", 1)
    ticket = Ticket(
        external_id=f"paycanary-test-{incident}-{episode}",
        incident=incident,
        episode=episode,
        revision=revision,
        kind=kind,
        at=1_793_577_600.0 + revision,
        status=STATUS[kind],
        severity=Severity.P1,
        target="sandbox-card",
        title=Text("Card payments fail", "银行卡支付失败"),
        body=Text("3 of 3 runs failed at authorise.", "3 次运行全部在预授权失败。"),
        checks=("card-payment",),
        opened=1_793_577_600.0,
        comment=Text(f"change {revision}", f"变更 {revision}"),
    )
    return replace(ticket, **changes)


def make_row(
    ticket: Ticket, desk: str = "desk", at: float = 0.0, state: OutboxState = OutboxState.NEW, **changes: object
) -> OutboxRow:
    row = OutboxRow(f"{desk}:{ticket.external_id}:{ticket.revision}", desk, ticket, state, at, at)
    return replace(row, **changes)


class _NoOptions(BaseModel):
    pass


class ModelConnector:
    """Speaks the model's own small protocol; judges answers as the real ones do."""

    kind = "model"
    Options = _NoOptions
    access = Access()

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities

    def _tell(self, op, ticket, remote_id=""):
        body = {
            "op": op,
            "external_id": ticket.external_id,
            "revision": ticket.revision,
            "kind": ticket.kind,
            "remote": remote_id,
        }
        answer = yield Call("POST", "http://desk.test/", {}, json.dumps(body).encode())
        return refusal(answer, "the model") or Delivered(json.loads(answer.body)["remote"])

    def create(self, ticket):
        return (yield from self._tell("create", ticket))

    def update(self, ticket, remote_id):
        return (yield from self._tell("update", ticket, remote_id))

    def resolve(self, ticket, remote_id):
        return (yield from self._tell("resolve", ticket, remote_id))

    def reopen(self, ticket, remote_id):
        return (yield from self._tell("reopen", ticket, remote_id))

    def find(self, external_id):
        answer = yield Call("POST", "http://desk.test/", {}, json.dumps({"op": "find", "external_id": external_id}).encode())
        problem = refusal(answer, "the model")
        return problem or Found(tuple(json.loads(answer.body)["remotes"]))

    def check(self):
        yield from ()
        return Unsure("nothing to check")


@dataclass
class HeldTicket:
    remote: str
    external_id: str
    visible_at: float
    status: str
    revisions: list[int] = field(default_factory=list)  # in the order in which they first arrived


class ModelDesk:
    """Holds tickets; ``mood`` decides what goes wrong with each call. As a ``Client`` it performs calls."""

    def __init__(self, *, lag: float = 0.0, idempotent: bool = False, mood: Callable[[dict], str] = lambda _: "") -> None:
        self.tickets: list[HeldTicket] = []
        self.calls: list[tuple[float, dict]] = []
        self.lag, self.idempotent, self.mood = lag, idempotent, mood
        self.seconds = 0.05

    async def perform(self, call: Call, access: Access) -> Answer:
        request = json.loads(call.body)
        self.calls.append((asyncio.get_running_loop().time(), request))
        trouble = self.mood(request)
        if trouble == "refused":
            return Answer(None, sent=False, error="no connection")
        if trouble in ("429", "503 before", "400"):
            await asyncio.sleep(self.seconds)
            return Answer(int(trouble[:3]), {}, b"", retry_after=2.0 if trouble == "429" else None)
        await asyncio.sleep(self.seconds)
        if trouble == "lost before":
            await asyncio.sleep(10)
            return Answer(None, sent=True, error="no answer")
        body = json.dumps(self._work(request)).encode()
        await asyncio.sleep(self.seconds)
        if trouble == "lost after":
            await asyncio.sleep(10)
            return Answer(None, sent=True, error="no answer")
        if trouble == "503 after":
            return Answer(503)
        return Answer(200, {}, body)

    def visible(self, external_id: str) -> list[str]:
        """Newest first, as far as the search has come."""
        now = asyncio.get_running_loop().time()
        return [one.remote for one in reversed(self.tickets) if one.external_id == external_id and one.visible_at <= now]

    def of(self, incident: str) -> list[HeldTicket]:
        return [one for one in self.tickets if f"-{incident}-" in one.external_id]

    def _work(self, request: dict) -> dict:
        if request["op"] == "find":
            return {"remotes": self.visible(request["external_id"])}
        held = self._create(request) if request["op"] == "create" else self._held(request["remote"])
        if request["op"] != "create":
            held.status = "resolved" if request["op"] == "resolve" else "open"
        if request["revision"] not in held.revisions:
            held.revisions.append(request["revision"])
        return {"remote": held.remote}

    def _held(self, remote: str) -> HeldTicket:
        return next(one for one in self.tickets if one.remote == remote)

    def _create(self, request: dict) -> HeldTicket:
        if self.idempotent:
            for one in self.tickets:
                if one.external_id == request["external_id"]:
                    return one
        now = asyncio.get_running_loop().time()
        held = HeldTicket(str(len(self.tickets) + 1), request["external_id"], now + self.lag, "open")
        self.tickets.append(held)
        return held


class SlowStore:
    """The real store, with a moment on either side of every commit in which the process may die."""

    def __init__(self, store: SqliteStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def commit(self, batch: Batch) -> None:
        await asyncio.sleep(0.01)
        await self._store.commit(batch)
        await asyncio.sleep(0.01)


class World:
    """A store, a desk and a Delivery that can be killed and started again."""

    def __init__(
        self, path: Path, desk: Any, capabilities: Capabilities, settings: Settings = Settings(), connector: Any = None
    ) -> None:
        self.clock = SimulatedClock()
        self.store = SqliteStore(path / "store.db", clock=self.clock, threaded=False)
        self.store.open()
        self.desk, self.connector, self.settings = desk, connector or ModelConnector(capabilities), settings
        self.events: list[tuple[str, float | None]] = []
        self.delivery: Delivery | None = None
        self.claims = True

    def start(self) -> None:
        self.delivery = Delivery(
            SlowStore(self.store),
            {"desk": self.connector},
            self.desk,
            self.clock,
            lambda event, _, seconds: self.events.append((event, seconds)),
            self.settings,
        )
        self._running = asyncio.create_task(self.delivery.run())

    async def crash(self) -> None:
        """Everything on its way stops where it is, as a kill would have it: nothing more is committed or sent."""
        self._running.cancel()
        await self.delivery.stop(0)
        await asyncio.gather(self._running, return_exceptions=True)

    async def stop(self, grace: float = 30.0) -> None:
        await self.delivery.stop(grace)
        await self._running

    async def tell(self, *tickets: Ticket) -> None:
        """As the pipeline does: what can leave at once is stored as on its way."""
        now, stored = self.clock.wall(), asyncio.get_running_loop().create_future()
        rows = [make_row(ticket, at=now) for ticket in tickets]
        if self.delivery and self.claims:
            rows = self.delivery.claim(rows, stored)
        await self.store.commit(Batch(outbox=rows, durable=True))
        stored.set_result(None)
        if self.delivery:
            self.delivery.wake()

    async def rows(self, incident: str = "inc_1") -> list[OutboxRow]:
        return await self.store.outbox_rows(desk="desk", incident=incident, limit=1000)

    async def states(self, incident: str = "inc_1") -> list[str]:
        return [row.state.value for row in await self.rows(incident)]

    async def drained(self) -> bool:
        return await self.store.outbox_next("desk") is None

    async def until(self, done: Callable[[], Awaitable[bool]], limit: float = 3600.0) -> None:
        for _ in range(int(limit)):
            if await done():
                return
            await asyncio.sleep(1)
        raise AssertionError("it did not come to an end")


def chance(seed: int, troubles: dict[str, float]) -> Callable[[dict], str]:
    """Each trouble with its probability, the same for the same seed."""
    dice = random.Random(seed)

    def mood(_: dict) -> str:
        throw = dice.random()
        for name, share in troubles.items():
            if throw < share:
                return name
            throw -= share
        return ""

    return mood
