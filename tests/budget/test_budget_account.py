"""One gateway account: rates, pauses, declines and polls, by plain arithmetic over instants."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.budget import Account, Refusal, Work
from monitor.budget.retry_after import retry_after_seconds
from monitor.budget.trouble import CAP_SECONDS, FAILURES_IN_A_ROW, RETRY_AFTER_MAX_SECONDS, jittered
from monitor.model.allowance import Allowance, Polling
from monitor.model.outcome import Outcome

DAY, NOW, WALL = 86_400.0, 1_000.0, 1_793_577_600.0
LIMITED = Allowance("stripe", 5.0, burst=16, published_per_second=25.0, declines_per_day=8, polling=Polling(), back_off=True)
READ = Work(1, 0, money=False)
PAYMENT = Work(4, 0, money=True)
DECLINE = Work(2, 0, money=True, declined_cards=frozenset({"card ending 0002"}), cards=frozenset({"card ending 0002"}))


def answer(account, outcome, at, *, money=True, luck=0.5, **more):
    return account.answered(outcome, at, money=money, luck=luck, **more)


def busiest_second(sent):
    return max(sum(1 for at in sent if first <= at < first + 1.0) for first in sent)


@given(
    st.lists(st.floats(0, 30), min_size=1, max_size=150),
    st.sampled_from([0.2, 1.0, 2.5, 5.0, 20.0]),
    st.integers(1, 40),
)
def test_no_second_ever_holds_more_requests_than_the_rate(asked, rate, burst):
    account = Account(Allowance(requests_per_second=rate, burst=burst))
    sent = [at + account.turn(at, admitted=False) for at in sorted(asked)]

    assert busiest_second(sent) <= max(1, -(-rate // 1))
    long_run = burst + rate * (max(sent) - min(sent)) + 1
    assert len(sent) <= long_run


def test_turns_are_given_in_the_order_they_are_asked_for():
    account = Account(LIMITED)
    waits = [account.turn(NOW, admitted=False) for _ in range(6)]

    assert waits == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0], abs=1e-4)


def test_a_run_begins_only_when_its_whole_cost_can_be_paid():
    account = Account(LIMITED)

    admitted = [account.admit(PAYMENT, NOW) for _ in range(5)]

    assert [None] * 4 + [Refusal.RATE] == admitted
    account.release(4)  # a run that made no request
    assert account.admit(PAYMENT, NOW) is None
    assert 0.0 == account.tokens(NOW)


def test_what_is_put_aside_is_spent_once():
    account = Account(LIMITED)
    account.admit(PAYMENT, NOW)
    for _ in range(4):
        account.turn(NOW, admitted=True)

    assert account.tokens(NOW + 1.0) == pytest.approx(16 - 4 + 5 - 4 * 0.2 * 5 + 0, abs=3.5)
    assert account.tokens(NOW + 60.0) == 16.0


def test_a_card_that_is_to_be_declined_has_eight_declines_in_any_day():
    account, allowed, at = Account(LIMITED), [], NOW
    while at < NOW + 2 * DAY:
        if account.admit(DECLINE, at) is None:
            account.release(DECLINE.cost)
            account.expects_decline(DECLINE.declined_cards, at)
            allowed.append(at)
        at += 600.0

    for first in allowed:
        assert sum(1 for at in allowed if first <= at < first + DAY) <= 8
    assert 16 == len(allowed)


def test_a_card_that_is_declined_against_all_expectation_goes_on_being_watched_but_not_where_it_is_live():
    account = Account(LIMITED)
    for _ in range(8):
        answer(account, Outcome.SOFT_DECLINE, NOW, cards=("card ending 4242",))
    work = Work(1, 0, money=True, cards=frozenset({"card ending 4242"}))

    assert account.admit(work, NOW) is None
    assert Refusal.DECLINES == account.admit(Work(1, 0, money=True, cards=work.cards, live=True), NOW)
    assert 8 == account.declines_used(NOW)
    assert 0 == account.declines_used(NOW + DAY)


def test_a_gateway_that_asks_to_wait_is_left_alone_for_as_long():
    account = Account(LIMITED)
    answer(account, Outcome.THROTTLED, NOW, retry_after_seconds=30.0)

    assert Refusal.PAUSED == account.admit(READ, NOW + 29.9)
    assert account.admit(READ, NOW + 30.0) is None
    assert 30.0 == account.paused_for(NOW)


def test_a_gateway_that_asks_to_wait_a_year_is_believed_for_an_hour():
    account = Account(LIMITED)
    answer(account, Outcome.THROTTLED, NOW, retry_after_seconds=31_536_000.0)

    assert RETRY_AFTER_MAX_SECONDS == account.paused_for(NOW)


def test_pauses_that_nobody_names_grow_with_full_jitter():
    account, at, pauses = Account(LIMITED), NOW, []
    for _ in range(8):
        answer(account, Outcome.THROTTLED, at, luck=0.999)
        pauses.append(account.paused_for(at))
        at += pauses[-1]

    assert pauses == pytest.approx([9.99, 19.98, 39.96, 79.92, *[119.88] * 4])
    assert 0.0 == jittered(5, 0.0)
    assert CAP_SECONDS > jittered(10_000, 0.999)
    answer(account, Outcome.APPROVED, at)
    answer(account, Outcome.THROTTLED, at, luck=0.999)
    assert account.paused_for(at) == pytest.approx(9.99)


def test_being_throttled_is_our_own_doing_only_above_our_promise_or_in_a_pause():
    account = Account(Allowance(requests_per_second=50.0, burst=100, published_per_second=5.0))

    assert [False] * 5 + [True] == [account.sent(NOW + n * 0.02) for n in range(6)]
    assert account.sent(NOW + 3.0) is False
    answer(account, Outcome.THROTTLED, NOW + 3.0, retry_after_seconds=10.0)
    assert account.sent(NOW + 5.0) is True
    assert account.sent(NOW + 13.0) is False


def test_without_a_promise_throttling_is_always_the_gateways():
    account = Account(Allowance())

    assert not any(account.sent(NOW) for _ in range(1_000))
    answer(account, Outcome.THROTTLED, NOW, retry_after_seconds=30.0)
    assert 0.0 == account.paused_for(NOW)


def test_money_backs_off_from_a_gateway_that_fails_for_a_minute_and_reads_go_on():
    account, at = Account(LIMITED), NOW
    for _ in range(13):
        assert account.admit(PAYMENT, at) is None
        account.release(4)
        answer(account, Outcome.TIMEOUT_UNKNOWN, at, luck=0.999)
        at += 5.0

    assert Refusal.FAILING == account.admit(PAYMENT, at)
    assert account.admit(READ, at) is None
    assert account.admit(PAYMENT, at + CAP_SECONDS) is None
    answer(account, Outcome.APPROVED, at + CAP_SECONDS)
    assert account.admit(PAYMENT, at + CAP_SECONDS) is None


def test_reads_that_fail_for_five_minutes_run_every_second_slot():
    account = Account(LIMITED)
    for n in range(40):
        answer(account, Outcome.NETWORK_ERROR, NOW + n * 10.0, money=False)
    at = NOW + 400.0

    assert [None, Refusal.FAILING] * 2 == [account.admit(Work(1, slot, money=False), at) for slot in range(4)]
    answer(account, Outcome.OK, at, money=False)
    assert account.admit(Work(1, 1, money=False), at) is None


def test_partial_failures_back_nothing_off():
    account = Account(LIMITED)
    for n in range(200):
        answer(account, Outcome.APPROVED if n % FAILURES_IN_A_ROW == 0 else Outcome.TECH_GATEWAY, NOW + n * 5.0)
        assert account.admit(PAYMENT, NOW + n * 5.0) is None
        account.release(4)


@pytest.mark.parametrize("outcome", [Outcome.AGENT_FAULT, Outcome.UNKNOWN, Outcome.CLIENT_CONFIG])
def test_our_own_faults_say_nothing_about_the_gateway(outcome):
    account = Account(LIMITED)

    assert not any(answer(account, outcome, NOW + n * 10.0) for n in range(50))
    assert account.admit(PAYMENT, NOW + 500.0) is None


def test_an_order_is_asked_about_every_ninety_seconds_and_three_times_in_two_hours():
    account, asked, at = Account(LIMITED), [], NOW
    while at < NOW + 14_400.0:
        if account.poll("pc-order-1", at) == 0.0:
            asked.append(at)
        at += 10.0

    assert [0.0, 90.0, 180.0, 7_200.0, 7_290.0, 7_380.0] == [at - NOW for at in asked]
    assert 0.0 == account.poll("pc-order-2", NOW + 200.0)
    assert account.poll("pc-order-2", NOW + 220.0) == pytest.approx(70.0)


def test_everything_that_matters_survives_a_restart():
    account = Account(LIMITED)
    for _ in range(8):
        account.expects_decline(DECLINE.declined_cards, NOW)
    answer(account, Outcome.THROTTLED, NOW, retry_after_seconds=600.0)
    account.poll("order", NOW)
    for _ in range(10):
        account.turn(NOW, admitted=False)
    # Another process: its monotonic clock began elsewhere.
    again = Account.restored(LIMITED, account.dump(NOW, WALL), 5.0, WALL + 60.0)

    assert again.paused_for(5.0) == pytest.approx(540.0, abs=0.01)
    assert again.declines_used(5.0) == 8
    assert again.poll("order", 5.0) == pytest.approx(30.0, abs=0.01)
    assert Refusal.DECLINES == again.admit(DECLINE, 5.0 + 541.0)
    assert again.dump(5.0, WALL + 60.0) == Account.restored(LIMITED, account.dump(NOW, WALL), 5.0, WALL + 60.0).dump(
        5.0, WALL + 60.0
    )


@pytest.mark.parametrize("step", [-90_000.0, -3_600.0, 3_600.0, 90_000.0])
def test_a_step_of_the_wall_clock_while_we_are_down_blocks_nothing_for_good(step):
    account = Account(LIMITED)
    answer(account, Outcome.THROTTLED, NOW, retry_after_seconds=10.0)
    for _ in range(40):
        account.turn(NOW, admitted=False)
    account.expects_decline(DECLINE.declined_cards, NOW)
    again = Account.restored(LIMITED, account.dump(NOW, WALL), NOW, WALL + step)

    assert again.paused_for(NOW) <= RETRY_AFTER_MAX_SECONDS
    assert again.turn(NOW + RETRY_AFTER_MAX_SECONDS, admitted=False) == 0.0
    assert again.declines_used(NOW + DAY) == 0


@pytest.mark.parametrize("state", ["", "{}", "[]", "null", '{"declines": 5}', '{"declines": {"a": ["x"]}}', "not json"])
def test_a_state_that_cannot_be_read_is_forgotten_as_a_whole(state):
    account = Account.restored(LIMITED, state, NOW, WALL)

    assert account.dump(NOW, WALL) == Account(LIMITED).dump(NOW, WALL)


def test_the_state_is_bounded():
    account = Account(LIMITED)
    for n in range(30_000):
        account.poll(f"order-{n}", NOW + n * 0.01)
        account.expects_decline([f"card {n}"], NOW + n * 0.01)

    state = json.loads(account.dump(NOW + 300.0, WALL))
    assert (1_000, 10_000) == (len(state["declines"]), len(state["polls"]))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("-5", None),
        ("1e3", None),
        ("soon", None),
        ("", None),
        ("9" * 400, 9_999_999_999.0),
        ("Mon, 02 Nov 2026 00:02:00 GMT", 120.0),
        ("Sun, 01 Nov 2026 00:00:00 GMT", 0.0),
    ],
)
def test_retry_after_is_read_in_both_its_forms_and_nothing_else(value, seconds):
    assert seconds == retry_after_seconds(value, WALL)


def due(*runs):
    """The grid's next runs: in how many seconds, and their costs."""
    return lambda seconds: [run for run in runs if run[0] <= seconds]


