"""Trouble that comes back: which time it is, and what it has cost so far."""

from dataclasses import replace

import pytest

from monitor.incidents.recurrence import Episode, episode_of, ordinal, problem_id, recurrence
from monitor.model.alert import Severity
from monitor.model.extent import Between, Extent
from monitor.model.incident import Incident, Status
from monitor.model.text import Text

DAY, HOUR = 86_400.0, 3_600.0


def episode(
    day: float, lasted: float | None = HOUR, customers: float | None = None, fingerprint: str = "gateway||503"
) -> Episode:
    return Episode(f"inc_{day:g}", fingerprint, day * DAY, None if lasted is None else day * DAY + lasted, customers)


def test_the_first_time_is_no_problem_yet() -> None:
    assert recurrence("demo", episode(100), [], 100 * DAY) is None
    assert recurrence("demo", episode(100), [episode(100)], 100 * DAY) is None, "itself is no other case"


def test_the_fifth_repeat_says_so_with_what_it_has_cost() -> None:
    known = [episode(100 - 10 * count, HOUR, 300.0 * count) for count in range(1, 5)]
    now = episode(100, None, 240.0)
    found = recurrence("demo", now, known, 100 * DAY + 30 * 60)
    assert found is not None
    assert (5, 60 * DAY, 4.5 * HOUR, 3_240.0) == (found.number, found.first, found.seconds, found.customers)
    assert "The 5th time in 90 days, first at 1970-03-02T00:00:00Z; 4 h 30 min in all, some 3,240 customers hit." == found.said.en
    assert "90 天内第 5 次出现，首次为 1970-03-02T00:00:00Z；累计 4 小时 30 分，约 3,240 名客户受影响。" == found.said.zh


def test_what_lies_back_further_than_ninety_days_or_is_other_trouble_does_not_count() -> None:
    known = [episode(9), episode(50, fingerprint="dns||"), episode(99)]
    found = recurrence("demo", episode(100), known, 101 * DAY)
    assert found is not None and (2, 99 * DAY) == (found.number, found.first)


def test_of_customers_nobody_counted_nothing_is_said() -> None:
    found = recurrence("demo", episode(100), [episode(99)], 101 * DAY)
    assert found is not None
    assert (None, "customers") == (found.customers, "customers" if "customers" not in found.said.en else "")


def test_a_problem_has_one_name_in_one_installation() -> None:
    assert problem_id("demo", "gateway||503") == problem_id("demo", "gateway||503")
    assert 3 == len({problem_id("demo", "a"), problem_id("demo", "b"), problem_id("other", "a")})


def test_an_incident_without_a_verdict_or_within_a_larger_cause_is_no_case() -> None:
    incident = Incident(
        "inc_1", "target=a", "a", Status.OPEN, Severity.P1, Text("failing"), 100.0, 70.0, 100.0, fingerprint="gateway||503"
    )
    assert Episode("inc_1", "gateway||503", 70.0, None, None) == episode_of(incident)
    measured = replace(incident, extent=Extent(200.0, customers=Between(10.0, 12.0, 15.0)))
    known = episode_of(measured)
    assert known is not None and 12.0 == known.customers
    assert episode_of(replace(incident, fingerprint="")) is None
    assert episode_of(replace(incident, parent="inc_0")) is None


@pytest.mark.parametrize(
    ("number", "said"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st"), (113, "113th")]
)
def test_ordinals(number: int, said: str) -> None:
    assert said == ordinal(number)
