"""Figures of a period: how soon incidents were seen, taken and over, and how often they come."""

from dataclasses import replace

import pytest

from monitor.incidents.figures import Figure, failures, figures
from monitor.model.alert import Severity
from monitor.model.incident import Incident, Status, Turn
from monitor.model.text import Text

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0


def incident(opened: float, lasted: float | None = HOUR, **more: object) -> Incident:
    """Seen a minute after its onset, taken four minutes later, over ``lasted`` after it was seen."""
    made = Incident(
        id=f"inc_{opened:09.0f}",
        group="target=card",
        target="card",
        status=Status.OPEN if lasted is None else Status.RESOLVED,
        severity=Severity.P2,
        title=Text("failing"),
        opened=opened,
        since=opened - MINUTE,
        changed=opened,
        acknowledged=opened + 4 * MINUTE,
        resolved=None if lasted is None else opened + lasted,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def test_five_incidents_have_a_mean_a_median_and_a_ninetieth_percentile() -> None:
    lasting = (10, 20, 30, 40, 400)
    found = figures([incident(day * DAY, minutes * MINUTE) for day, minutes in enumerate(lasting, start=1)], 0.0, 30 * DAY, 1)
    assert (5, 100 * MINUTE, 30 * MINUTE, 400 * MINUTE) == (
        found.resolve.count,
        found.resolve.mean,
        found.resolve.median,
        found.resolve.p90,
    )
    assert 101 * MINUTE == found.restore.mean, "customers had it a minute longer than the desk"
    assert (MINUTE, 4 * MINUTE) == (found.detect.mean, found.acknowledge.mean)


def test_four_incidents_are_listed_instead() -> None:
    found = figures([incident(day * DAY, day * MINUTE) for day in range(1, 5)], 0.0, 30 * DAY, 1)
    assert (60.0, 120.0, 180.0, 240.0) == found.resolve.values
    assert found.resolve.listed
    assert (None, None, None) == (found.resolve.mean, found.resolve.median, found.resolve.p90)


@pytest.mark.parametrize(
    ("count", "median", "p90"), [(5, 3.0, 5.0), (6, 3.5, 6.0), (10, 5.5, 9.0), (11, 6.0, 10.0), (100, 50.5, 90.0)]
)
def test_the_percentile_is_the_nearest_rank(count: int, median: float, p90: float) -> None:
    figure = Figure(tuple(float(value) for value in range(1, count + 1)))
    assert (median, p90) == (figure.median, figure.p90)


def test_time_between_failures_is_operating_time_and_not_the_period() -> None:
    found = figures([incident(day * DAY, 59 * MINUTE) for day in range(1, 6)], 0.0, 10 * DAY, 1)
    assert (240 - 5) / 5 * HOUR == found.mtbf_seconds
    assert 47 / 48 == found.availability


def test_two_targets_operate_twice_as_long() -> None:
    found = figures([incident(DAY, 59 * MINUTE)], 0.0, 10 * DAY, 2)
    assert 479 * HOUR == found.mtbf_seconds


def test_a_period_without_failures_has_no_mean_time_between_them() -> None:
    found = figures([], 0.0, 10 * DAY, 1)
    assert (0, None, None, 0) == (found.failures, found.mtbf_seconds, found.availability, found.restore.count)


def test_what_is_part_of_a_larger_cause_is_not_counted_again() -> None:
    found = figures(
        [incident(DAY), incident(DAY + 60, parent="inc_parent", group="target=wallet", target="wallet")], 0.0, 9 * DAY, 2
    )
    assert 1 == found.failures


def test_trouble_that_comes_back_within_an_hour_is_the_same() -> None:
    again = [incident(DAY, HOUR), incident(DAY + 2 * HOUR, HOUR), incident(DAY + 5 * HOUR, HOUR)]
    found = figures(again, 0.0, 9 * DAY, 1)
    assert (2, (HOUR, 3 * HOUR)) == (found.failures, found.resolve.values)
    other = replace(again[1], group="target=card,rule=expiry")
    assert 3 == figures([again[0], other, again[2]], 0.0, 9 * DAY, 1).failures, "another group is other trouble"


def test_an_incident_over_midnight_belongs_to_the_day_it_was_restored_on() -> None:
    spanning = incident(DAY - HOUR, 3 * HOUR)
    before, after = figures([spanning], 0.0, DAY, 1), figures([spanning], DAY, 2 * DAY, 1)
    assert (0, 1) == (before.failures, after.failures)
    assert (1, 0) == (before.still_open, after.still_open)
    assert (HOUR + MINUTE, 2 * HOUR) == (before.downtime_seconds, after.downtime_seconds), "clipped at the edge"


def test_what_is_still_open_is_in_no_time_to_repair() -> None:
    found = figures([incident(DAY, None)], 0.0, 2 * DAY, 1)
    assert (0, 1, DAY + MINUTE) == (found.failures, found.still_open, found.downtime_seconds)


def test_two_troubles_of_one_target_at_once_are_down_once() -> None:
    both = [incident(DAY, 2 * HOUR), incident(DAY + HOUR, 2 * HOUR, group="target=card,rule=slow")]
    assert 3 * HOUR + MINUTE == figures(both, 0.0, 9 * DAY, 1).downtime_seconds


def test_who_took_the_first_episode_is_not_forgotten_when_it_opens_again() -> None:
    turns = (
        Turn(DAY, Status.OPEN, Severity.P2),
        Turn(DAY + 180, Status.ACKNOWLEDGED, Severity.P2),
        Turn(DAY + 600, Status.RESOLVED, Severity.P2),
        Turn(DAY + 900, Status.OPEN, Severity.P2),
        Turn(DAY + 2_000, Status.RESOLVED, Severity.P2),
    )
    (one,) = failures([incident(DAY, 2_000.0, turns=turns, acknowledged=None, episode=2)])
    assert DAY + 180 == one.acknowledged


def test_an_incident_nobody_took_is_in_no_time_to_acknowledge() -> None:
    assert 0 == figures([incident(DAY, acknowledged=None)], 0.0, 9 * DAY, 1).acknowledge.count


def test_between_two_episodes_it_was_up() -> None:
    turns = tuple(
        Turn(DAY + minutes * MINUTE, status, Severity.P2)
        for minutes, status in ((0, Status.OPEN), (10, Status.RESOLVED), (50, Status.OPEN), (70, Status.RESOLVED))
    )
    found = figures([incident(DAY, 70 * MINUTE, turns=turns)], 0.0, 9 * DAY, 1)
    assert (31 * MINUTE, (71 * MINUTE,)) == (found.downtime_seconds, found.restore.values)


def test_a_common_cause_is_one_failure_and_the_downtime_of_all_its_parts() -> None:
    parts = [incident(DAY, parent="inc_p", group=f"target={name}", target=name) for name in ("a", "b", "c")]
    parent = incident(DAY + 1, id="inc_p", group="cause=cdn", target="cdn", children=tuple(part.id for part in parts))
    found = figures([*parts, parent], 0.0, 9 * DAY, 3)
    assert (1, 3 * (HOUR + MINUTE)) == (found.failures, found.downtime_seconds)
