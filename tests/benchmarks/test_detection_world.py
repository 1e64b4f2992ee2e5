"""The simulated world's statistics are what it claims, reckoned here by other means."""

import math

import numpy as np
import pytest

from benchmarks.detection import checks, faults, harness, world
from benchmarks.detection.world import World

DAYS = 60
BARE = World(transients=0.0, blips=0.0, paths=0.0, hiccups=0.0, wander=0.0, swing=0.0)


def drawn(one: World, cadence: float = 30.0, days: int = DAYS, seed: int = 5) -> tuple[np.ndarray, ...]:
    return world.history(one.vector(), checks.distances(3), world.MONDAY, days * world.DAY, cadence, seed)


def test_background_failures_come_at_their_rate_and_more_by_day_than_by_night() -> None:
    at, _, failed, _, _ = drawn(BARE)
    hour = at % world.DAY / 3_600
    expected = 0.002 * len(at)

    assert abs(failed.sum() - expected) < 4 * math.sqrt(expected)
    assert failed[(hour > 11) & (hour < 17)].mean() > 1.5 * failed[(hour < 5) | (hour > 23)].mean()


def test_latency_is_lognormal_with_a_pareto_tail_and_each_place_at_its_distance() -> None:
    _, place, _, seconds, _ = drawn(BARE)

    medians = [float(np.median(seconds[place == index])) for index in range(3)]
    assert medians[1] / medians[0] == pytest.approx(1.25, rel=0.01)
    assert medians[2] / medians[0] == pytest.approx(1.7, rel=0.01)
    near = seconds[place == 0] / 0.25
    body = 0.5 * math.erfc(math.log(2) / (0.3 * math.sqrt(2)))
    # Of the 2 % in the tail, P(body * 1.5 * Pareto(2) > 4) integrates to E[(1.5 / 4 * body) ** 2] where that is below one.
    tail = 0.02 * (1.5 / 4) ** 2 * math.exp(2 * 0.3**2)
    assert (near > 2).mean() == pytest.approx(body + 0.02 * 0.5, abs=0.004)
    assert (near > 4).mean() == pytest.approx(tail, rel=0.2)


def test_weekends_are_faster_and_the_day_swings_as_much_as_said() -> None:
    at, place, _, seconds, _ = drawn(World(transients=0.0, blips=0.0, paths=0.0, hiccups=0.0, wander=0.0), days=56)
    logs, day, hour = np.log(seconds), at // world.DAY, (at % world.DAY / 3_600).astype(int)
    weekend = np.isin((day + 3) % 7, (5, 6))

    assert np.median(logs[weekend]) - np.median(logs[~weekend]) == pytest.approx(world.WEEKEND_LOG, abs=0.015)
    hours = [float(np.median(logs[(hour == h) & (place == 0)])) for h in range(24)]
    assert (max(hours) - min(hours)) / 2 == pytest.approx(0.25, abs=0.02)


def test_the_common_load_wanders_by_its_spread_and_forgets_in_its_time() -> None:
    one = World(transients=0.0, blips=0.0, paths=0.0, hiccups=0.0, swing=0.0, wander=0.2, spread=0.05, tail_share=0.0)
    at, place, _, seconds, _ = drawn(one, days=120)
    level = np.log(seconds[place == 0])
    weekend = np.isin((at[place == 0] // world.DAY + 3) % 7, (5, 6))
    level = level - np.where(weekend, world.WEEKEND_LOG, 0.0)
    level -= level.mean()

    assert level.std() == pytest.approx(math.hypot(0.2, 0.05), rel=0.1)
    lag = int(900 / 30)
    assert (level[lag:] * level[:-lag]).mean() / 0.2**2 == pytest.approx(math.exp(-1), abs=0.1)


def test_transients_hit_every_place_and_blips_only_one() -> None:
    often = World(transients=200.0, transient_seconds=60.0, blips=0.0, background=0.0, hiccups=0.0, paths=0.0)
    _, place, failed, _, _ = drawn(often, days=20)
    busy = 1 - math.exp(-200 * 60 / world.DAY)
    assert failed.mean() == pytest.approx(0.9 * busy, rel=0.1)
    rows = failed[: len(failed) // 3 * 3].reshape(-1, 3)
    assert rows[rows.any(axis=1)].mean() > 0.7

    alone = World(transients=0.0, blips=10.0, blip_seconds=300.0, blip_spread=0.1, background=0.0, hiccups=0.0, paths=0.0)
    _, place, failed, _, _ = drawn(alone, days=60)
    for index in range(3):
        assert failed[place == index].mean() == pytest.approx(0.75 * (1 - math.exp(-10 * 300 / world.DAY)), rel=0.25)
    rows = failed.reshape(-1, 3)
    assert rows[rows.any(axis=1)].mean() < 0.4


@pytest.mark.parametrize(("amount", "place"), [(1.0, -1.0), (0.2, -1.0), (0.5, 0.0)])
def test_a_fault_fails_the_share_it_says_where_it_says(amount: float, place: float) -> None:
    fault = faults.Fault("some", faults.FAILS, amount, place=place)
    setup = checks.theirs_without_history(30.0, BARE)
    trace = np.full((2_000, 8), np.nan)
    found, blocks = np.empty(0), np.empty(0)
    harness.episode(setup, fault.vector(), 3_600.0, 0.0, 7, np.empty(0), found, blocks, trace)
    rows = trace[~np.isnan(trace[:, 0])]
    bad = rows[:, harness.OUTCOME] != world.GOOD
    during = rows[:, harness.BEGAN] >= rows[0, harness.BEGAN] + 3_630
    hit = during & ((place < 0) | (rows[:, harness.PLACE] == place))

    assert bad[hit].mean() == pytest.approx(amount, abs=0.11)
    assert bad[~hit].mean() < 0.03


def test_probes_keep_their_grid_and_come_in_as_late_as_they_took() -> None:
    setup = checks.theirs_without_history(30.0, World())
    trace = np.full((3_000, 8), np.nan)
    harness.episode(setup, faults.CALM.vector(), -1.0, world.DAY / 4, 3, np.empty(0), np.empty(0), np.empty(0), trace)
    rows = trace[~np.isnan(trace[:, 0])]

    assert np.allclose(rows[:, harness.ARRIVES] - rows[:, harness.BEGAN], np.exp(rows[:, harness.LOG]), atol=1e-5)
    assert (np.diff(rows[:, harness.ARRIVES]) >= 0).all()
    for place in range(3):
        assert np.allclose(np.diff(np.sort(rows[rows[:, harness.PLACE] == place, harness.BEGAN])), 30.0, atol=1e-3)


def test_one_seed_is_one_world_and_another_is_another() -> None:
    first, again, other = (drawn(World(), days=3, seed=seed)[3] for seed in (1, 1, 2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert harness.seeds(1, "a", 3).tolist() == harness.seeds(1, "a", 5)[:3].tolist()
    assert harness.seeds(1, "a", 3).tolist() != harness.seeds(1, "b", 3).tolist()
