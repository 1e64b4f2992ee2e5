"""How each gateway is asked, and what its answers come to. The shapes are the sandbox's, which follow the public references."""

import pytest
from ledger_helpers import HANDLE, play, said

from monitor.ledger.gateways import GATEWAYS, NoAnswerError, Part, Shown, UnfindableError, Window, gateway_of
from monitor.ledger.references import made, narrower, spans
from monitor.model.outcome import NetworkReason
from monitor.model.result import Exchange, Reach
from monitor.probes.identity import new_run_id, reference_of

MASTERCARD, STRIPE = GATEWAYS["mastercard"], GATEWAYS["stripe"]
LOST = Exchange(Reach.SENT, 0.0, 1.0, reason=NetworkReason.ANSWER_TIMEOUT, error="no answer came in time")


def moved(kind, name, amount=1.0, *, target=None, result="SUCCESS"):
    transaction = {
        "type": kind,
        "id": name,
        "amount": amount,
        "currency": "USD",
        **({"targetTransactionId": target} if target else {}),
    }
    return {"result": result, "transaction": transaction}


def order(status, *transactions):
    return said({"id": "o", "currency": "USD", "status": status, "result": "SUCCESS", "transaction": list(transactions)})


def look(gateway, handle, *answers):
    return play(gateway.look(handle), *answers)[1]


@pytest.mark.parametrize(
    ("answer", "held", "kept", "over"),
    [
        (order("AUTHORIZED", moved("AUTHORIZATION", "1")), 100, 0, False),
        (order("CANCELLED", moved("AUTHORIZATION", "1"), moved("VOID_AUTHORIZATION", "2", target="1")), 0, 0, True),
        (order("CANCELLED", moved("AUTHORIZATION", "1")), 0, 0, True),
        (order("CAPTURED", moved("PAYMENT", "1")), 0, 100, False),
        (order("PARTIALLY_REFUNDED", moved("PAYMENT", "1"), moved("REFUND", "2", 0.4)), 0, 60, False),
        (order("REFUNDED", moved("PAYMENT", "1"), moved("REFUND", "2")), 0, 0, True),
        (order("PARTIALLY_CAPTURED", moved("AUTHORIZATION", "1"), moved("CAPTURE", "2", 0.3)), 70, 30, False),
        (order("FAILED", moved("AUTHORIZATION", "1", result="FAILURE")), 0, 0, False),
        (order("CAPTURED", moved("PAYMENT", "1"), moved("PAYMENT", "1"), moved("VOID_PAYMENT", "2", target="1")), 0, 100, False),
    ],
)
def test_a_mastercard_order_shows_what_is_held_and_kept(answer, held, kept, over):
    shown = look(MASTERCARD, HANDLE, answer)
    assert (True, held, kept, over) == (shown.found, shown.held, shown.kept, shown.over)


def intent(status, capturable=0, charge=None):
    body = {"id": "pi_1", "object": "payment_intent", "status": status, "amount_capturable": capturable, "currency": "usd"}
    return said({**body, "latest_charge": charge})


@pytest.mark.parametrize(
    ("answer", "held", "kept", "over"),
    [
        (intent("requires_confirmation"), 0, 0, False),
        (intent("requires_capture", 100, {"amount_captured": 0}), 100, 0, False),
        (intent("succeeded", 0, {"amount_captured": 100, "amount_refunded": 0}), 0, 100, False),
        (intent("succeeded", 0, {"amount_captured": 100, "amount_refunded": 100}), 0, 0, True),
        (intent("canceled"), 0, 0, True),
    ],
)
def test_a_payment_intent_shows_what_is_held_and_kept(answer, held, kept, over):
    shown = look(STRIPE, "pi_1", answer)
    assert (True, held, kept, over) == (shown.found, shown.held, shown.kept, shown.over)


@pytest.mark.parametrize(
    ("gateway", "handle", "absent"),
    [
        (
            MASTERCARD,
            HANDLE,
            said({"result": "ERROR", "error": {"cause": "INVALID_REQUEST", "explanation": "Unable to find the order."}}, 400),
        ),
        (STRIPE, "pi_1", said({"error": {"code": "resource_missing"}}, 404)),
        (STRIPE, "metadata:canary:pc-test-1", said({"object": "search_result", "data": []})),
    ],
)
def test_only_the_gateways_own_word_says_that_there_is_no_such_payment(gateway, handle, absent):
    assert Shown(handle) == look(gateway, handle, absent)


SILENCES = [
    LOST,
    said({"error": {}}, 500),
    said({"error": {}}, 401),
    said({"error": {}}, 429),
    said("<html>", 404),
    said({"error": {"cause": "INVALID_REQUEST", "explanation": "no"}, "result": "ERROR"}, 400),
    Exchange(Reach.ANSWERED, 0.0, 0.1, status=200, body=None, parse_error="not JSON"),
]


@pytest.mark.parametrize("gateway", [MASTERCARD, STRIPE], ids=["mastercard", "stripe"])
@pytest.mark.parametrize("silence", SILENCES, ids=lambda each: f"{each.status}-{each.reach}")
def test_anything_else_is_no_answer(gateway, silence):
    with pytest.raises(NoAnswerError):
        look(gateway, HANDLE if gateway is MASTERCARD else "pi_1", silence)


@pytest.mark.parametrize(
    ("gateway", "handle", "answer"),
    [
        (MASTERCARD, HANDLE, order("PENDING", moved("AUTHORIZATION", "1", result="PENDING"))),
        (STRIPE, "pi_1", intent("processing")),
    ],
)
def test_a_payment_still_being_worked_on_proves_nothing(gateway, handle, answer):
    with pytest.raises(NoAnswerError):
        look(gateway, handle, answer)


