"""Every statistical kind keeps to the contract of the family, and to its limits: a small state, a quick update."""

import json
import random
import statistics
import time
from functools import cache

import pytest
from detector_contract import CHECK, DetectorContract, feed, sample

from monitor.detectors import Detector
from monitor.detectors.burn_rate import BurnRate
from monitor.detectors.drift import Drift
from monitor.detectors.latency import Latency
from monitor.detectors.mix import MixShift
from monitor.detectors.quorum import Quorum
from monitor.detectors.spike import Spike
from monitor.model.outcome import Outcome
from monitor.model.result import Phases
from monitor.model.sample import Sample
from monitor.model.traits import TRAIT_MAX

DAY = 86_400.0
STATE_MAX_BYTES = 4_096
#: The stated bound is 50 microseconds; a shared machine under load is given three times that before a test fails.
UPDATE_MAX_SECONDS = 150e-6


class TestMixShiftContract(DetectorContract):
    def detector(self) -> Detector:
        return MixShift(false_alarms="1 per month")


class TestLatencyContract(DetectorContract):
    def detector(self) -> Detector:
        return Latency(false_alarms="1 per month")


class TestBurnRateContract(DetectorContract):
    def detector(self) -> Detector:
        return BurnRate()


class TestQuorumContract(DetectorContract):
    def detector(self) -> Detector:
        return Quorum(failures=2)


class TestDriftContract(DetectorContract):
    def detector(self) -> Detector:
        return Drift()


class TestSpikeContract(DetectorContract):
    def detector(self) -> Detector:
        return Spike(bucket="10s")


@cache
def busy_samples(count: int) -> list[Sample]:
    """Everything a sample can carry: phases, codes, traits, failures, several places."""
    rng = random.Random(7)
    samples = []
    for turn in range(count):
        good = rng.random() > 0.05
        phases = Phases(*(0.02 * rng.lognormvariate(0, 0.4) for _ in Phases._fields))
        faces = tuple(
            (name, f"{rng.randrange(12):08x} " + "y" * (TRAIT_MAX - 9)) for name in ("issuer", "key", "headers", "schema")
        )
        outcome = rng.choice([Outcome.APPROVED, Outcome.SOFT_DECLINE, Outcome.RISK_DECLINE]) if good else Outcome.TECH_GATEWAY
        one = sample(
            1.7e9 + 600.0 * turn,
            good,
            seconds=sum(phases),
            outcome=outcome,
            phases=phases,
            traits=faces,
            code=f"code_{turn % 30}",
        )
        one.series = one.series._replace(location=f"place-{turn % 20}")
        samples.append(one)
    return samples


KINDS = [MixShift(), Latency(), BurnRate(objective=0.99), Quorum(silent="30d"), Drift(), Spike(), Spike(of="failures")]


@pytest.mark.parametrize("detector", KINDS, ids=lambda detector: detector.kind)
def test_a_state_that_has_seen_everything_is_below_four_kilobytes(detector: Detector) -> None:
    state, _ = feed(detector, busy_samples(3_000))

    assert len(json.dumps(state)) < STATE_MAX_BYTES


@pytest.mark.parametrize("detector", KINDS, ids=lambda detector: detector.kind)
def test_a_sample_costs_microseconds(detector: Detector) -> None:
    state, _ = feed(detector, busy_samples(1_000))
    costs = []
    for one in busy_samples(1_500)[1_000:]:
        began = time.perf_counter()
        state, _ = detector.update(state, one)
        costs.append(time.perf_counter() - began)

    assert statistics.median(costs) < UPDATE_MAX_SECONDS


@pytest.mark.parametrize("detector", KINDS, ids=lambda detector: detector.kind)
@pytest.mark.parametrize("cut", [1, 50, 217, 399])
def test_a_busy_state_comes_back_from_json_as_it_was(detector: Detector, cut: int) -> None:
    samples = busy_samples(402)
    state, _ = feed(detector, samples[:cut])

    assert feed(detector, samples[cut:], json.loads(json.dumps(state))) == feed(detector, samples[cut:], state)


@pytest.mark.parametrize("kind", [MixShift, Latency, Spike])
def test_series_of_one_rule_share_its_budget(kind: type[MixShift | Latency | Spike]) -> None:
    alone, shared = (
        kind(false_alarms="1 per month").tailored(CHECK, 30.0),
        kind(false_alarms="1 per month").tailored(CHECK, 30.0, 4),
    )

    assert alone is not None
    assert shared is not None
    assert 4 * alone.false_alarms == shared.false_alarms
