"""Schedule, governor and driver together in simulated time, against a gateway that counts what it is sent."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace

from monitor.model.allowance import Allowance
from monitor.model.check import Check, MoveKind, Moves, Step, Target
from monitor.model.money import Money
from monitor.model.outcome import SUCCESSES
from monitor.model.result import Exchange, MissReason, Reach
from monitor.model.text import Text
from monitor.probes.drive import Driver
from monitor.probes.governor import Governor
from monitor.scheduler import Scheduler
from monitor.testing.simtime import SimulatedClock
from monitor.transactions.template import Place, compile_template

ALLOWANCE = Allowance("gateway key", 5.0, burst=16, published_per_second=25.0, declines_per_day=8, back_off=True)


def target(name="gateway", allowance=ALLOWANCE, **more):
    return replace(Target(name, Text(name), f"https://{name}.example", dialect="stripe", allowance=allowance), **more)


def step(name, *, method="POST", undo=None, outcomes=SUCCESSES, **request):
    takes = Moves(MoveKind.HOLD, Money(100, "USD"), undo) if undo else None
    template = compile_template({"method": method, "path": f"/{name}", **request}, {"path": Place.PATH})
    return Step(name, "http", template, 5.0, outcomes=frozenset(outcomes), moves=takes)


def read(name="read", every=60.0, **more):
    return Check(name, Text(name), "gateway", every, 10.0, 10.0, (step("balance", method="GET"),), **more)


def payment(name="payment", every=30.0, **more):
    steps = (step("authorise", undo="void"), step("look", method="GET"))
    return Check(name, Text(name), "gateway", every, 15.0, 15.0, steps, {"void": step("void")}, **more)


@dataclass
class Gateway:
    """A probe: ``answer(seconds since the start, step name)`` gives a status and headers; 200 when it is left out."""

    clock: SimulatedClock
    answer: object = None
    sent: list = field(default_factory=list)

    async def run(self, call):
        began = self.clock.monotonic()
        name = call.options["path"].strip("/")
        self.sent.append((began, name))
        status, headers = self.answer(began, name) if self.answer else (200, {})
        await asyncio.sleep(0.05)
        if status is None:
            from monitor.model.outcome import NetworkReason

            return Exchange(Reach.SENT, self.clock.wall(), 0.05, reason=NetworkReason.ANSWER_TIMEOUT)
        body = {"error": {"type": "card_error", "code": "card_declined", "decline_code": "do_not_honor"}} if status == 402 else {}
        return Exchange(Reach.ANSWERED, self.clock.wall(), 0.05, status=status, headers=headers, body=body)

    async def close(self):
        pass


class World:
    """One process. ``saved`` is what a former one left."""

    def __init__(self, checks, targets=None, answer=None, saved=None, luck=lambda: 0.5, wall_ahead=0.0):
        self.clock = SimulatedClock()
        self.clock.step(wall_ahead)
        self.gateway = Gateway(self.clock, answer)
        self.targets = {one.id: one for one in (targets or [target()])}
        self.governor = Governor(self.clock, luck=luck)
        self.governor.adopt(self.targets.values(), saved)
        self.refusals = Counter()
        self.governor.on_refusal = lambda _target, reason: self.refusals.update([reason])
        self.driver = Driver({"http": self.gateway}, {}, self.clock, governor=self.governor, randomness=lambda n: b"\1" * n)
        self.scheduler = Scheduler(
            self.perform, self.missed, clock=self.clock, location="here", max_in_flight=2_000, admit=self.governor.admit
        )
        self.checks, self.results, self.misses, self.left = checks, [], [], {}

    async def perform(self, check, slot, due, late):
        try:
            result = await self.driver.run(check, self.targets[check.target], slot, due, late, "here")
            self.results.append((self.clock.monotonic(), result))
        finally:
            self.governor.ended(check, slot)

    def missed(self, missed):
        self.misses.append((self.clock.monotonic(), missed))

    async def run(self, seconds):
        self.scheduler.start(self.checks, self.targets)
        await asyncio.sleep(seconds)
        await self.scheduler.stop(60.0)
        self.left = self.governor.take_dirty()
        return self

    def missed_for(self, reason=MissReason.BUDGET):
        return sum(one.count for _, one in self.misses if one.reason is reason)

    def per_second(self):
        return Counter(int(at) for at, _ in self.gateway.sent)

    def peak(self):
        """The most requests in any one second."""
        times = sorted(at for at, _ in self.gateway.sent)
        most, first = 0, 0
        for last, at in enumerate(times):
            while at - times[first] >= 1.0:
                first += 1
            most = max(most, last - first + 1)
        return most
