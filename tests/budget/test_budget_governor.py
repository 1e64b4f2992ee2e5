"""The governor at work: a schedule, a driver and a gateway that counts what it is sent. Time is simulated."""

import asyncio
from dataclasses import replace

import pytest
from budget_world import ALLOWANCE, World, payment, read, step, target

from monitor.budget import Refusal
from monitor.model.check import Check, Stratum
from monitor.model.outcome import DECLINES, Outcome, Standing
from monitor.model.result import Exchange, MissReason, Reach
from monitor.model.text import Text
from monitor.probes.cards import cards_of
from monitor.probes.governor import Governor, cost_of
from monitor.testing.simtime import SimulatedClock, simulate
from monitor.transactions.script import RunFacts

DAY = 86_400.0


def decline(_at, _name):
    return 402, {}


def declines(name="declines", every=600.0, card="4000000000000002", **more):
    refused = step("authorise", undo="void", outcomes={Outcome.SOFT_DECLINE}, json={"card": {"number": card}})
    return Check(name, Text(name), "gateway", every, 10.0, 10.0, (refused,), {"void": step("void")}, **more)


def live_through(make, seconds):
    """``make`` a world and let it run; a world needs the loop that its clock is of."""

    async def main():
        return await make().run(seconds)

    return simulate(main)


@pytest.mark.parametrize("cap", [20.0, 50.0])
def test_a_thousand_checks_that_start_again_make_no_herd(cap):
    allowance = replace(ALLOWANCE, requests_per_second=cap, burst=int(2 * cap), published_per_second=None)
    world = live_through(lambda: World([read(f"read-{n}") for n in range(1_000)], [target(allowance=allowance)]), 60.0)

    bins, sent = world.per_second(), len(world.gateway.sent)
    assert world.peak() <= cap
    assert max(bins.values()) <= 0.05 * sent
    assert sent + world.missed_for() == pytest.approx(1_000, abs=2)
    assert sent >= 980  # the schedule spreads them; nearly nothing had to be refused
    print(f"cap {cap:g}/s: {sent} requests, peak {world.peak()}/s, largest bin {max(bins.values()) / sent:.1%}")


def test_a_schedule_of_twice_the_budget_gets_half_of_it_and_every_slot_is_accounted_for():
    world = live_through(lambda: World([read(f"read-{n}", every=20.0) for n in range(200)]), 600.0)
    tally = world.scheduler.tally

    assert world.peak() <= 5
    assert len(world.gateway.sent) == pytest.approx(5.0 * 600, rel=0.02)
    assert tally.planned == tally.ran + sum(tally.missed.values())
    assert tally.missed[MissReason.BUDGET] == world.missed_for() == world.refusals[Refusal.RATE] > 2_500
    assert all(result.good for _, result in world.results)


def test_targets_of_one_gateway_and_credential_share_one_budget():
    checks = [replace(read(f"r{n}", every=2.0), target="one" if n % 2 else "two") for n in range(30)]
    world = live_through(lambda: World(checks, [target("one"), target("two")]), 60.0)

    assert world.peak() <= 5
    assert 280 <= len(world.gateway.sent) <= 5 * 60 + 16


def test_a_payment_is_paced_and_its_latency_does_not_know():
    world = live_through(lambda: World([payment(f"p{n}", every=10.0) for n in range(5)]), 120.0)

    assert world.peak() <= 5
    assert all(result.good for _, result in world.results)
    assert all(result.duration_seconds == pytest.approx(0.1, abs=0.001) for _, result in world.results)
    assert any(step.queued_seconds > 0.1 for _, result in world.results for step in result.steps)


