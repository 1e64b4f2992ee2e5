"""Failures in a row, and failures among the latest."""

import pytest
from detector_contract import DetectorContract, drawn, feed, run, sample
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.detectors import Detector
from monitor.detectors.base import STRAGGLER_SECONDS, remember, trailing
from monitor.detectors.consecutive import Consecutive
from monitor.detectors.k_of_n import KOfN
from monitor.detectors.table import KINDS
from monitor.model.outcome import Outcome


class TestConsecutiveContract(DetectorContract):
    def detector(self) -> Detector:
        return Consecutive(failures=3, successes=2)


class TestConsecutiveOfSomeOutcomesContract(DetectorContract):
    def detector(self) -> Detector:
        return Consecutive(failures=1, successes=4, outcomes=(Outcome.CONTRACT_VIOLATION,))


class TestKOfNContract(DetectorContract):
    def detector(self) -> Detector:
        return KOfN(bad=4, of=12)


class TestKOfNWithinContract(DetectorContract):
    def detector(self) -> Detector:
        return KOfN(bad=2, of=300, within="300s", successes=3)


def test_the_table_names_every_kind() -> None:
    assert sorted(KINDS) == [
        "absence", "burn_rate", "consecutive", "drift", "expiry", "k_of_n", "latency", "mix_shift", "quantile", "quorum", "sequential",
        "spike",
    ]  # fmt: skip


def test_three_in_a_row_alarm_and_two_good_ones_heal() -> None:
    assert drawn(Consecutive(failures=3, successes=2), "xx.xxxx.?..") == "-----!!--++"


def test_what_was_not_measured_does_not_break_a_row() -> None:
    assert drawn(Consecutive(failures=3), "x?x?x") == "----!"


def test_a_failed_run_that_comes_in_late_is_put_where_it_belongs() -> None:
    """It timed out after 15 s, while the next runs failed at once: still three in a row."""
    _state, verdicts = feed(Consecutive(failures=3), [sample(0), sample(20, False), sample(30, False), sample(10, False)])

    assert verdicts[-1].alarm
    assert verdicts[-1].since == 10


def test_the_onset_of_a_long_outage_is_remembered() -> None:
    verdicts = run(Consecutive(failures=3, successes=3), "." + "x" * 50)

    assert verdicts[-1].since == 10.0


def test_the_same_run_told_twice_counts_once() -> None:
    _, verdicts = feed(Consecutive(failures=2), [sample(10, False), sample(10, False)])

    assert not verdicts[-1].alarm


def test_a_clock_that_was_set_back_does_not_blind_the_detector() -> None:
    _, verdicts = feed(Consecutive(failures=2, successes=1), [sample(10_000), sample(100, False), sample(110, False)])

    assert verdicts[-1].alarm


def test_only_the_outcomes_asked_for_count() -> None:
    detector = Consecutive(failures=1, outcomes=["contract_violation"])

    _, verdicts = feed(detector, [sample(0, False), sample(10, False, outcome=Outcome.CONTRACT_VIOLATION)])

    assert [verdict.alarm for verdict in verdicts] == [False, True]
    assert "once is enough" in verdicts[-1].summary.en


def test_two_spellings_of_the_same_outcomes_are_one_detector() -> None:
    one = Consecutive(outcomes=["throttled", "tech_gateway", "throttled"])

    assert one == Consecutive(outcomes=["tech_gateway", "throttled"])


def test_one_failure_in_ten_is_seen_by_a_window_and_not_by_a_row() -> None:
    marks = "........." + "x........." * 6

    assert "!" not in drawn(Consecutive(), marks)
    assert "!" in drawn(KOfN(bad=5, of=60), marks)


def test_four_of_twelve_alarm_and_nine_good_ones_heal() -> None:
    assert drawn(KOfN(bad=4, of=12), "x.x.x.x" + "." * 9) == "------!" + "!!!!!---" + "+"


def test_healed_failures_are_not_evidence_a_second_time() -> None:
    drawn_ = drawn(KOfN(bad=2, of=100, successes=3), "xx...x.x")

    assert drawn_ == "-!!!+--!"


def test_a_lull_without_an_alarm_forgets_nothing() -> None:
    assert drawn(KOfN(bad=3, of=100, successes=3), "xx...x")[-1] == "!"


def test_failures_older_than_the_window_of_time_do_not_count() -> None:
    detector = KOfN(bad=2, of=10, within="60s")

    _, verdicts = feed(detector, [sample(0, False), sample(60, False), sample(119, False)])

    assert [verdict.alarm for verdict in verdicts] == [False, False, True]
    assert verdicts[-1].summary.en == "2 of the last 2 failed (within 1 min 00 s)"
    assert verdicts[-1].summary.zh == "最近 2 次中有 2 次失败（1 分内）"


def test_a_window_can_ask_for_more_good_ones_than_it_remembers() -> None:
    detector = KOfN(bad=1, of=3, successes=5)

    assert drawn(detector, "x....") == "!!!--"
    assert drawn(detector, "x.....") == "!!!--+"


def test_the_rule_of_three_sets_the_recovery() -> None:
    assert (KOfN(bad=4, of=12).needed, KOfN(bad=5, of=60).needed, KOfN(bad=1, of=300).needed) == (9, 36, 300)


@pytest.mark.parametrize(
    ("options", "said"),
    [({"bad": 5, "of": 4}, "could never alarm"), ({"of": 301}, "less than or equal to 300"), ({"k": 3}, "Extra inputs")],
)
def test_a_rule_that_cannot_work_is_refused(options: dict[str, int], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        KOfN.model_validate(options)


@given(st.lists(st.tuples(st.integers(0, 800), st.integers(0, 1)), max_size=40), st.integers(1, 10))
def test_samples_are_remembered_in_order_each_once_and_the_newest(told: list[tuple[int, int]], keep: int) -> None:
    entries: list[list[float]] = []
    for at, value in told:
        entries = remember(entries, at, value, keep)

    instants = [at for at, _ in entries]
    assert instants == sorted(set(instants))
    assert instants[-1:] == sorted({at for at, _ in told})[-1:]
    assert len(entries) <= keep


def test_a_sample_from_long_before_starts_a_new_list() -> None:
    assert remember([[STRAGGLER_SECONDS + 100.0, 1]], 99.0, 0, 10) == [[99.0, 0]]


def test_trailing_counts_from_the_end() -> None:
    assert trailing([[1, 0], [2, 1], [3, 1]], 1) == 2
