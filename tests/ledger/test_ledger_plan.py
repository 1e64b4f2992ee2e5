"""The plan that is written down with an intent: enough to give the money back, and nothing that must not be kept."""

import pytest
from ledger_helpers import play, said
from ledger_world import write_config

from monitor.config import load
from monitor.janitor.errands import perform
from monitor.ledger.gateways import GATEWAYS, NoAnswerError
from monitor.ledger.plan import complete, plan_of

RUN = {"run": {"id": "01RUN", "reference": "pc-test-01run", "slot": 1, "stamp": "20261122T022100Z"}, "stratum": {"brand": "visa"}}


@pytest.fixture
def checks(tmp_path):
    write_config(tmp_path, "https://127.0.0.1:1", tmp_path)
    return load(tmp_path / "paycanary.yaml", resolve_secrets=False).checks


def plan(check, known, redact=lambda text: text):
    moves = next(step.moves for step in check.steps if step.moves)
    return plan_of(check, moves, known, redact)


def test_a_plan_is_the_undo_requests_ready_to_send(checks):
    (void, refund) = plan(checks["mastercard-pay-refund"], RUN)
    assert ("void-payment", "refund-payment") == (void.name, refund.name)
    assert void.options["path"].endswith("/order/pc-test-01run/transaction/undo-void")
    assert {"apiOperation": "VOID", "transaction": {"targetTransactionId": "1"}} == void.options["json"]
    assert complete((void, refund))


def test_what_only_the_answer_will_tell_is_said_to_be_lacking_and_then_is_not(checks):
    before = plan(checks["stripe-one-request"], RUN)
    assert not complete(before)
    assert "lacks a value" in before[0].lacking
    assert complete(plan(checks["stripe-one-request"], {**RUN, "intent": "pi_1"}))


def test_a_request_that_holds_a_secret_is_not_written_down(checks):
    (void, _) = plan(checks["mastercard-pay-refund"], RUN, redact=lambda text: text.replace("TESTCANARY", "***"))
    assert (None, "holds what must not be written down") == (void.options, void.lacking)
    assert "TESTCANARY" in void.written  # its line comes from the configuration, holes and all


HOSTILE = [
    {
        "id": "o",
        "status": "AUTHORIZED",
        "currency": "USD",
        "transaction": [{"result": "SUCCESS", "transaction": {"type": "CAPTURE", "amount": "lots", "currency": "USD"}}],
    },
    {
        "id": "o",
        "status": "AUTHORIZED",
        "currency": "USD",
        "transaction": [{"result": "SUCCESS", "transaction": {"type": "CAPTURE", "amount": 1, "currency": "???"}}],
    },
    {"id": "o", "status": [], "transaction": {"a": 1}},
    {"id": "pi_1", "status": "succeeded", "latest_charge": {"amount_captured": "many"}},
    {"id": "pi_1", "status": "requires_capture", "amount_capturable": {"no": 1}},
    {"id": "pi_1/../../x", "status": {}, "latest_charge": [], "currency": 7},
]


@pytest.mark.parametrize("body", HOSTILE)
@pytest.mark.parametrize(("gateway", "handle"), [("mastercard", "/order/o"), ("stripe", "pi_1"), ("stripe", "metadata:canary:x")])
async def test_answers_of_any_shape_prove_nothing_and_break_nothing(body, gateway, handle):
    async def send(target, options, key):
        assert ".." not in options["path"]
        return said({"data": [body]} if options["path"].endswith("search") else body)

    try:
        shown = await perform(GATEWAYS[gateway].look(handle), None, send)
    except NoAnswerError:
        return
    assert not (shown.over and shown.open)


def test_a_gateways_own_words_are_repeated_only_when_they_are_words():
    said_so = {"error": {"code": "sk_live_abcdef 4508750015741019"}}
    with pytest.raises(NoAnswerError) as error:
        play(GATEWAYS["stripe"].look("pi_1"), said(said_so, 400))
    assert "HTTP 400" == str(error.value)
