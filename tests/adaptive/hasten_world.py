"""Schedule, governor, driver and bursts together in simulated time; what is suspected is a story too."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from monitor.hasten import Hasten
from monitor.model.allowance import UNLIMITED, Allowance
from monitor.model.check import Burst, Check, Step, Target
from monitor.model.extra import Extra, ExtraRefusal
from monitor.model.outcome import NetworkReason
from monitor.model.result import Exchange, Missed, Reach, Result
from monitor.model.text import Text
from monitor.model.wish import Wish
from monitor.probes import Call
from monitor.probes.drive import Driver
from monitor.probes.governor import Governor
from monitor.probes.patience import Patience
from monitor.scheduler import Scheduler
from monitor.testing.simtime import SimulatedClock
from monitor.transactions.template import Place, compile_template

THIRD = 1.0 / 3.0
#: Seconds since the start -> the gateway's HTTP status; None: no answer, when the time is up.
Answer = Callable[[float], int | None]


def read_check(name: str = "read", *, every: float = 30.0, target: str = "gateway", max_in_flight: int = 1) -> Check:
    request = compile_template({"method": "GET", "path": f"/{name}"}, {"path": Place.PATH})
    step = Step("read", "http", request, 5.0, reads=True)
    return Check(name, Text(name), target, every, 5.0, 5.0, (step,), burst=Burst.READS, max_in_flight=max_in_flight)


def target(name: str = "gateway", allowance: Allowance = UNLIMITED, *, max_concurrency: int = 16) -> Target:
    return Target(name, Text(name), f"https://{name}.example", allowance=allowance, max_concurrency=max_concurrency)


def wish(check: str, spacing: float = THIRD) -> Wish:
    return Wish("rule", check, "", "read", spacing)


@dataclass
class Gateway:
    """Counts what it is sent, and what runs at once."""

    clock: SimulatedClock
    answer: Answer
    takes: Callable[[float], float]
    sent: list[tuple[float, str]] = field(default_factory=list)
    now: int = 0
    most: int = 0

    async def run(self, call: Call) -> Exchange:
        began = self.clock.monotonic()
        self.sent.append((began, str(call.options["path"]).strip("/")))
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(self.takes(began))
        self.now -= 1
        seconds, status = self.clock.monotonic() - began, self.answer(began)
        if status is None:
            return Exchange(Reach.SENT, self.clock.wall() - seconds, seconds, reason=NetworkReason.ANSWER_TIMEOUT)
        return Exchange(Reach.ANSWERED, self.clock.wall(), seconds, status=status, body={})

    async def close(self) -> None:
        pass

    def between(self, since: float, until: float) -> list[float]:
        return [at for at, _ in self.sent if since <= at < until]


class World:
    """One process. ``doubts(result)`` gives the wishes that stand after that result; None leaves them as they are."""

    def __init__(
        self,
        checks: Iterable[Check],
        targets: Iterable[Target] = (),
        *,
        answer: Answer = lambda _at: 200,
        takes: Callable[[float], float] = lambda _at: 0.1,
        doubts: Callable[[Result], tuple[Wish, ...] | None] = lambda _result: None,
        max_in_flight: int = 256,
        location: str = "here",
        patience: Patience | None = None,
    ) -> None:
        self.location = location
        self.clock = SimulatedClock()
        self.gateway = Gateway(self.clock, answer, takes)
        self.checks = {check.id: check for check in checks}
        self.targets = {one.id: one for one in (tuple(targets) or (target(),))}
        self.governor = Governor(self.clock, luck=lambda: 0.5)
        self.governor.adopt(self.targets.values())
        self.driver = Driver(
            {"http": self.gateway}, {}, self.clock, governor=self.governor, randomness=lambda n: b"\1" * n, patience=patience
        )
        self.doubts = doubts
        self.results: list[tuple[float, Result]] = []
        self.misses: list[Missed] = []
        self.refused: list[tuple[float, str, ExtraRefusal]] = []
        self.scheduler = Scheduler(
            self._perform,
            self.misses.append,
            clock=self.clock,
            location=location,
            max_in_flight=max_in_flight,
            admit=self.governor.admit,
        )
        self.hasten = Hasten(
            self.checks.values(),
            begin=self.scheduler.begin_extra,
            admit=lambda extra, slot, number: self.governor.admit_extra(extra, slot, number, self.scheduler.ahead),
            perform=self._perform_extra,
            clock=self.clock,
            on_refused=lambda check, reason: self.refused.append((self.clock.monotonic(), check.id, reason)),
        )
        self.scheduler.on_ended = self.hasten.ended

    async def _perform(self, check: Check, slot: int, due: float, late: float) -> None:
        try:
            self._take(await self.driver.run(check, self.targets[check.target], slot, due, late, self.location))
        finally:
            self.governor.ended(check, slot)

    async def _perform_extra(self, extra: Extra, slot: int, number: int, due: float) -> None:
        check = extra.check
        try:
            self._take(await self.driver.run(check, self.targets[check.target], slot, due, 0.0, self.location, extra, number))
        finally:
            self.governor.ended(check, slot, number)

    def _take(self, result: Result) -> None:
        self.results.append((self.clock.monotonic(), result))
        self.hasten.heard(result)
        wishes = self.doubts(result)
        if wishes is not None:
            self.hasten.wishes(wishes)

    async def run(self, seconds: float) -> "World":
        self.scheduler.start(self.checks.values(), self.targets)
        await asyncio.sleep(seconds)
        self.hasten.stop()
        await self.scheduler.stop(60.0)
        return self

    @property
    def extras(self) -> list[tuple[float, Result]]:
        return [(at, result) for at, result in self.results if result.extra]

    @property
    def accounted(self) -> bool:
        """Every slot ran or was missed, and every extra run asked for ran or was refused."""
        slots, asked = self.scheduler.tally, self.hasten.tally
        return slots.planned == slots.ran + sum(slots.missed.values()) and asked.asked == asked.ran + asked.refused.total()
