"""What is done next: never closed without proof, never given back twice on a guess."""

import pytest
from ledger_helpers import HANDLE, answered, ended, fold, intended, undo, undone

from monitor.ledger.decide import Close, Look, Nothing, Stuck, TakeBack, Terms, decide, quiet_from
from monitor.ledger.entries import Answer, Planned, Proof
from monitor.ledger.gateways import GATEWAYS, Part, Shown
from monitor.ledger.machine import recovered

TERMS = Terms(settle_seconds=2.0, key_seconds=86_400.0)
MASTERCARD, PLAIN = GATEWAYS["mastercard"], GATEWAYS["plain"]
HOLD = Shown(HANDLE, found=True, held=100, currency="USD", parts=(Part("AUTHORIZATION", "1", 100),))
GONE = Shown(HANDLE, found=True, over=True, currency="USD")
ABSENT = Shown(HANDLE)
FAILED = Shown(HANDLE, found=True, currency="USD")


def next_deed(tx, view=None, *, seen=1_011.0, now=1_011.0, gateway=MASTERCARD, terms=TERMS):
    return decide(tx, view and [view], seen, now, gateway, terms)


def test_a_run_under_way_is_left_alone():
    assert Nothing() == next_deed(fold(intended()))


@pytest.mark.parametrize("answer", [Answer.NOT_SENT, Answer.REFUSED])
def test_what_was_never_taken_needs_no_look(answer):
    assert Close(Proof.NOTHING_TAKEN) == next_deed(fold(intended(), answered(answer=answer), ended()))


@pytest.mark.parametrize("answer", [Answer.DONE, Answer.AMBIGUOUS])
def test_what_may_have_been_taken_is_looked_at_even_when_its_undo_was_accepted(answer):
    assert isinstance(next_deed(fold(intended(), answered(answer=answer), undo(), undone(), ended())), Look)


def test_an_intent_without_an_answer_is_asked_for_and_never_sent_again():
    assert isinstance(next_deed(fold(intended(), ended())), Look)


def test_a_payment_shown_as_ended_is_closed_at_once():
    assert Close(Proof.READ) == next_deed(fold(intended(), answered(), ended()), GONE)


def test_open_money_is_taken_back_by_a_void_first():
    deed = next_deed(fold(intended(), answered(), ended()), HOLD)
    assert isinstance(deed, TakeBack)
    assert "void 1" == deed.undo.name
    assert deed.undo.ask.options["json"] == {"apiOperation": "VOID", "transaction": {"targetTransactionId": "1"}}


def test_absence_is_proof_only_after_twice_the_lag_from_when_the_request_was_surely_over():
    tx = fold(intended(at=1_000.0), answered(answer=Answer.AMBIGUOUS, at=1_001.0), ended(at=1_001.0))
    quiet = 1_005.0 + 2 * 2.0  # its time-out, not its answer: a gateway that said 500 may still be at work
    assert quiet == quiet_from(tx, TERMS)
    assert Look(quiet) == next_deed(tx, ABSENT, seen=quiet - 0.1)
    assert Close(Proof.ABSENT) == next_deed(tx, ABSENT, seen=quiet)


def test_a_payment_that_holds_nothing_and_could_still_be_taken_waits_as_long():
    tx = fold(intended(), answered(answer=Answer.AMBIGUOUS), ended())
    assert isinstance(next_deed(tx, FAILED, seen=1_002.0), Look)
    assert Close(Proof.READ) == next_deed(tx, FAILED, seen=1_100.0)


def test_a_payment_that_was_accepted_is_never_called_absent():
    deed = next_deed(fold(intended(), answered(answer=Answer.DONE), ended()), ABSENT, seen=9_999.0)
    assert isinstance(deed, Stuck)


