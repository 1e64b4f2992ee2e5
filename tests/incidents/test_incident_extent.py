"""How far an incident reaches: shares, customers, budgets, what was like it and what changed near it."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.incidents.extent import (
    CORRELATIONS_MAX,
    PARTS_MAX,
    SIMILAR_MAX,
    ConfigTaken,
    Reach,
    TraitChanged,
    budget_burned,
    customers_hit,
    extent,
    failed_share,
    nearby,
    similar_to,
)
from monitor.model.alert import Severity
from monitor.model.extent import Between, Part, Run
from monitor.model.incident import Incident, Status, Window, WindowKind
from monitor.model.text import Text

HOUR, DAY = 3_600.0, 86_400.0


def incident(name: str, opened: float, **more: object) -> Incident:
    made = Incident(name, "target=card", "card", Status.RESOLVED, Severity.P2, Text("failing"), opened, opened - 60, opened)
    return replace(made, **{"fingerprint": "gateway||503", "resolved": opened + HOUR, **more})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bad", "runs", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (15, 148, 0.0624, 0.1605), (1, 1, 0.2065, 1.0)],
)
def test_a_share_has_wilsons_interval(bad: int, runs: int, low: float, high: float) -> None:
    """81 of 263 and its like stand in R. G. Newcombe, Statistics in Medicine 17 (1998), table I: 15 of 148 is from there."""
    share = failed_share(bad, runs)
    assert share is not None
    assert (low, bad / runs, high) == pytest.approx((share.low, share.middle, share.high), abs=1e-4)


def test_without_runs_nothing_is_said() -> None:
    assert failed_share(0, 0) is None
    made = extent(Reach(at=1.0, runs=0, bad=0, seconds=60, customers_per_minute=100, objective=0.999, month_seconds=30 * DAY))
    assert (None, None, None) == (made.failed_share, made.customers, made.budget_burned)


@given(st.integers(1, 2_000).flatmap(lambda runs: st.tuples(st.integers(0, runs), st.just(runs))))
def test_an_interval_holds_its_estimate_within_nought_and_one(counted: tuple[int, int]) -> None:
    share = failed_share(*counted)
    assert share is not None
    assert 0 <= share.low <= share.middle <= share.high <= 1
    assert share.low < share.high


def test_ten_minutes_of_a_third_failing_at_120_a_minute_are_some_four_hundred_customers() -> None:
    share = failed_share(10, 30)
    assert share is not None
    hit = customers_hit(120.0, share, 600.0)
    assert 400 == pytest.approx(hit.middle)
    assert (226, 619) == (hit.low, hit.high), "nearly all of the width is the share's: 30 runs say no more"


def test_with_a_share_known_for_sure_only_chance_is_left() -> None:
    hit = customers_hit(100.0, Between(1.0, 1.0, 1.0), 60.0)
    assert (80, 120) == (hit.low, hit.high), "100 and twice its square root"


def test_the_interval_of_customers_covers_the_truth_nearly_always() -> None:
    """Played: 20 runs see a share of 30 %, 200 customers a minute come for five minutes."""
    chance, covered, played = random.Random(7), 0, 1_000
    for _ in range(played):
        share = failed_share(sum(chance.random() < 0.3 for _ in range(20)), 20)
        truth = sum(chance.random() < 0.3 for _ in range(1_000))
        assert share is not None
        hit = customers_hit(200.0, share, 300.0)
        covered += hit.low <= truth <= hit.high
    assert 0.93 <= covered / played <= 0.98


def test_an_hour_of_everything_failing_is_more_than_a_months_budget_at_three_nines() -> None:
    assert 3_600 / 2_592 == pytest.approx(budget_burned(1.0, HOUR, 0.999, 30 * DAY))
    assert budget_burned(0.1, HOUR, 1.0, 30 * DAY) is None, "where no failure is allowed there is no budget to burn"
    assert budget_burned(0.1, HOUR, None, 30 * DAY) is None


def test_the_worst_parts_come_first_by_what_is_sure_of_them() -> None:
    parts = (Part("stratum", "brand=visa", 1, 1), Part("stratum", "brand=amex", 40, 0), Part("step", "capture", 20, 18))
    made = extent(Reach(at=1.0, runs=61, bad=19, seconds=60.0, parts=parts, first_bad=Run("run-2", 5.0)))
    assert ["capture", "brand=visa", "brand=amex"] == [part.name for part in made.parts]
    assert made.first_bad == Run("run-2", 5.0)


def test_lists_are_bounded_and_the_newest_correlations_are_kept_once() -> None:
    many = tuple(Part("location", f"place-{number}", 5, 1) for number in range(100))
    ids = tuple(f"req_{number // 2}" for number in range(100))
    made = extent(Reach(at=1.0, runs=9, bad=3, seconds=1.0, parts=many, correlations=ids))
    assert PARTS_MAX == len(made.parts)
    assert tuple(f"req_{number}" for number in range(50 - CORRELATIONS_MAX, 50)) == made.correlations


def test_earlier_incidents_of_the_same_fingerprint_are_similar() -> None:
    now = incident("inc_now", 100 * DAY)
    past = [
        now,
        incident("inc_old", 5 * DAY),
        incident("inc_child", 98 * DAY, parent="inc_x"),
        incident("inc_other", 97 * DAY, fingerprint="dns||"),
        incident("inc_open", 99 * DAY, resolved=None),
        incident("inc_same", 90 * DAY),
    ]
    found = similar_to(now, "gateway||503", past, {"inc_same": Text("They rolled back.", "对方已回滚。")})
    assert [("inc_open", None), ("inc_same", HOUR + 60)] == [(one.incident, one.lasted_seconds) for one in found]
    assert found[1].note.en == "They rolled back."
    assert similar_to(now, "", past) == ()


def test_of_very_many_similar_ones_the_newest_are_told() -> None:
    now = incident("inc_now", 50 * DAY)
    past = [incident(f"inc_{day:02d}", day * DAY) for day in range(1, 40)]
    assert ["inc_39", "inc_38", "inc_37", "inc_36", "inc_35"] == [one.incident for one in similar_to(now, "gateway||503", past)]
    assert SIMILAR_MAX == 5


def test_what_changed_in_the_two_hours_before_is_near() -> None:
    since = 10 * DAY
    windows = [
        Window("w1", WindowKind.MAINTENANCE, since - 5 * HOUR, since - HOUR, "li", "core switch"),
        Window("w2", WindowKind.MAINTENANCE, since - 5 * HOUR, since + HOUR, "li", "ended early", ended=since - 3 * HOUR),
        Window("w3", WindowKind.SILENCE, since - HOUR, since + HOUR, "li", "quiet"),
    ]
    configs = [ConfigTaken(since - 60, "4f2a"), ConfigTaken(since - 3 * HOUR, "old"), ConfigTaken(since + HOUR, "later")]
    traits = [TraitChanged(since + 30, "issuer", "card-payment")]
    found = nearby(since, windows=windows, configs=configs, traits=traits)
    assert ["core switch", "4f2a", "issuer"] == [
        next(word for word in ("core switch", "4f2a", "issuer") if word in one.said.en) for one in found
    ]
    assert "证书签发者" in found[2].said.zh
