"""A ledger, its driver and the shipped checks in simulated time, before the sandbox's own dialects without a socket."""

import asyncio
import base64
import json
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

from monitor.config import load
from monitor.janitor import Ledger, World
from monitor.model.outcome import NetworkReason
from monitor.model.result import Exchange, Phases, Reach
from monitor.probes.drive import Driver
from monitor.probes.request import flatten
from monitor.sandbox.core import Core, Policy
from monitor.sandbox.mastercard import Mastercard
from monitor.sandbox.stripe import Stripe
from monitor.sandbox.wire import Effects, Request
from monitor.stores.ledger import LedgerFile
from monitor.testing.simtime import SimulatedClock

ROOT = Path(__file__).parents[2]
PREFIX = "pc-test-"
ANSWER_SECONDS = 0.05
MAIN = """service: {install: test, data: data}
include: {checks: [checks/*.yaml]}
targets:
  mastercard: {title: M, base_url: "https://127.0.0.1:1", dialect: mastercard, timeout: 5s, settle: 2s, caps: CAPS}
  stripe: {title: S, base_url: "https://127.0.0.1:1", dialect: stripe, timeout: 5s, settle: 2s, idempotency: {keep: 24h}, caps: CAPS}
"""


class Gateway:
    """Both dialects behind one probe. ``silent`` operations are done and never answered; ``down`` ones are not even done."""

    def __init__(self, clock):
        self.clock, self.core = clock, Core(Policy())
        numbers = iter(range(10**6))
        self._mastercard = Mastercard(self.core, merchant="TESTCANARY", password="p", list_lag_seconds=1.0)
        self._stripe = Stripe(self.core, key="k", new_id=lambda: f"X{next(numbers):06d}", list_lag_seconds=1.0)
        self.silent = self.down = lambda method, path: False
        self.calls = []

    async def run(self, call):
        method, path, began = call.options.get("method", "GET"), call.options["path"], self.clock.wall()
        self.calls.append((began, method, path))
        await asyncio.sleep(ANSWER_SECONDS)
        if self.down(method, path):
            return self._lost(began)
        answer = self._do(call, method, path)
        if self.silent(method, path):
            return self._lost(began)
        body = json.loads(json.dumps(answer.payload), parse_float=Decimal)
        return Exchange(Reach.ANSWERED, began, ANSWER_SECONDS, Phases(), status=answer.status, body=body)

    def _do(self, call, method, path):
        dialect, credential = self._mastercard, "Basic " + base64.b64encode(b"merchant.TESTCANARY:p").decode()
        if path.startswith("/v1/"):
            dialect, credential = self._stripe, "Bearer k"
        form, given = call.options.get("form"), call.options.get("json")
        data = urlencode(list(flatten(form))).encode() if form else json.dumps(given).encode() if given else b""
        headers = {"authorization": credential, **{name.lower(): value for name, value in (call.headers or {}).items()}}
        query = dict(flatten(call.options.get("query") or {}))
        return dialect.answer(Request(method, path, query, headers, data), Effects(), self.clock.wall())

    @staticmethod
    def _lost(began):
        return Exchange(Reach.SENT, began, 5.0, reason=NetworkReason.ANSWER_TIMEOUT, error="no answer came in time")

    async def close(self):
        pass

    def open(self):
        return self.core.open_items(self.clock.wall())


class House:
    """One process's worth. ``alerts`` are those raised, as (state, rule, target)."""

    def __init__(self, folder, clock, gateway, firing=()):
        self.config, self.clock, self.gateway, self.alerts = load(folder / "paycanary.yaml"), clock, gateway, []
        self.targets = dict(self.config.targets)
        world = World(lambda: self.targets, lambda: self.config.checks, self._send, lambda text: text, self._raise)
        self.file = LedgerFile(folder / "data" / "ledger.db", threaded=False)
        self.ledger = Ledger(self.file, clock, world, location="local", reference_prefix=PREFIX)
        self.driver = Driver({"http": gateway}, {}, clock, install="test", money=self.ledger.gate)
        self._firing = firing

    async def _send(self, target, options, key):
        return await self.driver.ask(target, options, key)

    async def _raise(self, alerts):
        self.alerts += alerts

    async def once(self, check, slot=0):
        found = self.config.checks[check]
        return await self.driver.run(found, self.config.targets[found.target], slot, 0.0, 0.0, "local")

    def told(self):
        return [(alert.state.value, alert.rule, alert.series.target) for alert in self.alerts]


@asynccontextmanager
async def house(folder, *, clock=None, gateway=None, caps="{open_at_once: 50}", janitor=True, firing=()):
    (folder / "checks").mkdir(exist_ok=True)
    (folder / "data").mkdir(exist_ok=True)
    (folder / "paycanary.yaml").write_text(MAIN.replace("CAPS", caps))
    for name in ("mastercard-gateway.yaml", "stripe.yaml"):
        (folder / "checks" / name).write_text((ROOT / "checks" / name).read_text())
    clock = clock or SimulatedClock()
    one = House(folder, clock, gateway or Gateway(clock), firing)
    one.ledger.start(firing)
    task = asyncio.create_task(one.ledger.run()) if janitor else None
    try:
        yield one
    finally:
        if task:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await one.ledger.close()
