"""What a step came to: whose fault, how far it got, what the gateway said, what was expected."""

import pytest
from script_helpers import answered, lost, moves, step

from monitor.model.outcome import DECLINES, NetworkReason, Outcome
from monitor.model.result import MESSAGE_MAX, Phases, Reach, TlsFacts
from monitor.transactions.dialects import DIALECTS
from monitor.transactions.judge import judge, scope_of

O, R = Outcome, NetworkReason  # noqa: E741


def judged(found, exchange, *, dialect="plain", read=False, **known):
    return judge(found, exchange, {**known, **scope_of(exchange)}, DIALECTS[dialect], read=read)


def charge(**fields):
    return step("pay", takes=moves("refund"), **fields)


@pytest.mark.parametrize(
    ("exchange", "money", "outcome", "reached"),
    [
        (lost(R.DNS, Reach.NOT_SENT), True, O.NETWORK_ERROR, False),
        (lost(R.TCP_TIMEOUT, Reach.NOT_SENT), True, O.NETWORK_ERROR, False),
        (lost(R.TLS_CERTIFICATE, Reach.NOT_SENT), False, O.NETWORK_ERROR, False),
        (lost(R.BLOCKED_ADDRESS, Reach.NOT_SENT), True, O.CLIENT_CONFIG, False),
        (lost(R.PROTOCOL, Reach.NOT_SENT), False, O.CLIENT_CONFIG, False),
        (lost(R.ANSWER_TIMEOUT), True, O.TIMEOUT_UNKNOWN, True),
        (lost(R.RESET), True, O.TIMEOUT_UNKNOWN, True),
        (lost(R.PROTOCOL), True, O.TIMEOUT_UNKNOWN, True),
        (lost(R.ANSWER_TIMEOUT), False, O.TIMEOUT_UNKNOWN, True),
        (lost(R.BODY_TIMEOUT), False, O.TIMEOUT_UNKNOWN, True),
        (lost(R.RESET), False, O.NETWORK_ERROR, True),
        (lost(R.NO_ANSWER), False, O.NETWORK_ERROR, True),
        (lost(R.PROTOCOL), False, O.CONTRACT_VIOLATION, True),
        (lost(R.BODY_TOO_LARGE, Reach.ANSWERED, status=200), False, O.CONTRACT_VIOLATION, True),
        (lost(R.BODY_TOO_LARGE, Reach.ANSWERED, status=200), True, O.TIMEOUT_UNKNOWN, True),
    ],
)
def test_an_exchange_without_a_whole_answer(exchange, money, outcome, reached):
    found = judged(charge() if money else step("read"), exchange)
    assert (outcome, False, reached) == (found.result.outcome, found.result.good, found.reached)
    assert exchange.reason is found.result.reason
    assert found.result.message


def test_our_own_fault_is_never_the_gateways():
    found = judged(charge(), lost(R.OUT_OF_FILES, Reach.NOT_SENT, ours=True, error="no file descriptor left"))
    assert (O.AGENT_FAULT, None, False) == (found.result.outcome, found.result.good, found.reached)
    assert "no file descriptor left" == found.result.message


def test_money_sent_by_a_monitor_that_then_broke_counts_as_reached():
    assert judged(charge(), lost(R.INTERNAL, ours=True)).reached


def test_a_run_told_to_end_measured_nothing():
    found = judged(charge(), lost(R.SHUTDOWN, ours=True))
    assert (O.UNKNOWN, None, True) == (found.result.outcome, found.result.good, found.reached)


def test_an_answer_as_expected_is_good():
    found = judged(
        step("read", expect=["status == 200", 'body.state == "on"'], save={"id": "body.id"}),
        answered(200, {"state": "on", "id": 5}),
    )
    assert (O.OK, True, "") == (found.result.outcome, found.result.good, found.result.message)
    assert {"id": 5} == found.saved


def test_an_exchange_without_http_is_judged_by_its_expectations_alone():
    assert judged(step("lookup", expect='"10.0.0.1" in answers'), answered(None, answers=("10.0.0.1",))).result.good
    assert not judged(step("lookup", expect='"10.0.0.1" in answers'), answered(None)).result.good


def test_a_failed_expectation_names_itself_and_the_value_seen():
    found = judged(
        step("read", expect=["status == 200", 'body.state == "on" && body.count == 1']),
        answered(200, {"state": "off", "count": 2}),
    )
    assert O.CONTRACT_VIOLATION is found.result.outcome
    assert 'expected body.state == "on" && body.count == 1 (body.state was "off"; body.count was 2)' == found.result.message


def test_values_are_shown_short():
    exchange = answered(200, {"long": "x" * 500, "map": {"a": 1}, "list": [1, 2], "none": None})
    found = judged(
        step("read", expect='body.long == "a" && body.map == {} && body.list == [] && body.none == 1 && body.other'), exchange
    )
    assert 'body.long was "' + "x" * 80 + '"...' in found.result.message
    assert "body.map was a map of 1 fields; body.list was a list of 2 elements; body.none was null" in found.result.message
    assert "body.other" not in found.result.message.split("(", 1)[1]


def test_a_missing_field_fails_and_says_so():
    found = judged(step("read", expect=["body.state != 'off'"]), answered(200, {}))
    assert (O.CONTRACT_VIOLATION, False) == (found.result.outcome, found.result.good)
    assert "there is no field 'state'" in found.result.message


def test_the_values_shown_may_themselves_be_missing():
    found = judged(step("read", expect="has(body.a) && body.a.b == 1"), answered(200, {}))
    assert "there is no body.a" in found.result.message


