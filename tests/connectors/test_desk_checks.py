"""What `tickets check` finds before the first incident would: rights, forms, fields and roles; and what it says it cannot know."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from connector_contract import secret
from hosted import Hosted, HostedClient
from hosted_github import HostedGitHub
from hosted_gitlab import HostedGitLab
from hosted_jira import HostedJira
from hosted_servicenow import HostedServiceNow
from hosted_zendesk import HostedZendesk

from monitor.connectors import Delivered, Rejected
from monitor.connectors.client import play
from monitor.connectors.table import KINDS
from monitor.connectors.unproven import UNPROVEN
from monitor.model.alert import Severity

URL = "https://desk.test"
OAUTH = {"url": URL, "client_id": "paycanary", "client_secret": secret()}
DESKS: dict[str, tuple[dict[str, Any], type[Hosted]]] = {
    "github": ({"url": URL, "repository": "payments/ops", "token": secret()}, HostedGitHub),
    "gitlab": ({"url": URL, "project": "payments/ops", "token": secret()}, HostedGitLab),
    "jira": ({"url": URL, "email": "canary@example.com", "token": secret(), "project": "PAY"}, HostedJira),
    "zendesk": (OAUTH | {"group_id": 7, "custom_fields": {360: "payments"}}, HostedZendesk),
    "servicenow": (OAUTH, HostedServiceNow),
}


def checked(kind: str, spoil: Callable[[Any], None] = lambda _: None, **changes: Any) -> Any:
    options, model = DESKS[kind]
    desk = model(lambda: 0.0)
    spoil(desk)
    connector = KINDS[kind](KINDS[kind].Options(**(options | changes)))
    client = HostedClient(desk, seconds=0.0)

    async def main() -> Any:
        return await play(connector.check(), lambda call: client.perform(call, connector.access))

    verdict = asyncio.run(main())
    assert [] == desk.violations
    assert {"GET"} == {request.method for request in desk.requests if "token" not in request.path}, "a check only asks"
    return verdict


def only_reads(desk: Any) -> None:
    desk.rights = {"pull": True, "push": False}


def without(field: str) -> Callable[[Any], None]:
    def spoil(desk: Any) -> None:
        desk.screen = [one for one in desk.screen if one["fieldId"] != field]

    return spoil


def with_required(desk: Any) -> None:
    desk.screen.append({"fieldId": "customfield_1", "name": "Root cause", "required": True, "hasDefaultValue": False})


@pytest.mark.parametrize("kind", DESKS)
def test_a_desk_that_is_well_set_up_passes(kind: str):
    assert Delivered() == checked(kind)


@pytest.mark.parametrize(
    ("kind", "spoil", "changes", "complaint"),
    [
        ("github", only_reads, {}, "give it the role Triage or above"),
        ("gitlab", lambda desk: setattr(desk, "level", 10), {}, "give it Reporter or above"),
        ("gitlab", lambda desk: setattr(desk, "issues_level", "disabled"), {}, "takes no issues"),
        ("jira", without("labels"), {}, "the create screen of Task has no field labels"),
        ("jira", with_required, {}, "Task requires Root cause: give it under fields as customfield_1"),
        ("jira", without(""), {"priorities": {Severity.P1: "Blocker"}}, "no priority 'Blocker', only Highest, Low"),
        ("jira", without(""), {"fields": {"customfield_9": "x"}}, "has no field customfield_9"),
        ("zendesk", lambda desk: setattr(desk, "role", "end-user"), {}, "whose role is 'end-user'"),
        ("zendesk", lambda desk: setattr(desk, "active", False), {}, "custom field 360 is not active"),
        ("zendesk", lambda _: None, {"ticket_form_id": 5}, "no ticket form 5"),
        ("servicenow", lambda _: None, {"fields": {"u_team": "payments"}}, "incident has no column 'u_team'"),
    ],
)
def test_a_check_names_what_is_missing_and_what_to_do(
    kind: str, spoil: Callable[[Any], None], changes: dict[str, Any], complaint: str
):
    verdict = checked(kind, spoil, **changes)
    assert isinstance(verdict, Rejected)
    assert complaint in verdict.reason


def test_a_required_field_that_is_given_is_no_complaint():
    assert Delivered() == checked("jira", lambda desk: [with_required(desk)], fields={"customfield_1": "unknown yet"})


def test_everything_that_is_missing_is_told_at_once():
    verdict = checked("zendesk", lambda desk: setattr(desk, "role", None), group_id=8, custom_fields={1: "x"})
    assert 3 == len(verdict.reason.split("; "))


def test_of_every_kind_it_is_said_what_a_check_does_not_prove():
    assert set(KINDS) == set(UNPROVEN)
