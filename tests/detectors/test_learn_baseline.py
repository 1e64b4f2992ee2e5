"""What is learned of calm times, against histories whose truth is known."""

import math
from dataclasses import replace
from random import Random
from time import process_time

import numpy as np
import pytest
from sequential_world import DAY, MONDAY, history, latency

from monitor.detectors.benign import transients
from monitor.detectors.learn import LEAST_SECONDS, History, fit
from monitor.detectors.level import wander
from monitor.detectors.sequential.plan import COLD_BLIPS, COLD_TRANSIENTS, bin_of, hour_of, usual_at

PLACES = ("fra", "sin", "sfo")


def test_the_rate_of_isolated_failures_is_bounded_from_above_and_not_by_much() -> None:
    learned = fit(history(PLACES, p0=0.002))

    assert 0.002 < learned.p0 < 0.003


def test_an_outage_in_the_history_does_not_raise_the_rate_of_isolated_failures() -> None:
    calm = history(PLACES)
    failed = [bad or 20_000 <= row < 20_100 for row, bad in enumerate(calm.failed)]

    assert fit(replace(calm, failed=failed)).p0 == pytest.approx(fit(calm).p0, rel=0.05)


def test_the_season_is_found_to_a_few_per_cent() -> None:
    learned = fit(history(PLACES))

    for hour in range(24):
        at = MONDAY + hour * 3_600.0 + 1_800.0
        truth = math.log(0.25) + 0.25 * math.sin(2 * math.pi * (at % DAY) / DAY)
        assert usual_at(learned.medians["fra"], at) == pytest.approx(truth, abs=0.05)


def test_the_usual_latency_changes_evenly_round_midnight() -> None:
    medians = fit(history(PLACES)).medians["fra"]

    before, after = usual_at(medians, MONDAY + 2 * DAY - 1.0), usual_at(medians, MONDAY + 2 * DAY + 1.0)
    assert before == pytest.approx(after, abs=1e-3)


def test_weekends_have_hours_of_their_own_once_two_of_them_are_known() -> None:
    assert [hour_of(MONDAY + day * DAY + 3_600.0) for day in (0, 4, 5, 6, 7)] == [1, 1, 25, 25, 1]
    calm = history(PLACES, days=15.0, step=60.0)
    slow = [value * 2.0 if hour_of(at) >= 24 else value for at, value in zip(calm.at, calm.seconds, strict=True)]

    medians = fit(replace(calm, seconds=slow)).medians["fra"]

    assert medians[24 + 12] - medians[12] == pytest.approx(math.log(2.0), abs=0.1)


def test_every_law_is_a_law_and_slower_levels_are_slower() -> None:
    learned = fit(history(PLACES))

    for law in (learned.shares, *learned.calm, *learned.hiccup, *learned.detour, *learned.altered):
        assert sum(law) == pytest.approx(1.0, abs=1e-12)
        assert min(law) > 0.0
    tails = [law[-1] for law in learned.calm]
    assert tails == sorted(tails)


def test_fresh_latencies_of_the_same_world_fall_into_the_bins_as_they_were_learned_to() -> None:
    learned, random = fit(history(PLACES)), Random(99)
    counts = [0] * len(learned.shares)
    for number in range(20_000):
        at = MONDAY + 7 * DAY + number * 10.0
        counts[bin_of(learned, "fra", at, latency(random, at))] += 1

    for count, share in zip(counts, learned.shares, strict=True):
        assert count / 20_000 == pytest.approx(share, abs=0.02)


def test_a_latency_at_an_unknown_place_is_no_evidence() -> None:
    learned = fit(history(PLACES))

    assert bin_of(learned, "syd", MONDAY, 0.2) == -1
    assert bin_of(learned, "fra", MONDAY, None) == -1
    assert bin_of(None, "fra", MONDAY, 0.2) == -1