def test_a_payment_whose_id_was_never_learned_is_searched_by_its_metadata():
    found = said({"data": [{"id": "pi_1"}, {"id": "pi_2"}]})
    held = intent("requires_capture", 100)
    asked, shown = play(STRIPE.look("metadata:canary:pc-test-1"), found, held, intent("canceled"))
    assert {"query": "metadata['canary']:'pc-test-1'", "limit": "10"} == asked[0].options["query"]
    assert (True, 100, False) == (shown.found, shown.held, shown.over)
    assert 2 == len(shown.parts)


@pytest.mark.parametrize(
    ("gateway", "options", "handle"),
    [
        (MASTERCARD, {"path": f"{HANDLE}/transaction/1"}, HANDLE),
        (STRIPE, {"path": "/v1/payment_intents/pi_9/confirm"}, "pi_9"),
        (STRIPE, {"path": "/v1/payment_intents", "form": {"metadata": {"canary": "ref"}}}, "metadata:canary:ref"),
        (GATEWAYS["plain"], {"path": "/pay"}, "ref"),
    ],
)
def test_a_money_step_names_its_payment(gateway, options, handle):
    assert handle == gateway.handle(options, "ref")


@pytest.mark.parametrize(
    ("gateway", "options"),
    [
        (MASTERCARD, {"path": "/api/rest/version/100/merchant/M/session"}),
        (STRIPE, {"path": "/v1/payment_intents", "form": {"metadata": {"canary": "another"}}}),
        (STRIPE, {"path": "/v1/charges", "form": {"metadata": {"canary": "ref"}}}),
    ],
)
def test_a_step_whose_payment_could_not_be_found_again_is_refused(gateway, options):
    with pytest.raises(UnfindableError):
        gateway.handle(options, "ref")


def test_what_is_partly_refunded_cannot_be_voided_any_more():
    parts = (Part("PAYMENT", "1", 100),)
    whole = MASTERCARD.undo(Shown(HANDLE, found=True, kept=100, currency="USD", parts=parts), (), "t-0")
    partly = MASTERCARD.undo(Shown(HANDLE, found=True, kept=60, currency="USD", parts=parts), (), "t-0")
    assert ("void 1", "refund") == (whole.name, partly.name)
    assert "0.60" == partly.ask.options["json"]["transaction"]["amount"]


def test_an_intent_that_could_still_be_confirmed_is_cancelled_so_that_no_late_request_can():
    shown = Shown("pi_1", found=True, parts=(Part("requires_confirmation", "pi_1", 0),))
    way = STRIPE.undo(shown, (), "t-0")
    assert ("/v1/payment_intents/pi_1/cancel", "pi_1-ledger-t-0") == (way.ask.options["path"], way.ask.key)
    assert STRIPE.undo(shown, (way.name,), "t-1") is None


def test_an_unknown_dialect_is_a_gateway_that_cannot_be_asked():
    assert not gateway_of("fax").reads


# Listing


def test_a_span_of_time_is_a_few_prefixes_that_hold_every_reference_made_in_it():
    day = 86_400.0
    for at in (0.0, 1_793_577_600.0, 1_793_577_600.0 + 7 * day):
        prefixes = spans("pc-test-", at, at + day)
        assert len(prefixes) <= 4
        for seconds in (0.0, 1.0, 43_200.0, day):
            reference = reference_of(new_run_id(at + seconds, bytes), "test")
            assert 1 == sum(reference.startswith(prefix) for prefix in prefixes)
            inner = [wider for prefix in prefixes for wider in narrower(prefix)]
            assert 1 == sum(reference.startswith(prefix) for prefix in inner)
            assert made("pc-test-", reference) == pytest.approx(at + seconds, abs=0.001)


@pytest.mark.parametrize("reference", ["pc-other-01k8z", "pc-test-short", "pc-test-order-of-mine", ""])
def test_a_reference_of_another_making_tells_no_time(reference):
    assert made("pc-test-", reference) is None


def test_a_full_page_is_asked_for_in_parts():
    window = Window("/api/rest/version/100/merchant/M", "pc-test-", 1_000.0, 2_000.0)
    full = said({"order": [{"reference": "pc-test-x", "status": "CANCELLED", "transaction": []}] * 100})
    held = {
        "id": "o",
        "reference": "pc-test-y",
        "currency": "USD",
        "status": "AUTHORIZED",
        "transaction": [moved("AUTHORIZATION", "1")],
    }
    asked, found = play(MASTERCARD.listing(window), full, said({"order": [held]}), *[said({"order": []})] * 31)
    assert 33 == len(asked)
    assert [("pc-test-y", 100)] == [(one.reference, one.shown.open) for one in found]


def test_a_gateway_that_does_not_list_says_so():
    window = Window("/api/rest/version/100/merchant/M", "pc-test-", 1_000.0, 2_000.0)
    with pytest.raises(NoAnswerError, match="does not list"):
        play(MASTERCARD.listing(window), said({"result": "ERROR", "error": {}}, 400))


def test_stripes_list_is_followed_to_its_end_and_other_peoples_payments_are_left_alone():
    def one(name, reference, capturable):
        return {
            "id": name,
            "status": "requires_capture",
            "amount_capturable": capturable,
            "currency": "usd",
            "metadata": {"canary": reference},
        }

    first = said({"data": [one("pi_1", "pc-test-1", 100), one("pi_2", "shop-77", 900)], "has_more": True})
    asked, found = play(STRIPE.listing(Window("", "pc-test-", 0.0, 9.0)), first, said({"data": [one("pi_3", "pc-test-3", 50)]}))
    assert ["pi_1", "pi_3"] == [listed.shown.handle for listed in found]
    assert "pi_2" == asked[1].options["query"]["starting_after"]
