"""Jumps of an aggregated series that it cannot explain by itself."""

import math
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from detector_contract import feed, sample

from monitor.detectors import Verdict, autoregression
from monitor.detectors.autoregression import ORDER
from monitor.detectors.spike import CALM_BUCKETS, KEPT, LEARNT, Spike
from monitor.model.sample import Sample

BUCKET = 300.0
START = 1_700_000_100.0 - 1_700_000_100.0 % BUCKET


def waves(until: int, *, begin: int = 0, factor: float = 1.0, seed: int = 1) -> list[Sample]:
    """Five samples a bucket; the whole level wanders slowly, by a tenth, as shared load does."""
    rng, level, samples = random.Random(seed), 0.0, []
    for bucket in range(begin, until):
        level = 0.9 * level + 0.1 * math.sqrt(1 - 0.81) * rng.gauss(0, 1)
        for turn in range(5):
            seconds = 0.2 * factor * math.exp(level) * rng.lognormvariate(0, 0.1)
            samples.append(sample(START + BUCKET * bucket + 60.0 * turn, seconds=seconds))
    return samples


def alarms(verdicts: list[Verdict]) -> list[int]:
    return [place for place, verdict in enumerate(verdicts) if verdict.alarm and not (place and verdicts[place - 1].alarm)]


@pytest.fixture(scope="module")
def learned() -> tuple[Spike, Any]:
    detector = Spike(false_alarms="1 per month")
    return detector, feed(detector, waves(2_000))[0]


def test_a_jump_is_told_when_its_bucket_is_full_with_what_was_foretold(learned: tuple[Spike, Any]) -> None:
    detector, state = learned

    _, verdicts = feed(detector, waves(2_003, begin=2_000, factor=3.0, seed=2), state)

    assert alarms(verdicts) == [5]
    alarm = verdicts[5]
    assert alarm.since == START + BUCKET * 2_000
    assert alarm.slowdown is not None
    assert 2.0 < alarm.slowdown < 4.0
    assert f"x{alarm.slowdown:.2f}" == alarm.evidence["slowdown"]
    assert "where the series foretold 1" in alarm.summary.en
    assert "1 false alarm per month" in alarm.summary.en
    assert "按序列走势预计" in alarm.summary.zh


def test_slow_waves_are_no_news(learned: tuple[Spike, Any]) -> None:
    detector, state = learned

    assert len(alarms(feed(detector, waves(4_000, begin=2_000, seed=3), state)[1])) <= 1


def test_a_fall_is_no_alarm(learned: tuple[Spike, Any]) -> None:
    detector, state = learned

    assert not alarms(feed(detector, waves(2_050, begin=2_000, factor=0.3, seed=4), state)[1])


def test_it_ends_when_the_level_is_back_and_not_because_it_got_used_to_it(learned: tuple[Spike, Any]) -> None:
    detector, state = learned
    state, high = feed(detector, waves(2_030, begin=2_000, factor=3.0, seed=2), state)
    _, back = feed(detector, waves(2_040, begin=2_030, seed=5), state)

    assert all(verdict.alarm for verdict in high[5:])
    ended = next(place for place, verdict in enumerate(back) if verdict.recovered)
    assert ended == 5 * CALM_BUCKETS


def test_a_level_that_stays_is_no_jump_any_more(learned: tuple[Spike, Any]) -> None:
    detector, state = Spike(false_alarms="1 per month", accept_after="2h"), learned[1]

    _, verdicts = feed(detector, waves(2_040, begin=2_000, factor=3.0, seed=2), state)

    assert verdicts[-1].recovered
    assert len(alarms(verdicts)) == 1


def test_a_series_that_only_begins_claims_nothing() -> None:
    detector = Spike(false_alarms="1 per hour")
    samples = waves(LEARNT - 10) + waves(LEARNT + ORDER, begin=LEARNT - 10, factor=5.0)

    assert not alarms(feed(detector, samples)[1])


def test_failures_are_counted_in_their_buckets() -> None:
    detector = Spike(of="failures", bucket="30m", false_alarms="1 per month")
    rng, per_bucket, start = random.Random(6), 60, START - START % 1_800.0
    calm = [sample(start + 30.0 * turn, rng.random() > 0.1) for turn in range(per_bucket * 600)]
    storm = [sample(start + 30.0 * turn, turn % 2 == 0) for turn in range(per_bucket * 600, per_bucket * 601 + 1)]

    state, before = feed(detector, calm)
    _, verdicts = feed(detector, storm, state)

    assert not alarms(before)
    assert verdicts[-1].alarm
    assert "30 failures within 30 min 00 s, where the series foretold" in verdicts[-1].summary.en
    assert verdicts[-1].slowdown is None


def test_a_few_missing_buckets_are_taken_as_foretold_and_a_long_silence_begins_anew(learned: tuple[Spike, Any]) -> None:
    detector, state = learned

    short, _ = feed(detector, waves(2_004, begin=2_003, seed=7), state)
    long, _ = feed(detector, waves(2_021, begin=2_020, seed=7), state)

    assert len(short["past"]) == ORDER
    assert long["past"] == []
    assert not alarms(feed(detector, waves(2_040, begin=2_021, seed=8), long)[1])


def test_the_largest_surprises_are_kept_and_leave_after_three_weeks(learned: tuple[Spike, Any]) -> None:
    detector, state = learned
    ranked = [one[0] for one in state["surprises"]]

    assert len(ranked) == KEPT
    assert sorted(ranked, reverse=True) == ranked

    later, _ = feed(detector, waves(2_000 + 10_000, begin=2_000 + 9_990, seed=9), state)
    assert all(one[1] > START + BUCKET * 2_000 for one in later["surprises"])


def fit(series: Callable[[list[float]], float], steps: int) -> tuple[autoregression.Fit, list[list[float]], list[float]]:
    fitted, past, rows, values = autoregression.start(), [0.1] * ORDER, [], []
    for _ in range(steps):
        value = series(past)
        rows.append([1.0, *past])
        values.append(value)
        fitted, past = autoregression.learned(fitted, past, value), [*past[1:], value]
    return fitted, rows, values


def test_the_fit_is_that_of_weighted_least_squares() -> None:
    rng = random.Random(10)
    fitted, rows, values = fit(lambda past: 0.5 * past[-1] + 0.3 * past[-2] - 0.3 + rng.gauss(0, 0.1), 121)

    weights = 0.999 ** np.arange(120, -1, -1)
    design, right = np.array(rows), np.array(values)
    square = (design.T * weights) @ design + 0.01 * np.eye(ORDER + 1)
    sums = (design.T * weights) @ right + 0.01 * np.eye(ORDER + 1)[-1]

    assert np.allclose(np.linalg.solve(square, sums), fitted[1], atol=1e-9)


def test_a_quiet_series_is_followed_for_years_without_losing_its_footing() -> None:
    fitted, _, _ = fit(lambda _: -1.6, 60_000)

    assert math.isclose(autoregression.foretold(fitted, [-1.6] * ORDER), -1.6, rel_tol=1e-3)
