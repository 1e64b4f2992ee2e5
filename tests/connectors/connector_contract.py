"""What every kind of desk must keep. A test class inherits ``ConnectorContract`` and says how to make its options."""

import re
from dataclasses import replace

import pytest

from monitor.connectors import Answer, Call, Connector, Delivered, Found, Rejected, TryAgain, Unsure
from monitor.connectors.table import KINDS
from monitor.model.alert import Severity
from monitor.model.incident import CommandKind, Status, Ticket
from monitor.model.secret import Secret
from monitor.model.text import Text

CANARY = "canary-4f1d2c-do-not-leak"
FINAL_STATUSES = range(100, 600)


def sample_ticket(**changes: object) -> Ticket:
    ticket = Ticket(
        external_id="paycanary-demo-inc_1-1",
        incident="inc_1",
        episode=1,
        revision=1,
        kind=CommandKind.OPEN,
        at=1_793_577_660.0,
        status=Status.OPEN,
        severity=Severity.P1,
        target="sandbox-card",
        title=Text("Card payments fail at authorise", "银行卡支付在预授权阶段失败"),
        body=Text("3 of 3 runs failed since 00:00:30.", "自 00:00:30 起 3 次运行全部失败。"),
        checks=("card-payment",),
        opened=1_793_577_630.0,
        labels={"team": "payments"},
        comment=Text("Opened.", "已创建。"),
    )
    return replace(ticket, **changes)


def play_all(flow, answer) -> tuple[object, list[Call]]:
    """Run an operation; ``answer`` is one Answer for every call, or a function of the call."""
    calls = []
    try:
        call = next(flow)
        while True:
            calls.append(call)
            call = flow.send(answer(call) if callable(answer) else answer)
    except StopIteration as end:
        return end.value, calls


class ConnectorContract:
    kind: str

    @pytest.fixture
    def options(self) -> dict[str, object]:
        raise NotImplementedError

    @pytest.fixture
    def connector(self, options: dict[str, object]) -> Connector:
        kind = KINDS[self.kind]
        return kind(kind.Options(**options))

    @pytest.fixture
    def operations(self, connector: Connector):
        """Every operation, made afresh at each call."""
        ticket = sample_ticket()
        return {
            "create": lambda: connector.create(ticket),
            "update": lambda: connector.update(ticket, "7"),
            "resolve": lambda: connector.resolve(replace(ticket, kind=CommandKind.RESOLVE, resolved=ticket.at), "7"),
            "reopen": lambda: connector.reopen(ticket, "7"),
            "find": lambda: connector.find(ticket.external_id),
            "check": connector.check,
        }

    def test_every_status_has_a_verdict(self, operations):
        for status in FINAL_STATUSES:
            for flow in operations.values():
                verdict, _ = play_all(flow(), Answer(status, {}, b"{}"))
                assert isinstance(verdict, Delivered | Found | TryAgain | Unsure | Rejected)

    def test_a_server_error_or_a_lost_answer_never_passes_for_nothing_done(self, operations):
        for lost in (Answer(None, sent=True, error="no answer"), *(Answer(status) for status in range(500, 600))):
            verdict, _ = play_all(operations["create"](), lambda call, lost=lost: Answer(200) if call.method == "GET" else lost)
            assert isinstance(verdict, Unsure)

    def test_a_look_up_without_an_answer_has_done_nothing(self, operations):
        for answer in (Answer(None, sent=True, error="no answer"), Answer(500), Answer(503, retry_after=9.0)):
            verdict, calls = play_all(operations["find"](), answer)
            assert isinstance(verdict, TryAgain) or not calls

    def test_what_was_not_sent_is_tried_again(self, operations):
        for flow in operations.values():
            verdict, calls = play_all(flow(), Answer(None, sent=False, error="no connection"))
            assert isinstance(verdict, TryAgain) or not calls

    def test_too_many_requests_waits_as_long_as_the_desk_says(self, operations):
        verdict, _ = play_all(operations["create"](), Answer(429, retry_after=17.0))
        assert 17.0 == verdict.after_seconds

    def test_refused_credentials_wait_for_people_instead_of_losing_the_ticket(self, operations):
        for status in (401, 403):
            verdict, _ = play_all(operations["create"](), Answer(status))
            assert isinstance(verdict, TryAgain)

    def test_an_answer_that_makes_no_sense_is_no_crash(self, operations):
        for body in (b"", b"\xff\xfe", b"null", b"[1]", b'{"data": 3}', b'{"data": {"collection": [1, {}]}}', b"[" * 100_000):
            for flow in operations.values():
                verdict, _ = play_all(flow(), Answer(200, {}, body))
                assert isinstance(verdict, Delivered | Found | Unsure | Rejected)

    def test_the_same_ticket_is_the_same_bytes(self, operations):
        def shown(call: Call) -> tuple[object, ...]:
            return call.method, call.url, call.body

        for flow in operations.values():
            first, second = (play_all(flow(), Answer(200, {}, b"{}"))[1] for _ in range(2))
            assert [shown(call) for call in first] == [shown(call) for call in second]

    def test_no_secret_is_in_a_representation_an_address_or_a_body(self, connector: Connector, options, operations):
        seen = [repr(connector), repr(KINDS[self.kind].Options(**options))]
        for flow in operations.values():
            for call in play_all(flow(), Answer(200, {}, b"{}"))[1]:
                seen += [repr(call), call.url, call.body.decode()]
        assert not re.search(re.escape(CANARY), "".join(seen))

    def test_no_secret_is_in_a_verdict_even_when_the_desk_repeats_it(self, operations):
        told = f"login failed for {CANARY} with Basic {CANARY}"
        bodies = [b'{"error": {"status": 400, "msg": "%s"}}', b'{"message": "%s"}', b'"%s"', b"%s"]
        for status in (400, 401, 409, 429, 500):
            for body in bodies:
                answer = Answer(status, {"x-echo": CANARY}, body % told.encode())
                for flow in operations.values():
                    assert CANARY not in repr(play_all(flow(), answer)[0])

    def test_hostile_texts_are_carried_and_clipped(self, connector: Connector):
        nasty = Text("\ud800\x00<b>&\n" * 5_000, "支付\u202e" * 20_000)
        ticket = sample_ticket(
            title=nasty, body=nasty, comment=nasty, checks=("c" * 300,) * 500, labels={"bad-name": "x", "team": "\n"}
        )
        for flow in (connector.create(ticket), connector.update(ticket, "7")):
            for call in play_all(flow, Answer(200, {}, b"{}"))[1]:
                call.body.decode("utf-8")
                assert len(call.body) < 64 << 10


def secret() -> Secret:
    return Secret(CANARY, "${env:CANARY}")
