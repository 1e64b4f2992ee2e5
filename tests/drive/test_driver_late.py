"""What is told of a run that takes longer than in calm times, in simulated time."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from monitor.model.check import Check, MoveKind, Moves, Step, Target
from monitor.model.money import Money
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Exchange, Reach, Result
from monitor.model.text import Text
from monitor.probes import Call
from monitor.probes.drive import Driver
from monitor.probes.patience import Patience
from monitor.testing.simtime import SimulatedClock, simulate
from monitor.transactions.template import Place, compile_template

PATIENCE, TIMEOUT = 2.0, 10.0
TARGET = Target("gateway", Text("gateway"), "https://gateway.example", max_concurrency=1)


def step(name: str, **more: Any) -> Step:
    request = compile_template({"method": "GET", "path": f"/{name}"}, {"path": Place.PATH})
    return Step(name, "http", request, TIMEOUT, **more)


def check(*names: str, undo: str = "") -> Check:
    steps = tuple(step(name, reads=True) for name in names)
    if not undo:
        return Check("read", Text("read"), "gateway", 30.0, 30.0, 30.0, steps)
    paid = step(names[0], moves=Moves(MoveKind.HOLD, Money(100, "USD"), undo))
    return Check("read", Text("read"), "gateway", 30.0, 30.0, 30.0, (paid,), undo={undo: step(undo)})


class Gateway:
    """Takes as long as it is said to for each path."""

    def __init__(self, clock: SimulatedClock, takes: Mapping[str, float]) -> None:
        self._clock, self._takes = clock, takes

    async def run(self, call: Call) -> Exchange:
        began, takes = self._clock.wall(), self._takes[str(call.options["path"]).strip("/")]
        await asyncio.sleep(min(takes, TIMEOUT))
        if takes < TIMEOUT:
            return Exchange(Reach.ANSWERED, began, takes, status=200, body={})
        return Exchange(Reach.SENT, began, TIMEOUT, reason=NetworkReason.ANSWER_TIMEOUT, error="no answer within 10 s")

    async def close(self) -> None:
        pass


class World:
    """A driver, and what it told: when, and what."""

    def __init__(
        self, takes: Mapping[str, float], stalled: Callable[[float, float], bool] = lambda _since, _until: False
    ) -> None:
        self.clock = SimulatedClock()
        self.told: list[tuple[float, Result]] = []
        patience = Patience(seconds=lambda _check, _stratum, _due: PATIENCE, over=self._over)
        self.driver = Driver({"http": Gateway(self.clock, takes)}, {}, self.clock, stalled=stalled, patience=patience)

    def _over(self, result: Result) -> None:
        self.told.append((self.clock.monotonic(), result))

    async def run(self, one: Check) -> Result:
        return await self.driver.run(one, TARGET, 7, 1_000.0, 0.0, "fra")


def lived(takes: Mapping[str, float], *names: str, **options: Any) -> tuple[World, Result]:
    async def main() -> tuple[World, Result]:
        world = World(takes, **options)
        return world, await world.run(check(*names))

    return simulate(main)


def test_a_run_that_hangs_is_told_when_it_is_late_and_ends_as_it_ends() -> None:
    world, result = lived({"ask": 99.0}, "ask")
    ((at, late),) = world.told

    assert at == pytest.approx(PATIENCE, abs=0.001)
    assert (late.pending, late.good, late.outcome, late.failed_step) == (True, False, Outcome.TIMEOUT_UNKNOWN, "ask")
    assert late.message == "no answer yet after 2.00 s, and longer than in calm times"
    assert (late.run_id, late.check, late.location, late.slot, late.due) == (result.run_id, "read", "fra", 7, result.due)
    assert late.duration_seconds == pytest.approx(PATIENCE, abs=0.001)
    assert (result.pending, result.good, result.duration_seconds) == (False, False, pytest.approx(TIMEOUT, abs=0.001))


def test_the_time_of_all_steps_counts_and_it_is_told_once() -> None:
    world, result = lived({"ask": 1.5, "look": 1.5, "again": 5.0}, "ask", "look", "again")
    ((at, late),) = world.told

    assert at == pytest.approx(PATIENCE, abs=0.001)
    assert late.failed_step == "look"
    assert result.good


def test_a_run_in_time_is_not_told() -> None:
    assert lived({"ask": 0.9, "look": 1.0}, "ask", "look")[0].told == []


def test_waiting_for_our_own_turn_is_not_the_gateways_time() -> None:
    """The target takes one request at a time: the second run waits for the first, and is quick when its turn comes."""

    async def main() -> tuple[World, list[Result]]:
        world = World({"slow": 1.8, "ask": 1.0})
        return world, await asyncio.gather(world.run(check("slow")), world.run(check("ask")), world.run(check("ask")))

    world, results = simulate(main)

    assert world.told == []
    assert [result.good for result in results] == [True, True, True]


def test_what_may_be_our_own_standing_still_is_not_told() -> None:
    world, result = lived({"ask": 5.0}, "ask", stalled=lambda since, until: since < 1.0 < until)

    assert world.told == []
    assert result.suspect


def test_a_run_that_is_told_to_stop_is_not_told_late() -> None:
    async def main() -> tuple[World, Result]:
        world = World({"ask": 99.0})
        run = asyncio.get_running_loop().create_task(world.run(check("ask")))
        await asyncio.sleep(1.0)
        run.cancel()
        result = await run
        await asyncio.sleep(5.0)
        return world, result

    world, result = simulate(main)

    assert world.told == []
    assert result.good is None


def test_clean_ups_are_our_own_housekeeping_however_long_they_take() -> None:
    async def main() -> tuple[World, Result]:
        world = World({"pay": 1.0, "void": 5.0})
        return world, await world.run(check("pay", undo="void"))

    world, result = simulate(main)

    assert world.told == []
    assert [one.name for one in result.steps] == ["pay", "void"]
