"""Business hours: what counts in them, over nights, weekends, holidays, make-up workdays and changes of clocks."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.deadlines.days_off import days_off
from monitor.deadlines.hours import Always, BusinessHours, doubts

NINE_TO_SIX = ((9 * 60, 18 * 60),)
WEEK = (*(NINE_TO_SIX,) * 5, (), ())
SHANGHAI = BusinessHours("Asia/Shanghai", WEEK, country="CN")
BERLIN = BusinessHours("Europe/Berlin", WEEK, country="DE", subdivision="BY")
NIGHTS = BusinessHours("Europe/Berlin", (((0, 6 * 60), (22 * 60, 24 * 60)),) * 7)
HOUR, DAY = 3_600.0, 86_400.0


def at(text: str, zone: str = "Asia/Shanghai") -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def berlin(text: str) -> float:
    return at(text, "Europe/Berlin")


def test_around_the_clock_every_second_counts() -> None:
    assert 3 * DAY == Always().between(0.0, 3 * DAY)
    assert 5 * DAY == Always().add(4 * DAY, DAY)


def test_a_night_and_a_weekend_count_nothing() -> None:
    assert 2 * HOUR == SHANGHAI.between(at("2026-11-20 17:00"), at("2026-11-23 10:00"))


@pytest.mark.parametrize("day", ["2026-02-14", "2026-02-28", "2026-05-09", "2026-10-10", "2026-01-04", "2026-09-20"])
def test_china_works_on_its_make_up_days(day: str) -> None:
    assert 9 * HOUR == SHANGHAI.between(at(f"{day} 00:00"), at(f"{day} 23:59"))


@pytest.mark.parametrize("day", ["2026-02-16", "2026-04-06", "2026-05-05", "2026-10-07", "2026-02-21"])
def test_china_rests_on_its_holidays_and_on_ordinary_saturdays(day: str) -> None:
    assert 0.0 == SHANGHAI.between(at(f"{day} 00:00"), at(f"{day} 23:59"))


def test_a_holiday_of_one_part_of_a_country_is_a_workday_elsewhere() -> None:
    corpus_christi = date(2026, 6, 4)
    assert not BERLIN.works(corpus_christi)
    assert BusinessHours("Europe/Berlin", WEEK, country="DE").works(corpus_christi)


def test_a_teams_own_word_stands_over_the_countrys() -> None:
    hours = BusinessHours(
        "Asia/Shanghai", WEEK, country="CN", closed=frozenset({date(2026, 2, 14)}), opened=frozenset({date(2026, 4, 6)})
    )
    assert not hours.works(date(2026, 2, 14))
    assert hours.works(date(2026, 4, 6))


def test_a_make_up_day_has_its_own_hours_where_its_weekday_has_any() -> None:
    half_saturdays = BusinessHours("Asia/Shanghai", (*(NINE_TO_SIX,) * 5, ((9 * 60, 12 * 60),), ()), country="CN")
    assert 3 * HOUR == half_saturdays.between(at("2026-02-14 00:00"), at("2026-02-15 00:00"))


def test_the_night_the_clocks_go_forward_is_an_hour_shorter_and_the_other_an_hour_longer() -> None:
    assert 7 * HOUR == NIGHTS.between(berlin("2026-03-28 22:00"), berlin("2026-03-29 06:00"))
    assert 9 * HOUR == NIGHTS.between(berlin("2026-10-24 22:00"), berlin("2026-10-25 06:00"))
    assert 8 * HOUR == NIGHTS.between(berlin("2026-10-27 22:00"), berlin("2026-10-28 06:00"))


def test_shifts_that_meet_in_the_hour_that_does_not_exist_count_nothing_twice() -> None:
    hours = BusinessHours("Europe/Berlin", (((60, 150), (150, 180), (180, 300)),) * 7)
    assert 3 * HOUR == hours.between(berlin("2026-03-29 00:00"), berlin("2026-03-29 12:00"))


def test_friday_afternoon_and_four_business_hours_is_tuesday_after_a_holiday_on_monday() -> None:
    assert at("2026-04-07 11:00") == SHANGHAI.add(at("2026-04-03 16:00"), 4 * HOUR)


def test_what_is_worked_off_at_closing_time_is_due_then_and_not_next_morning() -> None:
    assert at("2026-04-03 18:00") == SHANGHAI.add(at("2026-04-03 16:00"), 2 * HOUR)


def test_no_time_at_all_is_over_at_once_even_at_night() -> None:
    assert at("2026-04-03 23:00") == SHANGHAI.add(at("2026-04-03 23:00"), 0.0)


def test_a_day_of_business_is_as_long_as_its_hours() -> None:
    assert 9 * HOUR == SHANGHAI.day_seconds
    assert DAY == Always().day_seconds


def test_a_calendar_that_never_opens_again_says_so() -> None:
    with pytest.raises(OverflowError, match="business hours are not over within ten years"):
        SHANGHAI.add(at("2026-04-03 16:00"), 40_000 * HOUR)


@pytest.mark.parametrize(
    ("weekly", "said"),
    [
        (((),) * 7, "at least one day"),
        ((NINE_TO_SIX,) * 5, "at least one day"),
        ((((600, 500),),) * 7, "in order and without overlap"),
        ((((540, 720), (700, 1080)),) * 7, "in order and without overlap"),
        ((((540, 1500),),) * 7, "within 00:00 and 24:00"),
    ],
)
def test_hours_that_make_no_week_are_refused(weekly: tuple[tuple[tuple[int, int], ...], ...], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        BusinessHours("UTC", weekly)


def test_a_day_cannot_be_closed_and_open() -> None:
    day = frozenset({date(2026, 1, 2)})
    with pytest.raises(ValueError, match="either closed or open, got both for 2026-01-02"):
        BusinessHours("UTC", WEEK, closed=day, opened=day)


@pytest.mark.parametrize(("country", "part"), [("XX", ""), ("DE", "XX"), ("CN", "BJ"), ("cn", "")])
def test_a_country_nobody_knows_is_refused(country: str, part: str) -> None:
    with pytest.raises(ValueError, match="expected a"):
        BusinessHours("UTC", WEEK, country=country, subdivision=part)


def test_the_year_that_the_state_council_has_not_announced_is_told_from_those_it_has() -> None:
    assert [days_off("CN", "", year).official for year in (2024, 2025, 2026, 2027)] == [True, True, True, False]
    assert days_off("DE", "BY", 2027).official, "holidays that follow from a rule need no announcement"
    assert not days_off("AE", "", 2028).official, "a moon that nobody has sighted yet is estimated"


def test_a_calendar_warns_before_it_enters_a_year_without_announced_holidays() -> None:
    december = at("2026-12-20 12:00")
    said = doubts("shanghai", SHANGHAI, december, 30 * DAY)
    assert said is not None
    assert "no announced holidays for 2027" in said.en
    assert "2027 年" in said.zh
    assert doubts("shanghai", SHANGHAI, december, 5 * DAY) is None
    assert doubts("always", Always(), december, 30 * DAY) is None
    assert doubts("bavaria", BERLIN, december, 30 * DAY) is None


_INSTANTS = st.integers(int(at("2026-01-01 00:00")), int(at("2026-12-31 00:00"))).map(float)
_CALENDARS = st.sampled_from([SHANGHAI, BERLIN, NIGHTS, Always()])


@given(_CALENDARS, _INSTANTS, _INSTANTS, _INSTANTS)
def test_time_that_counts_adds_up(hours: BusinessHours, a: float, b: float, c: float) -> None:
    start, middle, end = sorted((a, b, c))
    assert hours.between(start, end) == hours.between(start, middle) + hours.between(middle, end)
    assert 0 <= hours.between(start, end) <= end - start


@given(_CALENDARS, _INSTANTS, st.integers(1, 400 * 3_600).map(float))
def test_adding_gives_the_first_instant_by_which_it_was_worked_off(hours: BusinessHours, start: float, seconds: float) -> None:
    end = hours.add(start, seconds)
    assert seconds == hours.between(start, end)
    assert hours.between(start, end - 1) < seconds
