"""Windows in local time: recurring and one-off, over changes of clocks."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.calendar import Every, Recurring, local_instant, time_of_day
from monitor.model.durations import duration_text, iso
from monitor.model.text import Text

HOUR = 3_600.0


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def shown(window: Recurring, since: str, until: str) -> list[tuple[str, str]]:
    return [(iso(start), iso(end)) for start, end in window.occurrences(at(since), at(until))]


def test_sunday_at_two_in_berlin_is_an_hour_earlier_in_utc_during_summer() -> None:
    window = Recurring(Every.SUNDAY, time_of_day("04:00"), 2 * HOUR, "Europe/Berlin")

    assert shown(window, "2026-10-12", "2026-11-02") == [
        ("2026-10-18T02:00:00Z", "2026-10-18T04:00:00Z"),
        ("2026-10-25T03:00:00Z", "2026-10-25T05:00:00Z"),
        ("2026-11-01T03:00:00Z", "2026-11-01T05:00:00Z"),
    ]


def test_a_time_that_does_not_occur_is_taken_with_the_offset_from_before_the_gap() -> None:
    window = Recurring(Every.SUNDAY, time_of_day("02:30"), 2 * HOUR, "Europe/Berlin")

    assert shown(window, "2026-03-29", "2026-03-30") == [("2026-03-29T01:30:00Z", "2026-03-29T03:30:00Z")]


def test_a_time_that_occurs_twice_is_its_first_occurrence_and_lasts_its_elapsed_time() -> None:
    window = Recurring(Every.SUNDAY, time_of_day("02:30"), 2 * HOUR, "Europe/Berlin")

    assert shown(window, "2026-10-25", "2026-10-26") == [("2026-10-25T00:30:00Z", "2026-10-25T02:30:00Z")]


def test_every_day_in_shanghai() -> None:
    window = Recurring(Every.DAY, time_of_day("02:00"), HOUR, "Asia/Shanghai")

    assert len(shown(window, "2026-11-01", "2026-12-01")) == 30


def test_an_occurrence_that_has_begun_already_is_given_whole() -> None:
    window = Recurring(Every.SUNDAY, time_of_day("02:00"), 72 * HOUR, "UTC")

    assert shown(window, "2026-11-03", "2026-11-04") == [("2026-11-01T02:00:00Z", "2026-11-04T02:00:00Z")]


@given(
    st.sampled_from(list(Every)),
    st.sampled_from(
        ["Europe/Berlin", "Asia/Shanghai", "America/New_York", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu"]
    ),
    st.integers(0, 400 * 24),
    st.integers(1, 24),
    st.integers(1, 240),
)
def test_occurrences_of_two_halves_are_those_of_the_whole(every: Every, zone: str, start: int, lasts: int, length: int) -> None:
    window = Recurring(every, time_of_day("23:45"), lasts * HOUR, zone)
    since = at("2026-01-01") + start * HOUR
    middle, until = since + length * HOUR / 2, since + length * HOUR

    whole = window.occurrences(since, until)

    assert sorted({*window.occurrences(since, middle), *window.occurrences(middle, until)}) == whole
    assert all(start < until and end > since for start, end in whole)


@pytest.mark.parametrize(
    ("every", "lasts", "zone", "said"),
    [
        (Every.DAY, 25 * HOUR, "UTC", "at most 24 h"),
        (Every.SUNDAY, 8 * 24 * HOUR, "UTC", "at most 7 d"),
        (Every.SUNDAY, 0.0, "UTC", "more than 0 s"),
        (Every.DAY, HOUR, "Mars/Olympus", "expected a zone"),
        (Every.DAY, HOUR, "../etc/passwd", "expected a zone"),
    ],
)
def test_what_makes_no_window_is_refused(every: Every, lasts: float, zone: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Recurring(every, time_of_day("02:00"), lasts, zone)


def test_a_one_off_window_is_written_in_local_time() -> None:
    assert iso(local_instant("2026-11-22 02:00", "Asia/Shanghai")) == "2026-11-21T18:00:00Z"
    assert iso(local_instant("2026-11-22T02:00:30", "Asia/Shanghai")) == "2026-11-21T18:00:30Z"


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01 02:00", "2026-11-22 02:00+08:00", ""])
def test_a_local_time_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="expected a local time"):
        local_instant(text, "Asia/Shanghai")


def test_a_time_of_day_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="expected a time of day"):
        time_of_day("25:00")


@pytest.mark.parametrize(
    ("seconds", "en", "zh"),
    [
        (0.25, "250 ms", "250 毫秒"),
        (31.0, "31.00 s", "31.00 秒"),
        (90.0, "1 min 30 s", "1 分 30 秒"),
        (3_600.0, "1 h 00 min", "1 小时"),
        (97_200.0, "1 d 3 h", "1 天 3 小时"),
    ],
)
def test_a_duration_is_said_with_its_unit_in_both_languages(seconds: float, en: str, zh: str) -> None:
    assert duration_text(seconds) == Text(en, zh)
