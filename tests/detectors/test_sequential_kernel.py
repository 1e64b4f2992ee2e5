"""The mathematics of the sequential test against closed forms, enumeration and brute force."""

import math
from itertools import product
from random import Random

import numpy as np
import pytest
from compiled_kernel import compiled
from sequential_world import DAY, MONDAY, baseline, evidence, latency, parameters, quiet

from monitor.detectors.sequential import control, kernel, layout, plan

GOOD, ANSWERED, LOST = kernel.GOOD, kernel.FAILED_WITH_ANSWER, kernel.FAILED_WITHOUT_ANSWER
NO_LATENCY = -1


def causes(p: list[float], places: int) -> list[tuple[float, float, float]]:
    """Rate, mean and share of each benign cause: the transient, then each place's blip."""
    transient = tuple(p[layout.TRANSIENT_RATE : layout.TRANSIENT_RATE + 3])
    return [transient, *[tuple(p[layout.BLIP_RATE : layout.BLIP_RATE + 3])] * places]


class Reference:
    """The filter of benign causes as a matrix over all states: slow, plain, and written by itself."""

    def __init__(self, p: list[float], places: int) -> None:
        self.p, self.causes = p, causes(p, places)
        self.mass = np.zeros(2 ** (places + 1))
        self.mass[0] = 1.0

    def foresee(self, dt: float) -> None:
        move = np.ones((1, 1))
        for number, (rate, mean, _) in enumerate(self.causes):
            start, stay = 1 - math.exp(-rate * dt), math.exp(-dt / mean)
            if number:
                often, kept = rate / (rate + 1 / mean), math.exp(-dt * (rate + 1 / mean))
                start, stay = often * (1 - kept), often + (1 - often) * kept
            move = np.kron(np.array([[1 - start, start], [1 - stay, stay]]), move)
        self.mass = self.mass @ move

    def chances(self, place: int) -> np.ndarray:
        """P(outcome | state): one row for each of the three kinds."""
        table = np.zeros((3, len(self.mass)))
        for state in range(len(self.mass)):
            fails = 1 - (1 - self.p[layout.P0]) * (1 - self.causes[0][2] * (state & 1))
            taken = self.causes[1 + place][2] * (state >> (1 + place) & 1)
            share = self.p[layout.ANSWERED]
            table[:, state] = (1 - taken) * (1 - fails), (1 - taken) * fails * share, taken + (1 - taken) * fails * (1 - share)
        return table

    def take(self, place: int, kind: int) -> float:
        table = self.chances(place)
        chance = float(table[kind] @ self.mass)
        self.mass = table[kind] * self.mass / chance
        return chance


@pytest.mark.parametrize(("places", "theta"), [(1, 1.0), (2, 1.0), (1, 0.9)])
def test_under_the_null_the_mean_of_the_evidence_is_the_time_that_passed(places: int, theta: float) -> None:
    """All 3^n sequences, weighted by a filter written independently; the instants depend on what was seen before."""
    p = parameters(
        places, P0=0.05, ANSWERED=0.4, TRANSIENT_RATE=0.01, BLIP_RATE=0.02, BLIP_MEAN=20.0, UNANSWERED=theta, THRESHOLD=1e9
    )
    mean = elapsed = total = 0.0
    for kinds in product(range(3), repeat=6):
        s, reference, chance, at = plan.start(places), Reference(p, places), 1.0, 0.0
        for number, kind in enumerate(kinds):
            dt = 0.0 if number == 0 else 1.0 if kinds[number - 1] else 10.0
            at += dt
            reference.foresee(dt)
            chance *= reference.take(number % places, kind)
            kernel.update(p, s, at, number % places, kind, NO_LATENCY)
        mean, elapsed, total = mean + chance * s[layout.TOTAL], elapsed + chance * at, total + chance

    assert total == pytest.approx(1.0, abs=1e-12)
    if theta == 1.0:
        assert mean == pytest.approx(elapsed, rel=1e-12)
    else:
        assert 0.9 * elapsed < mean < elapsed


