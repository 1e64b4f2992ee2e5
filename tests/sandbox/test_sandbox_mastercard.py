"""The Mastercard Gateway dialect, request by request, on a clock of its own."""

import json

import pytest
from sandbox_world import LAG, MASTERCARD, MERCHANT, NOON, ROOT, VISA, MastercardShop, authorisation, basic, movement, void

from monitor.model.money import Money
from monitor.sandbox.cards import Decision
from monitor.sandbox.payment import Payment
from monitor.sandbox.wire import Call, Effects, Operation, Request, Trouble


@pytest.fixture
def shop() -> MastercardShop:
    return MastercardShop()


def error(answer) -> tuple[int, str, str]:
    return answer.status, answer.payload["error"]["cause"], answer.payload["error"].get("field", "")


def test_the_front_door_answers_without_credentials(shop):
    answer = shop.dialect.answer(Request("GET", "/api/rest/version/100/information"), Effects(), NOON)
    assert (200, "OPERATING") == (answer.status, answer.payload["status"])


def test_authorise_retrieve_void_leaves_a_cancelled_order_and_nothing_open(shop):
    authorised = shop.put("o1", "t1", authorisation())
    assert 201 == authorised.status
    assert ("SUCCESS", "APPROVED", "00") == (
        authorised.payload["result"],
        authorised.payload["response"]["gatewayCode"],
        authorised.payload["response"]["acquirerCode"],
    )
    assert authorised.payload["order"] == shop.get("/order/o1/transaction/t1").payload["order"]
    assert 1 == len(shop.core.open_items(shop.clock()))
    voided = shop.put("o1", "t2", void("t1"))
    assert ("VOID_AUTHORIZATION", "t1") == (
        voided.payload["transaction"]["type"],
        voided.payload["transaction"]["targetTransactionId"],
    )
    order = shop.get("/order/o1").payload
    assert ("CANCELLED", 0) == (order["status"], order["totalAuthorizedAmount"])
    assert ["AUTHORIZATION", "VOID_AUTHORIZATION"] == [each["transaction"]["type"] for each in order["transaction"]]
    assert [] == shop.core.open_items(shop.clock())


def test_partial_captures_and_refunds_tell_their_state_and_totals(shop):
    story = []

    def tell(transaction, body):
        order = shop.put("o1", transaction, body).payload["order"]
        story.append((order["status"], order["totalCapturedAmount"], order["totalRefundedAmount"]))

    tell("t1", authorisation(amount="10.00"))
    tell("t2", movement("CAPTURE", "4.00"))
    tell("t3", movement("CAPTURE", "6.00"))
    tell("t4", movement("REFUND", "1.50"))
    tell("t5", movement("REFUND", "8.50"))
    assert [
        ("AUTHORIZED", 0, 0),
        ("PARTIALLY_CAPTURED", 4, 0),
        ("CAPTURED", 10, 0),
        ("PARTIALLY_REFUNDED", 10, 1.5),
        ("REFUNDED", 10, 10),
    ] == story


@pytest.mark.parametrize(
    ("steps", "field"),
    [
        ([movement("CAPTURE", "1.01")], "transaction.amount"),
        ([movement("CAPTURE", "0.60"), movement("REFUND", "0.61")], "transaction.amount"),
        ([movement("REFUND", "1.00")], ""),
        ([movement("CAPTURE", "1.00"), void("t0")], "transaction.targetTransactionId"),
        ([void("t0"), void("t0")], "transaction.targetTransactionId"),
        ([void("t0"), movement("CAPTURE", "1.00")], ""),
        ([movement("CAPTURE", "1.00", "EUR")], "transaction.currency"),
        ([movement("CAPTURE", "0.001")], "transaction.amount"),
        ([void("nothing")], "transaction.targetTransactionId"),
        ([{"apiOperation": "VOID"}], "transaction.targetTransactionId"),
        ([{"apiOperation": "SELL"}], "apiOperation"),
        ([authorisation("PAY")], "apiOperation"),
    ],
)
def test_what_the_order_does_not_allow_is_refused_and_changes_nothing(shop, steps, field):
    shop.put("o1", "t0", authorisation())
    *before, last = steps
    for number, step in enumerate(before, 1):
        assert 201 == shop.put("o1", f"t{number}", step).status
    order = shop.get("/order/o1").payload
    refused = shop.put("o1", "last", last)
    assert (400, "INVALID_REQUEST", field) == error(refused)
    assert "ERROR" == refused.payload["result"]
    assert order == shop.get("/order/o1").payload


