"""The elementary tests against theory: Wald, Page, Lorden, Siegmund, and the martingale of Shiryaev and Roberts."""

import math
import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.detectors.elementary import (
    PAUSE_SECONDS,
    bet,
    chance_of,
    elapsed,
    latest,
    page,
    power_after,
    roberts,
    share_at_most,
    wald,
)

#: Monte Carlo figures are held to so many standard errors: a true statement fails once in some ten thousand runs, and the seed is fixed.
ERRORS = 4.0


def information(p1: float, p0: float) -> float:
    """Kullback and Leibler's: the mean logarithm of a bet's factor when ``p1`` is true."""
    return p1 * math.log(p1 / p0) + (1.0 - p1) * math.log((1.0 - p1) / (1.0 - p0))


def wald_test(rng: random.Random, p: float, p0: float, p1: float, bounds: tuple[float, float]) -> tuple[bool, int]:
    """One sequential probability ratio test on a stream of ``p``: is it ``p1``, and after how many samples."""
    one, total, count = bet(p0, p1), 0.0, 0
    while bounds[0] < total < bounds[1]:
        total += math.log(one.of(rng.random() < p))
        count += 1
    return total >= bounds[1], count


@pytest.mark.parametrize(("p", "wrong"), [(0.02, True), (0.2, False)])
def test_walds_test_is_wrong_no_oftener_than_stated_and_takes_as_long_as_he_says(p: float, wrong: bool) -> None:
    rng, p0, p1, rate, runs = random.Random(1), 0.02, 0.2, 0.05, 4_000
    ended = [wald_test(rng, p, p0, p1, wald(rate, rate)) for _ in range(runs)]

    errors = sum(said is wrong for said, _ in ended)
    drift = information(p1, p0) if p == p1 else -information(p0, p1)
    lower, upper = wald(rate, rate)
    # Wald's equation: the mean number of samples is the mean of the sum at the end over the mean of one step. The sum ends at its
    # bounds or beyond them by less than one step, which bounds the mean from both sides.
    share = sum(said for said, _ in ended) / runs
    steps = [math.log(bet(p0, p1).yes), math.log(bet(p0, p1).no)]
    ends = sorted(
        (share * (upper + over) + (1 - share) * (lower + under)) / drift for over, under in ((0, steps[1]), (steps[0], 0.0))
    )
    mean = sum(count for _, count in ended) / runs
    spread = np.std([count for _, count in ended]) / math.sqrt(runs)

    assert errors / runs <= rate / (1 - rate) + ERRORS * math.sqrt(rate / runs)
    assert ends[0] - ERRORS * spread <= mean <= ends[1] + ERRORS * spread


def run_length(p: float, gain: int, height: int) -> float:
    """Exact mean samples to ``height`` of a CUSUM from 0 that steps ``gain`` up on yes and 1 down on no: a linear system."""
    system, ones = np.eye(height), np.ones(height)
    for place in range(height):
        system[place, max(0, place - 1)] -= 1 - p
        if place + gain < height:
            system[place, place + gain] -= p
    return float(np.linalg.solve(system, ones)[0])


def design(p0: float, gain: int) -> float:
    """The alternative for which a yes weighs ``gain`` times as much as a no, the other way: found by halving."""
    low, high = p0, 1.0 - 1e-12
    for _ in range(200):
        middle = (low + high) / 2
        one = bet(p0, middle)
        low, high = (middle, high) if math.log(one.yes) > -gain * math.log(one.no) else (low, middle)
    return low


@pytest.mark.parametrize(
    ("gain", "height", "p1", "between", "delay"), [(7, 14, 0.5530, 2.41e5, 4.44), (30, 90, 0.1321, 1.03e7, 31.59)]
)
def test_the_exact_run_lengths_of_two_lattice_cusums(gain: int, height: int, p1: float, between: float, delay: float) -> None:
    p0 = 0.002

    assert design(p0, gain) == pytest.approx(p1, abs=5e-5)
    assert run_length(p0, gain, height) == pytest.approx(between, rel=5e-3)
    assert run_length(design(p0, gain), gain, height) == pytest.approx(delay, abs=5e-3)


@pytest.mark.parametrize("p", [0.05, 0.5530])
def test_page_runs_as_long_as_the_linear_system_says(p: float) -> None:
    gain, height, rng, runs = 7, 14, random.Random(2), 3_000
    unit = -math.log(bet(0.002, design(0.002, gain)).no)
    lengths = []
    for _ in range(runs):
        total, count = 0.0, 0
        while total < height * unit - 1e-6:
            total = page(total, gain * unit if rng.random() < p else -unit)
            count += 1
        lengths.append(count)

    assert abs(np.mean(lengths) - run_length(p, gain, height)) < ERRORS * np.std(lengths) / math.sqrt(runs)


@pytest.mark.parametrize(("gain", "height"), [(7, 14), (30, 90), (30, 150), (7, 35)])
def test_lordens_asymptote_and_the_exact_optimum_differ_by_no_more_than_one_step(gain: int, height: int) -> None:
    """The CUSUM is optimal (Moustakides): nothing is quicker at its rate of false alarms, and ln(rate) / information is its limit."""
    p0 = 0.002
    p1 = design(p0, gain)
    asymptote = math.log(run_length(p0, gain, height)) / information(p1, p0)
    step = math.log(bet(p0, p1).yes) / information(p1, p0)

    delay = run_length(p1, gain, height)

    assert asymptote - step <= delay <= asymptote + step


