"""The demo's story, told in virtual time."""

import asyncio
from random import Random

import pytest
from sandbox_world import Clock

from monitor.sandbox.faults import Board, parse
from monitor.sandbox.script import DEMO, REPEAT_SECONDS, SCRIPTS, play
from monitor.sandbox.wire import Call, Operation

AUTHORISE = Call("mastercard", Operation.AUTHORISE, "visa", "450875")


class Stage:
    """Lets the story run until ``until`` seconds after its beginning, and writes down what it says."""

    def __init__(self, until: float) -> None:
        self.clock, self.board, self.said = Clock(), Board(Random(3)), []
        self._begun, self._until = self.clock(), until

    async def sleep(self, seconds: float) -> None:
        if self.clock() + seconds - self._begun > self._until:
            self.clock.now = self._begun + self._until
            raise asyncio.CancelledError
        self.clock.pass_(seconds)

    async def run(self, scenes=DEMO) -> "Stage":
        with pytest.raises(asyncio.CancelledError):
            await play(scenes, self.board, self.clock, self.sleep, self.say)
        return self

    def say(self, line: str) -> None:
        self.said.append((round(self.clock() - self._begun), line))

    def failing(self, call: Call) -> float:
        plans = [self.board.plan(call, self.clock()) for _ in range(2_000)]
        return sum(bool(plan.refused or plan.effects.approvals_become) for plan in plans) / len(plans)


async def test_within_two_minutes_there_is_health_a_partial_failure_and_recovery():
    assert [0.0, 0.0, 0.6, 0.6, 0.0, 0.0] == [
        round((await Stage(second).run()).failing(AUTHORISE), 1) for second in (1, 19, 21, 94, 96, 600)
    ]


async def test_only_requests_for_money_fail_so_that_holds_can_still_be_released():
    stage = await Stage(40).run()
    spared = (Operation.VOID, Operation.REFUND, Operation.RETRIEVE, Operation.INFORMATION)
    assert [0.0] * 4 == [stage.failing(Call("mastercard", each)) for each in spared]


async def test_every_turn_is_announced_in_both_languages_and_the_story_repeats_rarely():
    stage = await Stage(REPEAT_SECONDS + 30).run()
    assert [0, 20, 95, 900, 920] == [second for second, _ in stage.said]
    assert "both gateways are healthy / 两个网关均运行正常" == stage.said[0][1]


async def test_the_story_leaves_what_others_set():
    stage = Stage(30)
    stage.board.replace("api", [parse({"knob": "stale_read"})], stage.clock())
    await stage.run()
    assert "stale_read" in [fault.knob for fault in stage.board.faults()]


async def test_without_a_script_nothing_happens():
    await play(SCRIPTS["none"], Board(Random()), Clock(), asyncio.sleep, print)