@pytest.mark.parametrize(
    ("expiry", "result", "code"),
    [
        ("01/39", "SUCCESS", "APPROVED"),
        ("05/39", "FAILURE", "DECLINED"),
        ("04/27", "FAILURE", "EXPIRED_CARD"),
        ("08/28", "FAILURE", "TIMED_OUT"),
        ("01/37", "FAILURE", "ACQUIRER_SYSTEM_ERROR"),
        ("02/37", "FAILURE", "UNSPECIFIED_FAILURE"),
        ("05/37", "UNKNOWN", "UNKNOWN"),
    ],
)
@pytest.mark.parametrize("operation", ["AUTHORIZE", "PAY", "VERIFY"])
def test_the_cards_expiry_chooses_the_outcome_and_a_decline_is_201(shop, operation, expiry, result, code):
    answer = shop.put("o1", "t1", authorisation(operation, expiry=expiry))
    assert (201, result, code) == (answer.status, answer.payload["result"], answer.payload["response"]["gatewayCode"])
    moved = operation != "VERIFY" and code == "APPROVED"
    assert moved == bool(shop.core.open_items(shop.clock()))


def test_the_same_transaction_again_is_answered_again_and_done_once(shop):
    first = shop.put("o1", "t1", authorisation("PAY"))
    shop.clock.pass_(3_600)
    assert first == shop.put("o1", "t1", authorisation("PAY"))
    assert {"ref-1": 1} == shop.core.charges()


def test_the_same_transaction_id_with_another_body_is_refused(shop):
    shop.put("o1", "t1", authorisation(amount="1.00"))
    assert (400, "INVALID_REQUEST", "transaction.id") == error(shop.put("o1", "t1", authorisation(amount="2.00")))


def test_a_declined_order_can_be_tried_again_under_a_new_transaction_id(shop):
    assert "FAILED" == shop.put("o1", "t1", authorisation(expiry="05/39")).payload["order"]["status"]
    assert "AUTHORIZED" == shop.put("o1", "t2", authorisation()).payload["order"]["status"]


@pytest.mark.parametrize(("amount", "currency", "shown"), [("100", "JPY", 100), ("1.005", "KWD", 1.005), ("0.1", "USD", 0.1)])
def test_amounts_follow_the_currencys_minor_unit(shop, amount, currency, shown):
    assert shown == shop.put("o1", "t1", authorisation(amount=amount, currency=currency)).payload["order"]["amount"]


@pytest.mark.parametrize(("amount", "currency"), [("1.5", "JPY"), ("1.00", "XXX"), ("-1", "USD"), ("1e3", "USD"), ("NaN", "USD")])
def test_an_amount_that_the_currency_does_not_have_is_refused(shop, amount, currency):
    assert (400, "INVALID_REQUEST", "order.amount") == error(
        shop.put("o1", "t1", authorisation(amount=amount, currency=currency))
    )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sourceOfFunds": {}}, "sourceOfFunds.provided.card.number"),
        ({"sourceOfFunds": {"provided": {"card": {"number": MASTERCARD}}}}, "sourceOfFunds.provided.card.expiry"),
        ({"order": {"currency": "USD"}}, "order.amount"),
        ({"order": {"amount": "1.00"}}, "order.currency"),
        ({"order": {"amount": "99999999999999.00", "currency": "USD"}}, "order.amount"),
    ],
)
def test_what_is_missing_or_out_of_range_is_named(shop, change, field):
    assert (400, "INVALID_REQUEST", field) == error(shop.put("o1", "t1", authorisation() | change))


def test_ids_longer_than_the_gateway_takes_are_refused(shop):
    assert (400, "INVALID_REQUEST", "transaction.id") == error(shop.put("o" * 41, "t1", authorisation()))


def test_an_order_cannot_take_the_name_of_another_dialects_payment(shop):
    shop.core.create(Payment("taken", "stripe", Money(100, "USD"), NOON))
    assert (400, "INVALID_REQUEST", "order.id") == error(shop.put("taken", "t1", authorisation()))


def test_a_declined_transaction_and_a_void_cannot_be_voided(shop):
    shop.put("o1", "t1", authorisation(expiry="05/39"))
    shop.put("o1", "t2", authorisation())
    shop.put("o1", "t3", void("t2"))
    for target in ("t1", "t3"):
        refused = shop.put("o1", f"void-{target}", void(target))
        assert (400, "INVALID_REQUEST", "transaction.targetTransactionId") == error(refused)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"order":{"amount":NaN}}', b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_json_object_is_a_refused_request_and_not_a_crash(shop, body):
    assert (400, "INVALID_REQUEST", "") == error(shop.put("o1", "t1", body))
    assert Operation.OTHER is shop.dialect.call(Request("PUT", f"{ROOT}/order/o/transaction/t", body=body)).operation


def test_a_card_number_that_is_not_a_test_cards_is_refused_and_never_repeated(shop):
    number = "4111111111111111"
    answer = shop.put("o1", "t1", authorisation(number=number))
    assert (400, "INVALID_REQUEST", "sourceOfFunds.provided.card.number") == error(answer)
    assert number not in json.dumps(answer.payload)


