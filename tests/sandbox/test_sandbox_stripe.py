"""The Stripe dialect, request by request, on a clock of its own."""

import json

import pytest
from sandbox_world import LAG, NOON, StripeShop, basic

from monitor.sandbox.cards import Decision
from monitor.sandbox.stripe import KEY_SECONDS
from monitor.sandbox.stripe_form import ParameterError, parse
from monitor.sandbox.wire import Call, Effects, Operation, Request

INTENTS = "/v1/payment_intents"


@pytest.fixture
def shop() -> StripeShop:
    return StripeShop()


def error(answer) -> tuple[int, str, str]:
    body = answer.payload["error"]
    return answer.status, body["type"], body.get("code", "")


def test_authorise_capture_a_part_refund_the_rest_is_exact(shop):
    intent = shop.authorise(amount=1000).payload
    assert ("requires_capture", 1000, 0) == (intent["status"], intent["amount_capturable"], intent["amount_received"])
    captured = shop.post(f"{INTENTS}/{intent['id']}/capture", amount_to_capture=700).payload
    assert ("succeeded", 0, 700) == (captured["status"], captured["amount_capturable"], captured["amount_received"])
    refund = shop.post("/v1/refunds", payment_intent=intent["id"], amount=200, reason="duplicate").payload
    assert (200, "succeeded", intent["latest_charge"], "duplicate") == tuple(
        refund[name] for name in ("amount", "status", "charge", "reason")
    )
    assert refund == shop.get(f"/v1/refunds/{refund['id']}").payload
    assert 500 == shop.post("/v1/refunds", charge=intent["latest_charge"]).payload["amount"]
    charge = shop.get(f"/v1/charges/{intent['latest_charge']}").payload
    assert (700, 700, True) == (charge["amount_captured"], charge["amount_refunded"], charge["refunded"])
    assert [] == shop.core.open_items(shop.clock())


def test_cancel_releases_the_hold_and_cannot_be_repeated(shop):
    intent = shop.authorise().payload
    cancelled = shop.post(f"{INTENTS}/{intent['id']}/cancel").payload
    assert ("canceled", "requested_by_customer", 0) == (
        cancelled["status"],
        cancelled["cancellation_reason"],
        cancelled["amount_capturable"],
    )
    again = shop.post(f"{INTENTS}/{intent['id']}/cancel")
    assert (400, "invalid_request_error", "payment_intent_unexpected_state") == error(again)
    assert "canceled" == again.payload["error"]["payment_intent"]["status"]


def test_a_hold_ends_by_itself_after_a_week(shop):
    intent = shop.authorise().payload
    shop.clock.pass_(7 * 86_400)
    seen = shop.get(f"{INTENTS}/{intent['id']}").payload
    assert ("canceled", "automatic") == (seen["status"], seen["cancellation_reason"])


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ([("capture", {"amount_to_capture": 101})], (400, "invalid_request_error", "amount_too_large")),
        ([("cancel", {}), ("capture", {})], (400, "invalid_request_error", "payment_intent_unexpected_state")),
        ([("capture", {}), ("capture", {})], (400, "invalid_request_error", "payment_intent_unexpected_state")),
        ([("capture", {}), ("cancel", {})], (400, "invalid_request_error", "payment_intent_unexpected_state")),
        ([("refund", {})], (400, "invalid_request_error", "payment_intent_unexpected_state")),
        ([("capture", {}), ("refund", {"amount": 101})], (400, "invalid_request_error", "")),
        ([("capture", {}), ("refund", {}), ("refund", {})], (400, "invalid_request_error", "charge_already_refunded")),
        ([("capture", {}), ("refund", {"reason": "regret"})], (400, "invalid_request_error", "parameter_invalid")),
    ],
)
def test_what_the_intent_does_not_allow_is_refused_and_changes_nothing(shop, steps, expected):
    intent = shop.authorise().payload["id"]

    def do(deed, form):
        path = "/v1/refunds" if deed == "refund" else f"{INTENTS}/{intent}/{deed}"
        return shop.post(path, **(form | ({"payment_intent": intent} if deed == "refund" else {})))

    for deed, form in steps[:-1]:
        assert 200 == do(deed, form).status
    before = shop.get(f"{INTENTS}/{intent}").payload
    assert expected == error(do(*steps[-1]))
    assert before == shop.get(f"{INTENTS}/{intent}").payload