def test_the_common_load_is_told_from_each_latency_s_own_noise() -> None:
    """An Ornstein-Uhlenbeck level of 12 % over 15 min, under noise of 30 %; and none."""
    random, level, values, alone, at = Random(5), 0.0, [], [], []
    for row in range(120_000):
        kept = math.exp(-10.0 / 900.0)
        level = level * kept + 0.12 * math.sqrt(1 - kept * kept) * random.gauss(0.0, 1.0)
        noise = random.gauss(0.0, 0.3)
        at.append(row * 10.0)
        values.append(level + noise)
        alone.append(noise)

    seen, taken, seconds = wander(at, values, sorted(values))
    nothing, least, _ = wander(at, alone, sorted(alone))

    assert seen == pytest.approx(0.12, rel=0.15)
    assert taken == pytest.approx(1.1 * seen)
    assert 500.0 < seconds < 1_600.0
    assert nothing < 0.02
    assert least == 0.04


def troubled(per_day: float, mean: float, days: int = 28) -> tuple[list[float], list[tuple[int, float, int]]]:
    """Grid of 10 s over three places with exponential troubles that fail 90 %."""
    random = Random(31)
    at = [row * 10.0 for row in range(int(days * 8_640))]
    failures, until, starts = [], -1.0, random.expovariate(per_day / DAY)
    for row, instant in enumerate(at):
        while starts <= instant:
            until = max(until, starts + random.expovariate(1 / mean))
            starts += random.expovariate(per_day / DAY)
        if instant < until and random.random() < 0.9:
            failures.append((row, instant, row % 3))
    return at, failures


def test_troubles_that_fall_between_the_samples_are_still_counted() -> None:
    at, failures = troubled(per_day=3.0, mean=6.0)

    learned = transients(COLD_TRANSIENTS, at, failures)

    assert 1.5 < learned.rate * DAY < 6.0
    assert 4.0 <= learned.mean_seconds < 10.0


def test_a_history_without_troubles_does_not_prove_that_there_are_none() -> None:
    learned = fit(history(PLACES, p0=0.0005))

    assert learned.transients.rate >= COLD_TRANSIENTS.rate
    assert learned.transients.mean_seconds >= COLD_TRANSIENTS.mean_seconds
    assert learned.blips.rate >= COLD_BLIPS.rate


def test_blips_of_one_place_are_told_from_troubles_of_the_gateway() -> None:
    calm = history(PLACES, p0=0.0)
    failed = list(calm.failed)
    for first in range(1_002, 41_002, 2_001):
        failed[first : first + 24 : 3] = [True] * 8
    learned, before = fit(replace(calm, failed=failed)), fit(calm)

    assert learned.blips.rate > 1.5 * COLD_BLIPS.rate
    assert learned.transients == before.transients


def test_too_short_a_history_is_refused_with_what_is_needed() -> None:
    short = history(PLACES, days=2.5)

    with pytest.raises(ValueError, match=f"at least {LEAST_SECONDS / DAY:.0f} days"):
        fit(short)


def test_arrays_and_lists_teach_the_same() -> None:
    calm = history(PLACES, days=3.5)
    arrays = History(
        np.array(calm.at), np.array(calm.place), np.array(calm.failed), np.array(calm.seconds), PLACES, np.array(calm.answered)
    )

    assert fit(arrays) == fit(calm)


def test_a_check_without_latencies_learns_its_failures() -> None:
    calm = history(PLACES)

    learned = fit(replace(calm, seconds=[None] * len(calm.at)))

    assert learned.p0 == pytest.approx(fit(calm).p0, rel=0.1)
    assert learned.calm == ()


@pytest.mark.slow
def test_forty_thousand_samples_are_learned_in_half_a_second() -> None:
    """Of one core, with a loaded machine in mind: the bound here is twice the promise."""
    calm = history(PLACES)
    begun = process_time()
    fit(calm)

    assert len(calm.at) > 40_000
    assert process_time() - begun < 1.0