def test_no_answer_and_no_state_holds_a_whole_card_number(shop):
    answer = shop.put("o1", "t1", authorisation(number=VISA))
    assert "450875xxxxxx1019" == answer.payload["sourceOfFunds"]["provided"]["card"]["number"]
    assert VISA not in json.dumps(answer.payload) + repr(shop.core.peek("o1"))


@pytest.mark.parametrize(
    "credentials",
    ["", "Bearer pw", "Basic !!!", "Basic \u00fc", basic(f"merchant.{MERCHANT}", "other"), basic("merchant.OTHER", "pw")],
)
def test_wrong_credentials_are_401(shop, credentials):
    shop.headers = {"authorization": credentials}
    assert (401, "INVALID_REQUEST", "") == error(shop.get("/order/o1"))


def test_the_history_sees_a_write_only_after_the_lag(shop):
    shop.put("o1", "t1", authorisation(reference="canary-1"))
    assert 200 == shop.get("/order/o1").status
    assert [] == shop.get("/order", reference="canary-1").payload["order"]
    shop.clock.pass_(LAG)
    assert ["o1"] == [order["id"] for order in shop.get("/order", reference="canary-*").payload["order"]]


def test_the_history_is_newest_first_and_as_long_as_asked(shop):
    for number in range(5):
        shop.put(f"o{number}", "t1", authorisation(reference=f"r{number}"))
        shop.clock.pass_(1)
    assert ["o4", "o3"] == [order["id"] for order in shop.get("/order", limit="2").payload["order"]]
    assert (400, "INVALID_REQUEST", "limit") == error(shop.get("/order", limit="0"))


def test_unknown_orders_transactions_and_addresses_are_refused(shop):
    assert (400, "INVALID_REQUEST", "order.id") == error(shop.get("/order/none"))
    shop.put("o1", "t1", authorisation())
    assert (400, "INVALID_REQUEST", "transaction.id") == error(shop.get("/order/o1/transaction/none"))
    assert (400, "INVALID_REQUEST", "order.id") == error(shop.put("none", "t1", movement("CAPTURE", "1.00")))
    assert 404 == shop.get("/invoice").status


def test_faults_inside_the_gateway_change_what_it_does(shop):
    shop.effects = Effects(approvals_become=Decision.DECLINED)
    assert "DECLINED" == shop.put("a", "t1", authorisation()).payload["response"]["gatewayCode"]
    shop.effects = Effects(approve_all=True)
    assert "APPROVED" == shop.put("b", "t1", authorisation(expiry="05/39")).payload["response"]["gatewayCode"]
    shop.effects = Effects(amount_factor=100)
    assert 100 == shop.put("c", "t1", authorisation(reference="c")).payload["order"]["amount"]
    shop.effects = Effects(ignore_keys=True)
    for _ in range(2):
        shop.put("d", "t1", authorisation(reference="d"))
    assert 2 == shop.core.charges()["d"]
    shop.effects = Effects(read_lag_seconds=5)
    assert 400 == shop.get("/order/d").status
    shop.effects = Effects(list_lag_seconds=0)
    assert 3 <= len(shop.get("/order").payload["order"])


@pytest.mark.parametrize(
    ("method", "path", "body", "call"),
    [
        ("GET", "/api/rest/version/100/information", None, Call("mastercard", Operation.INFORMATION)),
        ("GET", f"{ROOT}/order", None, Call("mastercard", Operation.LIST)),
        (
            "PUT",
            f"{ROOT}/order/n/transaction/1",
            authorisation("PAY", number=VISA),
            Call("mastercard", Operation.PAY, "visa", "450875"),
        ),
        ("PUT", f"{ROOT}/order/o1/transaction/2", void("t1"), Call("mastercard", Operation.VOID, "mastercard", MASTERCARD[:6])),
        ("GET", f"{ROOT}/order/o1", None, Call("mastercard", Operation.RETRIEVE, "mastercard", MASTERCARD[:6])),
        ("GET", "/elsewhere", None, Call("mastercard", Operation.OTHER)),
    ],
)
def test_faults_can_be_selected_by_operation_brand_and_card(shop, method, path, body, call):
    shop.put("o1", "t1", authorisation())
    assert call == shop.dialect.call(Request(method, path, body=json.dumps(body).encode() if body else b""))


@pytest.mark.parametrize(
    ("trouble", "status", "cause"),
    [
        (Trouble.UNAVAILABLE, 503, "SERVER_FAILED"),
        (Trouble.BROKEN, 500, "SERVER_FAILED"),
        (Trouble.BUSY, 429, "SERVER_BUSY"),
        (Trouble.UNAUTHORISED, 401, "INVALID_REQUEST"),
    ],
)
def test_the_gateways_own_troubles_have_its_words(shop, trouble, status, cause):
    assert (status, cause, "") == error(shop.dialect.trouble(trouble))
