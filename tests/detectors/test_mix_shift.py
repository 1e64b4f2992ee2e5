"""The mix of answers against the check's own past."""

import math
import random
from collections.abc import Callable
from typing import Any

from detector_contract import SERIES, feed, sample

from monitor.detectors import Verdict
from monitor.detectors.elementary import share_at_most
from monitor.detectors.mix import BLOCK_SECONDS, CLASSES_MAX, REMEMBERED_ANSWERS, MixShift
from monitor.model.outcome import Outcome
from monitor.model.sample import Sample

DAY = 86_400.0
START = 1.7e9
Answer = tuple[Outcome, str]
APPROVED: Answer = (Outcome.APPROVED, "")
NO_FUNDS: Answer = (Outcome.SOFT_DECLINE, "insufficient_funds")
TRY_AGAIN: Answer = (Outcome.SOFT_DECLINE, "try_again_later")


def answers(until: float, chosen: Callable[[], Answer], *, begin: float = 0.0, every: float = 60.0) -> list[Sample]:
    """One answer a minute, from ``begin`` days to ``until`` days."""
    samples = []
    for turn in range(int((until - begin) * DAY / every)):
        outcome, code = chosen()
        samples.append(sample(START + begin * DAY + every * turn, True, outcome=outcome, code=code))
    return samples


def mixed(rng: random.Random, share: float, other: Answer = NO_FUNDS) -> Callable[[], Answer]:
    return lambda: other if rng.random() < share else APPROVED


def alarms(verdicts: list[Verdict]) -> list[int]:
    """Where alarms began."""
    return [place for place, verdict in enumerate(verdicts) if verdict.alarm and not (place and verdicts[place - 1].alarm)]


def learned(share: float = 0.05, *, seed: int = 1) -> tuple[MixShift, Any]:
    detector = MixShift(false_alarms="1 per 6 months")
    state, verdicts = feed(detector, answers(4, mixed(random.Random(seed), share)))
    assert not alarms(verdicts)
    return detector, state


def test_ten_times_the_declines_are_told_within_an_hour_with_their_share_and_their_past() -> None:
    detector, state = learned()

    _, verdicts = feed(detector, answers(4.05, mixed(random.Random(2), 0.5), begin=4), state)

    alarm = verdicts[alarms(verdicts)[0]]
    assert alarms(verdicts)[0] < 60
    assert alarm.since is not None
    assert abs(alarm.since - (START + 4 * DAY)) < 600
    assert alarm.evidence["class"] == "soft_decline insufficient_funds"
    assert "soft_decline insufficient_funds" in alarm.summary.zh
    assert "1 false alarm per 6 months" in alarm.summary.en


def test_another_code_of_the_same_outcome_is_a_shift_though_every_sample_is_good() -> None:
    detector = MixShift()
    state, _ = feed(detector, answers(3, lambda: NO_FUNDS))

    _, verdicts = feed(detector, answers(3.2, lambda: TRY_AGAIN, begin=3), state)

    assert verdicts[alarms(verdicts)[0]].evidence["class"] == "soft_decline try_again_later"


def test_fewer_declines_than_ever_are_more_approvals() -> None:
    detector, state = learned(0.6)

    _, verdicts = feed(detector, answers(4.5, lambda: APPROVED, begin=4), state)

    assert verdicts[alarms(verdicts)[0]].evidence["class"] == "approved"


def test_a_check_that_only_begins_claims_nothing_in_its_first_hours() -> None:
    _, verdicts = feed(MixShift(), answers(BLOCK_SECONDS / DAY, mixed(random.Random(3), 0.5)))

    assert not alarms(verdicts)


def test_the_network_and_we_ourselves_are_no_answers() -> None:
    detector, state = learned()
    silence = [(outcome, "") for outcome in (Outcome.NETWORK_ERROR, Outcome.TIMEOUT_UNKNOWN, Outcome.CLIENT_CONFIG)]

    after, verdicts = feed(detector, answers(5, lambda: silence[0], begin=4) + answers(6, lambda: silence[1], begin=5), state)

    assert after == state
    assert not alarms(verdicts)


