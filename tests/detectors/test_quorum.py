"""Failures in a row at several places at once."""

import pytest
from detector_contract import SERIES, feed, sample
from hypothesis import given
from hypothesis import strategies as st

from monitor.detectors import Verdict
from monitor.detectors.quorum import PLACES_MAX, Quorum
from monitor.model.outcome import Outcome
from monitor.model.sample import Sample

TWO_OF_THREE = Quorum(failures=3, locations=2, silent="5m")


def at_places(**marks: str) -> list[Sample]:
    """One turn every ten seconds, the places after one another: ``.`` good, ``x`` bad, a blank for nothing."""
    samples = []
    for turn in range(max(map(len, marks.values()))):
        for number, (name, line) in enumerate(marks.items()):
            if line[turn : turn + 1] in ("x", "."):
                one = sample(10.0 * turn + number, line[turn] == ".")
                one.series = SERIES._replace(location=name)
                samples.append(one)
    return samples


def drawn(detector: Quorum, **marks: str) -> str:
    return "".join("!" if one.alarm else "+" if one.recovered else "-" for one in feed(detector, at_places(**marks))[1])


def last(detector: Quorum, **marks: str) -> Verdict:
    return feed(detector, at_places(**marks))[1][-1]


def test_two_of_three_places_failing_three_times_in_a_row_alarm() -> None:
    assert "!" not in drawn(TWO_OF_THREE, fra="..xx", sin="..xx", iad="....")
    assert last(TWO_OF_THREE, fra="..xxx", sin="..xxx", iad=".....").alarm


@given(st.text("x.", min_size=10, max_size=60))
def test_one_place_never_alarms_where_others_are_well(marks: str) -> None:
    assert "!" not in drawn(TWO_OF_THREE, fra=marks, sin="." * len(marks), iad="." * len(marks))


def test_a_place_that_watches_alone_is_believed() -> None:
    assert "---!" == drawn(TWO_OF_THREE, fra=".xxx")


def test_it_says_which_places_and_is_dated_to_when_the_quorum_began() -> None:
    alarm = last(TWO_OF_THREE, fra=".xxxxx", sin="...xxx", iad="......")

    assert alarm.places == ("fra", "sin")
    assert alarm.since == 31.0
    assert "fra, sin (3 places watch)" in alarm.summary.en
    assert "fra, sin（共 3 个位置在监测）" in alarm.summary.zh


def test_a_good_sample_between_begins_the_count_anew() -> None:
    assert "!" not in drawn(TWO_OF_THREE, fra="xx.xx.xx.", sin="xx.xx.xx.")


def test_it_ends_when_a_quorum_could_not_be_left() -> None:
    assert drawn(TWO_OF_THREE, fra=".xxx...", sin=".xxx...") == "-------!!!!!++"
    assert last(TWO_OF_THREE, fra=".xxx..", sin=".xxx..").alarm
    assert not last(TWO_OF_THREE, fra=".xxx....", sin=".xxxxxxx", iad="........").alarm


def test_a_place_that_fell_silent_has_no_voice() -> None:
    one = sample(1_000.0, False)
    one.series = SERIES._replace(location="sin")

    state, _ = feed(TWO_OF_THREE, [*at_places(fra=".xxx", sin="....")])
    state, (verdict,) = feed(TWO_OF_THREE, [one], state)

    assert list(state[1]) == ["sin"]
    assert not verdict.alarm


def test_silence_is_counted_in_turns_of_the_series() -> None:
    from detector_contract import CHECK

    assert [Quorum().tailored(CHECK, every).silent for every in (10.0, 60.0)] == [60.0, 310.0]  # type: ignore[union-attr]


def test_of_too_many_places_the_one_heard_of_longest_ago_makes_room() -> None:
    marks = {f"place-{number:02}": "." for number in range(PLACES_MAX + 3)}

    state, _ = feed(TWO_OF_THREE, at_places(**marks))

    assert list(marks)[3:] == list(state[1])


def test_failures_of_another_kind_count_for_nothing() -> None:
    detector = Quorum(outcomes=(Outcome.NETWORK_ERROR,), silent="5m")

    assert "!" not in drawn(detector, fra="xxxx", sin="xxxx")


def test_a_straggler_counts_for_nothing_and_a_clock_set_back_begins_anew() -> None:
    samples = at_places(fra=".xx")
    late = sample(5.0, False)
    late.series = SERIES._replace(location="fra")
    state, _ = feed(TWO_OF_THREE, samples)

    assert feed(TWO_OF_THREE, [late], state)[0] == state

    far = at_places(fra=".")[0]
    far.at = -10_000.0
    assert feed(TWO_OF_THREE, [far], state)[0][1]["fra"] == [0, None, 1, -10_000.0]


@pytest.mark.parametrize("options", [{"failures": 0}, {"locations": 0}, {"locations": PLACES_MAX + 1}, {"silent": "0s"}])
def test_a_quorum_of_nothing_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"(?s).+"):
        Quorum.model_validate(options)