def test_an_expectation_without_names_shows_none():
    assert "expected 1 == 2" == judged(step("read", expect="1 == 2"), answered()).result.message


def test_a_foreign_expression_is_believed_and_not_explained():
    class Never:
        source = "never"

        def __call__(self, scope):
            return False

    found = step("read")
    object.__setattr__(found, "expect", (Never(),))
    assert "expected never" == judged(found, answered()).result.message


@pytest.mark.parametrize(("source", "shown"), [("status", "200"), ("body.word", '"yes"'), ("body.price", "1.50")])
def test_an_expectation_that_is_neither_true_nor_false_fails(source, shown):
    from decimal import Decimal

    found = judged(step("read", expect=source), answered(200, {"word": "yes", "price": Decimal("1.50")}))
    assert found.result.good is False
    assert f"to be true or false, and it is {shown}" in found.result.message


def test_card_numbers_do_not_reach_a_message():
    for card in ("5123450000000008", "5123 4500 0000 0008"):
        found = judged(step("read", expect='body.card == ""'), answered(200, {"card": card}))
        assert "0000000" not in found.result.message.replace(" ", "")


def test_a_message_is_one_short_line():
    exchange = answered(500, {"error": {"type": "api_error", "message": "a\n b" * 10_000}})
    message = judged(step("read"), exchange, dialect="stripe").result.message
    assert MESSAGE_MAX == len(message)
    assert "\n" not in message


def test_an_expected_decline_is_good():
    exchange = answered(201, {"result": "FAILURE", "response": {"gatewayCode": "DECLINED"}})
    found = judged(charge(outcomes=DECLINES, expect="status == 201"), exchange, dialect="mastercard")
    assert (O.SOFT_DECLINE, True, "DECLINED", False) == (
        found.result.outcome,
        found.result.good,
        found.result.code,
        found.reached,
    )


def test_an_unexpected_decline_is_not_good_and_holds_nothing():
    exchange = answered(201, {"result": "FAILURE", "response": {"gatewayCode": "DECLINED"}})
    found = judged(charge(), exchange, dialect="mastercard")
    assert (O.SOFT_DECLINE, False, False) == (found.result.outcome, found.result.good, found.reached)
    assert "DECLINED" in found.result.message


def test_an_approval_of_a_card_that_must_be_declined_breaks_the_contract_and_holds_money():
    exchange = answered(201, {"result": "SUCCESS", "response": {"gatewayCode": "APPROVED"}})
    found = judged(charge(outcomes={O.SOFT_DECLINE}), exchange, dialect="mastercard")
    assert (O.CONTRACT_VIOLATION, False, True) == (found.result.outcome, found.result.good, found.reached)
    assert "approved, where soft_decline was expected" == found.result.message


def test_a_wrong_amount_breaks_the_contract_and_still_holds_money():
    exchange = answered(201, {"result": "SUCCESS", "response": {"gatewayCode": "APPROVED"}, "order": {"amount": 100}})
    found = judged(charge(expect='minor(body.order.amount, "USD") == 100'), exchange, dialect="mastercard")
    assert (O.CONTRACT_VIOLATION, True) == (found.result.outcome, found.reached)


@pytest.mark.parametrize(
    ("status", "cause", "reached"),
    [(429, "SERVER_BUSY", False), (503, "SERVER_BUSY", True), (500, "SERVER_FAILED", True), (400, "INVALID_REQUEST", False)],
)
def test_only_a_definite_no_means_that_no_money_is_held(status, cause, reached):
    assert reached is judged(charge(), answered(status, {"error": {"cause": cause}}), dialect="mastercard").reached


def test_what_can_be_saved_is_saved_even_when_something_else_is_wrong():
    found = judged(
        charge(expect="body.amount == 1", save={"id": "body.id", "gone": "body.gone"}), answered(200, {"id": "x", "amount": 2})
    )
    assert {"id": "x"} == found.saved
    assert "expected body.amount == 1" in found.result.message


def test_a_name_that_cannot_be_saved_breaks_the_contract():
    found = judged(step("create", save={"id": "body.id", "other": "body.other"}), answered(200, {}))
    assert (O.CONTRACT_VIOLATION, False) == (found.result.outcome, found.result.good)
    assert "cannot save id: there is no body.id" == found.result.message


@pytest.mark.parametrize(
    ("status", "expect", "outcome", "good"),
    [
        (404, "status == 404", O.OK, True),
        (503, "status == 404", O.TECH_GATEWAY, False),
        (200, "status == 404", O.CONTRACT_VIOLATION, False),
        (404, "body_bytes >= 0", O.CONTRACT_VIOLATION, False),
    ],
)
def test_a_plain_step_that_states_its_status_knows_better(status, expect, outcome, good):
    found = judged(step("read", expect=expect), answered(status))
    assert (outcome, good) == (found.result.outcome, found.result.good)


def test_what_was_not_seen_is_not_in_scope():
    assert {"headers", "body", "body_bytes", "duration", "phases", "answers"} == scope_of(lost()).keys()


def test_expressions_see_the_whole_exchange():
    tls = TlsFacts("TLSv1.3", "AES", 1_000.0 + 86_400, 1_000.0 + 43_200, "CN=ca", "CN=x")
    exchange = answered(200, {}, tls=tls, address="192.0.2.1", phases=Phases(connect=0.01, wait=0.2), body_bytes=5)
    source = 'tls.days_left < 1.0 && tls.version == "TLSv1.3" && address == "192.0.2.1" && phases.wait > 0.1 && !has(phases.tls) && body_bytes == 5 && duration < 1.0'
    assert judged(step("read", expect=source), exchange).result.good