def test_when_the_mix_is_back_the_alarm_ends_and_yesterdays_evidence_does_not_alarm_again() -> None:
    detector, state = learned()
    state, _ = feed(detector, answers(4.2, mixed(random.Random(2), 0.5), begin=4), state)

    state, verdicts = feed(detector, answers(6, mixed(random.Random(4), 0.05), begin=4.2), state)

    assert verdicts[0].alarm
    ended = next(place for place, verdict in enumerate(verdicts) if verdict.recovered)
    assert ended < 120
    assert not any(verdict.alarm for verdict in verdicts[ended:])


def test_half_a_recovery_is_none() -> None:
    detector, state = learned()
    state, _ = feed(detector, answers(4.2, mixed(random.Random(2), 0.6), begin=4), state)

    _, verdicts = feed(detector, answers(5, mixed(random.Random(4), 0.35), begin=4.2), state)

    assert all(verdict.alarm for verdict in verdicts)


def test_an_incident_is_not_learned() -> None:
    detector, state = learned()

    during, _ = feed(detector, answers(6, mixed(random.Random(2), 0.5), begin=4), state)

    assert during["alarm"]
    assert during["past"][1]["soft_decline"] / during["past"][0] < 0.06


def test_a_mix_that_stays_becomes_the_normal_one() -> None:
    detector = MixShift(accept_after="2d")
    state, _ = feed(detector, answers(4, mixed(random.Random(1), 0.05)))

    state, verdicts = feed(detector, answers(9, mixed(random.Random(2), 0.5), begin=4), state)

    assert len(alarms(verdicts)) == 1
    assert verdicts[-1].recovered
    assert state["past"][1]["soft_decline"] / state["past"][0] > 0.4


def test_the_evidence_of_the_first_answers_is_that_of_the_formula() -> None:
    """All approved in the past; then one decline, and the odds ratios of a class never met, by hand."""
    detector = MixShift()
    state, _ = feed(detector, answers(1, lambda: APPROVED))
    n = state["past"][0]
    p0 = share_at_most(0, n, 2.33)

    before = state["classes"][""][0]
    state, _ = feed(detector, [sample(state["last"] - 1.0 + 60.0, True, outcome=Outcome.HARD_DECLINE)], state)

    for old, new, ratio in zip(before, state["classes"]["hard_decline"][0], (1.8, 3.0, 6.0, 12.0), strict=True):
        odds = ratio * p0 / (1 - p0)
        gain = odds / (1 + odds) / p0
        assert math.isclose(new, gain * (old + 60.0), rel_tol=1e-9)


def test_answers_of_a_burst_hardly_count_and_are_not_learned() -> None:
    detector, state = learned()
    begin = state["last"]
    burst = [
        sample(begin + 0.3 * turn, True, outcome=Outcome.SOFT_DECLINE, code=NO_FUNDS[1], extra=True) for turn in range(1, 11)
    ]

    after, verdicts = feed(detector, burst, state)

    assert not alarms(verdicts)
    assert (after["past"], after["block"]) == (state["past"], state["block"])


def test_classes_and_the_past_are_bounded() -> None:
    rng = random.Random(5)
    chosen = lambda: (Outcome.SOFT_DECLINE, f"code_{rng.randrange(100)}")  # noqa: E731

    state, _ = feed(MixShift(), answers(20, chosen))

    assert len(state["classes"]) == CLASSES_MAX
    assert len(state["past"][1]) <= CLASSES_MAX
    assert state["past"][0] <= REMEMBERED_ANSWERS


def test_places_are_pooled_because_the_answers_are_the_gateways() -> None:
    assert MixShift.pools_locations
    detector, state = learned()
    shifted = answers(4.05, mixed(random.Random(2), 0.5), begin=4)
    for turn, one in enumerate(shifted):
        one.series = SERIES._replace(location=("fra", "sin", "iad")[turn % 3])

    assert alarms(feed(detector, shifted, state)[1])


def test_in_forty_quiet_days_a_budget_of_one_a_day_is_kept_many_times_over() -> None:
    """The bounds of the shares are upper bounds: what is claimed is less than what is found."""
    rng = random.Random(6)
    usual = [APPROVED] * 90 + [NO_FUNDS] * 5 + [TRY_AGAIN] * 3 + [(Outcome.RISK_DECLINE, "")] * 2

    _, verdicts = feed(MixShift(false_alarms="1 per day"), answers(40, lambda: rng.choice(usual)))

    assert len(alarms(verdicts)) <= 10
