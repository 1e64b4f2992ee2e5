"""Desks that are only to be had as a service: lost answers, refusals, expired tokens, a search that lags, kills. One ticket each."""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from hosted import Hosted
from hosted_github import HostedGitHub
from hosted_gitlab import HostedGitLab
from hosted_incident_io import HostedIncidentIo
from hosted_jira import STATUSES, HostedJira
from hosted_pagerduty import HostedPagerDuty
from hosted_salesforce import HostedSalesforce
from hosted_servicenow import HostedServiceNow
from hosted_storm import DONE, lost_or_doubled, storm
from hosted_zendesk import HostedZendesk

from monitor.connectors.table import KINDS
from monitor.model.secret import Secret

#: ``make test-desks`` says 1000.
INCIDENTS = int(os.environ.get("INCIDENTS", "25"))
URL = "https://desk.test"
OAUTH = {"url": URL, "client_id": "paycanary", "client_secret": Secret("s3cret")}


@dataclass(frozen=True)
class Case:
    """``settled`` and ``said`` look into a ticket of the model: is it done with, and which texts does it hold?"""

    kind: str
    options: dict[str, Any]
    desk: type[Hosted]
    settled: Callable[[Any], bool]
    said: Callable[[Any], Iterable[object]]
    lag: float = 0.0


CASES = [
    Case("zendesk", OAUTH, HostedZendesk, lambda one: one.status == "solved", lambda one: one.comments),
    Case("zendesk", OAUTH, HostedZendesk, lambda one: one.status == "solved", lambda one: one.comments, lag=300.0),
    Case("salesforce", OAUTH, HostedSalesforce, lambda one: one.fields["Status"] == "Closed", lambda one: one.comments),
    Case("servicenow", OAUTH, HostedServiceNow, lambda one: one.fields["state"] == "6", lambda one: one.notes, lag=5.0),
    Case(
        "jira",
        {"url": URL, "email": "canary@example.com", "token": Secret("t0ken"), "project": "PAY"},
        HostedJira,
        lambda one: STATUSES[one.status] == "done",
        lambda one: one.comments,
        lag=25.0,
    ),
    Case(
        "github",
        {"url": URL, "repository": "payments/ops", "token": Secret("t0ken")},
        HostedGitHub,
        lambda one: not one.open,
        lambda one: one.comments,
        lag=5.0,
    ),
    Case(
        "gitlab",
        {"url": URL, "project": "payments/ops", "token": Secret("t0ken")},
        HostedGitLab,
        lambda one: not one.open,
        lambda one: one.comments,
        lag=5.0,
    ),
    Case(
        "pagerduty",
        {"url": f"{URL}/v2/enqueue", "routing_key": Secret("k")},
        HostedPagerDuty,
        lambda one: one["state"] == "resolved",
        lambda _: (),
    ),
    Case(
        "incident_io",
        {"url": URL, "source": "01S", "token": Secret("t0ken")},
        HostedIncidentIo,
        lambda one: one == "resolved",
        lambda _: (),
    ),
]
#: Desks where nothing makes a creation repeatable: a search that lags longer than we wait lets a double through.
LAGGING = [replace(case, lag=300.0) for case in CASES if case.kind in ("servicenow", "jira", "github", "gitlab")]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}-{case.lag:g}s")
def test_every_incident_is_one_ticket_done_with_and_told_each_thing_once(tmp_path: Path, case: Case):
    kind = KINDS[case.kind]
    desk, states = storm(
        tmp_path, lambda now: case.desk(now, lag=case.lag), kind(kind.Options(**case.options)), incidents=INCIDENTS, seed=7
    )
    held = [desk.of(f"paycanary-test-inc_{number}-1") for number in range(INCIDENTS)]

    assert [] == desk.violations
    assert {"lost": 0, "doubled": 0} == lost_or_doubled(len(tickets) for tickets in held)
    assert all(case.settled(tickets[0]) for tickets in held)
    assert set(states) <= DONE
    for (ticket,) in held:
        said = json.dumps(list(case.said(ticket)), ensure_ascii=False)
        assert max(said.count(f"r{revision}]") for revision in (1, 2, 3)) <= 1


@pytest.mark.parametrize("case", LAGGING, ids=lambda case: case.kind)
def test_a_search_that_lags_five_minutes_leaves_one_ticket_open_and_closes_the_doubles(tmp_path: Path, case: Case):
    kind = KINDS[case.kind]
    connector = kind(kind.Options(**case.options))
    desk, states = storm(
        tmp_path, lambda now: case.desk(now, lag=case.lag), connector, incidents=INCIDENTS, seed=11, resolve=False
    )
    held = [desk.of(f"paycanary-test-inc_{number}-1") for number in range(INCIDENTS)]

    assert [] == desk.violations
    assert {1} == {sum(1 for ticket in tickets if not case.settled(ticket)) for tickets in held}
    assert set(states) <= DONE