def test_after_an_undo_that_perhaps_worked_the_lag_is_waited_out_before_another():
    for answer in (Answer.DONE, Answer.AMBIGUOUS):
        tx = fold(intended(), answered(), undo(), undone(answer=answer, at=1_010.5), ended(at=1_010.6))
        assert Look(1_012.5) == next_deed(tx, HOLD, seen=1_011.0)
        assert isinstance(next_deed(tx, HOLD, seen=1_012.6), TakeBack)
    refused = fold(intended(), answered(), undo(), undone(answer=Answer.REFUSED, at=1_010.5), ended(at=1_010.6))
    assert isinstance(next_deed(refused, HOLD, seen=1_011.0), TakeBack)


def test_a_way_that_was_refused_is_not_tried_again_for_a_while_and_then_a_person_is_needed():
    tx = fold(intended(), answered(), ended(), undo(name="void 1", by_ledger=True), undone(answer=Answer.REFUSED, at=1_012.0))
    assert isinstance(next_deed(tx, HOLD, seen=1_020.0, now=1_020.0), Stuck)
    assert isinstance(next_deed(tx, HOLD, seen=1_700.0, now=1_700.0), TakeBack)


def test_a_charge_whose_void_was_refused_is_refunded():
    charge = Shown(HANDLE, found=True, kept=100, currency="USD", parts=(Part("PAYMENT", "1", 100),))
    tx = fold(intended(), answered(), ended(), undo(name="void 1", by_ledger=True), undone(answer=Answer.REFUSED, at=1_012.0))
    deed = next_deed(tx, charge, seen=1_020.0, now=1_020.0)
    assert isinstance(deed, TakeBack)
    assert deed.undo.ask.options["json"]["apiOperation"] == "REFUND"
    assert deed.undo.ask.options["json"]["transaction"] == {"amount": "1.00", "currency": "USD"}


def test_after_a_start_quiet_is_counted_from_the_start_whatever_the_clocks_said_before():
    for instant in (0.0, 10**10):
        tx = recovered(fold(intended(at=instant)), 5_000.0)
        assert 5_004.0 == quiet_from(tx, TERMS)


def test_every_request_of_the_ledger_has_a_name_of_its_own():
    first = next_deed(fold(intended(), answered(), ended()), HOLD)
    again = fold(intended(), answered(), ended(), undo(name="void 1", by_ledger=True), undone(answer=Answer.NOT_SENT))
    second = next_deed(again, HOLD)
    assert first.undo.ask.options["path"] != second.undo.ask.options["path"]


# A gateway that cannot be asked


def test_without_a_read_the_plan_is_followed_under_a_key_that_stays_the_same():
    tx = fold(intended(), answered(answer=Answer.AMBIGUOUS), ended())
    deed = next_deed(tx, gateway=PLAIN)
    assert isinstance(deed, TakeBack)
    assert ({"method": "PUT", "path": "/void"}, "tx1-void") == deed.undo.ask
    again = fold(
        intended(),
        answered(answer=Answer.AMBIGUOUS),
        ended(),
        undo(name=deed.undo.name, by_ledger=True),
        undone(answer=Answer.AMBIGUOUS),
    )
    assert deed == next_deed(again, gateway=PLAIN)


def test_without_a_read_an_accepted_undo_is_all_the_proof_there_is():
    assert Close(Proof.ANSWER) == next_deed(fold(intended(), answered(), undo(), undone(), ended()), gateway=PLAIN)


def test_without_a_read_nothing_is_tried_once_the_keys_are_forgotten():
    tx = fold(intended(), answered(answer=Answer.AMBIGUOUS), ended())
    assert isinstance(next_deed(tx, gateway=PLAIN, now=1_000.0 + 86_401.0), Stuck)
    assert isinstance(next_deed(tx, gateway=PLAIN, terms=Terms(2.0, None)), Stuck)


def test_a_plan_that_lacks_what_only_the_answer_would_have_told_needs_a_person():
    tx = fold(intended(plan=(Planned("void", None, "lacks a value: intent"),)), answered(answer=Answer.AMBIGUOUS), ended())
    deed = next_deed(tx, gateway=PLAIN)
    assert isinstance(deed, Stuck)
    assert "lacks a value: intent" in deed.why
