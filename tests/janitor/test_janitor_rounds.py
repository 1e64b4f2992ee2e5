"""The janitor over hours: it keeps asking, slowly; people are told in time, once, and told when it is over."""

import asyncio
import sqlite3
from itertools import pairwise

import pytest
from janitor_world import house

from monitor.budget import Account
from monitor.ledger.books import UNCOMPENSATED_SECONDS
from monitor.model.allowance import Allowance, Polling
from monitor.model.outcome import NetworkReason, Outcome
from monitor.stores import ledger as ledger_module
from monitor.testing.simtime import simulate

MINUTE = 60.0


def writes(method, path):
    return method in ("PUT", "POST")


def everything(method, path):
    return True


def test_a_run_is_closed_seconds_after_it_ended(tmp_path):
    async def story():
        async with house(tmp_path) as one:
            assert (await one.once("mastercard-authorise-void")).good
            await asyncio.sleep(1.0)
            return dict(one.ledger.keeper.books.open), one.gateway.open()

    assert ({}, []) == simulate(story)


def test_a_gateway_that_falls_silent_with_money_in_it_is_asked_slower_and_slower_and_closed_when_it_speaks(tmp_path):
    async def story():
        async with house(tmp_path) as one:
            one.gateway.silent = writes
            run = asyncio.create_task(one.once("mastercard-pay-refund"))
            await run
            one.gateway.silent, one.gateway.down = (lambda *_: False), everything
            before = len(one.gateway.calls)
            await asyncio.sleep(2 * 3_600.0)
            asked = len(one.gateway.calls) - before
            one.gateway.down = lambda *_: False
            await asyncio.sleep(6 * MINUTE)
            return asked, one.ledger.keeper.books.open, one.gateway.open()

    asked, still_open, at_gateway = simulate(story)
    assert 2 * 12 <= asked <= 2 * 12 + 40  # every five minutes, after a quicker beginning, and the sweep
    assert ({}, []) == (still_open, at_gateway)


def test_money_open_for_half_an_hour_is_told_once_in_two_languages_and_told_over_when_it_is(tmp_path):
    async def story():
        async with house(tmp_path) as one:
            one.gateway.silent = writes
            await one.once("mastercard-pay-refund")
            one.gateway.silent, one.gateway.down = (lambda *_: False), everything
            await asyncio.sleep(29 * MINUTE)
            early = one.told()
            await asyncio.sleep(20 * MINUTE)
            one.gateway.down = lambda *_: False
            await asyncio.sleep(10 * MINUTE)
            return early, one

    early, one = simulate(story)
    assert [] == early
    assert [("firing", "money-open", "mastercard"), ("resolved", "money-open", "mastercard")] == one.told()
    alert = one.alerts[0]
    assert "money|mastercard" == alert.group
    for text in (alert.summary.en, alert.summary.zh):
        assert "1.00 USD" in text
        assert alert.run_id in text
        assert "pc-test-" in text
    assert "void what is authorised, refund what is captured" in alert.summary.en
    assert "请款的请退款" in alert.summary.zh


def test_an_alert_that_stands_is_not_raised_again_after_a_restart_and_is_resolved_there(tmp_path):
    async def story():
        async with house(tmp_path) as one:
            one.gateway.silent = writes
            await one.once("mastercard-pay-refund")
            one.gateway.silent, one.gateway.down = (lambda *_: False), everything
            await asyncio.sleep(40 * MINUTE)
        firing = list(one.alerts)
        async with house(tmp_path, clock=one.clock, gateway=one.gateway, firing=firing) as two:
            await asyncio.sleep(5 * MINUTE)
            quiet = two.told()
            two.gateway.down = lambda *_: False
            await asyncio.sleep(6 * MINUTE)
            return quiet, two.told(), two.gateway.open()

    assert ([], [("resolved", "money-open", "mastercard")], []) == simulate(story)


