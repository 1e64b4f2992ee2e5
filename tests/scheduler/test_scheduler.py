"""The grid, in simulated time."""

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from monitor.model.check import Check, Target
from monitor.model.result import Missed, MissReason
from monitor.model.text import Text
from monitor.scheduler import LATE_SHARE, Scheduler, phase_of, resume
from monitor.testing.simtime import SimulatedClock, simulate


def check(name: str, every: float = 10.0, target: str = "gateway", max_in_flight: int = 1) -> Check:
    return Check(
        id=name,
        title=Text(name),
        target=target,
        every_seconds=every,
        budget_seconds=5,
        undo_budget_seconds=5,
        steps=(),
        max_in_flight=max_in_flight,
    )


def target(name: str = "gateway", max_concurrency: int = 16) -> Target:
    return Target(id=name, title=Text(name), base_url="http://127.0.0.1", max_concurrency=max_concurrency)


class Bench:
    """A scheduler, what it started and what it missed."""

    alive: ClassVar[list["Bench"]] = []

    def __init__(self, *, takes: Callable[[Check], float] = lambda _: 0.1, max_in_flight: int = 256) -> None:
        self.clock = SimulatedClock()
        self.started: list[tuple[str, int, float, float, float]] = []  # check, slot, due, late, monotonic
        self.missed: list[Missed] = []
        self.takes = takes
        self.alive.append(self)
        self.scheduler = Scheduler(self.run, self.missed.append, clock=self.clock, location="here", max_in_flight=max_in_flight)

    async def run(self, one: Check, slot: int, due: float, late: float) -> None:
        self.started.append((one.id, slot, due, late, self.clock.monotonic()))
        await asyncio.sleep(self.takes(one))

    @property
    def missed_count(self) -> int:
        return sum(item.count for item in self.missed)


def simulated(test: Callable[[], Any]) -> Callable[[], None]:
    async def main() -> None:
        Bench.alive.clear()
        await test()
        for bench in Bench.alive:
            await bench.scheduler.stop(0)

    def run() -> None:
        simulate(main)

    run.__name__, run.__doc__ = test.__name__, test.__doc__
    return run


@simulated
async def test_runs_follow_the_grid_and_never_drift() -> None:
    bench = Bench(takes=lambda _: 3.3)
    bench.scheduler.start([check("a")], {"gateway": target()})
    await asyncio.sleep(3600)

    slots = [slot for _, slot, _, _, _ in bench.started]
    assert slots == list(range(slots[0], slots[0] + 360))
    phase = phase_of("a", 10.0)
    assert all(abs((due - phase) % 10.0) < 1e-3 or abs((due - phase) % 10.0 - 10) < 1e-3 for _, _, due, _, _ in bench.started)
    assert max(late for _, _, _, late, _ in bench.started) < 0.001


def test_phases_are_stable_and_spread_so_that_nothing_gathers() -> None:
    phases = [phase_of(f"check-{n}", 60.0) for n in range(6_000)]
    seconds = [0] * 60
    for phase in phases:
        seconds[int(phase)] += 1

    assert phases[7] == phase_of("check-7", 60.0)
    assert max(seconds) < 0.05 * len(phases)


@simulated
async def test_an_overlapping_run_is_refused_and_counted() -> None:
    bench = Bench(takes=lambda _: 25.0)
    bench.scheduler.start([check("a")], {"gateway": target()})
    await asyncio.sleep(300)

    assert {item.reason for item in bench.missed} == {MissReason.OVERLAP}
    assert bench.missed_count == pytest.approx(2 * len(bench.started), abs=2)
    assert bench.scheduler.tally.planned == bench.scheduler.tally.ran + bench.missed_count


@simulated
async def test_a_stuck_target_holds_up_only_its_own_checks() -> None:
    bench = Bench(takes=lambda one: 1e6 if one.target == "stuck" else 0.05, max_in_flight=64)
    checks = [check(f"s{n}", target="stuck") for n in range(200)] + [check(f"h{n}", target="healthy") for n in range(200)]
    bench.scheduler.start(checks, {"stuck": target("stuck"), "healthy": target("healthy")})
    await asyncio.sleep(100)

    healthy = [row for row in bench.started if row[0].startswith("h")]
    assert len(healthy) == 2000
    assert not [item for item in bench.missed if item.check.startswith("h")]
    assert len([row for row in bench.started if row[0].startswith("s")]) == 16


@simulated
async def test_twice_the_capacity_sheds_late_slots_and_accounts_for_every_one() -> None:
    bench = Bench(takes=lambda _: 1.0, max_in_flight=10)  # capacity: 10 runs a second
    bench.scheduler.start([check(f"c{n}", target=f"t{n % 7}") for n in range(200)], {f"t{n}": target(f"t{n}") for n in range(7)})
    await asyncio.sleep(200)

    tally = bench.scheduler.tally
    assert tally.planned == tally.ran + sum(tally.missed.values()) + bench.scheduler.waiting
    assert tally.planned == pytest.approx(4000, abs=200)
    assert tally.ran > 0.9 * 200 * 10  # the work that can be done is done
    assert max(late for _, _, _, late, _ in bench.started) <= 10 * LATE_SHARE


