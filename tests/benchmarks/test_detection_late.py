"""In the benchmark as in the service: what is later than in calm times is known before its time-out ends, and never before it is late."""

import numpy as np
import pytest

from benchmarks.detection import checks, faults, flagship, harness, peers, world
from benchmarks.detection.harness import Setup
from monitor.detectors.sequential.kind import Sequential
from monitor.scheduler.schedule import LINGERING_MAX

SEED = 11
HOLE = faults.Fault("black hole", faults.HANGS, 1.0, seconds=300.0)


def traced(setup: Setup) -> np.ndarray:
    """Rows of what the rule was told of the runs that hang."""
    rows = np.full((2_000, 8), np.nan)
    harness.episode(setup, HOLE.vector(), 1_800.0, 0.0, 5, np.empty(0), np.empty(0), np.empty(0), rows)
    rows = rows[~np.isnan(rows[:, harness.ARRIVES])]
    return rows[rows[:, harness.LOG] >= np.log(world.TIMEOUT_SECONDS)]


@pytest.fixture(scope="module")
def ours() -> Setup:
    return checks.ours(world.World(), SEED)


def test_our_engine_is_told_of_a_run_that_hangs_when_it_is_late(ours: Setup) -> None:
    rows = traced(ours)

    assert len(rows) > 20
    for row in rows:
        patience = flagship.patience(ours.bins, row[harness.BEGAN], int(row[harness.PLACE]))
        assert row[harness.ARRIVES] - row[harness.BEGAN] == pytest.approx(patience, abs=1e-5)
        assert row[harness.OUTCOME] == world.SILENT


def test_it_is_late_when_the_service_says_so(ours: Setup) -> None:
    detector = Sequential().informed(checks.learned(world.World(), 3, 30.0, SEED))

    for at in (world.MONDAY + 10_000.0, world.MONDAY + 5.6 * world.DAY):
        for place, name in enumerate(world.PLACES[:3]):
            assert flagship.patience(ours.bins, at, place) == pytest.approx(detector.patience(name, at), rel=1e-9)


def test_extra_runs_do_not_pile_up_where_runs_hang(ours: Setup) -> None:
    rows = traced(ours)

    for place in range(3):
        began = rows[rows[:, harness.PLACE] == place, harness.BEGAN]
        under_way = [int(np.sum((began <= at) & (at < began + world.TIMEOUT_SECONDS))) for at in began]
        assert max(under_way) <= LINGERING_MAX + 1  # one of the grid may join them


def test_a_rule_that_knows_no_calm_times_waits_for_the_end() -> None:
    rows = traced(checks.theirs(peers.PEERS[1], world.World(), SEED))

    assert len(rows) > 3
    assert (rows[:, harness.ARRIVES] - rows[:, harness.BEGAN]) == pytest.approx(world.TIMEOUT_SECONDS, abs=1e-5)
