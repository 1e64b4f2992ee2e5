"""Runs that hang stand in nobody's way: the next extra run goes beside them, and they are never many."""

import asyncio
import itertools
from collections.abc import Callable

import pytest
from hasten_world import World, read_check, target, wish

from monitor.model.check import Check
from monitor.model.extra import Extra, ExtraRefusal
from monitor.scheduler.schedule import LINGERING_MAX
from monitor.testing.simtime import simulate

LATE, TIMEOUT, EVERY = 1.0, 10.0, 30.0


class Impatient(World):
    """Calls a run late after a second, and suspects its check from then on, as a rule that has learnt would."""

    async def _perform(self, check: Check, slot: int, due: float, late: float) -> None:
        timer = asyncio.get_running_loop().call_later(LATE, self._late, check.id, slot, 0)
        try:
            await super()._perform(check, slot, due, late)
        finally:
            timer.cancel()

    async def _perform_extra(self, extra: Extra, slot: int, number: int, due: float) -> None:
        timer = asyncio.get_running_loop().call_later(LATE, self._late, extra.check.id, slot, number)
        try:
            await super()._perform_extra(extra, slot, number, due)
        finally:
            timer.cancel()

    def _late(self, check: str, slot: int, number: int) -> None:
        self.scheduler.lingers(check, slot, number)
        self.hasten.lingers(check, slot, number, LATE)
        self.hasten.wishes((wish(check),))


def lived(make: Callable[[], World], seconds: float) -> World:
    async def main() -> World:
        return await make().run(seconds)

    return simulate(main)


def hanging(at: float) -> float:
    """From five minutes on nothing comes back before its time-out."""
    return TIMEOUT if at >= 300.0 else 0.1


def black_hole() -> World:
    return lived(lambda: Impatient([read_check()], takes=hanging), 600.0)


def test_the_next_extra_run_begins_when_the_last_is_late_and_not_when_it_ends() -> None:
    sent = [at for at, _ in black_hole().gateway.sent if at >= 300.0]
    first = sent[0]

    assert [at - first for at in sent[:LINGERING_MAX]] == pytest.approx([0.0, LATE, 2 * LATE], abs=0.01)
    assert sent[LINGERING_MAX] - first < TIMEOUT + 1.1


def test_never_more_than_a_few_hang_at_once_and_one_of_the_grid_may_join_them() -> None:
    assert black_hole().gateway.most <= LINGERING_MAX + 1


def test_the_grid_goes_on_beside_runs_that_hang() -> None:
    world = black_hole()
    due = [result.due for _, result in world.results if not result.extra]

    assert world.misses == []
    assert world.accounted
    assert [later - earlier for earlier, later in itertools.pairwise(due)] == pytest.approx([EVERY] * (len(due) - 1), abs=0.01)


def test_a_gateway_that_takes_one_request_at_a_time_gets_no_second_one() -> None:
    world = lived(lambda: Impatient([read_check()], [target(max_concurrency=1)], takes=hanging), 600.0)

    assert world.gateway.most == 1
    assert ExtraRefusal.PLACES in {reason for _, _, reason in world.refused}


def test_once_runs_end_again_nothing_lingers() -> None:
    world = lived(lambda: Impatient([read_check()], takes=lambda at: TIMEOUT if 300.0 <= at < 330.0 else 0.1), 600.0)
    between = world.gateway.between(400.0, 430.0)

    assert len(between) > 60  # still wished for, and each waits for the one before it only


def test_a_run_that_moves_money_joins_no_run_that_hangs() -> None:
    async def main() -> list[ExtraRefusal | None]:
        world = World([read_check()], takes=lambda _at: TIMEOUT)
        began: list[int] = []

        async def extra(slot: int, number: int) -> None:
            began.append(number)

        def begin(*, alone: bool) -> ExtraRefusal | None:
            return world.scheduler.begin_extra("read", 0.1, lambda _slot, _number: None, extra, alone=alone)

        world.scheduler.start(world.checks.values(), world.targets)
        while not world.gateway.now:
            await asyncio.sleep(0.5)
        told = [begin(alone=False)]
        world.scheduler.lingers("read", world.scheduler._entries["read"].slot - 1, 0)
        told += [begin(alone=True), begin(alone=False)]
        await asyncio.sleep(TIMEOUT)
        told.append(begin(alone=True))
        await world.scheduler.stop(60.0)
        return told

    assert simulate(main) == [ExtraRefusal.BUSY, ExtraRefusal.BUSY, None, None]
