"""When suspicion begins, how soon the next sample is asked for, and when it is over."""

import math

import pytest
from sequential_world import Asked, parameters

from monitor.detectors.sequential import control, kernel, layout, plan
from monitor.detectors.sequential.control import FAST_SECONDS, QUIET_RUN, SLOW_SECONDS, TOKENS_MAX

NO_LATENCY = -1
NOTHING = -690.0


def burst(full: float, *, latent: bool = False, most: int = 1_000) -> tuple[int, list[float]]:
    """After one failure only good samples, with the same evidence all along: how many extra ones until it ends, and their spacings."""
    p, c = parameters(3), plan.start_control()
    control.update(p, c, 0.0, True, full, NOTHING, latent, False)
    at, count, spacings = 0.0, 0, []
    while c[layout.BURSTING] == 1.0 and count < most:
        spacings.append(c[layout.SPACING])
        at, count = at + c[layout.SPACING], count + 1
        control.update(p, c, at, False, full, NOTHING, latent, True)
    return count, spacings


def test_a_burst_that_saw_nothing_more_ends_after_a_quiet_run() -> None:
    count, spacings = burst(NOTHING)

    assert count == QUIET_RUN
    assert set(spacings) == {FAST_SECONDS}


def test_evidence_too_small_to_begin_a_burst_still_keeps_one_going_until_the_bucket_is_empty() -> None:
    between = math.log(1_000.0)
    p, c = parameters(3), plan.start_control()
    control.update(p, c, 0.0, False, between, NOTHING, False, False)
    count, _ = burst(between)

    assert c[layout.BURSTING] == 0.0
    assert TOKENS_MAX <= count < 1.05 * TOKENS_MAX


def test_only_slowness_is_looked_at_less_often_after_a_quiet_run() -> None:
    failing, slow = burst(math.log(9_000.0))[1], burst(math.log(9_000.0), latent=True)[1]

    assert set(failing) == {FAST_SECONDS}
    assert slow[0] == FAST_SECONDS
    assert slow[-1] == SLOW_SECONDS


@pytest.mark.parametrize(("every", "places"), [(30.0, 3), (300.0, 3), (300.0, 1), (3_600.0, 1)])
def test_a_calm_series_is_not_suspicious_however_rarely_it_is_sampled(every: float, places: int) -> None:
    """Each good sample after a long gap is worth the gap: counted in seconds, that alone would be suspicion for ever."""
    p, s = plan.parameters(Asked(), None, places, 1, every), plan.start(places)
    for number in range(3_000):
        kernel.update(p, s, number * every / places, number % places, kernel.GOOD, NO_LATENCY)
        assert s[layout.FULL] < p[layout.RELEASE]


def test_suspicion_comes_before_the_alarm_however_rare_samples_are() -> None:
    for every in (10.0, 3_600.0, 86_400.0, 30 * 86_400.0):
        p = plan.parameters(Asked(), None, 1, 1, every)

        assert p[layout.RELEASE] < p[layout.STRONG_TRIGGER] < p[layout.TRIGGER] < p[layout.THRESHOLD]
