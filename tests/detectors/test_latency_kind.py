"""Latency against the same hour of the week, by ranks alone."""

import math
import random
from datetime import UTC, datetime
from typing import Any

import pytest
from detector_contract import feed, sample

from monitor.detectors import Verdict
from monitor.detectors.latency import ALTERNATIVES, LEVELS, NULL, PARTS, Latency, hour_of_week
from monitor.model.result import Phases
from monitor.model.sample import Sample

DAY = 86_400.0
MONDAY = datetime(2026, 11, 2, tzinfo=UTC).timestamp()


def runs(
    until: float, *, begin: float = 0.0, every: float = 60.0, wait: float = 1.0, tls: float = 1.0, seed: int = 1
) -> list[Sample]:
    """A run a minute: twice as slow at noon as at midnight, one in fifty far slower; ``wait`` and ``tls`` stretch their phases."""
    rng, samples = random.Random(seed), []
    for turn in range(int((until - begin) * DAY / every)):
        at = MONDAY + begin * DAY + every * turn
        season = 1.5 - 0.5 * math.cos(2 * math.pi * at / DAY)
        tail = 1.0 if rng.random() > 0.02 else rng.paretovariate(1.5)
        phases = Phases(
            connect=0.02 * rng.lognormvariate(0, 0.1),
            tls=0.04 * tls * rng.lognormvariate(0, 0.1),
            wait=0.15 * season * wait * tail * rng.lognormvariate(0, 0.2),
        )
        samples.append(sample(at, seconds=sum(phases.reached().values()), phases=phases))
    return samples


def first(verdicts: list[Verdict]) -> int:
    return next(place for place, verdict in enumerate(verdicts) if verdict.alarm)


@pytest.fixture(scope="module")
def learned() -> tuple[Latency, Any]:
    detector = Latency(false_alarms="1 per month")
    state, verdicts = feed(detector, runs(4.5))
    assert not any(verdict.alarm for verdict in verdicts)
    return detector, state


def test_twice_as_slow_is_told_in_minutes_with_its_factor_and_its_phase(learned: tuple[Latency, Any]) -> None:
    detector, state = learned

    _, verdicts = feed(detector, runs(4.6, begin=4.5, wait=2.0, seed=2), state)

    alarm = verdicts[first(verdicts)]
    assert first(verdicts) < 15
    assert alarm.since is not None
    assert abs(alarm.since - (MONDAY + 4.5 * DAY)) <= 300
    assert alarm.slowdown is not None
    assert 1.5 < alarm.slowdown < 2.5
    assert "most of all in wait" in alarm.summary.en
    assert "主要在等待应答阶段" in alarm.summary.zh


def test_one_phase_moves_the_alarm_though_it_is_a_small_part_of_the_whole(learned: tuple[Latency, Any]) -> None:
    detector, state = learned

    _, verdicts = feed(detector, runs(4.7, begin=4.5, tls=2.0, seed=3), state)

    assert verdicts[first(verdicts)].evidence["phase"] == "tls"


def test_noon_is_slow_every_day_and_no_news(learned: tuple[Latency, Any]) -> None:
    """What noon is used to would be a slowness of two at midnight."""
    detector, state = learned
    at_noon, at_midnight = runs(4.55, begin=4.5, seed=4), runs(4.55, begin=4.5, seed=4)
    for one in at_midnight:
        one.at, one.seen = one.at - DAY / 2, one.seen - DAY / 2

    assert not any(verdict.alarm for verdict in feed(detector, at_noon, state)[1])
    assert any(verdict.alarm for verdict in feed(detector, at_midnight, state)[1])


def test_when_it_is_fast_again_the_alarm_ends_and_stays_ended(learned: tuple[Latency, Any]) -> None:
    detector, state = learned
    state, _ = feed(detector, runs(4.55, begin=4.5, wait=3.0, seed=2), state)

    state, verdicts = feed(detector, runs(4.75, begin=4.55, seed=5), state)

    assert verdicts[0].alarm
    ended = next(place for place, verdict in enumerate(verdicts) if verdict.recovered)
    assert ended < 120
    assert not any(verdict.alarm for verdict in verdicts[ended:])


