"""The other kinds in their own small world: a mix that moves is found, and calm stays calm."""

import math

import pytest

from benchmarks.detection import kinds


def named(name: str, kind: str) -> kinds.Trouble:
    return next(one for one in kinds.TROUBLES if (one.name, one.kind) == (name, kind))


def test_the_stream_is_what_it_claims():
    trouble = named("declines 5 % to 50 %", "mix_shift")
    day = list(kinds.samples(trouble, 3, kinds.DAY, 2 * kinds.DAY))
    before, after = (sum(1 for one in part if one.outcome == "soft_decline") for part in (day[:1440], day[1440:]))

    assert (1440, 1440) == (len(day) - 1440, len(day[:1440]))
    assert before == pytest.approx(72, abs=35)
    assert after == pytest.approx(720, abs=80)
    assert day == list(kinds.samples(trouble, 3, kinds.DAY, 2 * kinds.DAY))


@pytest.mark.slow
def test_half_declined_where_a_twentieth_was_is_told_within_the_hour():
    seconds = kinds.delay(named("declines 5 % to 50 %", "mix_shift"), 11)
    assert 0.0 < seconds < 3_600.0


@pytest.mark.slow
def test_a_wait_three_times_as_long_is_told_within_a_quarter_of_an_hour():
    seconds = kinds.delay(named("wait x3", "latency"), 11)
    assert not math.isnan(seconds)
    assert 0.0 < seconds < 900.0