def test_a_card_is_declined_at_most_eight_times_in_any_day_by_whichever_check():
    """Two checks and two strata use one card; a restart in the middle forgets nothing."""
    strata = (Stratum((("brand", "visa"),)), Stratum((("brand", "jcb"),)))
    checks = [declines(), declines("others", every=900.0, strata=strata)]
    first = live_through(lambda: World(checks, answer=decline), 0.3 * DAY)
    saved = first.left
    second = live_through(lambda: World(checks, answer=decline, saved=saved, wall_ahead=0.3 * DAY), 2.0 * DAY)
    sent = [at for at, name in first.gateway.sent if name == "authorise"]
    sent += [at + 0.3 * DAY for at, name in second.gateway.sent if name == "authorise"]

    assert 8 == len([at for at in sent if at < 0.3 * DAY])
    assert all(sum(1 for other in sent if at <= other < at + DAY) <= 8 for at in sent)
    assert len(sent) >= 16
    assert first.refusals[Refusal.DECLINES] == first.missed_for() > 50


def test_retry_after_holds_for_the_whole_target():
    def answer(at, _name):
        return (429, {"retry-after": "45"}) if 60.0 <= at < 61.0 else (200, {})

    checks = [read(f"r{n}", every=3.0) for n in range(9)]
    world = live_through(lambda: World(checks, answer=answer), 180.0)
    refused = min(at for at, _ in world.gateway.sent if at >= 60.0)

    quiet = [at for at, _ in world.gateway.sent if refused + 0.35 < at < refused + 45.0]
    assert quiet == []
    assert any(at > refused + 45.0 for at, _ in world.gateway.sent)
    throttled = [result for _, result in world.results if result.outcome is Outcome.THROTTLED]
    assert throttled
    assert throttled[0].good is False  # at the rate we promised, a refusal is the gateway's
    assert world.refusals[Refusal.PAUSED] == world.missed_for() > 80


def test_throttling_that_we_caused_is_nobodys_outage():
    """The operator allowed more than the gateway publishes."""
    allowance = replace(ALLOWANCE, requests_per_second=40.0, burst=100, published_per_second=5.0)
    checks = [read(f"r{n}", every=1.0) for n in range(20)]
    world = live_through(
        lambda: World(checks, [target(allowance=allowance)], lambda at, _name: (429 if at > 2.0 else 200, {})), 5.0
    )
    throttled = [result for _, result in world.results if result.outcome is Outcome.THROTTLED]

    assert {None} == {result.good for result in throttled}
    assert {Standing.UNKNOWN} == {result.standing for result in throttled}
    assert any("we had sent more than we promised" in result.message for result in throttled)


def test_a_run_that_cannot_wait_for_the_end_of_a_pause_takes_its_money_back_and_measures_nothing():
    """The second step meets a pause of a minute: it is not sent, the undo is, and nobody is blamed."""

    def answer(at, name):
        return (429, {"retry-after": "60"}) if name == "balance" else (200, {})

    async def main():
        world = World([], answer=answer)
        one = asyncio.create_task(world.perform(payment(), 1, 0.0, 0.0))
        await asyncio.sleep(0.01)  # its first step is under way
        await world.perform(read(), 1, 0.0, 0.0)
        await one
        return world

    world = simulate(main)
    (_, _), (_, result) = world.results

    assert (Outcome.THROTTLED, None, "look") == (result.outcome, result.good, result.failed_step)
    assert "not sent: the gateway is to be left alone for another" in result.message
    assert ["authorise", "balance", "void"] == [name for _, name in world.gateway.sent]
    assert () == result.open_undo
    assert 1 == world.refusals[Refusal.PAUSED]


def test_a_gateway_that_times_out_is_given_room_and_its_recovery_is_seen_within_two_minutes():
    def answer(at, _name):
        return (None, {}) if 300.0 <= at < 1_500.0 else (200, {})

    checks = [payment(f"p{n}", every=10.0) for n in range(4)] + [replace(read("read", every=10.0), target="gateway")]
    world = live_through(lambda: World(checks, answer=answer, luck=lambda: 0.9), 2_100.0)
    payments = [at for at, name in world.gateway.sent if name == "authorise"]
    healthy = sum(1 for at in payments if 0 <= at < 300)
    failing = sum(1 for at in payments if 600 <= at < 900)
    recovered = min(at for at, result in world.results if at > 1_500.0 and result.good and result.check.startswith("p"))

    assert failing < 0.25 * healthy
    assert recovered - 1_500.0 < 120.0
    reads = [at for at, name in world.gateway.sent if name == "balance"]
    assert 13 <= sum(1 for at in reads if 700 <= at < 1_000) <= 17  # thirty slots, every second one
    assert world.refusals[Refusal.FAILING] > 0