def test_an_incident_is_not_learned(learned: tuple[Latency, Any]) -> None:
    detector, state = learned

    during, _ = feed(detector, runs(5.5, begin=4.5, wait=3.0, seed=2), state)

    assert during["alarm"]
    medians = zip(state["usual"]["wait"][2], during["usual"]["wait"][2], strict=True)
    assert max(abs(new - old) * 1e-4 for old, new in medians if old is not None) < math.log(1.1)


def test_a_slowness_that_stays_is_learned_anew(learned: tuple[Latency, Any]) -> None:
    detector = Latency(false_alarms="1 per month", accept_after="1d")

    state, verdicts = feed(detector, runs(7, begin=4.5, wait=3.0, seed=2), learned[1])

    assert first(verdicts) < 15
    assert not any(verdict.alarm for verdict in verdicts[-1_400:])
    assert state["alarm"] is None


def test_a_check_that_only_begins_and_an_hour_never_met_claim_nothing() -> None:
    detector = Latency(false_alarms="1 per hour")
    state, verdicts = feed(detector, runs(0.5, begin=0.0))

    _, slow = feed(detector, runs(0.52, begin=0.501, wait=9.0), state)

    assert not any(verdict.alarm for verdict in verdicts + slow)


def test_a_failed_run_has_no_latency(learned: tuple[Latency, Any]) -> None:
    detector, state = learned

    assert feed(detector, [sample(MONDAY + 4.6 * DAY, False)], state)[0] == state


def test_in_the_long_run_each_level_is_exceeded_as_often_as_its_name_says() -> None:
    """Whatever the law: here lognormal with a Pareto tail and a daily season."""
    detector = Latency()
    state, _ = feed(detector, runs(4))
    beyond, samples = [0, 0], runs(12, begin=4, seed=6)
    for one in samples:
        usual = state["usual"]["wait"]
        assert one.phases is not None
        assert one.phases.wait is not None
        residual = math.log(one.phases.wait + 0.005) - usual[1] - 1e-4 * (usual[2][hour_of_week(one.at)] or usual[3])
        beyond = [count + (residual > level) for count, level in zip(beyond, usual[-1], strict=True)]
        state, _ = detector.update(state, one)

    for count, level in zip(beyond, LEVELS, strict=True):
        assert 0.8 * (1 - level) < count / len(samples) < 1.2 * (1 - level)


def test_no_null_that_exceeds_less_often_gains_by_the_factors() -> None:
    """They rise with the level and their mean is one: the condition for the claim."""
    assert math.isclose(sum(NULL), 1.0)
    for shares in ALTERNATIVES:
        factors = [share / null for share, null in zip(shares, NULL, strict=True)]
        assert math.isclose(sum(shares), 1.0)
        assert sorted(factors) == factors
    assert NULL[1] + NULL[2] >= 4 / 3 * (1 - LEVELS[0]) - 1e-3
    assert NULL[2] >= 4 / 3 * (1 - LEVELS[1]) - 1e-3


def test_slow_load_within_the_tolerance_exceeds_nothing(learned: tuple[Latency, Any]) -> None:
    detector, state = learned

    _, verdicts = feed(detector, runs(5.5, begin=4.5, wait=1.08, seed=8), state)

    assert not any(verdict.alarm for verdict in verdicts)


def test_a_burst_of_the_same_slow_second_is_little_more_than_one_sample(learned: tuple[Latency, Any]) -> None:
    detector, state = learned
    at = MONDAY + 4.5 * DAY
    burst = [sample(at + 0.05 * turn, seconds=3.0, extra=True) for turn in range(60)]

    after, verdicts = feed(detector, burst, state)

    assert not any(verdict.alarm for verdict in verdicts)
    assert after["usual"] == state["usual"]


@pytest.mark.parametrize(("days", "hour"), [(0.0, 0), (0.99, 23), (4.5, 12), (5.0, 24), (6.99, 47), (7.0, 0)])
def test_hours_of_the_week_are_counted_from_monday_in_utc(days: float, hour: int) -> None:
    assert hour == hour_of_week(MONDAY + days * DAY)


def test_the_parts_are_the_whole_and_the_phases() -> None:
    assert ("whole", *Phases._fields) == PARTS


def test_in_thirty_quiet_days_a_budget_of_one_a_day_is_kept() -> None:
    detector = Latency(false_alarms="1 per day")

    _, verdicts = feed(detector, runs(30, every=120.0, seed=9))

    begins = [place for place, verdict in enumerate(verdicts) if verdict.alarm and not verdicts[place - 1].alarm]
    assert len(begins) <= 10