def test_where_no_blip_can_be_the_cause_a_failure_without_an_answer_loses_nothing() -> None:
    """However many in a row: what is staked in case of a blip is lost only where a blip is possible."""
    staked, whole = plan.start(1), plan.start(1)
    for number in range(60):
        kind = LOST if number >= 30 else GOOD
        kernel.update(parameters(1, BLIP_RATE=0.0), staked, number * 1.0, 0, kind, NO_LATENCY)
        kernel.update(parameters(1, BLIP_RATE=0.0, UNANSWERED=1.0), whole, number * 1.0, 0, kind, NO_LATENCY)

    assert staked[layout.TOTAL] == whole[layout.TOTAL]


@pytest.mark.parametrize("answered", [0.0, 0.3, 1.0])
def test_a_wrong_idea_of_how_failures_answer_never_makes_more_of_them(answered: float) -> None:
    """Given what the filter believes, whatever part of the true failures is answered, the factor's mean is at most 1."""
    p = parameters(1, P0=0.05, THRESHOLD=1e9)
    for history in product(range(3), repeat=3):
        factors = {}
        for kind in range(3):
            s = plan.start(1)
            for number, past in enumerate(history):
                kernel.update(p, s, number * 2.0, 0, past, NO_LATENCY)
            before = evidence(s)
            filter_ = list(s[layout.RECORDS + layout.RECORD :])
            kernel.update(p, s, 6.0, 0, kind, NO_LATENCY)
            factors[kind] = [new / (old + 2.0) for new, old in zip(evidence(s), before, strict=True)][: layout.FAILURES]
        reference = Reference(p, 1)
        reference.mass = np.array(filter_)
        reference.foresee(2.0)
        good = float(reference.chances(0)[GOOD] @ reference.mass)
        taken = p[layout.BLIP_SHARE] * float(reference.mass[2] + reference.mass[3])
        through = 1.0 - good - taken
        for k in range(layout.FAILURES):
            mean = good * factors[GOOD][k] + answered * through * factors[ANSWERED][k]
            assert mean + (taken + (1 - answered) * through) * factors[LOST][k] <= 1.0 + 1e-12


def test_one_failure_between_two_successes_by_hand() -> None:
    p, s = quiet(1, P0=0.01), plan.start(1)
    p[layout.SHARES : layout.SHARES + layout.FAILURES] = 0.03, 0.1, 0.3, 0.9
    seen = []
    for at, kind in ((0.0, GOOD), (10.0, LOST), (20.0, GOOD)):
        kernel.update(p, s, at, 0, kind, NO_LATENCY)
        seen.append(s[layout.TOTAL])

    assert seen == [pytest.approx(0.0), pytest.approx(339.175), pytest.approx(117.07725)]


def test_twice_as_many_samples_in_half_the_time_are_half_the_evidence() -> None:
    """Without nuisances the statistic is linear in time."""
    totals = []
    for step in (10.0, 5.0):
        s = plan.start(1)
        for number in range(50):
            kernel.update(quiet(1), s, number * step, 0, LOST if number % 7 == 3 else GOOD, NO_LATENCY)
        totals.append(s[layout.FULL])

    assert totals[0] - totals[1] == pytest.approx(math.log(2.0), abs=1e-12)


def test_a_full_outage_of_three_places_opens_within_twelve_seconds() -> None:
    p, s, at = parameters(3, P0=0.003, THRESHOLD=math.log(30 * DAY)), plan.start(3), 0.0
    for number in range(3_000):
        kernel.update(p, s, at, number % 3, GOOD, NO_LATENCY)
        at += 10.0
    began, number = at, 0
    while s[layout.ALARM] == 0.0 and number < 100:
        kernel.update(p, s, at, number % 3, LOST, NO_LATENCY)
        at, number = at + 1 / 3, number + 1

    assert s[layout.OPENED] - began < 12.0
    assert s[layout.ONSET] == pytest.approx(began - 5.0, abs=5.0)  # it began since the last good sample, 10 s before


