"""An incident must not become the norm, and a lasting change must not be fought for ever."""

from dataclasses import replace
from math import log

from hypothesis import given
from hypothesis import strategies as st

from monitor.detectors.adoption import CONFIRMATIONS, Fit, believed, much_worse
from monitor.detectors.baseline import HOURS, Baseline, Benign

NONE = Benign(1e-9, 1.0, 0.5)


def baseline(p0=0.002, usual=0.2, slow_hours=0, slowly=0.4):
    medians = tuple(log(slowly if hour < slow_hours else usual) for hour in range(HOURS))
    return Baseline(
        since=0.0, until=86_400.0, samples=1_000, failures=2, p0=p0, answered=0.5, transients=NONE, blips=NONE,
        medians={"fra": medians},
    )  # fmt: skip


def fits(*following):
    """What becomes of each fit: taken or held."""
    before = []
    for fresh in following:
        taken, note = believed(before, fresh)
        before.append(Fit(fresh, taken, bool(note.en)))
    return ["taken" if one.taken else "held" for one in before[1:]]


def test_the_first_fit_is_taken():
    taken, note = believed([], baseline(p0=0.4))
    assert taken and not note.en


def test_failures_ten_times_as_common_wait_for_three_fits_that_agree():
    assert ["held", "held", "taken"] == fits(baseline(), *[baseline(p0=0.03)] * 3)


def test_runs_twice_as_slow_wait_for_three_fits_that_agree():
    assert ["held", "held", "taken"] == fits(baseline(), *[baseline(usual=0.45)] * 3)


def test_trouble_that_ends_leaves_no_trace():
    assert ["held", "held", "taken", "held"] == fits(
        baseline(), baseline(p0=0.03), baseline(p0=0.03), baseline(), baseline(p0=0.03)
    )


def test_what_still_gets_worse_is_not_confirmed_by_what_was_less_bad():
    worse = [baseline(p0=0.03), baseline(p0=0.3), baseline(p0=0.3), baseline(p0=0.3)]
    assert ["held", "held", "held", "taken"] == fits(baseline(), *worse)


def test_a_little_slower_or_a_few_slow_hours_are_the_weather():
    assert ["taken", "taken"] == fits(baseline(), baseline(usual=0.3), baseline(usual=0.3, slow_hours=10, slowly=2.0))


def test_better_is_believed_at_once():
    assert ["taken"] == fits(baseline(p0=0.05, usual=0.9), baseline())


def test_the_note_says_what_and_how_much_in_both_languages():
    note = much_worse(baseline(), baseline(p0=0.03))
    assert "15 times" in note.en and "3.00%" in note.en and "15 倍" in note.zh
    assert "from fra" in much_worse(baseline(), baseline(usual=0.5)).en


def test_a_jump_that_creeps_in_through_a_long_window_is_a_jump():
    creeping = [baseline(usual=0.2 * 1.3**day) for day in range(1, 4)]
    assert ["taken", "taken", "held"] == fits(baseline(), *creeping)


def test_a_jump_once_taken_is_the_measure_of_the_next():
    story = fits(baseline(), *[baseline(p0=0.03)] * 3, baseline(p0=0.03), baseline(p0=0.04))
    assert ["held", "held", "taken", "taken", "taken"] == story


@given(st.lists(st.floats(0.0001, 0.9), min_size=1, max_size=12))
def test_no_jump_is_in_force_before_its_third_fit(rates):
    before = [Fit(baseline(), True, False)]
    for rate in rates:
        taken, note = believed(before, baseline(p0=rate))
        if taken and note.en:
            assert not any(one.taken for one in before[1 - CONFIRMATIONS :])
        before.append(Fit(baseline(p0=rate), taken, bool(note.en)))


def test_a_place_that_is_new_is_compared_with_nothing():
    moved = replace(baseline(usual=9.0), medians={"sin": baseline(usual=9.0).medians["fra"]})
    assert much_worse(baseline(), moved) is None