def test_a_run_beside_the_grid_gets_only_what_none_of_the_grids_next_runs_will_need():
    account = Account(Allowance(requests_per_second=1.0, burst=10))
    work = Work(2, 1, money=False)

    assert account.admit_extra(work, NOW, due((0.5, 4), (3.0, 4), (3.5, 4))) is Refusal.RATE  # 12 in 3.5 s, of 11.5
    assert account.admit_extra(work, NOW + 1.0, due((0.5, 4), (3.0, 4))) is None
    assert account.admit(Work(4, 0, money=False), NOW + 1.5) is None
    assert account.admit(Work(4, 0, money=False), NOW + 4.0) is None


@given(
    st.lists(st.tuples(st.floats(0.0, 60.0), st.integers(1, 6)), min_size=1, max_size=40),
    st.lists(st.tuples(st.floats(0.0, 60.0), st.integers(1, 6)), max_size=60),
)
@settings(max_examples=300, deadline=None)
def test_no_slot_is_refused_for_an_extra_run_that_would_have_run_without(grid, extras):
    """Two accounts live through the same minute; one of them is also asked for extra runs."""
    slots = sorted(grid)
    alone, beset = (Account(Allowance(requests_per_second=1.0, burst=12)) for _ in range(2))
    events = sorted([(at, 0, cost) for at, cost in slots] + [(at, 1, cost) for at, cost in extras])
    for at, beside, cost in events:
        work = Work(cost, 1, money=False)
        if beside:
            ahead = due(*((when - at, need) for when, need in slots if when >= at))
            if beset.admit_extra(work, NOW + at, ahead) is None:
                for _ in range(cost):
                    beset.turn(NOW + at, admitted=True)
            continue
        calm = alone.admit(work, NOW + at)
        for _ in range(cost if calm is None else 0):
            alone.turn(NOW + at, admitted=True)
        if calm is None:
            assert beset.admit(work, NOW + at) is None
            for _ in range(cost):
                beset.turn(NOW + at, admitted=True)


