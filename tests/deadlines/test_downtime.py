"""Facts about the downtime of the twelve months before an incident."""

from dataclasses import replace

import pytest

from monitor.deadlines.downtime import YEAR_SECONDS, downtime_before
from monitor.deadlines.regulators import Trouble, running
from monitor.model.alert import Severity
from monitor.model.incident import Incident, Status
from monitor.model.text import Text

NOW = 1_795_000_000.0
HOUR = 3_600.0


def incident(began: float, lasted: float | None = None, **changes: object) -> Incident:
    over = None if lasted is None else began + lasted
    made = Incident(
        id=f"inc_{began:.0f}",
        group="target=northgate",
        target="northgate",
        status=Status.OPEN if over is None else Status.RESOLVED,
        severity=Severity.P1,
        title=Text("northgate fails"),
        opened=began,
        since=began,
        changed=began,
        resolved=over,
    )
    return replace(made, **changes)


def test_hours_of_earlier_outages_add_up_and_what_overlaps_counts_once():
    past = [incident(NOW - 90 * HOUR, HOUR), incident(NOW - 50 * HOUR, 2 * HOUR), incident(NOW - 49 * HOUR, 2 * HOUR)]
    assert 4 * HOUR == downtime_before(incident(NOW), past)


@pytest.mark.parametrize(
    "other",
    [
        incident(NOW - 9 * HOUR, HOUR, target="southgate"),
        incident(NOW - 9 * HOUR, HOUR, severity=Severity.P2),
        incident(NOW - 9 * HOUR),
        incident(NOW - YEAR_SECONDS - 9 * HOUR, HOUR),
    ],
    ids=["of another target", "not critical", "not over", "longer ago than a year"],
)
def test_what_does_not_count(other: Incident):
    assert 0.0 == downtime_before(incident(NOW), [other])


def test_an_outage_that_reaches_into_the_twelve_months_counts_from_their_beginning():
    assert HOUR == downtime_before(incident(NOW), [incident(NOW - YEAR_SECONDS - HOUR, 2 * HOUR)])


def test_what_was_spent_before_brings_the_four_hours_nearer():
    spent = downtime_before(incident(NOW), [incident(NOW - 90 * HOUR, 3 * HOUR)])
    trouble = Trouble(NOW, NOW + 30, NOW + 60, Severity.P1, downtime_before_seconds=spent)
    assert NOW + HOUR in [entry.due for entry in running(["mas"], trouble)]
