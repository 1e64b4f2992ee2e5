"""The contract for Redmine, with numbers in the place of names; with names it is tried on a real one, in the tests of delivery."""

import json

import pytest
from connector_contract import ConnectorContract, play_all, sample_ticket, secret

from monitor.connectors import Answer, Call, TryAgain
from monitor.connectors.redmine import RedmineConnector
from monitor.model.alert import Severity

OPTIONS = {
    "url": "https://redmine.example/",
    "project": "payments",
    "key_field": 1,
    "status_resolved": 3,
    "status_reopened": 2,
    "priorities": {severity: 6 - severity.rank for severity in Severity},
}


class TestRedmine(ConnectorContract):
    kind = "redmine"

    @pytest.fixture
    def options(self):
        return {**OPTIONS, "api_key": secret()}


def test_names_are_asked_for_once():
    connector = RedmineConnector(RedmineConnector.Options(**OPTIONS | {"api_key": secret(), "status_resolved": "Resolved"}))
    asked: list[str] = []

    def desk(call: Call) -> Answer:
        asked.append(call.url.partition("?")[0].rpartition("/")[2])
        issues = {"issue_statuses": [{"id": 3, "name": "Resolved"}], "issue": {"id": 7, "status": {"id": 1}}}
        return Answer(200, {}, json.dumps(issues).encode())

    for _ in range(2):
        play_all(connector.held("7"), desk)

    assert ["7.json", "issue_statuses.json", "7.json"] == asked


def test_a_name_that_redmine_does_not_have_waits_for_people():
    connector = RedmineConnector(RedmineConnector.Options(**OPTIONS | {"api_key": secret(), "key_field": "Nope"}))
    verdict, _ = play_all(connector.create(sample_ticket()), Answer(200, {}, b'{"project": {"issue_custom_fields": []}}'))
    assert TryAgain("Redmine has no key field 'Nope': none") == verdict