def test_one_place_that_fails_for_ever_never_alarms() -> None:
    p, s = parameters(3, THRESHOLD=math.log(DAY)), plan.start(3)
    for number in range(20_000):
        kernel.update(p, s, number * 10 / 3, number % 3, ANSWERED if number % 3 == 0 else GOOD, NO_LATENCY)
        assert s[layout.ALARM] == 0.0


def test_one_place_that_is_three_times_as_slow_for_an_hour_does_not_alarm() -> None:
    learned, random = baseline(), Random(5)
    p, s = parameters(3, learned), plan.start(3)
    for number in range(3_000):
        at, place = MONDAY + number * 10.0, number % 3
        slow = 3.0 if place == 0 and 1_000 < number < 1_360 else 1.0
        bin_ = plan.bin_of(learned, ("fra", "sin", "sfo")[place], at, latency(random, at, slow))
        kernel.update(p, s, at, place, GOOD, bin_)
        assert s[layout.ALARM] == 0.0


def seconds_to_prove(kind: int, places: int = 1) -> float:
    """At three samples a second, after an hour of calm."""
    p, s = parameters(places), plan.start(places)
    for number in range(360):
        kernel.update(p, s, number * 10.0, number % places, GOOD, NO_LATENCY)
    at = begun = 3_600.0
    while s[layout.ALARM] == 0.0 and at < begun + 3_600.0:
        kernel.update(p, s, at, 0, kind, NO_LATENCY)
        at += 1 / 3
    return at - begun


def test_from_one_place_a_500_is_proven_in_seconds_and_silence_takes_longer() -> None:
    """An answer of the gateway is no network's doing; silence may be the place's own network for a minute."""
    assert seconds_to_prove(ANSWERED) < 15.0
    assert 2 * seconds_to_prove(ANSWERED) < seconds_to_prove(LOST) < 120.0


def test_the_posterior_of_the_onset_is_that_of_brute_force() -> None:
    """Each gap between samples may hold the onset, evenly: all terms written out."""
    random, p, s = Random(3), quiet(1, P0=0.02), plan.start(1)
    instants, kinds, at = [], [], 0.0
    for number in range(80):
        at += random.choice((0.3, 1.0, 10.0))
        instants.append(at)
        kinds.append(LOST if random.random() < (0.4 if number > 50 else 0.02) else GOOD)
        kernel.update(p, s, at, 0, kinds[-1], NO_LATENCY)
    for k, share in enumerate(plan.FAILURE_SHARES):
        mass = age = square = 0.0
        for first in range(1, len(instants)):
            term = math.prod(1 - share + share / p[layout.P0] if kind else 1 - share for kind in kinds[first:])
            young, old = at - instants[first], at - instants[first - 1]
            mass += term * (old - young)
            age += term * (old**2 - young**2) / 2
            square += term * (old**3 - young**3) / 3
        assert s[layout.FULL_EVIDENCE + k] == pytest.approx(mass, rel=1e-9)
        assert s[layout.FULL_AGE + k] == pytest.approx(age, rel=1e-9)
        assert s[layout.FULL_SQUARE + k] == pytest.approx(square, rel=1e-9)


def test_the_null_law_of_a_latency_sums_to_one_and_every_alternative_is_a_bet_on_it() -> None:
    """E[factor | past] = sum over bins of P(bin) factor(bin) is at most 1, after any past; below 1 where a bet is cut off."""
    learned, random = baseline(), Random(11)
    p, s = parameters(3, learned, THRESHOLD=1e9), plan.start(3)
    for number in range(200):
        kernel.update(p, s, number * 3.0, number % 3, GOOD, random.randrange(layout.BINS))
        total, means = 0.0, [0.0] * layout.LATENCIES
        for bin_ in range(layout.BINS):
            copy = list(s)
            before = evidence(copy)
            kernel.update(p, copy, number * 3.0 + 1.0, number % 3, GOOD, bin_)
            factors = [new / (old + 1.0) for new, old in zip(evidence(copy), before, strict=True)][layout.FAILURES :]
            # The tails' bins are never cut off: there the factor tells the probability.
            uncut = p[layout.ALTERED + bin_] / factors[0] if bin_ >= layout.ORDINARY else 0.0
            total += uncut
            for k, factor in enumerate(factors):
                means[k] += p[layout.ALTERED + k * layout.BINS + bin_] if bin_ >= layout.ORDINARY else 0.0
                assert factor <= 1.0 or bin_ >= layout.ORDINARY
        assert total < 1.0
        assert max(means) <= 1.0 + 1e-12


