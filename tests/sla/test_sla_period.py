import itertools
from datetime import date

import pytest

from monitor.sla.intervals import Interval
from monitor.sla.period import days, month_period


@pytest.mark.parametrize(
    ("month", "zone", "seconds"),
    [
        ("2026-04", "UTC", 2_592_000),
        ("2026-03", "Europe/Berlin", 743 * 3600),
        ("2026-03", "Europe/Amsterdam", 2_674_800),
        ("2026-10", "Europe/Amsterdam", 2_682_000),
        ("2026-03", "Asia/Shanghai", 2_678_400),
        ("2028-02", "UTC", 29 * 86_400),
        ("2026-12", "UTC", 31 * 86_400),
    ],
)
def test_a_month_has_the_seconds_its_zone_gives_it(month, zone, seconds):
    assert seconds == month_period(month, zone).seconds


def test_a_month_begins_at_midnight_of_its_zone():
    assert 1_775_001_600 - 8 * 3600 == month_period("2026-04", "Asia/Shanghai").start


def test_months_follow_each_other_without_a_gap():
    months = [month_period(f"{2026 + n // 12}-{n % 12 + 1:02d}", "America/Santiago") for n in range(24)]
    assert all(one.end == other.start for one, other in itertools.pairwise(months))


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Shanghai", "America/Santiago", "Africa/Cairo"])
def test_the_days_of_a_month_add_up_to_it(zone):
    for month in ("2026-03", "2026-04", "2026-09", "2026-10"):
        period = month_period(month, zone)
        found = days(period, zone)
        assert period.seconds == sum(interval.seconds for _, interval in found)
        assert period.start == found[0][1].start
        assert list(range(1, len(found) + 1)) == [day.day for day, _ in found]


def test_days_are_clipped_to_the_period():
    half = Interval(month_period("2026-04", "UTC").start, month_period("2026-04", "UTC").start + 36 * 3600)
    assert [(date(2026, 4, 1), 24), (date(2026, 4, 2), 12)] == [(day, one.seconds // 3600) for day, one in days(half, "UTC")]


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "october", "0000-01", "2026-00", "2026-10-01"])
def test_what_is_no_month_is_refused(month):
    with pytest.raises(ValueError, match="expected a month"):
        month_period(month, "UTC")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd"])
def test_what_is_no_zone_is_refused(zone):
    with pytest.raises(ValueError, match="expected a zone"):
        month_period("2026-10", zone)
