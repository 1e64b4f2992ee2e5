"""Every ticket desk as a model, for the storms: how its connector is made, and how to look into one of its tickets."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from hosted import Hosted
from hosted_github import HostedGitHub
from hosted_gitlab import HostedGitLab
from hosted_incident_io import HostedIncidentIo
from hosted_jira import STATUSES, HostedJira
from hosted_jsm_ops import HostedJsmOps
from hosted_pagerduty import HostedPagerDuty
from hosted_redmine import HostedRedmine
from hosted_request_tracker import HostedRequestTracker
from hosted_salesforce import HostedSalesforce
from hosted_servicenow import HostedServiceNow
from hosted_zendesk import HostedZendesk

from monitor.connectors import Connector
from monitor.connectors.table import KINDS
from monitor.model.alert import Severity
from monitor.model.secret import Secret

URL = "https://desk.test"
OAUTH = {"url": URL, "client_id": "paycanary", "client_secret": Secret("s3cret")}
TOKEN = {"url": URL, "token": Secret("t0ken")}
REDMINE = {"key_field": 1, "status_resolved": 3, "status_reopened": 2, "priorities": {one: 6 - one.rank for one in Severity}}
SITE = "0f1e2d3c-0000-4000-8000-000000000001"


@dataclass(frozen=True)
class DeskCase:
    """``settled`` and ``said`` look into a ticket of the model: is it done with, and which texts does it hold?"""

    kind: str
    options: dict[str, Any]
    desk: Callable[..., Hosted]
    settled: Callable[[Any], bool]
    said: Callable[[Any], Iterable[object]] = lambda _: ()
    lag: float = 0.0
    keyed: bool = False  # the desk itself makes two creations one ticket
    name: str = field(default="")

    @property
    def id(self) -> str:
        return self.name or self.kind

    def connector(self) -> Connector:
        """What people do at the desk is other tests' business: nobody looks at tickets here."""
        made = KINDS[self.kind](KINDS[self.kind].Options(**self.options))
        made.capabilities = replace(made.capabilities, reads=False)
        return made


def _comments(ticket: Any) -> Iterable[object]:
    return list(ticket.comments)


DESKS = [
    DeskCase("zendesk", OAUTH, HostedZendesk, lambda one: one.status == "solved", _comments),
    DeskCase("salesforce", OAUTH, HostedSalesforce, lambda one: one.fields["Status"] == "Closed", _comments, keyed=True),
    DeskCase("servicenow", OAUTH, HostedServiceNow, lambda one: one.fields["state"] == "6", lambda one: one.notes, lag=5.0),
    DeskCase(
        "jira",
        TOKEN | {"email": "canary@example.com", "project": "PAY"},
        HostedJira,
        lambda one: STATUSES[one.status] == "done",
        _comments,
        lag=25.0,
    ),
    DeskCase("github", TOKEN | {"repository": "payments/ops"}, HostedGitHub, lambda one: not one.open, _comments, lag=5.0),
    DeskCase("gitlab", TOKEN | {"project": "payments/ops"}, HostedGitLab, lambda one: not one.open, _comments, lag=5.0),
    DeskCase(
        "redmine",
        REDMINE | {"url": URL, "api_key": Secret("k3y"), "project": "payments"},
        HostedRedmine,
        lambda one: one.status == 3,
        lambda one: one.notes,
        lag=2.0,
    ),
    DeskCase(
        "request_tracker",
        TOKEN | {"queue": "Payments"},
        HostedRequestTracker,
        lambda one: one.status == "resolved",
        lambda one: one.texts,
        lag=2.0,
    ),
    DeskCase(
        "jsm_ops",
        {"url": URL, "api_key": Secret("k3y"), "cloud_id": SITE, "email": "canary@example.com", "token": Secret("t0ken")},
        HostedJsmOps,
        lambda one: one.status == "closed",
        _comments,
        keyed=True,
    ),
    DeskCase(
        "pagerduty",
        {"url": f"{URL}/v2/enqueue", "routing_key": Secret("k")},
        HostedPagerDuty,
        lambda one: one["state"] == "resolved",
        keyed=True,
    ),
    DeskCase("incident_io", TOKEN | {"source": "01S"}, HostedIncidentIo, lambda one: one == "resolved", keyed=True),
]
