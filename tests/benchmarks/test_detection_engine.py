"""What the benchmark compiles is what the service runs."""

import math

import numpy as np
import pytest

from benchmarks.detection import checks, faults, flagship, harness, world
from benchmarks.detection.world import PLACES, World
from monitor.detectors.baseline import Baseline
from monitor.detectors.sequential import plan
from monitor.detectors.sequential.kind import Sequential
from monitor.model.check import Check
from monitor.model.outcome import Outcome
from monitor.model.result import Result
from monitor.model.text import Text
from monitor.rules import Rule, RuleEngine, Selector

SEED = 11
OUTCOMES = {world.GOOD: Outcome.APPROVED, world.ANSWERED: Outcome.TECH_GATEWAY, world.SILENT: Outcome.TIMEOUT_UNKNOWN}


@pytest.fixture(scope="module")
def baseline() -> Baseline:
    return checks.learned(World(), 3, 30.0, SEED)


def result(number: int, row: np.ndarray) -> Result:
    good = int(row[harness.OUTCOME]) == world.GOOD
    return Result(
        run_id=f"run-{number}",
        check="pay",
        target="gateway",
        location=PLACES[int(row[harness.PLACE])],
        slot=number,
        stratum="",
        due=float(row[harness.BEGAN]),
        started=float(row[harness.BEGAN]),
        late_seconds=0.0,
        duration_seconds=math.exp(row[harness.LOG]),
        outcome=OUTCOMES[int(row[harness.OUTCOME])],
        good=good,
        steps=(),
        extra=int(row[harness.WHY] == harness.EXTRA),
    )


def engine(baseline: Baseline) -> RuleEngine:
    check = Check("pay", Text("pay"), "gateway", 30.0, 10.0, 10.0, ())
    rule = Rule("failing", Text("failing"), Selector(), Sequential(false_alarms="1 per month"))
    one = RuleEngine((rule,), {"pay": check}, PLACES[0])
    one.learn("pay", {("", ""): baseline})
    return one


@pytest.mark.slow
@pytest.mark.parametrize("fault", [faults.INCIDENTS[0], faults.INCIDENTS[3], faults.INCIDENTS[10]], ids=lambda fault: fault.name)
def test_a_day_through_the_whole_engine_gives_the_same_alarms_as_the_compiled_kernel(
    baseline: Baseline, fault: faults.Fault
) -> None:
    setup = checks.ours(World(), SEED, alarms=True)
    trace = np.full((40_000, 8), np.nan)
    none = np.empty(0)
    harness.episode(setup, fault.vector(), 7_200.0, 75_000.0, 17, none, none, none, trace)
    rows = trace[~np.isnan(trace[:, 0])]
    edges = np.diff(rows[:, harness.ALARM], prepend=0.0)
    expected = [(number, "firing" if edge > 0 else "resolved") for number, edge in enumerate(edges) if edge]

    one = engine(baseline)
    seen = [
        (number, alert.state.value)
        for number, row in enumerate(rows)
        for alert in one.feed(result(number, row))
        if alert.rule == "failing"
    ]
    states = [(number, state) for number, state in seen if state in ("firing", "resolved")]
    moves = [move for last, move in zip([(0, ""), *states], states, strict=False) if last[1] != move[1]]

    assert [state for _, state in expected][:1] == ["firing"]
    assert moves == expected


def test_the_compiled_bins_are_the_plans(baseline: Baseline) -> None:
    table = flagship.bins(baseline, PLACES)
    rng = np.random.default_rng(1)
    for _ in range(3_000):
        at = world.MONDAY + rng.random() * 14 * world.DAY
        place, log = int(rng.integers(3)), float(rng.normal(math.log(0.4), 0.8))
        assert flagship.bin_of(table, at, place, log) == plan.bin_of(baseline, PLACES[place], at, math.exp(log))


def test_without_a_baseline_latency_is_no_evidence() -> None:
    assert flagship.bin_of(flagship.bins(None, PLACES), world.MONDAY, 0, 0.0) == -1
    assert not flagship.counts_as_failure(flagship.bins(None, PLACES), world.MONDAY, 0, world.GOOD, 3.0)