@pytest.mark.parametrize(
    ("method", "code", "decline_code", "advice"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline", "try_again_later"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds", "try_again_later"),
        ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card", "do_not_try_again"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card", "confirm_card_data"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error", "try_again_later"),
        ("pm_card_radarBlock", "card_declined", "fraudulent", "do_not_try_again"),
    ],
)
def test_declined_cards_are_402_with_their_codes_and_the_intent(shop, method, code, decline_code, advice):
    answer = shop.authorise(method=method)
    body = answer.payload["error"]
    assert (402, "card_error", code) == error(answer)
    assert (decline_code, advice) == (body["decline_code"], body["advice_code"])
    assert "requires_payment_method" == body["payment_intent"]["status"]
    assert decline_code == body["payment_intent"]["last_payment_error"]["decline_code"]
    assert "failed" == shop.get(f"/v1/charges/{body['charge']}").payload["status"]
    assert [] == shop.core.open_items(shop.clock())


@pytest.mark.parametrize("brand", ["visa", "mastercard", "unionpay", "amex", "discover", "jcb"])
def test_every_brand_has_a_card_that_is_approved(shop, brand):
    intent = shop.authorise(method=f"pm_card_{brand}", **{"expand[]": "latest_charge"}).payload
    assert brand == intent["latest_charge"]["payment_method_details"]["card"]["brand"]


def test_authentication_is_asked_for_when_somebody_is_there_and_a_decline_when_not(shop):
    asked = shop.authorise(method="pm_card_authenticationRequired").payload
    assert ("requires_action", "use_stripe_sdk", None) == (
        asked["status"],
        asked["next_action"]["type"],
        asked["latest_charge"],
    )
    absent = shop.authorise(method="pm_card_authenticationRequired", off_session="true")
    assert (402, "card_error", "authentication_required") == error(absent)
    assert "canceled" == shop.post(f"{INTENTS}/{asked['id']}/cancel").payload["status"]


def test_an_intent_can_be_created_first_and_confirmed_later(shop):
    created = shop.post(INTENTS, amount=500, currency="usd").payload
    assert "requires_payment_method" == created["status"]
    path = f"{INTENTS}/{created['id']}/confirm"
    assert (400, "invalid_request_error", "parameter_missing") == error(shop.post(path))
    assert 402 == shop.post(path, payment_method="pm_card_visa_chargeDeclined").status
    assert "succeeded" == shop.post(path, payment_method="pm_card_visa").payload["status"]
    assert (400, "invalid_request_error", "payment_intent_unexpected_state") == error(shop.post(path))


def test_a_card_given_by_number_becomes_a_method_and_its_number_is_gone(shop):
    number = "5555555555554444"
    made = shop.post("/v1/payment_methods", **{"type": "card", "card[number]": number, "card[exp_month]": 12}).payload
    intent = shop.authorise(method=made["id"]).payload
    assert "requires_capture" == intent["status"]
    assert number not in json.dumps([made, intent]) + repr(shop.core.peek(intent["id"]))
    refused = shop.post("/v1/payment_methods", **{"type": "card", "card[number]": "4111111111111111"})
    assert 400 == refused.status
    assert "4111111111111111" not in json.dumps(refused.payload)


def test_a_key_brings_back_the_first_answer_for_a_day_and_is_then_forgotten(shop):
    first = shop.authorise(key="k1")
    shop.clock.pass_(KEY_SECONDS - 1)
    again = shop.authorise(key="k1")
    assert first.payload == again.payload
    assert "true" == again.headers["Idempotent-Replayed"]
    assert "Idempotent-Replayed" not in first.headers
    assert first.headers["Request-Id"] != again.headers["Request-Id"]
    shop.clock.pass_(1)
    assert first.payload["id"] != shop.authorise(key="k1").payload["id"]


def test_a_key_with_another_request_behind_it_is_an_error_and_does_nothing(shop):
    shop.authorise(key="k1", amount=100)
    assert (400, "idempotency_error", "") == error(shop.authorise(key="k1", amount=200))
    assert 1 == len(list(shop.core.history("stripe", as_of=shop.clock())))


def test_a_decline_is_kept_under_its_key_and_a_malformed_request_is_not(shop):
    first = shop.authorise(key="k1", method="pm_card_visa_chargeDeclined")
    assert first.payload == shop.authorise(key="k1", method="pm_card_visa_chargeDeclined").payload
    assert 400 == shop.authorise(key="k2", amount="many").status
    assert 200 == shop.authorise(key="k2", amount=100).status


