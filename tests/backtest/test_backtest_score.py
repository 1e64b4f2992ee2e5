"""The scorer: tickets against labelled windows, on examples that can be worked out by hand."""

import itertools
import math
from pathlib import Path

import pytest
from backtest_helpers import DAY, HOUR, MINUTE, START, write_lines
from hypothesis import given
from hypothesis import strategies as st

from monitor.backtest.calibration import Calibration
from monitor.backtest.firings import Firing, Ticket, check_alone, rule_and_check, tickets
from monitor.backtest.labels import Label, labelled_seconds, read_labels
from monitor.backtest.poisson import at_most, interval
from monitor.backtest.samples import BadSamples
from monitor.backtest.score import Span, lead, quantile, score

MONTH = {"card": Span(START, START + 30 * DAY)}


def firing(alarm: float, recovery: float | None, rule: str = "r", check: str = "card") -> Firing:
    return Firing(rule, check, "", "fra", "", "p1", START + alarm, START + alarm, recovery and START + recovery, "")


def ticket(alarm: float, recovery: float | None = None, check: str = "card") -> Ticket:
    return Ticket(check, ("r",), START + alarm, recovery and START + recovery, 1)


def label(starts: float, ends: float, name: str = "outage", check: str = "*") -> Label:
    return Label(START + starts, START + ends, check, name)


def test_alarms_that_overlap_or_come_back_soon_are_one_ticket() -> None:
    found = tickets([firing(0, 600), firing(300, None), firing(9000, 9100)], rule_and_check, 1800)
    apart = tickets([firing(0, 600), firing(600 + 1800, 2600), firing(4401, 5000)], rule_and_check, 1800)

    assert [3] == [one.firings for one in found]
    assert [2, 1] == [one.firings for one in apart]


def test_two_rules_that_see_the_same_trouble_are_one_ticket_together_and_two_apart() -> None:
    seen = [firing(0, 600, "a"), firing(60, 500, "b")]

    assert 1 == len(tickets(seen, check_alone))
    assert 2 == len(tickets(seen, rule_and_check))


def test_recall_precision_delay_and_false_tickets_by_hand() -> None:
    windows = [label(HOUR, 2 * HOUR, "first"), label(10 * HOUR, 11 * HOUR, "second"), label(20 * HOUR, 21 * HOUR, "third")]
    seen = [ticket(HOUR + 30), ticket(HOUR + 50 * MINUTE), ticket(10 * HOUR - 4 * MINUTE), ticket(15 * HOUR)]

    found = score(seen, windows, MONTH)

    assert (4, 1, 2, ("third",)) == (found.tickets, found.false, found.found, found.missed)
    assert (2 / 3, 3 / 4) == (found.recall, found.precision)
    assert (30.0, -4 * MINUTE) == found.delays
    assert pytest.approx((30 * DAY - 3 * HOUR) / (30 * DAY)) == found.months
    assert pytest.approx(1 / found.months, abs=1e-6) == found.facts()["false_tickets_per_check_month"]


def test_a_ticket_that_stood_long_before_knew_nothing_of_the_window() -> None:
    found = score([ticket(0.0)], [label(HOUR, 2 * HOUR)], MONTH)

    assert (1, ("outage",)) == (found.false, found.missed)


def test_a_window_of_another_check_or_another_time_is_nobodys_miss() -> None:
    windows = [label(0, HOUR, check="other"), label(-2 * HOUR, -HOUR)]

    assert score([], windows, MONTH).missed == ()


def test_without_labels_every_ticket_is_false_and_nothing_is_said_of_precision() -> None:
    found = score([ticket(0.0), ticket(DAY)], [], MONTH)

    assert (2, None, None) == (found.false, found.precision, found.recall)


def test_lead_is_positive_when_the_other_rule_was_later() -> None:
    found = lead([ticket(0, 600), ticket(DAY, DAY + 60)], [ticket(240, 900), ticket(DAY - 30, DAY + 60), ticket(5 * DAY)])

    assert ((240.0, -30.0), 1) == (found.leads, found.alone)


def test_lead_does_not_pair_troubles_of_different_checks() -> None:
    assert 1 == lead([ticket(0, 600, "a")], [ticket(0, 600, "b")]).alone


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 100)), max_size=8))
def test_labelled_time_counts_overlaps_once(windows: list[tuple[int, int]]) -> None:
    known = [label(since, since + lasts) for since, lasts in windows]
    seconds = {second for since, lasts in windows for second in range(since, since + lasts) if 20 <= second < 150}

    assert len(seconds) == labelled_seconds(known, "card", START + 20, START + 150)


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (5, 1.6235, 11.6683), (100, 81.3640, 121.6268)]
)
def test_the_poisson_interval_is_garwoods(count: int, low: float, high: float) -> None:
    """Against the published table (Garwood 1936; chi-squared quantiles)."""
    assert pytest.approx((low, high), abs=2e-4) == interval(count)


@given(st.integers(0, 300))
def test_each_bound_of_the_interval_leaves_its_tail(count: int) -> None:
    low, high = interval(count)

    assert pytest.approx(0.025, abs=1e-6) == at_most(count, high)
    assert count == 0 or math.isclose(1 - at_most(count - 1, low), 0.025, abs_tol=1e-6)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50), st.sampled_from([0.05, 0.5, 0.95]))
def test_a_quantile_is_a_value_that_enough_do_not_exceed(values: list[float], share: float) -> None:
    found = quantile(values, share)

    assert found in values
    assert sum(value <= found for value in values) >= share * len(values)


def test_a_short_history_without_false_alarms_proves_nothing_and_a_long_one_does() -> None:
    half_a_year = 6 * 30 * DAY
    short = Calibration("r", half_a_year, 0, 28 / 30)

    assert (
        "asked: 1 per 6 months; seen: 0 in 28 d 0 h; 95 % interval 0 to 0.132 a day: not enough history to tell"
        == short.sentence()
    )
    assert "kept" == Calibration("r", half_a_year, 0, 30.0).verdict
    assert "broken" == Calibration("r", half_a_year, 10, 3.0).verdict


def test_labels_are_read_strictly(tmp_path: Path) -> None:
    good = {"from": "2026-11-02T01:00:00Z", "to": START + 2 * HOUR, "name": "switch"}
    bad = [good, good, {**good, "to": START}, {**good, "until": 3}, {"from": 1}]

    assert (label(HOUR, 2 * HOUR, "switch"),) == read_labels(write_lines(tmp_path / "l.jsonl", [good]))
    with pytest.raises(BadSamples) as caught:
        read_labels(write_lines(tmp_path / "bad.jsonl", bad))
    assert [2, 3, 4, 5] == [number for number, _ in caught.value.problems]


def test_merging_does_not_depend_on_the_order_of_firings() -> None:
    seen = [firing(0, 600), firing(300, 4000), firing(5000, None, "b")]
    made = {tuple(tickets(order, check_alone)) for order in itertools.permutations(seen)}

    assert 1 == len(made)