def test_what_is_stored_is_small_and_only_what_changed():
    async def main():
        world = World([read()])
        await world.run(300.0)
        assert {} == world.governor.take_dirty()  # health is no news
        facts = RunFacts("run", "pc-run", 0, Stratum(), "stamp")
        world.governor.answered(read(), facts, next_do(), exchange_429(), Outcome.THROTTLED)
        return world.governor.take_dirty(), world.governor.take_dirty()

    def next_do():
        from monitor.transactions.script import Do

        return Do(step("balance", method="GET"), 0, {}, 5.0, "key", "reference", {})

    def exchange_429():
        from monitor.model.result import Exchange, Reach

        return Exchange(Reach.ANSWERED, 0.0, 0.1, status=429, headers={"retry-after": "5"})

    changed, then = simulate(main)

    assert ["budget gateway key"] == list(changed)
    assert len(changed["budget gateway key"]) < 500
    assert {} == then


def test_an_account_that_is_gone_is_deleted_and_one_with_new_limits_keeps_its_memory():
    async def main():
        governor = Governor(SimulatedClock())
        governor.adopt([target()], {"budget gateway key": "{}", "budget gone": "{}"})
        assert {"budget gone": ""} == governor.take_dirty()
        governor._accounts["gateway key"].expects_decline(["card"], 0.0)
        governor.adopt([target(allowance=replace(ALLOWANCE, requests_per_second=7.0))])
        return governor.levels()["gateway"], governor._accounts["gateway key"].allowance.requests_per_second

    level, rate = simulate(main)

    assert (1, 7.0) == (level.declines_used, rate)


def test_cards_are_told_apart_without_their_numbers():
    stratum = Stratum((("brand", "visa"),))
    token = step("authorise", outcomes=DECLINES, form={"payment_method": "pm_card_visa_chargeDeclined"})
    number = step("authorise", outcomes=DECLINES, json={"card": {"number": "4000 0000 0000 0002"}, "amount": 4000})
    hidden = step("authorise", outcomes=DECLINES, form={"source": "${stratum.brand}", "id": "${intent}"})
    before = step("create", form={"payment_method": "tok_visa"})

    def declined(*steps):
        return set(cards_of(Check("c", Text("c"), "gateway", 60.0, 9.0, 9.0, steps), stratum).declined)

    assert {"pm_card_visa_chargeDeclined"} == declined(token)
    assert {"card ending 0002"} == declined(number)
    assert {"c brand=visa"} == declined(hidden)
    assert {"tok_visa"} == declined(before, hidden)
    assert set() == declined(before)


def test_a_run_costs_its_steps_and_an_undo_for_each_that_moves_money():
    assert (1, 3) == (cost_of(read()), cost_of(payment()))


def test_a_throttled_request_of_the_ledger_leaves_the_gateway_alone_too():
    """It belongs to no run, but the gateway's wish holds for everything that is asked with its credential."""

    async def main():
        governor = Governor(SimulatedClock(), luck=lambda: 0.5)
        governor.adopt([target()])
        governor.heard("gateway", Exchange(Reach.ANSWERED, 0.0, 0.1, status=200))
        quiet = governor.levels()["gateway"].paused_seconds
        governor.heard("gateway", Exchange(Reach.ANSWERED, 0.0, 0.1, status=429, headers={"retry-after": "30"}))
        governor.heard("nobody", Exchange(Reach.ANSWERED, 0.0, 0.1, status=429))
        return quiet, governor.levels()["gateway"].paused_seconds

    quiet, paused = simulate(main)
    assert quiet == 0.0
    assert paused >= 30.0