def test_three_uncompensated_transactions_stop_money_there_and_nothing_else(tmp_path):
    async def story():
        async with house(tmp_path) as one:
            one.gateway.down = lambda method, path: "/merchant/" in path
            for slot in range(3):
                await one.once("mastercard-authorise-void", slot)
            await asyncio.sleep(UNCOMPENSATED_SECONDS + 1)
            stopped = await one.once("mastercard-authorise-void", 3)
            reads, other = await one.once("mastercard-liveness"), await one.once("stripe-brands")
            await asyncio.sleep(2 * MINUTE)
            told = one.told()
            one.gateway.down = lambda *_: False
            await asyncio.sleep(6 * MINUTE)
            return stopped, reads, other, told, await one.once("mastercard-authorise-void", 4), one.told(), one.alerts

    stopped, reads, other, told, again, after, alerts = simulate(story)
    assert (Outcome.UNKNOWN, None, NetworkReason.MONEY) == (stopped.outcome, stopped.good, stopped.reason)
    assert "3 transactions at mastercard are not shown closed" in stopped.message
    assert reads.good
    assert other.good
    assert [("firing", "money-stopped", "mastercard")] == told
    assert "mastercard 有 3 笔交易在运行结束 30 秒后仍未确认平账" in alerts[0].summary.zh
    assert again.good
    assert ("resolved", "money-stopped", "mastercard") in after


@pytest.mark.parametrize(
    ("caps", "said"),
    [
        ('{per_day: "1.50 USD"}', "1.00 USD after 1.00 USD already is more than the cap of 1.50 USD for a day"),
        ('{per_day: "5.00 EUR"}', "no cap for a day names USD"),
    ],
)
def test_a_cap_is_our_own_rule_and_nobodys_fault(tmp_path, caps, said):
    async def story():
        async with house(tmp_path, caps=caps) as one:
            await one.once("stripe-brands", 0)
            return await one.once("stripe-brands", 1)

    result = simulate(story)
    assert (Outcome.UNKNOWN, None) == (result.outcome, result.good)
    assert said in result.message


@pytest.mark.parametrize("seconds", [-3_600.0, 7_200.0, 90_000.0])
def test_a_step_of_the_wall_clock_closes_nothing_early_and_delays_nothing(tmp_path, seconds):
    async def story():
        async with house(tmp_path) as one:
            one.gateway.down = writes
            await one.once("mastercard-pay-refund")
            ended = one.clock.monotonic()
            one.clock.step(seconds)
            while one.ledger.keeper.books.open:
                assert one.clock.monotonic() < ended + MINUTE
                await asyncio.sleep(0.1)
            return one.clock.monotonic() - ended

    assert 2.0 <= simulate(story) <= 30.0


