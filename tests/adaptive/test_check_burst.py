"""The burst of one check: which run comes next, when, and how many at most."""

import itertools
from dataclasses import replace

import pytest
from adaptive_world import HOUR, shipped
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.adaptive import CheckBurst
from monitor.adaptive.burst import (
    ASIDE_RUNS,
    MONEY_RUNS_PER_SECOND,
    MONEY_RUNS_SAVED,
    MONEY_SPACING_SECONDS,
    RUNS_PER_SECOND,
    RUNS_SAVED,
    SPACING_MIN_SECONDS,
)
from monitor.model.check import Check, Stratum
from monitor.model.extra import Extra
from monitor.model.wish import Wish

TAKES = 0.1


@pytest.fixture(scope="module")
def checks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Check]:
    return shipped(tmp_path_factory.mktemp("burst"))


def wish(check: Check, step: str = "", stratum: str = "", spacing: float = 1.0 / 3.0, rule: str = "r") -> Wish:
    return Wish(rule, check.id, stratum, step, spacing)


def runs(burst: CheckBurst, since: float, until: float) -> list[tuple[float, Extra]]:
    """Every extra run in [since, until), each taking ``TAKES`` seconds."""
    found, now = [], since
    while (due := burst.due(now)) is not None and max(due, now) < until:
        now = max(due, now)
        extra = burst.next(now)
        assert extra is not None
        burst.started(now)
        found.append((now, extra))
        now += TAKES
        burst.ended()
    return found


def test_the_first_extra_run_is_due_at_once_and_none_without_a_wish(checks: dict[str, Check]) -> None:
    check = checks["mastercard-history"]
    burst = CheckBurst(check, 0.0)
    assert burst.due(5.0) is None

    burst.wish([wish(check)])
    assert 5.0 == burst.due(5.0)

    burst.wish([])
    assert burst.due(6.0) is None
    assert not burst.bursting


def test_a_burst_is_three_a_second_until_its_bucket_is_empty_and_then_one_in_seventeen_seconds(checks: dict[str, Check]) -> None:
    check = checks["mastercard-history"]
    burst = CheckBurst(check, 0.0)
    burst.wish([wish(check)])
    at = [when for when, _ in runs(burst, 0.0, HOUR)]

    spacings = [later - earlier for earlier, later in itertools.pairwise(at)]
    assert spacings[0] == pytest.approx(1.0 / 3.0)
    assert spacings[-1] == pytest.approx(1.0 / RUNS_PER_SECOND)
    assert len(at) == pytest.approx(RUNS_SAVED + HOUR * RUNS_PER_SECOND, abs=2)


@given(
    st.lists(
        st.tuples(st.floats(0.0, 400.0), st.lists(st.sampled_from(["", "create", "authorise", "capture"]), max_size=3)),
        max_size=40,
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_is_wished_the_cost_stays_within_the_buckets(
    checks: dict[str, Check], story: list[tuple[float, list[str]]]
) -> None:
    check = checks["stripe-payment"]
    burst, now, found = CheckBurst(check, 0.0), 0.0, []
    for seconds, steps in story:
        burst.wish([wish(check, step, spacing=0.01) for step in steps])
        found += runs(burst, now, now + seconds)
        now += seconds + TAKES
    money = [at for at, extra in found if extra.money]

    assert len(found) <= RUNS_SAVED + now * RUNS_PER_SECOND
    assert len(money) <= MONEY_RUNS_SAVED + now * MONEY_RUNS_PER_SECOND
    assert all(later - earlier >= MONEY_SPACING_SECONDS - 1e-9 for earlier, later in itertools.pairwise(money))
    starts = [at for at, _ in found]
    assert all(later - earlier >= SPACING_MIN_SECONDS - 1e-9 for earlier, later in itertools.pairwise(starts))


def test_what_is_free_is_tried_first_and_money_is_few_and_far_between(checks: dict[str, Check]) -> None:
    check = checks["stripe-payment"]
    burst = CheckBurst(check, 0.0)
    burst.wish([wish(check, "authorise")])
    found = runs(burst, 0.0, 60.0)

    assert [False] * ASIDE_RUNS + [True] * int(MONEY_RUNS_SAVED) == [extra.money for _, extra in found]
    assert found[-1][0] == pytest.approx(found[0][0] + 2 / 3 + (MONEY_RUNS_SAVED - 1) * MONEY_SPACING_SECONDS, abs=0.1)


def test_strata_take_turns_when_no_one_of_them_is_suspected(checks: dict[str, Check]) -> None:
    check = checks["stripe-brands"]
    burst = CheckBurst(check, 0.0)
    burst.wish([wish(check, "create")])
    labels = [extra.stratum.label for _, extra in runs(burst, 0.0, 1.9)]

    assert ["brand=visa", "brand=mastercard", "brand=unionpay"] * 2 == labels


def test_a_suspected_stratum_takes_turns_with_one_that_is_healthy(checks: dict[str, Check]) -> None:
    check = checks["stripe-brands"]
    burst = CheckBurst(check, 0.0)
    burst.heard("brand=mastercard", good=False, seconds=0.2)
    burst.wish([wish(check, "create", "brand=visa")])
    labels = [extra.stratum.label for _, extra in runs(burst, 0.0, 1.3)]

    assert ["brand=visa", "brand=unionpay", "brand=visa", "brand=unionpay"] == labels


def test_the_rules_of_a_check_take_turns_at_the_smallest_spacing_any_of_them_wants(checks: dict[str, Check]) -> None:
    check = replace(checks["stripe-payment"], strata=(Stratum(),))
    burst = CheckBurst(check, 0.0)
    burst.wish([wish(check, "create", rule="a", spacing=1.0), wish(check, "", rule="b", spacing=0.5)])
    found = runs(burst, 0.0, 1.4)

    assert [0.0, 0.5, 1.0] == pytest.approx([at for at, _ in found])
    assert ["create", "create", "create"] == [extra.covers for _, extra in found]
    assert [("create",)] * 3 == [tuple(step.name for step in extra.check.steps) for _, extra in found]


def test_a_run_that_could_not_be_sent_costs_nothing_and_waits(checks: dict[str, Check]) -> None:
    check = checks["mastercard-history"]
    burst = CheckBurst(check, 0.0)
    burst.wish([wish(check)])
    assert burst.next(0.0) is not None
    burst.put_off(4.0)

    assert 4.0 == burst.due(0.0)
    assert RUNS_SAVED == burst.tokens(0.0)


def test_what_was_spent_stays_spent_over_a_reload(checks: dict[str, Check]) -> None:
    check = checks["mastercard-history"]
    burst = CheckBurst(check, 0.0)
    burst.wish([wish(check)])
    runs(burst, 0.0, 30.0)
    left = burst.tokens(30.0)
    burst.adopt(replace(check, budget_seconds=3.0))

    assert left == burst.tokens(30.0) < RUNS_SAVED - 80
    extra = burst.next(31.0)
    assert extra is not None
    assert 3.0 == extra.check.budget_seconds


def test_one_that_must_wait_lets_the_others_pass(checks: dict[str, Check]) -> None:
    check = checks["stripe-payment"]
    burst = CheckBurst(check, 0.0)
    burst.wish([wish(check, "authorise", rule="money"), wish(check, "create", rule="free")])
    found = runs(burst, 0.0, 10.0)

    assert 4 <= sum(extra.money for _, extra in found) <= 5
    assert len(found) >= 25
