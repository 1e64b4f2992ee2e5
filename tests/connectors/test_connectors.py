"""Facts about the connectors that need no desk: words and verdicts."""

import base64
import hashlib
import hmac
import json
from typing import ClassVar

import pytest
from connector_contract import CANARY, FINAL_STATUSES, ConnectorContract, play_all, sample_ticket, secret
from pydantic import ValidationError

from monitor.connectors import Answer, Delivered, Found, Rejected, TryAgain, Unsure
from monitor.connectors.alertmanager import AlertmanagerConnector
from monitor.connectors.judge import refusal
from monitor.connectors.roundup import RoundupConnector
from monitor.connectors.webhook import WebhookConnector
from monitor.model.incident import CommandKind
from monitor.model.secret import Secret
from monitor.model.text import Text


class TestWebhook(ConnectorContract):
    kind = "webhook"

    @pytest.fixture
    def options(self):
        return {"url": "https://desk.example/hooks", "secret": secret()}


class TestAlertmanager(ConnectorContract):
    kind = "alertmanager"

    @pytest.fixture
    def options(self):
        return {"urls": ["https://am-1.example", "https://am-2.example"], "username": "paycanary", "password": secret()}


class TestRoundup(ConnectorContract):
    kind = "roundup"

    @pytest.fixture
    def options(self):
        return {"url": "https://tracker.example/", "username": "monitor", "password": secret()}


LATER = {401, 403, 407, 408, 412, 421, 423, 425, 429}


@pytest.mark.parametrize("status", FINAL_STATUSES)
def test_what_a_status_says_about_whether_something_was_done(status: int):
    if 200 <= status < 300:
        expected: type | None = None
    elif status in LATER:
        expected = TryAgain
    elif status < 200 or status == 409 or status >= 500:
        expected = Unsure
    else:
        expected = Rejected
    verdict = refusal(Answer(status), "The desk")
    assert expected is (verdict and type(verdict))


def test_a_verdict_says_who_answered_what_and_why():
    verdict = refusal(Answer(400), "Roundup", "Property nope not found in class issue")
    assert "Roundup answered 400: Property nope not found in class issue" == verdict.reason


class TestWebhookWords:
    connector = WebhookConnector(WebhookConnector.Options(url="https://desk.example/hooks", secret=secret()))

    def test_the_body_is_the_published_one(self):
        (call,) = play_all(self.connector.create(sample_ticket()), Answer(204))[1]
        assert {
            "version": 1,
            "type": "incident.open",
            "timestamp": "2026-11-02T00:01:00.000Z",
            "external_id": "paycanary-demo-inc_1-1",
            "incident": "inc_1",
            "episode": 1,
            "revision": 1,
            "status": "open",
            "severity": "p1",
            "target": "sandbox-card",
            "title": {"en": "Card payments fail at authorise", "zh": "银行卡支付在预授权阶段失败"},
            "body": {"en": "3 of 3 runs failed since 00:00:30.", "zh": "自 00:00:30 起 3 次运行全部失败。"},
            "comment": {"en": "Opened.", "zh": "已创建。"},
            "checks": ["card-payment"],
            "labels": {"team": "payments"},
            "opened": "2026-11-02T00:00:30.000Z",
            "resolved": None,
        } == json.loads(call.body)

    def test_the_signature_is_that_of_standard_webhooks(self):
        (call,) = play_all(self.connector.create(sample_ticket(revision=4)), Answer(200))[1]
        headers = call.sign(1_793_577_661.9)
        assert ("paycanary-demo-inc_1-1:4", "1793577661") == (headers["webhook-id"], headers["webhook-timestamp"])
        content = b"paycanary-demo-inc_1-1:4.1793577661." + call.body
        digest = base64.b64encode(hmac.new(CANARY.encode(), content, hashlib.sha256).digest()).decode()
        assert f"v1,{digest}" == headers["webhook-signature"]

    def test_the_example_of_the_specifications_own_libraries_is_reproduced(self):
        from monitor.connectors.webhook import Signer

        signer = Signer(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}')
        assert "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" == signer(1_614_265_330)["webhook-signature"]

    def test_a_secret_that_is_not_base64_behind_its_prefix_is_used_as_it_is(self):
        from monitor.connectors.webhook import Signer

        plain, prefixed = (
            Signer(Secret(text), "m", b"{}")(1.0)["webhook-signature"] for text in ("whsec_not base64!", "not base64!")
        )
        assert plain != prefixed

    def test_a_repetition_has_the_same_id_and_a_new_timestamp(self):
        (call,) = play_all(self.connector.create(sample_ticket()), Answer(200))[1]
        first, second = call.sign(1.0), call.sign(2.0)
        assert first["webhook-id"] == second["webhook-id"]
        assert first["webhook-signature"] != second["webhook-signature"]