@simulated
async def test_slots_slept_through_are_missed_and_not_caught_up() -> None:
    bench = Bench()
    bench.scheduler.start([check("a")], {"gateway": target()})
    await asyncio.sleep(30)
    before = len(bench.started)
    asyncio.get_running_loop()._jumping.now += 95.0  # the process was suspended
    await asyncio.sleep(0.001)

    assert len(bench.started) - before <= 1
    assert sum(item.count for item in bench.missed if item.reason is MissReason.PAUSED) in (8, 9, 10)
    await asyncio.sleep(60)
    slots = sorted(
        [slot for _, slot, _, _, _ in bench.started] + [s for m in bench.missed for s in range(m.first_slot, m.last_slot + 1)]
    )
    assert slots == list(range(slots[0], slots[-1] + 1))


@simulated
async def test_a_step_of_the_wall_clock_skips_and_doubles_nothing() -> None:
    for step in (-3600.0, 7200.0, 90_000.0):
        bench = Bench()
        bench.scheduler.start([check("a")], {"gateway": target()})
        await asyncio.sleep(100)
        bench.clock.step(step)
        await asyncio.sleep(100)

        slots = [slot for _, slot, _, _, _ in bench.started]
        assert slots == list(range(slots[0], slots[0] + 20))
        assert not bench.missed
        await bench.scheduler.stop(1)


@simulated
async def test_after_a_restart_the_gap_is_said_and_numbers_go_forward() -> None:
    first = Bench()
    first.scheduler.start([check("a")], {"gateway": target()})
    await asyncio.sleep(60)
    await first.scheduler.stop(1)
    last = first.started[-1][1:3]
    await asyncio.sleep(100)

    second = Bench()
    second.scheduler.start([check("a")], {"gateway": target()}, {"a": last})
    await asyncio.sleep(30)
    assert second.missed[0].first_slot == last[0] + 1
    assert second.started[0][1] == second.missed[0].last_slot + 1

    third = Bench()
    third.clock.step(-86_400)
    third.scheduler.start([check("a")], {"gateway": target()}, {"a": last})
    await asyncio.sleep(30)
    assert third.started[0][1] == last[0] + 1


@simulated
async def test_a_reload_keeps_places_on_the_grid() -> None:
    bench = Bench()
    bench.scheduler.start([check("a"), check("b")], {"gateway": target()})
    await asyncio.sleep(100)
    bench.scheduler.adopt([check("a"), check("c")], {"gateway": target()})
    await asyncio.sleep(100)

    slots = [slot for name, slot, _, _, _ in bench.started if name == "a"]
    assert slots == list(range(slots[0], slots[0] + 20))
    assert 10 == len([row for row in bench.started if row[0] == "b"])
    assert 10 == len([row for row in bench.started if row[0] == "c"])


@simulated
async def test_a_frozen_wheel_shows() -> None:
    bench = Bench()
    bench.scheduler.start([check("a", every=1.0)], {"gateway": target()})
    await asyncio.sleep(10)
    assert bench.scheduler.behind_seconds() < 0.1
    bench.scheduler._timer.cancel()
    await asyncio.sleep(40)

    assert bench.scheduler.behind_seconds() > 30


@simulated
async def test_stop_starts_nothing_new_and_lets_runs_end() -> None:
    ended = []
    bench = Bench(takes=lambda _: 2.0)
    inner = bench.run

    async def run(*args: Any) -> None:
        await inner(*args)
        ended.append(args[1])

    bench.scheduler._run = run
    bench.scheduler.start([check("a", every=4.0)], {"gateway": target()})
    await asyncio.sleep(20.0)
    await bench.scheduler.stop(10.0)
    count = len(bench.started)
    await asyncio.sleep(60)

    assert len(bench.started) == count == len(ended)


@pytest.mark.parametrize(
    ("grid", "every", "last", "expected"),
    [
        (100, 10.0, None, (100, 0)),  # the first start
        (100, 10.0, (99, 990.0), (100, 0)),  # no gap
        (100, 10.0, (89, 890.0), (100, 10)),  # ten slots slept through
        (100, 10.0, (89, None), (100, 10)),
        (100, 10.0, (500, 990.0), (501, 0)),  # the interval was lengthened, or the clock went back: numbers go forward
        (1000, 1.0, (99, 990.0), (1000, 9)),  # the interval was shortened: the gap is counted in time, not in old numbers
        (100, 10.0, (500, 900.0), (510, 9)),
    ],
)
def test_numbers_go_forward_and_gaps_are_counted_in_time(
    grid: int, every: float, last: tuple[int, float | None] | None, expected: tuple[int, int]
) -> None:
    assert resume(grid, 1000.0, every, last) == expected


@simulated
async def test_a_reload_with_another_interval_repeats_no_number() -> None:
    bench = Bench()
    bench.scheduler.start([check("a", every=10.0)], {"gateway": target()})
    await asyncio.sleep(100)
    for every in (60.0, 5.0, 30.0):
        bench.scheduler.adopt([check("a", every=every)], {"gateway": target()})
        await asyncio.sleep(200)

    slots = [slot for _, slot, _, _, _ in bench.started]
    assert slots == sorted(set(slots))
    assert bench.missed_count < 3