def stream(count: int, places: int) -> list[tuple[float, int, int, int]]:
    """Calm, bursts, outages, slowness, stragglers."""
    random, at, events = Random(17), MONDAY, []
    for number in range(count):
        at += random.choice((0.0, 1 / 3, 1.0, 10 / 3, 10.0))
        trouble = number % 2_000 > 1_900
        kind = random.choice((GOOD, ANSWERED, LOST)) if trouble or random.random() < 0.003 else GOOD
        bin_ = NO_LATENCY if kind or random.random() < 0.01 else min(layout.BINS - 1, int(random.expovariate(0.5)))
        events.append((at - random.choice((0.0, 0.0, 2.0)), random.randrange(places), kind, bin_))
    return events


@pytest.mark.parametrize("places", [1, 3, 5])
def test_interpreted_and_compiled_the_same_source_comes_to_the_same_state(places: int) -> None:
    update, steer = compiled(kernel)["update"], compiled(control)["update"]
    p = parameters(places, baseline())
    s, c = plan.start(places), plan.start_control()
    fast_p, fast_s, fast_c = np.array(p), np.array(s), np.array(c)
    alarms = 0
    for number, event in enumerate(stream(12_000, places)):
        alarmed = s[layout.ALARM]
        kernel.update(p, s, *event)
        update(fast_p, fast_s, *event)
        for told, state, plans, controls in ((control.update, s, p, c), (steer, fast_s, fast_p, fast_c)):
            latent = bool(state[layout.LATENT] > 0.5 * state[layout.TOTAL])
            told(plans, controls, event[0], event[2] != GOOD, state[layout.FULL], state[layout.SCORE], latent, number % 3 == 0)
        alarms += s[layout.ALARM] > alarmed
    assert alarms > 2
    np.testing.assert_allclose(fast_s, s, rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(fast_c, c, rtol=1e-9)


def test_the_evidence_of_an_incident_never_alarms_again() -> None:
    p, s = parameters(3, P0=0.003), plan.start(3)
    alarms, recovered, at = 0, 0.0, 0.0
    for number in range(2_000):
        at += 10.0
        before = s[layout.ALARM]
        kernel.update(p, s, at, number % 3, LOST if 500 <= number < 560 else GOOD, NO_LATENCY)
        alarms += s[layout.ALARM] > before
        recovered = at if s[layout.ALARM] < before else recovered

    assert alarms == 1
    assert 110.0 <= recovered - 5_600.0 <= 200.0  # two minutes of health at least, counted without the place that failed last


def test_one_place_that_stays_broken_does_not_hold_up_the_recovery_of_the_others() -> None:
    p, s = parameters(3), plan.start(3)
    for number in range(1_200):
        kind = LOST if 300 <= number < 400 or (number >= 400 and number % 3 == 0) else GOOD
        kernel.update(p, s, number * 10.0, number % 3, kind, NO_LATENCY)

    assert s[layout.ALARM] == 0.0
    assert s[layout.HEALTHY] == 1.0


def test_a_slow_gateway_is_called_slow_and_heals() -> None:
    learned, random = baseline(), Random(23)
    p, s = parameters(3, learned), plan.start(3)
    opened = closed = 0
    for number in range(3_000):
        at, place, before = MONDAY + number * 10.0, number % 3, s[layout.ALARM]
        bin_ = plan.bin_of(
            learned, ("fra", "sin", "sfo")[place], at, latency(random, at, 2.5 if 1_000 <= number < 1_500 else 1.0)
        )
        kernel.update(p, s, at, place, GOOD, bin_)
        opened = number if s[layout.ALARM] > before else opened
        closed = number if s[layout.ALARM] < before else closed

    assert 1_000 < opened < 1_030
    assert s[layout.WINNER] >= layout.FAILURES
    assert 1_500 < closed < 1_560
