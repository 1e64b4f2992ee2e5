"""JSM operations: work that is done after the 202, alerts that only some may read, notes on closed alerts, pages that must not repeat."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from connector_contract import CANARY, ConnectorContract, sample_ticket, secret
from hosted import HostedClient
from hosted_jsm_ops import HostedJsmOps
from pydantic import ValidationError

from monitor.connectors import Delivered, Found, Gone, Held, Rejected, Unsure
from monitor.connectors.client import play
from monitor.connectors.jsm_ops import JsmOpsConnector
from monitor.model.incident import CommandKind, Status
from monitor.model.secret import Secret
from monitor.model.text import Text

WRITER = {"url": "https://desk.test", "api_key": secret()}
READER = WRITER | {"cloud_id": "0f1e2d3c-0000-4000-8000-000000000001", "email": "canary@example.com", "token": secret()}
UPDATE = sample_ticket(kind=CommandKind.UPDATE, revision=2)
RESOLVE = sample_ticket(kind=CommandKind.RESOLVE, revision=3, status=Status.RESOLVED, resolved=1_793_577_700.0)


class TestWriter(ConnectorContract):
    kind = "jsm_ops"

    @pytest.fixture
    def options(self):
        return WRITER


class TestReader(ConnectorContract):
    kind = "jsm_ops"

    @pytest.fixture
    def options(self):
        return READER


class Desk:
    def __init__(self, options: dict[str, Any], **model: Any) -> None:
        self.time = 0.0
        self.model = HostedJsmOps(lambda: self.time, **model)
        self.connector = JsmOpsConnector(JsmOpsConnector.Options(**options))
        self._client = HostedClient(self.model, seconds=0.0)

    def do(self, flow: Any) -> Any:
        async def main() -> Any:
            return await play(flow, lambda call: self._client.perform(call, self.connector.access))

        verdict = asyncio.run(main())
        assert [] == self.model.violations
        assert CANARY not in repr(verdict)
        return verdict

    @property
    def alert(self) -> Any:
        (alert,) = self.model.of(sample_ticket().external_id)
        return alert


@pytest.fixture(params=[WRITER, READER], ids=["writes", "reads too"])
def desk(request: pytest.FixtureRequest) -> Desk:
    return Desk(request.param)


def test_an_alert_is_made_told_acknowledged_and_closed(desk: Desk):
    made = desk.do(desk.connector.create(sample_ticket()))
    desk.do(desk.connector.update(UPDATE, made.remote_id))
    desk.do(desk.connector.update(replace(UPDATE, revision=3, status=Status.ACKNOWLEDGED), made.remote_id))
    desk.do(desk.connector.resolve(replace(RESOLVE, revision=4), made.remote_id))

    assert made.remote_id == desk.alert.id
    assert ("closed", "Alert API", "P1") == (desk.alert.status, desk.alert.acknowledged_by, desk.alert.fields["priority"])
    assert ["r2]", "r3]", "r4]"] == [note[-3:] for note in desk.alert.comments]


def test_the_same_alert_made_twice_is_one(desk: Desk):
    first, second = (desk.do(desk.connector.create(sample_ticket())) for _ in range(2))
    assert (first, 1) == (second, len(desk.model.alerts))


def test_work_that_is_not_done_yet_is_looked_up_by_who_can_read():
    desk = Desk(READER, working_seconds=2.0)
    assert isinstance(desk.do(desk.connector.create(sample_ticket())), Unsure)
    assert Found() == desk.do(desk.connector.find(sample_ticket().external_id))

    desk.time = 2.0
    assert Found((desk.alert.id,), open=True) == desk.do(desk.connector.find(sample_ticket().external_id))


def test_work_that_is_not_done_yet_is_taken_at_its_word_by_who_cannot():
    desk = Desk(WRITER, working_seconds=2.0)
    made = desk.do(desk.connector.create(sample_ticket()))
    assert Delivered(sample_ticket().external_id) == made

    desk.time = 2.0
    desk.do(desk.connector.resolve(RESOLVE, made.remote_id))
    desk.time = 4.0
    assert "closed" == desk.alert.status


def test_an_action_on_an_alert_that_people_closed_pages_nobody(desk: Desk):
    made = desk.do(desk.connector.create(sample_ticket()))
    desk.model.close_by_hand(made.remote_id)

    for flow in (desk.connector.update(UPDATE, made.remote_id), desk.connector.resolve(RESOLVE, made.remote_id)):
        assert Delivered(made.remote_id) == desk.do(flow)

    assert (1, "closed", "Alex Test", 1) == (len(desk.model.alerts), desk.alert.status, desk.alert.closed_by, desk.alert.count)


def test_who_can_read_tells_a_closed_alert_the_last_words_too_and_each_thing_once():
    desk = Desk(READER)
    made = desk.do(desk.connector.create(sample_ticket()))
    desk.model.close_by_hand(made.remote_id)
    for _ in range(2):
        desk.do(desk.connector.update(UPDATE, made.remote_id))
        desk.do(desk.connector.resolve(RESOLVE, made.remote_id))

    assert ["r2]", "r3]"] == [note[-3:] for note in desk.alert.comments]


def test_what_people_did_and_wrote_is_seen():
    desk = Desk(READER)
    made = desk.do(desk.connector.create(sample_ticket()))
    desk.do(desk.connector.update(UPDATE, made.remote_id))
    desk.model.add_note(desk.alert, "The acquirer has a fault.", "Alex Test")
    desk.alert.owner = "Alex Test"
    desk.model.close_by_hand(made.remote_id)

    seen = desk.do(desk.connector.read(made.remote_id))

    assert (Held.DONE, "Alex Test", "Alex Test") == (seen.state, seen.by, seen.assignee)
    assert [("Alex Test", "The acquirer has a fault.")] == [(one.by, one.text) for one in seen.comments]


def test_a_deleted_alert_is_gone():
    desk = Desk(READER)
    made = desk.do(desk.connector.create(sample_ticket()))
    desk.model.delete_by_hand(made.remote_id)

    assert isinstance(desk.do(desk.connector.read(made.remote_id)), Gone)


def test_a_long_chinese_story_keeps_to_the_limits(desk: Desk):
    long = Text("failing since noon\n" * 3_000, "自中午起持续失败，影响全部卡组织。\n" * 3_000)
    ticket = sample_ticket(title=Text("T" * 300, "题" * 300), body=long, comment=long)
    made = desk.do(desk.connector.create(ticket))
    assert isinstance(desk.do(desk.connector.update(replace(ticket, revision=2), made.remote_id)), Delivered)


def test_a_check_proves_the_key_and_the_reader_and_makes_nothing(desk: Desk):
    assert Delivered() == desk.do(desk.connector.check())
    assert {} == desk.model.alerts


def test_a_check_tells_an_account_that_may_not_read():
    desk = Desk(READER)
    desk.model.readable = False
    verdict = desk.do(desk.connector.check())
    assert isinstance(verdict, Rejected)
    assert "read:ops-alert:jira-service-management" in verdict.reason


def test_half_a_reader_is_a_mistake():
    with pytest.raises(ValidationError, match="together"):
        JsmOpsConnector.Options(**WRITER | {"token": Secret("t")})


def test_the_description_refuses_what_jsm_would():
    desk = Desk(WRITER)
    desk.model.refused("POST", "https://desk.test/jsm/ops/integration/v2/alerts", {"message": "x" * 131})
    assert 1 == len(desk.model.violations)