def test_runs_beside_the_grid_take_three_fifths_of_the_rate_and_no_more():
    account, given = Account(Allowance(requests_per_second=5.0, burst=100)), 0
    for tick in range(600):
        at = NOW + tick * 0.1
        if account.admit_extra(Work(1, 1, money=False), at, due()) is None:
            account.turn(at, admitted=True)
            given += 1

    assert 180 <= given <= 60.0 * 3.0 + 2.0 * 3.0 + 1


def test_one_that_throttles_is_asked_nothing_extra_for_a_minute_and_each_time_for_twice_as_long():
    account, pauses, at = Account(Allowance()), [], NOW
    for _ in range(6):
        account.extras.throttled(at, None)
        account.extras.throttled(at + 1.0, None)  # of those under way: no second pause
        ends = next(at + n for n in range(2_000) if not account.extras.paused(at + n))
        pauses.append(ends - at)
        at = ends
    account.extras.throttled(at, 1_800.0)

    assert [60.0, 120.0, 240.0, 480.0, 900.0, 900.0] == pauses
    assert Refusal.PAUSED is account.admit_extra(READ, at + 1_799.0, due())
    assert account.admit_extra(READ, at + 1_800.0, due()) is None


def test_being_throttled_within_a_minute_of_an_extra_request_is_our_own_doing():
    account = Account(Allowance())
    assert account.sent(NOW) is False
    account.extras.sent(NOW)

    assert account.sent(NOW + 59.0) is True
    assert account.sent(NOW + 61.0) is False
