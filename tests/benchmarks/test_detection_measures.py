"""Figures from episodes: against textbook values and by hand."""

import math

import numpy as np
import pytest

from benchmarks.detection import bounds, customers
from benchmarks.detection.measure import Delays, garwood, matched, tickets, usable


@pytest.mark.parametrize(
    ("count", "low", "high"), [(0, 0.0, 3.6889), (1, 0.0253, 5.5716), (10, 4.7954, 18.3904), (100, 81.3639, 121.6269)]
)
def test_the_exact_poisson_interval_is_the_tables(count: int, low: float, high: float) -> None:
    assert garwood(count) == pytest.approx((low, high), abs=2e-4)


def test_hours_next_to_each_other_are_one_ticket_and_those_two_apart_are_not() -> None:
    blocks = np.array([[0, 5, 5, 0, 5, 0, 0, 5], [5, 0, 0, 5, 0, 0, 0, 0]], float)

    assert tickets(blocks, 5.0) == 2 + 2
    assert tickets(blocks, 6.0) == 0


def test_the_matched_threshold_gives_the_rate_asked_for_and_no_smaller_one_does() -> None:
    rng = np.random.default_rng(3)
    blocks = [rng.exponential(size=(20, 720)) for _ in range(2)]
    bar = matched(blocks, months=40)

    assert sum(tickets(block, bar) for block in blocks) <= 40
    below = max(float(block[block < bar].max()) for block in blocks)
    assert sum(tickets(block, below) for block in blocks) > 40


def test_quantiles_count_the_missed_as_later_than_all_and_leave_out_alarms_before_the_onset() -> None:
    found = np.array([10.0, 20.0, 30.0, np.nan, -1.0])

    assert Delays.of(usable(found)) == (20.0, None, 0.25, 4)


def test_the_chance_of_no_complaint_is_that_of_simulated_customers() -> None:
    rng = np.random.default_rng(8)
    silent = 0
    for _ in range(4_000):
        hurt = rng.poisson(2.0 * 0.5 * 300)
        complaining = rng.random(hurt) < 0.05
        instants = rng.random(hurt) * 300 + 30 + rng.exponential(600.0, hurt)
        silent += not (complaining & (instants < 300)).any()

    assert float(customers.unheard(np.array([300.0]), 0.5)[0]) == pytest.approx(silent / 4_000, abs=0.025)
    assert customers.impact(np.array([10.0, 20.0, np.nan]), 1.0) == (40.0, round(2 / 3, 4))


@pytest.mark.parametrize(
    ("up", "height", "share", "run", "delay"), [(7, 14, 0.5530, 2.405e5, 4.438), (30, 90, 0.1321, 1.032e7, 31.59)]
)
def test_the_lattice_cusum_has_its_exact_run_lengths(up: int, height: int, share: float, run: float, delay: float) -> None:
    p1 = bounds.lattice_share(0.002, up)

    assert p1 == pytest.approx(share, abs=1e-4)
    assert bounds.cusum_run_lengths(0.002, p1, up, height) == pytest.approx((run, delay), rel=1e-3)


def test_the_exact_run_length_is_that_of_a_simulated_cusum() -> None:
    rng = np.random.default_rng(4)
    lengths = []
    for _ in range(4_000):
        level = steps = 0
        while level < 14:
            level = level + 7 if rng.random() < 0.05 else max(level - 1, 0)
            steps += 1
        lengths.append(steps)
    exact = bounds.cusum_run_lengths(0.05, 0.5, 7, 14)[0]

    assert abs(np.mean(lengths) - exact) < 4 * np.std(lengths) / math.sqrt(len(lengths))


def test_lordens_bound_is_the_logarithm_over_the_divergence() -> None:
    assert bounds.lorden_seconds(1.0, 0.002, 30 * 86_400.0, 10.0) == pytest.approx(math.log(259_200) / math.log(500) * 10)
    assert bounds.divergence(0.1, 0.1) == 0.0
