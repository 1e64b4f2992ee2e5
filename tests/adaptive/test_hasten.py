"""Bursts against gateways in simulated time: quick, bounded, and never at the cost of the grid."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hasten_world import THIRD, World, read_check, target, wish

from monitor.adaptive.burst import RUNS_PER_SECOND, RUNS_SAVED
from monitor.budget.extras import EXTRA_SHARE, PAUSE_SECONDS
from monitor.hasten import STARTS_PER_SECOND
from monitor.model.allowance import Allowance
from monitor.model.extra import ExtraRefusal
from monitor.model.outcome import Outcome
from monitor.model.result import MissReason, Result
from monitor.model.wish import Wish
from monitor.scheduler import phase_of
from monitor.scheduler.places import EXTRA_SHARE as PLACES_SHARE
from monitor.testing.simtime import START, simulate


class Doubt:
    """Suspects a check from its first failed run until twenty good ones in a row."""

    def __init__(self) -> None:
        self._quiet: Counter[str] = Counter()
        self._wished: dict[str, Wish] = {}

    def __call__(self, result: Result) -> tuple[Wish, ...]:
        if result.good is False:
            self._wished[result.check], self._quiet[result.check] = wish(result.check), 0
        elif result.good and result.check in self._wished:
            self._quiet[result.check] += 1
            if self._quiet[result.check] >= 20:
                del self._wished[result.check]
        return tuple(self._wished.values())


def lived(make: Callable[[], World], seconds: float) -> World:
    async def main() -> World:
        return await make().run(seconds)

    return simulate(main)


def test_a_hard_outage_is_sampled_three_times_a_second_and_then_the_grid_goes_on_unchanged() -> None:
    down = lambda at: 503 if 300.0 <= at < 330.0 else 200  # noqa: E731
    world = lived(lambda: World([read_check()], answer=down, doubts=Doubt()), 900.0)
    first = next(at for at, result in world.results if result.good is False)
    began = [result.started - START for _, result in world.extras]

    assert began[0] - first < 0.05
    spacings = [later - earlier for earlier, later in itertools.pairwise(began)]
    assert THIRD - 1e-6 <= min(spacings)
    assert THIRD == pytest.approx(sorted(spacings)[len(spacings) // 2], abs=0.01)
    assert began[-1] < 330.0 + 21 * THIRD + 1.0  # twenty good ones, and it is over
    grid = [result.due - START for _, result in world.results if not result.extra]
    assert all(later - earlier == pytest.approx(30.0) for earlier, later in itertools.pairwise(grid))
    assert [] == world.misses
    assert world.accounted


def test_an_outage_that_lasts_costs_no_more_than_the_bucket_holds() -> None:
    world = lived(lambda: World([read_check()], answer=lambda _at: 503, doubts=Doubt()), 3_600.0)

    assert len(world.extras) == pytest.approx(RUNS_SAVED + 3_600.0 * RUNS_PER_SECOND, abs=5)
    assert [] == world.misses


def test_extra_runs_are_numbered_from_each_slot_and_never_two_at_once() -> None:
    world = lived(lambda: World([read_check()], answer=lambda _at: 503, doubts=Doubt()), 120.0)
    identities = [(result.slot, result.extra) for _, result in world.results]

    assert len(identities) == len(set(identities))
    by_slot = Counter(result.slot for _, result in world.extras)
    for slot, count in by_slot.items():
        assert list(range(1, count + 1)) == [result.extra for _, result in world.extras if result.slot == slot]
    assert 1 == world.gateway.most


def test_a_slow_extra_run_holds_its_own_slot_up_and_loses_it_none() -> None:
    """Every answer takes two seconds: one extra run is nearly always under way when a slot comes."""
    world = lived(lambda: World([read_check()], answer=lambda _at: 503, takes=lambda _at: 2.0, doubts=Doubt()), 900.0)

    assert [] == world.misses
    assert 1 == world.gateway.most
    assert max(result.late_seconds for _, result in world.results if not result.extra) <= 2.0
    assert ExtraRefusal.BUSY in {reason for _, _, reason in world.refused}


def test_an_extra_run_that_hangs_costs_its_check_the_slot_only_when_the_next_one_comes() -> None:
    hangs = lambda at: 4.9 if at > 60.0 else 0.1  # noqa: E731
    world = lived(lambda: World([read_check(every=2.0)], answer=lambda _at: 503, takes=hangs, doubts=Doubt()), 120.0)

    assert {missed.reason for missed in world.misses} <= {MissReason.OVERLAP, MissReason.OVERLOAD, MissReason.SHUTDOWN}
    assert world.accounted
    assert 1 == world.gateway.most


def test_a_thousand_checks_suspected_at_once_stay_within_every_bound_and_cost_the_grid_no_slot() -> None:
    """Ten gateways of a hundred checks each, all failing at once; budgets of 25 requests a second and none."""
    limited = Allowance("a", 25.0, burst=50, published_per_second=100.0)
    targets = [target(f"g{n}", replace(limited, account=f"a{n}") if n % 2 else Allowance()) for n in range(10)]
    checks = [read_check(f"c{n}", target=f"g{n % 10}") for n in range(1_000)]
    down = lambda at: 503 if at >= 30.0 else 200  # noqa: E731

    def make() -> World:
        return World(checks, targets, answer=down, doubts=Doubt(), max_in_flight=256)

    world = lived(make, 100.0)

    assert [] == world.misses
    assert world.accounted
    assert max(result.late_seconds for _, result in world.results if not result.extra) < 0.01
    extra = sorted(result.started - START for _, result in world.extras)
    busiest = max(sum(1 for at in extra[n : n + 200] if at < extra[n] + 1.0) for n in range(len(extra)))
    assert busiest <= 2 * STARTS_PER_SECOND  # what was saved up, and what came back
    assert len(extra) <= STARTS_PER_SECOND * 71
    for number in range(1, 10, 2):
        of_account = [at for at, result in world.extras if result.target == f"g{number}"]
        assert len(of_account) <= EXTRA_SHARE * 25.0 * (70.0 + 2.0) + 1
    assert world.gateway.most <= 256 * (1 + PLACES_SHARE)
    assert {"rate", "places"} <= {reason.value for _, _, reason in world.refused}


def test_a_busy_account_gives_bursts_only_what_the_grid_does_not_need() -> None:
    """The grid takes nine tenths of the budget, in lumps: without bursts no slot is refused, and with them none is either."""
    every = 10.0
    checks = [read_check(f"c{n}", every=every) for n in range(45)]
    account = [target(allowance=Allowance("a", 5.0, burst=16, published_per_second=25.0), max_concurrency=100)]
    calm = lived(lambda: World(checks, account), 300.0)
    burst = lived(lambda: World(checks, account, answer=lambda at: 503 if at > 30.0 else 200, doubts=Doubt()), 300.0)

    assert calm.scheduler.tally.missed == burst.scheduler.tally.missed == Counter()
    assert len(burst.extras) > 10
    most = max(len(burst.gateway.between(second, second + 1.0)) for second in range(300))
    assert most <= 6


def test_a_gateway_that_throttles_bursts_is_left_alone_and_blamed_for_nothing() -> None:
    """It takes ten requests in ten seconds and answers 429 to the rest. One answer in the story is a real failure."""
    taken: list[float] = []

    def answer(at: float) -> int:
        taken.append(at)
        return 429 if sum(1 for other in taken if at - 10.0 < other <= at) > 10 else 503 if 299.0 < at < 330.0 else 200

    world = lived(lambda: World([read_check()], answer=answer, doubts=Doubt()), 600.0)
    throttled = [(at, result) for at, result in world.results if result.outcome is Outcome.THROTTLED]
    told = throttled[0][0]

    assert 0 < len(throttled) <= 3
    assert all(result.good is None for _, result in throttled)
    assert not any(told < result.started - START < told + PAUSE_SECONDS for _, result in world.extras)
    assert ExtraRefusal.PAUSED in {reason for _, _, reason in world.refused}
    assert [] == world.misses


def test_a_gateway_that_throttles_the_grid_itself_is_blamed_for_it_and_not_asked_more_often() -> None:
    world = lived(lambda: World([read_check()], answer=lambda at: 429 if at > 100.0 else 200, doubts=Doubt()), 1_800.0)
    grid = [result for _, result in world.results if not result.extra and result.due - START > 100.0]

    assert sum(result.good is False for result in grid) > len(grid) / 2
    assert len(world.extras) <= 5


def test_runs_of_one_check_may_overlap_only_as_far_as_it_says() -> None:
    slow = lambda _at: 3.0  # noqa: E731
    checks = [read_check("one", every=5.0), read_check("three", every=5.0, max_in_flight=3)]
    world = lived(lambda: World(checks, answer=lambda _at: 503, takes=slow, doubts=Doubt()), 300.0)

    assert world.gateway.most <= 1 + 2  # one run of the one; a grid run and one extra run of the other
    assert [] == [missed for missed in world.misses if missed.check == "three"]
    assert world.accounted


def test_a_burst_goes_on_over_a_reload_and_ends_with_its_check() -> None:
    async def main() -> tuple[int, int, int]:
        checks = [read_check("stays"), read_check("goes")]
        world = World(checks)
        world.scheduler.start(checks, world.targets)
        world.hasten.wishes([wish("stays"), wish("goes")])
        await asyncio.sleep(10.0)
        before = len(world.extras)
        world.scheduler.adopt(checks[:1], world.targets)
        world.hasten.adopt(checks[:1])
        await asyncio.sleep(10.0)
        late = [result.check for _, result in world.extras[before + 2 :]]
        tokens = next(saved for _, _, saved in world.hasten.levels())
        world.hasten.stop()
        await world.scheduler.stop(1.0)
        return late.count("stays"), late.count("goes"), round(RUNS_SAVED - tokens)

    stays, goes, spent = simulate(main)

    assert stays >= 25
    assert goes == 0
    assert spent >= 55  # of both halves: a reload gives nothing back


def test_nothing_begins_after_the_end() -> None:
    async def main() -> World:
        world = World([read_check()])
        world.scheduler.start(world.checks.values(), world.targets)
        world.hasten.wishes([wish("read")])
        await asyncio.sleep(5.0)
        world.hasten.stop()
        await world.scheduler.stop(5.0)
        count = len(world.gateway.sent)
        await asyncio.sleep(60.0)
        assert count == len(world.gateway.sent)
        return world

    assert simulate(main).accounted


def test_a_first_extra_run_does_not_wait_for_the_slot_that_is_far_away() -> None:
    phase = phase_of("read", 3_600.0)
    due = phase - START % 3_600.0
    world = lived(
        lambda: World([read_check(every=3_600.0)], answer=lambda _at: 503, doubts=Doubt()),
        (due if due > 0 else due + 3_600.0) + 20.0,
    )

    assert len(world.extras) >= 50