def test_an_intent_waits_for_a_locked_file_a_little_and_is_then_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger_module, "BUSY_SECONDS", 0.05)

    async def story():
        async with house(tmp_path) as one:
            other = sqlite3.connect(tmp_path / "data" / "ledger.db", isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            refused = await one.once("stripe-brands")
            read = await one.once("stripe-history")
            other.execute("ROLLBACK")
            other.close()
            return refused, read, await one.once("stripe-brands", 1), one.gateway

    refused, read, healed, gateway = simulate(story)
    assert (Outcome.AGENT_FAULT, None) == (refused.outcome, refused.good)
    assert "locked" in refused.message
    assert "confirm" not in " ".join(path for _, _, path in gateway.calls[:1])
    assert read.good
    assert healed.good


def test_a_target_taken_away_by_a_reload_keeps_its_debts_until_it_is_back(tmp_path):
    async def story():
        async with house(tmp_path) as one:
            one.gateway.silent = writes
            await one.once("mastercard-pay-refund")
            one.gateway.silent = lambda *_: False
            target = one.targets.pop("mastercard")
            await asyncio.sleep(20 * MINUTE)
            kept = list(one.ledger.view()["open"])
            one.targets["mastercard"] = target
            await asyncio.sleep(6 * MINUTE)
            return kept, one.ledger.view()["open"], one.gateway.open()

    kept, after, at_gateway = simulate(story)
    assert "its target is no longer configured" == kept[0]["why_open"]
    assert ([], []) == (after, at_gateway)


def test_a_person_who_saw_to_it_closes_it_and_only_once_its_run_is_over(tmp_path):
    async def story():
        async with house(tmp_path) as one:
            one.gateway.silent = writes
            run = asyncio.create_task(one.once("mastercard-pay-refund"))
            await asyncio.sleep(0.02)
            (name,) = one.ledger.keeper.books.open
            with pytest.raises(ValueError, match="under way"):
                await one.ledger.settled_by_hand(name, "ann", "refunded in the portal")
            await run
            one.gateway.down = everything
            await one.ledger.settled_by_hand(name, "ann", "refunded in the portal")
            with pytest.raises(LookupError):
                await one.ledger.settled_by_hand(name, "ann", "again")
            rows = await one.file.rows(1)
            return one.ledger.keeper.books.open, rows[0]

    still_open, row = simulate(story)
    assert {} == still_open
    assert '"proof":"human","by":"ann","reason":"refunded in the portal"' in row.body


def test_what_is_told_of_money_names_amounts_and_what_stands_in_the_way(tmp_path):
    async def story():
        async with house(tmp_path) as one:
            one.gateway.silent = lambda method, path: path.endswith(("/confirm", "/cancel"))
            one.gateway.down = lambda method, path: method == "GET"
            await one.once("stripe-brands")
            await asyncio.sleep(100.0)
            return one.ledger.view(), {figure.target: figure for figure in one.ledger.figures()}

    view, figures = simulate(story)
    (one,) = view["open"]
    assert ("owed", [{"minor": 100, "currency": "USD"}], "no answer came in time") == (
        one["state"],
        one["exposure"],
        one["why_open"],
    )
    assert ({"USD": 100}, 1) == (figures["stripe"].exposure_minor, figures["stripe"].open_transactions)
    assert figures["stripe"].oldest_open_seconds >= 100.0
    assert {} == figures["mastercard"].exposure_minor


def test_no_card_number_and_no_credential_is_in_the_file(tmp_path):
    async def story():
        async with house(tmp_path) as one:
            for check in ("mastercard-authorise-void", "mastercard-pay-refund", "stripe-payment"):
                await one.once(check)
            await asyncio.sleep(MINUTE)
            return "".join(row.body for row in await one.file.rows(1_000))

    written = simulate(story)
    assert "4508750015741019" not in written
    assert "5123450000000008" not in written
    assert "securityCode" not in written
    assert '"path":"/api/rest/version/100/merchant/TESTCANARY/order/pc-test-' in written  # the plan is


def test_one_order_is_asked_about_again_only_as_often_as_the_budget_allows(tmp_path):
    """At most every 90 s and three times in two hours, after the first look, which is owed at once."""

    async def story():
        async with house(tmp_path) as one:
            account = Account(Allowance("key", polling=Polling()))
            one.ledger.janitor._poll = lambda _target, order: account.poll(order, one.clock.monotonic())
            one.gateway.silent = writes
            await one.once("mastercard-pay-refund")
            one.gateway.silent, one.gateway.down = (lambda *_: False), everything
            began = one.clock.wall()
            await asyncio.sleep(2 * 3_600.0)
            looks = [at - began for at, _, path in one.gateway.calls if at >= began and "/order/" in path]
            one.gateway.down = lambda *_: False
            await asyncio.sleep(2 * 3_600.0)
            return looks, one.ledger.keeper.books.open, one.gateway.open()

    looks, still_open, at_gateway = simulate(story)
    assert 2 <= len(looks) <= 1 + 3
    assert all(later - sooner >= 89 for sooner, later in pairwise(looks[1:]))
    assert ({}, []) == (still_open, at_gateway)
