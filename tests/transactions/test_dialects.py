"""What gateways' answers mean: tables of their published codes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model.outcome import Outcome
from monitor.model.result import Exchange, Reach
from monitor.transactions.dialects import DIALECTS
from monitor.transactions.dialects.mastercard import GATEWAY_CODES
from monitor.transactions.dialects.stripe import DECLINE_CODES

O = Outcome  # noqa: E741


def classify(dialect, status, body, *, read=False, headers=None, parse_error=""):
    exchange = Exchange(Reach.ANSWERED, 0.0, 0.1, status=status, body=body, headers=headers or {}, parse_error=parse_error)
    return DIALECTS[dialect](exchange, read=read)


def payment(result, code=None, acquirer=None):
    response = {key: value for key, value in (("gatewayCode", code), ("acquirerCode", acquirer)) if value}
    return {"result": result, "response": response}


@pytest.mark.parametrize(
    ("status", "body", "read", "outcome", "code"),
    [
        (201, payment("SUCCESS", "APPROVED", "00"), False, O.APPROVED, "APPROVED"),
        (201, payment("SUCCESS", "APPROVED_PENDING_SETTLEMENT"), False, O.APPROVED, "APPROVED_PENDING_SETTLEMENT"),
        (201, payment("SUCCESS", "PARTIALLY_APPROVED"), False, O.APPROVED_PARTIAL, "PARTIALLY_APPROVED"),
        (201, payment("SUCCESS"), False, O.APPROVED, ""),
        (201, payment("SUCCESS", "DECLINED"), False, O.CONTRACT_VIOLATION, "DECLINED"),
        (201, payment("FAILURE", "DECLINED", "05"), False, O.SOFT_DECLINE, "DECLINED"),
        (201, payment("FAILURE", "INSUFFICIENT_FUNDS"), False, O.SOFT_DECLINE, "INSUFFICIENT_FUNDS"),
        (201, payment("FAILURE", "EXPIRED_CARD"), False, O.SOFT_DECLINE, "EXPIRED_CARD"),
        (201, payment("FAILURE", "DECLINED_DO_NOT_CONTACT"), False, O.HARD_DECLINE, "DECLINED_DO_NOT_CONTACT"),
        (201, payment("FAILURE", "BLOCKED"), False, O.RISK_DECLINE, "BLOCKED"),
        (201, payment("FAILURE", "TIMED_OUT"), False, O.TECH_ISSUER, "TIMED_OUT"),
        (201, payment("FAILURE", "ACQUIRER_SYSTEM_ERROR"), False, O.TECH_ACQUIRER, "ACQUIRER_SYSTEM_ERROR"),
        (201, payment("FAILURE", "SYSTEM_ERROR"), False, O.TECH_GATEWAY, "SYSTEM_ERROR"),
        (201, payment("FAILURE", "DECLINED_SOME_NEW_WAY"), False, O.SOFT_DECLINE, "DECLINED_SOME_NEW_WAY"),
        (201, payment("FAILURE", "SOMETHING_NEW"), False, O.TECH_ACQUIRER, "SOMETHING_NEW"),
        (201, payment("FAILURE", "APPROVED"), False, O.CONTRACT_VIOLATION, "APPROVED"),
        (201, payment("FAILURE"), False, O.CONTRACT_VIOLATION, ""),
        (201, payment("PENDING", "SUBMITTED"), False, O.PENDING_ACTION, "SUBMITTED"),
        (201, payment("UNKNOWN", "UNKNOWN"), False, O.TIMEOUT_UNKNOWN, "UNKNOWN"),
        (201, payment("NONSENSE"), False, O.CONTRACT_VIOLATION, ""),
        (200, payment("FAILURE", "DECLINED"), True, O.OK, ""),
        (200, {"status": "OPERATING"}, True, O.OK, ""),
        (200, {"status": "SHUTDOWN"}, True, O.TECH_GATEWAY, "SHUTDOWN"),
        (404, {"status": "x"}, True, O.CONTRACT_VIOLATION, ""),
        (
            400,
            {"result": "ERROR", "error": {"cause": "INVALID_REQUEST", "field": "x"}},
            False,
            O.CLIENT_CONFIG,
            "INVALID_REQUEST",
        ),
        (
            400,
            {"error": {"cause": "INVALID_REQUEST", "explanation": "Unable to find order"}},
            True,
            O.CONTRACT_VIOLATION,
            "INVALID_REQUEST",
        ),
        (
            400,
            {"error": {"cause": "INVALID_REQUEST", "explanation": "Value is required"}},
            True,
            O.CLIENT_CONFIG,
            "INVALID_REQUEST",
        ),
        (401, {"error": {"cause": "REQUEST_REJECTED"}}, False, O.CLIENT_CONFIG, "REQUEST_REJECTED"),
        (503, {"error": {"cause": "SERVER_BUSY"}}, False, O.THROTTLED, "SERVER_BUSY"),
        (500, {"error": {"cause": "SERVER_FAILED"}}, False, O.TECH_GATEWAY, "SERVER_FAILED"),
        (500, {"error": "oops"}, False, O.TECH_GATEWAY, ""),
        (200, {"result": "ERROR"}, False, O.CONTRACT_VIOLATION, ""),
        (403, "<html>blocked</html>", False, O.CONTRACT_VIOLATION, ""),
        (502, "<html>bad gateway</html>", False, O.TECH_GATEWAY, ""),
        (429, None, False, O.THROTTLED, ""),
    ],
)
def test_mastercard_gateway_answers(status, body, read, outcome, code):
    reading = classify("mastercard", status, body, read=read)
    assert (outcome, code) == (reading.outcome, reading.code)
    assert bool(reading.message) is (outcome not in (O.OK, O.APPROVED, O.APPROVED_PARTIAL))


def error(**fields):
    return {"error": fields}


@pytest.mark.parametrize(
    ("status", "body", "read", "outcome", "code"),
    [
        (200, {"object": "payment_intent", "status": "succeeded"}, False, O.APPROVED, "succeeded"),
        (200, {"object": "payment_intent", "status": "requires_capture"}, False, O.APPROVED, "requires_capture"),
        (200, {"object": "payment_intent", "status": "requires_action"}, False, O.PENDING_ACTION, "requires_action"),
        (200, {"object": "payment_intent", "status": "processing"}, False, O.PENDING_ACTION, "processing"),
        (200, {"object": "payment_intent", "status": "requires_confirmation"}, False, O.OK, "requires_confirmation"),
        (200, {"object": "payment_intent", "status": "canceled"}, False, O.OK, "canceled"),
        (200, {"object": "payment_intent", "status": "processing"}, True, O.OK, "processing"),
        (200, {"object": "refund", "status": "succeeded"}, False, O.APPROVED, "succeeded"),
        (200, {"object": "refund", "status": "failed"}, False, O.TECH_ACQUIRER, "failed"),
        (200, {"object": "charge", "status": "failed"}, False, O.SOFT_DECLINE, "failed"),
        (200, {"available": []}, False, O.OK, ""),
        (
            402,
            error(type="card_error", code="card_declined", decline_code="generic_decline"),
            False,
            O.SOFT_DECLINE,
            "generic_decline",
        ),
        (
            402,
            error(type="card_error", code="card_declined", decline_code="insufficient_funds"),
            False,
            O.SOFT_DECLINE,
            "insufficient_funds",
        ),
        (402, error(type="card_error", code="expired_card"), False, O.SOFT_DECLINE, "expired_card"),
        (402, error(type="card_error", decline_code="lost_card"), False, O.HARD_DECLINE, "lost_card"),
        (402, error(type="card_error", decline_code="fraudulent"), False, O.RISK_DECLINE, "fraudulent"),
        (402, error(type="card_error", decline_code="issuer_not_available"), False, O.TECH_ISSUER, "issuer_not_available"),
        (402, error(type="card_error", decline_code="new_one", advice_code="do_not_try_again"), False, O.HARD_DECLINE, "new_one"),
        (402, error(type="invalid_request_error", code="card_declined"), False, O.SOFT_DECLINE, "card_declined"),
        (429, error(type="invalid_request_error", code="rate_limit"), False, O.THROTTLED, "rate_limit"),
        (400, error(type="invalid_request_error", code="lock_timeout"), False, O.THROTTLED, "lock_timeout"),
        (500, error(type="api_error"), False, O.TECH_GATEWAY, "api_error"),
        (503, error(type="card_error", code="card_declined"), False, O.TECH_GATEWAY, "card_declined"),
        (401, error(type="authentication_error"), False, O.CLIENT_CONFIG, "authentication_error"),
        (401, error(), False, O.CLIENT_CONFIG, ""),
        (400, error(type="idempotency_error"), False, O.CONTRACT_VIOLATION, "idempotency_error"),
        (404, error(type="invalid_request_error", code="resource_missing"), True, O.CONTRACT_VIOLATION, "resource_missing"),
        (404, error(type="invalid_request_error", code="resource_missing"), False, O.CLIENT_CONFIG, "resource_missing"),
        (200, error(), False, O.CONTRACT_VIOLATION, ""),
        (302, {}, True, O.CONTRACT_VIOLATION, ""),
        (403, "<html>", False, O.CONTRACT_VIOLATION, ""),
        (200, [1], True, O.CONTRACT_VIOLATION, ""),
    ],
)
def test_stripe_answers(status, body, read, outcome, code):
    reading = classify("stripe", status, body, read=read)
    assert (outcome, code) == (reading.outcome, reading.code)
    assert bool(reading.message) is (outcome not in (O.OK, O.APPROVED))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, O.OK),
        (204, O.OK),
        (301, O.CONTRACT_VIOLATION),
        (307, O.CONTRACT_VIOLATION),
        (400, O.CLIENT_CONFIG),
        (401, O.CLIENT_CONFIG),
        (403, O.CLIENT_CONFIG),
        (404, O.CONTRACT_VIOLATION),
        (429, O.THROTTLED),
        (500, O.TECH_GATEWAY),
        (599, O.TECH_GATEWAY),
    ],
)
def test_plain_answers_are_told_from_their_status(status, outcome):
    reading = classify("plain", status, "<html>")
    assert (outcome, True) == (reading.outcome, reading.by_status)


def test_a_body_that_cannot_be_read_breaks_the_contract():
    assert O.CONTRACT_VIOLATION is classify("plain", 200, None, parse_error="a key stands twice").outcome
    for dialect in ("mastercard", "stripe"):
        assert O.CONTRACT_VIOLATION is classify(dialect, 200, {}, parse_error="a key stands twice").outcome


def test_the_gateways_own_id_is_kept_for_its_support():
    assert "req_1" == classify("stripe", 402, error(type="card_error"), headers={"request-id": "req_1"}).correlation
    assert "S-1" == classify("mastercard", 500, {"error": {"cause": "SERVER_FAILED", "supportCode": "S-1"}}).correlation
    assert "c-1" == classify("mastercard", 200, {"correlationId": "c-1"}, read=True).correlation
    assert "ray" == classify("plain", 200, None, headers={"cf-ray": "ray"}).correlation
    assert "" == classify("plain", 200, None, headers={"x-request-id": "bad\nid"}).correlation


def test_the_acquirers_code_is_told_to_people():
    assert "acquirer code 05" in classify("mastercard", 201, payment("FAILURE", "DECLINED", "05")).message


def test_a_code_that_is_no_word_is_dropped():
    assert "" == classify("mastercard", 201, payment("FAILURE", "5123450000000008")).code


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=20)
    | st.sampled_from(["SUCCESS", "FAILURE", "ERROR", "card_error"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "result",
                    "response",
                    "gatewayCode",
                    "error",
                    "cause",
                    "type",
                    "code",
                    "status",
                    "object",
                    "decline_code",
                    "field",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(sorted(DIALECTS)), st.integers(100, 599), _JSON, st.booleans())
def test_no_answer_is_too_odd_to_be_classified(dialect, status, body, read):
    reading = classify(dialect, status, body, read=read)
    assert isinstance(reading.outcome, Outcome)
    assert len(reading.code) <= 64


def test_no_declined_code_reads_as_an_approval():
    for name, outcome in {**GATEWAY_CODES, **DECLINE_CODES}.items():
        assert outcome not in (O.APPROVED, O.OK) or name.startswith("APPROVED")