def siegmund(drift: float, height: float) -> float:
    """Siegmund 1985: mean steps of a CUSUM of normal increments (mean ``drift``, variance 1), its height raised for the overshoot."""
    raised = height + 2 * 0.5826
    if drift == 0.0:
        return raised**2
    return (math.exp(-2 * drift * raised) + 2 * drift * raised - 1) / (2 * drift**2)


@pytest.mark.parametrize(("drift", "height"), [(-0.5, 3.0), (0.0, 4.0), (0.5, 4.0), (1.0, 5.0)])
def test_page_on_normal_increments_runs_as_long_as_siegmund_says(drift: float, height: float) -> None:
    rng, lengths = random.Random(3), []
    for _ in range(3_000):
        total, count = 0.0, 0
        while total < height:
            total = page(total, rng.gauss(drift, 1.0))
            count += 1
        lengths.append(count)

    error = np.std(lengths) / math.sqrt(len(lengths))

    # Siegmund's own error is a few in a hundred at these heights (his table 2.3).
    assert abs(np.mean(lengths) - siegmund(drift, height)) < ERRORS * error + 0.03 * np.mean(lengths)


@given(st.floats(0.001, 0.5), st.floats(0.001, 0.999), st.integers(0, 3))
def test_what_roberts_claims_beyond_the_time_elapsed_is_nothing_on_the_mean(p0: float, p1: float, habit: int) -> None:
    """Every sequence of eight samples, each with its probability; when the next one comes may depend on all before it."""
    one, mean, time = bet(p0, p1), 0.0, 0.0
    for outcomes in product((True, False), repeat=8):
        probability, evidence, clock, wait = 1.0, 0.0, 0.0, 10.0
        for happened in outcomes:
            evidence, clock = roberts(evidence, one.of(happened), wait), clock + wait
            probability *= p0 if happened else 1 - p0
            wait = (10.0, 1.0 if happened else 10.0, 1.0 if evidence > 30 else 10.0, 5.0 + len(str(clock)))[habit]
        mean, time = mean + probability * evidence, time + probability * clock

    assert mean == pytest.approx(time, rel=1e-9)


def test_roberts_alarms_falsely_no_oftener_than_its_threshold_says() -> None:
    rng, threshold, one = random.Random(4), 3_000.0, bet(0.05, 0.3)
    times = []
    for _ in range(400):
        evidence = clock = 0.0
        while evidence < threshold:
            evidence, clock = roberts(evidence, one.of(rng.random() < 0.05), 10.0), clock + 10.0
        times.append(clock)

    assert np.mean(times) + ERRORS * np.std(times) / math.sqrt(len(times)) >= threshold
    assert np.mean(times) < 5 * threshold  # and the bound is not idle


@given(st.floats(0.001, 0.5), st.floats(0.001, 0.999), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_bet_against_a_null_that_is_an_upper_bound_gains_nothing_below_it(
    p0: float, p1: float, part: float, power: float
) -> None:
    p1, p = max(p0, p1), p0 * part
    one = bet(p0, p1)

    assert p * one.of(True, power) + (1 - p) * one.of(False, power) <= 1 + 1e-12


@given(st.integers(1, 60), st.floats(0.001, 0.9), st.integers(0, 60))
def test_the_binomial_tail_is_the_sum_of_its_terms(samples: int, share: float, count: int) -> None:
    count = min(count, samples)
    terms = (math.comb(samples, k) * share**k * (1 - share) ** (samples - k) for k in range(count, samples + 1))

    assert chance_of(count, samples, share) == pytest.approx(math.fsum(terms), rel=1e-9)


@pytest.mark.parametrize("share", [0.0005, 0.002, 0.01, 0.05])
def test_the_upper_bound_of_a_share_holds_in_at_least_95_of_100_cases(share: float) -> None:
    """Exactly: summed over all counts that may come, for each number of samples."""
    for samples in (50, 200, 1_000, 5_000):
        held = sum(
            chance_of(count, samples, share) - chance_of(count + 1, samples, share)
            for count in range(samples + 1)
            if share_at_most(count, samples, 1.64) >= share
        )
        assert held >= 0.95


def test_nothing_is_known_of_a_share_before_there_are_samples() -> None:
    assert [share_at_most(0, samples, 1.64) for samples in (0, 1, 2)] == [1.0, 1.0, 1.0]


def test_a_pause_and_a_clock_set_back_buy_no_evidence() -> None:
    assert [elapsed(None, 50.0), elapsed(100.0, 50.0), elapsed(100.0, 110.0), elapsed(0.0, 1e6)] == [
        0.0,
        0.0,
        10.0,
        PAUSE_SECONDS,
    ]
    assert [latest(None, 50.0), latest(100.0, 50.0), latest(100.0, 110.0), latest(1e6, 50.0)] == [50.0, 100.0, 110.0, 50.0]


def test_samples_at_once_share_their_luck_and_later_ones_do_not() -> None:
    assert power_after(0.0) == 0.0
    assert power_after(0.3) < 0.1
    assert power_after(30.0) > 0.9999
