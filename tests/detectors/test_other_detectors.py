"""Latency quantiles, absence, certificate expiry."""

import json

import pytest
from detector_contract import CHECK, DetectorContract, feed, sample
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.detectors import Detector
from monitor.detectors.absence import UNATTENDED_SECONDS, Absence
from monitor.detectors.expiry import Expiry
from monitor.detectors.quantile import Quantile
from monitor.model.check import Check, Objective
from monitor.model.text import Text

DAY = 86_400.0


class TestQuantileContract(DetectorContract):
    def detector(self) -> Detector:
        return Quantile(q=0.8, above="2s", window="10m", min_samples=5)


class TestAbsenceContract(DetectorContract):
    def detector(self) -> Detector:
        return Absence()


class TestExpiryContract(DetectorContract):
    def detector(self) -> Detector:
        return Expiry(within="30d")


def slow(latencies: list[float], **options: object) -> list[bool]:
    detector = Quantile.model_validate({"above": "1s", "window": "1h", "min_samples": 20} | options)
    verdicts = feed(detector, [sample(10.0 * place, seconds=seconds) for place, seconds in enumerate(latencies)])[1]
    return [verdict.alarm for verdict in verdicts]


def test_two_slow_runs_of_twenty_move_the_95th_percentile_and_one_does_not() -> None:
    assert not any(slow([0.2] * 19 + [9.0]))
    assert slow([0.2] * 18 + [9.0, 9.0])[-1]


def test_too_few_samples_say_nothing() -> None:
    assert not any(slow([9.0] * 19))


def test_slow_runs_leave_the_window_with_time() -> None:
    detector = Quantile(above="1s", window="100s", min_samples=2, q=0.5)

    _, verdicts = feed(detector, [sample(0, seconds=5), sample(1, seconds=5), sample(150, seconds=0.1), sample(151, seconds=0.1)])

    assert [(verdict.alarm, verdict.recovered) for verdict in verdicts] == [
        (False, False),
        (True, False),
        (False, False),
        (False, True),
    ]


def test_between_the_recovery_level_and_the_limit_it_has_no_opinion() -> None:
    detector = Quantile(above="1s", window="1h", min_samples=2, q=0.5)

    _, verdicts = feed(detector, [sample(0, seconds=0.95), sample(1, seconds=0.95)])

    assert (verdicts[-1].alarm, verdicts[-1].recovered) == (False, False)


def test_a_failed_run_has_no_latency() -> None:
    detector = Quantile(above="1s", window="1h", min_samples=2, q=0.5)

    state, _ = feed(detector, [sample(0, False, seconds=9.0)])

    assert state == [None, []]


def test_the_figures_and_their_units_are_said_in_both_languages() -> None:
    detector = Quantile(above="800ms", window="10m", min_samples=20)

    _, verdicts = feed(detector, [sample(float(place), seconds=1.25) for place in range(20)])

    assert verdicts[-1].summary.en == "p95 1.25 s over 10 min 00 s (20 samples), limit 800 ms"
    assert verdicts[-1].summary.zh == "10 分内 p95 为 1.25 秒（20 个样本），上限 800 毫秒"


@given(st.lists(st.floats(0.01, 3.0), min_size=1, max_size=60), st.floats(0.05, 0.95))
def test_the_count_agrees_with_sorting(latencies: list[float], q: float) -> None:
    detector = Quantile(q=q, above="1s", min_samples=300)
    entries = [[float(place), seconds] for place, seconds in enumerate(latencies)]

    by_sorting = sorted(latencies)[detector.rank(len(latencies)) - 1] > 1.0

    assert detector._exceeds(entries, 1.0) is by_sorting


def test_the_objective_of_the_check_is_the_limit_unless_another_is_given() -> None:
    agreed = Check("a", Text("A"), "t", 10.0, 5.0, 5.0, (), objective=Objective(latency_seconds=0.8))

    tailored = Quantile().tailored(agreed, 10.0)

    assert tailored is not None
    assert tailored.above == 0.8
    assert Quantile(above="2s").tailored(agreed, 10.0) == Quantile(above="2s")
    assert Quantile().tailored(CHECK, 10.0) is None