class TestAlertmanagerWords:
    connector = AlertmanagerConnector(
        AlertmanagerConnector.Options(urls=["http://a.example", "http://b.example/"], labels={"region": "eu"})
    )
    LABELS: ClassVar = {
        "alertname": "PaycanaryIncident",
        "target": "sandbox-card",
        "severity": "p1",
        "incident": "paycanary-demo-inc_1-1",
        "team": "payments",
        "region": "eu",
    }

    def posted(self, ticket, answer=Answer(200, {}, b"[]")):
        verdict, calls = play_all(self.connector.create(ticket), answer)
        return verdict, [call for call in calls if call.method == "POST"]

    def test_every_instance_is_told(self):
        verdict, calls = self.posted(sample_ticket())
        assert ["http://a.example/api/v2/alerts", "http://b.example/api/v2/alerts"] == [call.url for call in calls]
        assert Delivered("paycanary-demo-inc_1-1") == verdict

    def test_labels_and_annotations_in_both_languages(self):
        (alert,) = json.loads(self.posted(sample_ticket())[1][0].body)
        assert self.LABELS == alert["labels"]
        assert "银行卡支付在预授权阶段失败" == alert["annotations"]["summary_zh"]
        assert "2026-11-02T00:00:30.000Z" == alert["startsAt"]
        assert "endsAt" not in alert

    def test_an_instance_that_is_away_does_not_stop_the_others(self):
        def answer(call):
            return Answer(None, sent=False, error="away") if "a.example" in call.url else Answer(200, {}, b"[]")

        assert isinstance(self.posted(sample_ticket(), answer)[0], Delivered)

    def test_of_several_refusals_the_least_certain_counts(self):
        def answer(call):
            return Answer(400) if "a.example" in call.url else Answer(503)

        def taken_or_lost(call):
            return Answer(200, {}, b"[]") if call.method == "GET" else answer(call)

        assert isinstance(self.posted(sample_ticket(), taken_or_lost)[0], Unsure)

    def test_a_change_of_severity_ends_the_alert_under_the_old_labels(self):
        held = [{"labels": {**self.LABELS, "severity": "p2"}, "annotations": {}, "startsAt": "2026-11-02T00:00:30.000Z"}]
        _, (call, _) = self.posted(sample_ticket(), Answer(200, {}, json.dumps(held).encode()))
        new, old = json.loads(call.body)
        assert ("p1", None) == (new["labels"]["severity"], new.get("endsAt"))
        assert ("p2", "2026-11-02T00:01:00.000Z") == (old["labels"]["severity"], old["endsAt"])

    def test_a_user_without_a_password_is_a_mistake(self):
        with pytest.raises(ValidationError, match="go together"):
            AlertmanagerConnector.Options(urls=["http://a.example"], username="x")


class TestRoundupWords:
    connector = RoundupConnector(RoundupConnector.Options(url="https://tracker.example", username="monitor", password=secret()))

    def desk(self, *, messages=(), status="unread", found=()):
        def answer(call):
            if call.method == "GET" and "/msg?" in call.url:
                return Answer(200, {}, json.dumps({"data": {"collection": [{"id": one} for one in found]}}).encode())
            if call.method == "GET":
                held = {"attributes": {"messages": [{"id": one} for one in messages], "status": {"id": "1", "name": status}}}
                return Answer(200, {"etag": '"e1"'}, json.dumps({"data": held}).encode())
            return Answer(201, {}, b'{"data": {"id": "9"}}')

        return answer

    def test_an_issue_is_made_with_its_message_and_key(self):
        verdict, calls = play_all(self.connector.create(sample_ticket()), self.desk())
        assert (Delivered("9"), ["GET", "POST", "POST"]) == (verdict, [call.method for call in calls])
        assert {
            "title": "Card payments fail at authorise / 银行卡支付在预授权阶段失败",
            "external_id": "paycanary-demo-inc_1-1",
            "status": "unread",
            "priority": "critical",
            "messages": ["9"],
        } == json.loads(calls[-1].body)

    def test_a_comment_leaves_the_status_that_people_gave(self):
        _, calls = play_all(self.connector.update(sample_ticket(), "7"), self.desk(messages=("3",), status="resolved"))
        assert {"@op": "replace", "messages": ["3", "9"], "status": "resolved"} == json.loads(calls[-1].body)
        assert '"e1"' == calls[-1].headers["if-match"]

    def test_what_an_earlier_attempt_has_done_is_not_done_again(self):
        ticket = sample_ticket(kind=CommandKind.RESOLVE)
        verdict, calls = play_all(
            self.connector.resolve(ticket, "7"), self.desk(found=("9",), messages=("9",), status="resolved")
        )
        assert (Delivered("7"), ["GET", "GET"]) == (verdict, [call.method for call in calls])

    def test_a_change_by_somebody_else_in_between_is_tried_again(self):
        def answer(call):
            return Answer(412) if call.method == "PATCH" else self.desk()(call)

        assert isinstance(play_all(self.connector.update(sample_ticket(), "7"), answer)[0], TryAgain)

    def test_found_issues_are_newest_first(self):
        body = {"data": {"collection": [{"id": "9", "status": {"name": "resolved"}}, {"id": "10", "status": {"name": "unread"}}]}}
        verdict, _ = play_all(self.connector.find("k"), Answer(200, {}, json.dumps(body).encode()))
        assert Found(("10", "9"), open=True) == verdict

    def test_a_text_in_one_language_is_not_said_twice(self):
        _, calls = play_all(self.connector.create(sample_ticket(title=Text("Only English"))), self.desk())
        assert "Only English" == json.loads(calls[-1].body)["title"]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://desk.example/", "expected an address like"),
        ("https://user:pw@desk.example/", "ends up in logs"),
        ("https://desk.example/?token=x", 'without "?"'),
        ("desk.example", "expected an address like"),
    ],
)
def test_an_address_that_cannot_be_right_is_refused(url: str, why: str):
    with pytest.raises(ValidationError, match=why.replace("?", r"\?")):
        WebhookConnector.Options(url=url, secret=secret())
