"""Could it be us: clock, descriptors, loop, rate; and the leave to ask at all."""

import asyncio
from email.utils import formatdate

import pytest

from monitor.budget import Refusal
from monitor.inquiry import own
from monitor.model.allowance import Allowance
from monitor.model.check import Target
from monitor.model.outcome import Outcome
from monitor.model.result import Exchange, Reach
from monitor.model.text import Text
from monitor.probes.governor import Governor
from monitor.testing.simtime import SimulatedClock, simulate
from monitor.watch import STALL_SECONDS, LoopLag

NOW = 1_793_577_600.0


def answer(offset: float) -> Exchange:
    """By a server whose clock is ``offset`` seconds behind ours."""
    return Exchange(Reach.ANSWERED, NOW + 0.3, 0.2, status=200, headers={"date": formatdate(NOW - offset, usegmt=True)})


def test_our_clock_is_held_against_the_references_and_not_against_the_gateway() -> None:
    exchanges = [("gateway", answer(3_600.0)), ("reference", answer(0.0))]

    believed = own.clock(exchanges, {"reference"}, NOW, "here")
    alone = own.clock(exchanges[:1], {"reference"}, NOW, "here")
    assert believed and alone
    assert (True, pytest.approx(0.0, abs=1.0)) == (believed.good, believed.seconds)
    assert (False, pytest.approx(3_600.0, abs=1.0)) == (alone.good, alone.seconds)


def test_a_host_that_answers_often_has_one_vote() -> None:
    exchanges = [("wrong", answer(600.0))] * 9 + [("one", answer(0.0)), ("two", answer(0.0))]

    seen = own.clock(exchanges, (), NOW, "here")
    assert seen and seen.good


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 02 Nov 2026 00:00:00 -0000"])
def test_a_date_that_says_nothing_is_left_out(date: str) -> None:
    assert own.clock([("gateway", Exchange(Reach.ANSWERED, NOW, 0.1, headers={"date": date}))], (), NOW, "here") is None


def test_descriptors_and_a_loop_that_stands_still_are_told() -> None:
    seen = own.descriptors(NOW, "here")
    assert seen and seen.good
    assert own.loop_lag(0.05, NOW, "here").good
    assert not own.loop_lag(2.0, NOW, "here").good


def test_throttling_that_counts_as_nothing_was_our_own_doing() -> None:
    assert own.rate([(Outcome.OK, True)], NOW, "here") is None
    theirs, ours = (own.rate([(Outcome.THROTTLED, good)], NOW, "here") for good in (False, None))
    assert theirs and ours
    assert (True, False) == (theirs.good, ours.good)


def test_the_worst_stall_since_an_instant_is_remembered() -> None:
    async def story() -> tuple[float, float]:
        clock = SimulatedClock()
        lag = LoopLag(clock, lambda _seconds: None)
        lag.start()
        await asyncio.sleep(1.0)
        lag._stalls.append((1.0, 1.0 + 3 * STALL_SECONDS))
        await asyncio.sleep(1.0)
        lag.stop()
        return lag.worst(0.5), lag.worst(1.9)

    worst, since = simulate(story)
    assert (pytest.approx(3 * STALL_SECONDS), True) == (worst, since < 0.01)


def asking(allowance: Allowance, requests: int, within: float) -> tuple[list[str], float, list[Refusal]]:
    """What came of so many requests, how long it took, and what was told of refusals."""

    async def story() -> tuple[list[str], float, list[Refusal]]:
        clock, told = SimulatedClock(), list[Refusal]()
        governor = Governor(clock)
        governor.on_refusal = lambda _target, refusal: told.append(refusal)
        governor.adopt([Target("gateway", Text("gateway"), "https://gateway.example", allowance=allowance)])
        said = [await governor.spare("gateway", within) for _ in range(requests)]
        return said, clock.monotonic(), told

    return simulate(story)


def test_a_question_waits_for_its_turn_within_the_gateways_pace() -> None:
    said, took, _ = asking(Allowance(requests_per_second=5.0, burst=10), 11, 3.0)

    assert [""] * 11 == said
    assert 2.0 <= took < 3.0  # never more than five in one second


def test_a_question_that_would_wait_too_long_is_not_asked_and_does_not_wait() -> None:
    said, took, told = asking(Allowance(requests_per_second=0.1, burst=1), 3, 3.0)

    assert ["", True, True] == [said[0], *("needed for the checks" in one for one in said[1:])]
    assert took < 1.5
    assert [Refusal.RATE, Refusal.RATE] == told


def test_what_is_put_aside_for_runs_is_not_touched() -> None:
    async def story() -> tuple[str, str]:
        governor = Governor(SimulatedClock())
        allowance = Allowance(requests_per_second=0.1, burst=3)
        governor.adopt([Target("gateway", Text("gateway"), "https://gateway.example", allowance=allowance)])
        account = governor._targets["gateway"]
        account._promised = 2  # runs under way will need them
        return await governor.spare("gateway", 5.0), await governor.spare("gateway", 5.0)

    first, second = simulate(story)
    assert "" == first
    assert second


def test_without_a_budget_everything_may_be_asked() -> None:
    assert ([""] * 50, 0.0, []) == asking(Allowance(), 50, 1.0)