def test_an_untailored_quantile_says_what_is_wrong() -> None:
    with pytest.raises(TypeError, match="tailor"):
        feed(Quantile(min_samples=20), [sample(float(place)) for place in range(20)])


def test_a_quantile_that_one_slow_run_would_move_is_refused() -> None:
    with pytest.raises(ValidationError, match="one slow run would alarm"):
        Quantile(q=0.99, min_samples=20)


def test_three_intervals_allow_for_the_time_a_run_may_take() -> None:
    assert Absence().tailored(CHECK, 30.0) == Absence(after="100s")
    assert Absence(after="45s").tailored(CHECK, 30.0) == Absence(after="45s")


def watched(after: str = "90s") -> Detector:
    return Absence(after=after)


def test_silence_alarms_when_its_time_is_up_and_a_measured_sample_heals() -> None:
    detector = watched()
    state, _ = feed(detector, [sample(99.0)])

    assert detector.deadline(state) == 190.0
    assert detector.tick(state, 189.9) == (state, None)
    state, verdict = detector.tick(state, 190.0)
    assert verdict is not None
    assert verdict.alarm
    assert verdict.since == 100.0
    assert verdict.summary == Text("nothing measured for 1 min 30 s", "已有 1 分 30 秒没有测量结果")
    assert detector.deadline(state) is None
    assert detector.tick(state, 500.0) == (state, None)
    state, verdict = detector.update(state, sample(600.0, False))
    assert verdict.recovered


def test_a_check_that_never_measured_anything_is_noticed_too() -> None:
    detector = watched()
    state = detector.start()

    assert detector.deadline(state) == 0.0
    state, _ = detector.tick(state, 1_000.0)
    assert detector.deadline(state) == 1_090.0


def test_the_silence_of_a_time_when_we_did_not_run_is_ours() -> None:
    detector = watched()
    state, _ = feed(detector, [sample(99.0)])

    state, verdict = detector.tick(state, 190.0 + UNATTENDED_SECONDS + 1)

    assert verdict is None
    assert detector.deadline(state) == 190.0 + UNATTENDED_SECONDS + 1 + 90.0


@pytest.mark.parametrize("after", ["soon", 30, "3 interval s"])
def test_a_length_that_is_neither_is_refused(after: object) -> None:
    with pytest.raises(ValidationError, match='expected "3 intervals" or a duration'):
        Absence(after=after)


@pytest.mark.parametrize("after", ["0 intervals", 0, "0s"])
def test_no_time_at_all_is_refused(after: object) -> None:
    with pytest.raises(ValidationError, match="expected some time"):
        Absence(after=after)


def test_options_of_absence_are_written_as_they_are_read() -> None:
    assert json.loads(Absence(after="2 intervals").model_dump_json()) == {"after": "2 intervals"}
    assert json.loads(Absence(after="90s").model_dump_json()) == {"after": 90.0}
    assert Absence.model_json_schema()["properties"]["after"]["type"] == "string"


def test_a_certificate_is_told_of_within_its_level_and_not_before() -> None:
    detector = Expiry(within="14d")

    _state, verdicts = feed(
        detector, [sample(0, expires=15 * DAY), sample(DAY, expires=15 * DAY), sample(2 * DAY, False, expires=15 * DAY)]
    )

    assert [(verdict.alarm, verdict.recovered) for verdict in verdicts] == [(False, True), (True, False), (True, False)]
    assert verdicts[-1].since == DAY
    assert verdicts[-1].summary == Text("the certificate expires in 13 d 0 h", "证书将在 13 天后到期")


def test_a_renewed_certificate_heals() -> None:
    _, verdicts = feed(Expiry(within="14d"), [sample(0, expires=DAY), sample(10, expires=90 * DAY)])

    assert verdicts[-1].recovered


def test_an_expired_certificate_is_called_expired() -> None:
    _, verdicts = feed(Expiry(within="14d"), [sample(2 * DAY, expires=DAY), sample(2 * DAY + 10)])

    assert verdicts[-1].alarm
    assert verdicts[-1].summary == Text("the certificate expired 1 d 0 h ago", "证书已过期 1 天")
