"""The contract, for the desks that are only to be had as a service; and what each of them does with what people did."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from connector_contract import ConnectorContract, play_all, sample_ticket, secret
from hosted import Hosted, HostedClient
from hosted_github import HostedGitHub
from hosted_gitlab import HostedGitLab
from hosted_incident_io import HostedIncidentIo
from hosted_jira import HostedJira
from hosted_pagerduty import HostedPagerDuty
from hosted_salesforce import HostedSalesforce
from hosted_servicenow import HostedServiceNow
from hosted_zendesk import HostedZendesk

from monitor.connectors import Answer, Delivered, Found, Rejected, TryAgain, Unsure
from monitor.connectors.client import play
from monitor.connectors.table import KINDS
from monitor.model.incident import CommandKind, Status
from monitor.model.secret import Secret
from monitor.model.text import Text

OAUTH = {"url": "https://desk.test", "client_id": "paycanary", "client_secret": secret()}
#: kind -> options with the canary secret in them, and the model.
KNOWN: dict[str, tuple[dict[str, Any], type[Hosted]]] = {
    "zendesk": (OAUTH | {"group_id": 7, "custom_fields": {360: "payments"}}, HostedZendesk),
    "salesforce": (OAUTH, HostedSalesforce),
    "servicenow": (OAUTH, HostedServiceNow),
    "jira": ({"url": "https://desk.test", "email": "canary@example.com", "token": secret(), "project": "PAY"}, HostedJira),
    "github": ({"url": "https://desk.test", "repository": "payments/ops", "token": secret()}, HostedGitHub),
    "gitlab": ({"url": "https://desk.test", "project": "payments/ops", "token": secret()}, HostedGitLab),
    "pagerduty": ({"url": "https://desk.test/v2/enqueue", "routing_key": secret()}, HostedPagerDuty),
    "incident_io": ({"url": "https://desk.test", "source": "01SOURCE", "token": secret()}, HostedIncidentIo),
}


class _Contract(ConnectorContract):
    @pytest.fixture
    def options(self):
        return KNOWN[self.kind][0]

    @pytest.fixture
    def connector(self, options):
        made = KINDS[self.kind](KINDS[self.kind].Options(**options))
        rest = getattr(made, "rest", None)
        if rest and rest.bearer:
            rest.bearer.hold(Secret("Bearer held"))  # how a token is come by is told apart, below
        return made


class TestZendesk(_Contract):
    kind = "zendesk"


class TestSalesforce(_Contract):
    kind = "salesforce"


class TestServiceNow(_Contract):
    kind = "servicenow"


class TestJira(_Contract):
    kind = "jira"


class TestGitHub(_Contract):
    kind = "github"


class TestGitLab(_Contract):
    kind = "gitlab"


class TestPagerDuty(_Contract):
    kind = "pagerduty"


class TestIncidentIo(_Contract):
    kind = "incident_io"


class TestRequestTracker(ConnectorContract):
    """Tried on a real one with the tests of delivery."""

    kind = "request_tracker"

    @pytest.fixture
    def options(self):
        return {"url": "https://rt.example", "token": secret(), "queue": "Payments"}


class Desk:
    """One connector and its model, in step."""

    def __init__(self, kind: str, **changes: Any) -> None:
        options, model = KNOWN[kind]
        self.time = 0.0
        self.model: Any = model(lambda: self.time)
        self.connector = KINDS[kind](KINDS[kind].Options(**(options | changes)))
        self._client = HostedClient(self.model, seconds=0.0)

    def do(self, flow: Any) -> Any:
        async def main() -> Any:
            return await play(flow, lambda call: self._client.perform(call, self.connector.access))

        return asyncio.run(main())

    def of(self, ticket: Any) -> list[Any]:
        return self.model.of(ticket.external_id)


TRACKERS = ("zendesk", "salesforce", "servicenow", "jira", "github", "gitlab")
UPDATE = sample_ticket(kind=CommandKind.UPDATE, revision=2)
RESOLVE = sample_ticket(kind=CommandKind.RESOLVE, revision=3, status=Status.RESOLVED, resolved=1_793_577_700.0)
REOPEN = sample_ticket(kind=CommandKind.REOPEN, revision=4, episode=2, external_id="paycanary-demo-inc_1-2")


@pytest.fixture(params=TRACKERS)
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    desk = Desk(request.param)
    yield desk
    assert [] == desk.model.violations


@pytest.mark.parametrize("kind", KNOWN)
def test_a_check_proves_login_and_fields_and_makes_nothing(kind: str):
    desk = Desk(kind)

    assert isinstance(desk.do(desk.connector.check()), Delivered)
    assert ([], []) == (desk.of(sample_ticket()), desk.model.violations)


def test_a_ticket_is_made_found_told_closed_and_opened_again(desk: Desk):
    ticket = sample_ticket()
    made = desk.do(desk.connector.create(ticket))
    assert Found((made.remote_id,), open=True) == desk.do(desk.connector.find(ticket.external_id))

    for flow in (desk.connector.update(UPDATE, made.remote_id), desk.connector.resolve(RESOLVE, made.remote_id)):
        assert Delivered(made.remote_id) == desk.do(flow)
    assert Found((made.remote_id,), open=False) == desk.do(desk.connector.find(ticket.external_id))

    assert Delivered(made.remote_id) == desk.do(desk.connector.reopen(REOPEN, made.remote_id))
    assert Found((made.remote_id,), open=True) == desk.do(desk.connector.find(ticket.external_id))


def test_what_is_told_twice_is_written_once(desk: Desk):
    made = desk.do(desk.connector.create(sample_ticket()))
    for _ in range(3):
        desk.do(desk.connector.update(UPDATE, made.remote_id))
        desk.do(desk.connector.resolve(RESOLVE, made.remote_id))

    said = "".join(map(str, desk.model.texts(made.remote_id)))
    assert (1, 1) == (said.count("r2]"), said.count("r3]"))


def test_a_ticket_that_people_closed_is_told_more_and_stays_closed(desk: Desk):
    made = desk.do(desk.connector.create(sample_ticket()))
    desk.model.close_by_hand(made.remote_id)

    assert isinstance(desk.do(desk.connector.update(UPDATE, made.remote_id)), Delivered)

    assert Found((made.remote_id,), open=False) == desk.do(desk.connector.find(sample_ticket().external_id))
    assert "r2]" in "".join(map(str, desk.model.texts(made.remote_id)))


def test_a_ticket_that_people_deleted_is_said_to_be_gone(desk: Desk):
    made = desk.do(desk.connector.create(sample_ticket()))
    desk.model.delete_by_hand(made.remote_id)

    verdict = desk.do(desk.connector.update(UPDATE, made.remote_id))

    assert isinstance(verdict, Rejected)
    assert "deleted" in verdict.reason


def test_a_chinese_ticket_keeps_to_the_desks_limits(desk: Desk):
    long = Text("failing since noon\n" * 3_000, "自中午起持续失败，影响全部卡组织。\n" * 3_000)
    ticket = sample_ticket(title=Text("T" * 300, "题" * 300), body=long, comment=long)

    made = desk.do(desk.connector.create(ticket))
    told = desk.do(desk.connector.update(replace(ticket, revision=2), made.remote_id))

    assert (Delivered, Delivered) == (type(made), type(told))


@pytest.mark.parametrize("kind", ["zendesk", "servicenow"])
def test_a_new_episode_of_a_ticket_closed_for_good_is_a_new_ticket(kind: str):
    desk = Desk(kind)
    made = desk.do(desk.connector.create(sample_ticket()))
    desk.model.close_for_good(made.remote_id)

    assert Delivered(made.remote_id) == desk.do(desk.connector.update(UPDATE, made.remote_id))
    again = desk.do(desk.connector.reopen(REOPEN, made.remote_id))

    assert again.remote_id != made.remote_id
    assert Found((again.remote_id,), open=True) == desk.do(desk.connector.find(REOPEN.external_id))


@pytest.mark.parametrize("kind", ["zendesk", "salesforce", "servicenow"])
def test_an_expired_token_is_replaced_in_the_same_exchange(kind: str):
    desk = Desk(kind)
    desk.do(desk.connector.create(sample_ticket()))
    desk.model.expire_tokens()

    assert isinstance(desk.do(desk.connector.find(sample_ticket().external_id)), Found)


@pytest.mark.parametrize("kind", ["zendesk", "salesforce", "servicenow"])
def test_without_a_token_nothing_was_done_and_the_ticket_waits(kind: str):
    options, _ = KNOWN[kind]
    for answer in (Answer(401), Answer(400), Answer(200, {}, b"{}"), Answer(503), Answer(None, sent=True, error="no answer")):
        connector = KINDS[kind](KINDS[kind].Options(**options))
        verdict, calls = play_all(connector.create(sample_ticket()), answer)
        assert isinstance(verdict, TryAgain)
        assert len(calls) == 1


def test_zendesk_takes_the_same_creation_twice_for_one():
    desk = Desk("zendesk")
    first, second = (desk.do(desk.connector.create(sample_ticket())) for _ in range(2))
    assert (first, 1) == (second, len(desk.of(sample_ticket())))


def test_zendesk_with_other_words_under_a_known_key_is_looked_up_instead():
    desk = Desk("zendesk")
    desk.do(desk.connector.create(sample_ticket()))
    verdict = desk.do(desk.connector.create(sample_ticket(body=Text("other words", "别的话"))))
    assert isinstance(verdict, Unsure)


def test_salesforce_does_not_put_back_what_people_worked_on():
    desk = Desk("salesforce")
    made = desk.do(desk.connector.create(sample_ticket()))
    desk.model.cases[made.remote_id].fields["Status"] = "Working"

    assert made == desk.do(desk.connector.create(sample_ticket()))
    assert "Working" == desk.model.cases[made.remote_id].fields["Status"]


def test_salesforce_out_of_calls_for_the_day_waits_a_quarter_of_an_hour():
    desk = Desk("salesforce")
    desk.model.exhausted = True
    verdict = desk.do(desk.connector.create(sample_ticket()))
    assert isinstance(verdict, TryAgain)
    assert 900.0 == verdict.after_seconds


@pytest.mark.parametrize(
    ("kind", "changes", "spoil", "complaint"),
    [
        ("zendesk", {"group_id": 8}, lambda _: None, "no group 8"),
        ("zendesk", {"custom_fields": {1: "x"}}, lambda _: None, "no custom field 1"),
        ("salesforce", {"status_resolved": "Done"}, lambda _: None, "no Status 'Done'"),
        ("salesforce", {}, lambda model: setattr(model, "unique_key", False), "not a unique external id"),
        ("servicenow", {"close_code": "Fixed"}, lambda _: None, "no close_code 'Fixed'"),
        ("jira", {"issue_type": "Outage"}, lambda _: None, "no issue type 'Outage'"),
        ("jira", {}, lambda model: model.granted.discard("CREATE_ISSUES"), "CREATE_ISSUES"),
    ],
)
def test_a_check_names_what_the_desk_lacks(kind: str, changes: dict[str, Any], spoil: Callable[[Any], None], complaint: str):
    desk = Desk(kind, **changes)
    spoil(desk.model)
    verdict = desk.do(desk.connector.check())
    assert isinstance(verdict, Rejected)
    assert complaint in verdict.reason


def test_pagerduty_is_told_of_an_acknowledgement_and_of_no_other_news():
    desk = Desk("pagerduty")
    desk.do(desk.connector.create(sample_ticket()))
    desk.model.close_by_hand(sample_ticket().external_id)

    desk.do(desk.connector.update(UPDATE, sample_ticket().external_id))
    desk.do(desk.connector.update(replace(UPDATE, status=Status.ACKNOWLEDGED), sample_ticket().external_id))

    alert = desk.model.of_key(sample_ticket().external_id)
    assert ("resolved", 1) == (alert["state"], alert["pages"])


def test_the_descriptions_refuse_what_the_desks_would(tmp_path: Path):
    """A model that takes everything would prove nothing."""
    wrong = {
        "zendesk": ("POST", "/api/v2/tickets", {"ticket": {"subject": "x", "comment": {"body": "y"}, "priority": "P1"}}),
        "salesforce": ("PATCH", "/services/data/v62.0/sobjects/Case/Paycanary_Key__c/k", {"Priority": "P1"}),
        "servicenow": ("POST", "/api/now/table/incident", {"short_description": "x" * 161}),
        "jira": ("POST", "/rest/api/3/issue", {"fields": {"project": {"key": "PAY"}, "summary": "no type"}}),
        "github": ("POST", "/repos/payments/ops/issues", {"body": "no title"}),
        "gitlab": ("POST", "/api/v4/projects/payments%2Fops/issues", {"description": "no title"}),
        "pagerduty": ("POST", "/v2/enqueue", {"event_action": "open", "routing_key": "k"}),
        "incident_io": ("POST", "/v2/alert_events/http/01SOURCE", {"title": "x", "status": "open"}),
    }
    for kind, (method, path, body) in wrong.items():
        desk = Desk(kind)
        desk.model.refused(method, f"https://desk.test{path}", body)
        assert 1 == len(desk.model.violations), kind