def test_lists_and_searches_see_writes_only_after_the_lag(shop):
    intent = shop.authorise(**{"metadata[canary]": "run-1"}).payload["id"]
    query = "metadata['canary']:'run-1'"
    assert [] == shop.get(INTENTS).payload["data"]
    assert [] == shop.get(f"{INTENTS}/search", query=query).payload["data"]
    shop.clock.pass_(LAG)
    assert [intent] == [each["id"] for each in shop.get(INTENTS).payload["data"]]
    found = shop.get(f"{INTENTS}/search", query=f'{query} AND status:"requires_capture"').payload
    assert ("search_result", [intent]) == (found["object"], [each["id"] for each in found["data"]])
    assert [] == shop.get(f"{INTENTS}/search", query="metadata['canary']:'run-2'").payload["data"]
    assert 400 == shop.get(f"{INTENTS}/search", query="amount>5").status


def test_lists_are_newest_first_in_pages(shop):
    ids = []
    for _ in range(5):
        ids.append(shop.authorise().payload["id"])
        shop.clock.pass_(1)
    page = shop.get(INTENTS, limit="2").payload
    assert (ids[:2:-1], True) == ([each["id"] for each in page["data"]], page["has_more"])
    rest = shop.get(INTENTS, limit="3", starting_after=ids[3]).payload
    assert (ids[2::-1], False) == ([each["id"] for each in rest["data"]], rest["has_more"])
    assert ids[4:2:-1] == [each["id"] for each in shop.get(INTENTS, **{"created[gte]": str(int(NOON) + 3)}).payload["data"]]


def test_charges_refunds_and_the_balance_can_be_read(shop):
    intent = shop.authorise(capture_method="automatic").payload["id"]
    shop.post("/v1/refunds", payment_intent=intent, amount=40)
    assert [100] == [each["amount"] for each in shop.get("/v1/charges", payment_intent=intent).payload["data"]]
    assert [40] == [each["amount"] for each in shop.get("/v1/refunds", payment_intent=intent).payload["data"]]
    assert [(60, "usd")] == [(each["amount"], each["currency"]) for each in shop.get("/v1/balance").payload["available"]]


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"currency": "usd"}, "parameter_missing"),
        ({"amount": "1.5", "currency": "usd"}, "parameter_invalid_integer"),
        ({"amount": "0", "currency": "usd"}, "parameter_invalid_integer"),
        ({"amount": "9" * 5000, "currency": "usd"}, "parameter_invalid_integer"),
        ({"amount": "100", "currency": "xxx"}, "parameter_invalid"),
        ({"amount": "100", "currency": "usd", "colour": "red"}, "parameter_unknown"),
        ({"amount": "100", "currency": "usd", "confirm": "yes"}, "parameter_invalid_boolean"),
        ({"amount": "100", "currency": "usd", "confirm": "true"}, "parameter_missing"),
        ({"amount": "100", "currency": "usd", "payment_method": "pm_none"}, "resource_missing"),
        ({"amount": "100", "currency": "usd", "capture_method": "later"}, "parameter_invalid"),
        ({"amount": "100", "currency": "usd", "metadata": "flat"}, "parameter_invalid_hash"),
        ({"amount[a]": "100", "currency": "usd"}, "parameter_invalid_string"),
    ],
)
def test_a_request_that_cannot_be_worked_with_is_400_and_makes_nothing(shop, form, code):
    assert (400, "invalid_request_error", code) == error(shop.post(INTENTS, **form))
    assert [] == list(shop.core.history("stripe", as_of=shop.clock()))


@pytest.mark.parametrize("credentials", ["", "Bearer sk_test_2", "Bearer \udcff", "Basic !!", "Basic \u00fc", "Digest sk_test_1"])
def test_wrong_credentials_are_401(shop, credentials):
    shop.headers = {"authorization": credentials}
    assert 401 == shop.get("/v1/balance").status


def test_the_key_may_come_as_a_basic_user_name(shop):
    shop.headers = {"authorization": basic("sk_test_1", "")}
    assert 200 == shop.get("/v1/balance").status


@pytest.mark.parametrize(
    "path", ["/v1/customers", "/v1/payment_intents/pi_none", "/v1/charges/ch_none_0", "/v1/refunds/re_none_0"]
)
def test_unknown_things_are_404(shop, path):
    assert 404 == shop.get(path).status


def test_faults_inside_the_gateway_change_what_it_does(shop):
    shop.effects = Effects(approvals_become=Decision.ACQUIRER_SYSTEM_ERROR)
    assert (402, "card_error", "processing_error") == error(shop.authorise())
    shop.effects = Effects(approve_all=True)
    assert 200 == shop.authorise(method="pm_card_visa_chargeDeclined").status
    shop.effects = Effects(amount_factor=100)
    assert 10_000 == shop.authorise(amount=100).payload["amount"]
    shop.effects = Effects(ignore_keys=True)
    twice = [shop.authorise(key="k", **{"metadata[reference]": "twice"}).payload["id"] for _ in range(2)]
    assert 2 == len(set(twice)) == shop.core.charges()["twice"]
    shop.effects = Effects(read_lag_seconds=5)
    assert 404 == shop.get(f"{INTENTS}/{twice[0]}").status


@pytest.mark.parametrize(
    ("method", "path", "body", "call"),
    [
        ("POST", INTENTS, "confirm=true&payment_method=pm_card_visa", Call("stripe", Operation.PAY, "visa", "424242")),
        (
            "POST",
            INTENTS,
            "confirm=true&capture_method=manual&payment_method=pm_card_mastercard",
            Call("stripe", Operation.AUTHORISE, "mastercard", "555555"),
        ),
        ("POST", INTENTS, "amount=1", Call("stripe", Operation.CREATE)),
        ("POST", INTENTS, "confirm=[[", Call("stripe", Operation.CREATE)),
        ("POST", INTENTS, "\udcff", Call("stripe", Operation.CREATE)),
        ("GET", f"{INTENTS}/search", "", Call("stripe", Operation.SEARCH)),
        ("DELETE", INTENTS, "", Call("stripe", Operation.OTHER)),
    ],
)
def test_faults_can_be_selected_by_operation_brand_and_card(shop, method, path, body, call):
    assert call == shop.dialect.call(Request(method, path, body=body.encode(errors="surrogateescape")))


def test_calls_on_an_intent_are_about_its_card(shop):
    intent = shop.authorise(method="pm_card_unionpay").payload["id"]
    for path, operation in ((f"{INTENTS}/{intent}/capture", Operation.CAPTURE), (f"{INTENTS}/{intent}/cancel", Operation.VOID)):
        assert Call("stripe", operation, "unionpay", "620000") == shop.dialect.call(Request("POST", path))
    body = f"payment_intent={intent}".encode()
    assert "unionpay" == shop.dialect.call(Request("POST", "/v1/refunds", body=body)).brand


#: What Stripe's published API description (github.com/stripe/openapi, 2023-09) requires of each object.
REQUIRED = {
    "payment_intent": """amount capture_method confirmation_method created currency id livemode object payment_method_types
        status""",
    "charge": """amount amount_captured amount_refunded billing_details captured created currency disputed id livemode metadata
        object paid refunded status""",
    "refund": "amount created currency id object",
    "balance": "available livemode object pending",
}


def test_objects_have_the_fields_that_the_published_description_requires(shop):
    intent = shop.authorise(capture_method="automatic").payload
    refund = shop.post("/v1/refunds", payment_intent=intent["id"]).payload
    charge = shop.get(f"/v1/charges/{refund['charge']}").payload
    for shape in (intent, refund, charge, shop.get("/v1/balance").payload):
        assert set() == set(REQUIRED[shape["object"]].split()) - shape.keys()


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("a=1&b[c]=2&b[d][e]=3", {"a": "1", "b": {"c": "2", "d": {"e": "3"}}}),
        ("a[]=1&a[]=2", {"a": ["1", "2"]}),
        ("a[0]=1&a[1]=2", {"a": ["1", "2"]}),
        ("a=%5B1%5D&b=", {"a": "[1]", "b": ""}),
        ("", {}),
    ],
)
def test_brackets_nest(text, form):
    assert form == parse(text)


@pytest.mark.parametrize(
    "text", ["a[b=1", "=1", "a=1&a[b]=2", "a[b]=1&a[]=2", "a[b][c][d][e][f]=1", "nothing", "&".join(["a=1"] * 300)]
)
def test_a_form_that_cannot_be_read_is_refused(text):
    with pytest.raises(ParameterError):
        parse(text)
