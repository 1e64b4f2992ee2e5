"""One transaction: what may follow what, what it owes, and what it comes to."""

import itertools

import pytest
from ledger_helpers import answered, closed, ended, fold, intended, undo, undone

from monitor.ledger.entries import Adopted, Answer, Damaged, Planned, Proof, Swept, from_row, to_row
from monitor.ledger.machine import MOVES, ImpossibleError, RunEnded, State, apply, recovered
from monitor.model.money import Money

ORDER = [None, State.RUNNING, State.OWED, State.CLOSED]
ADOPTED = Adopted("stray", 1_000.0, "gateway", "pc-test-stray", "pi_1", 250, "USD")
EVERY = [intended(), answered(), undo(), undone(), ended(), closed(), ADOPTED]


def test_states_only_move_forward():
    assert all(ORDER.index(before) <= ORDER.index(after) for (before, _), after in MOVES.items())


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: type(entry).__name__)
def test_an_entry_that_does_not_fit_is_refused_and_changes_nothing(entry):
    for tx in (None, fold(intended()), fold(intended(), ended()), fold(intended(), ended(), closed())):
        state = tx.state if tx else None
        if (state, type(entry)) in MOVES:
            continue
        with pytest.raises(ImpossibleError):
            apply(tx, entry)
        assert state == (tx.state if tx else None)


def test_no_money_is_added_to_a_transaction_whose_run_is_over():
    with pytest.raises(ImpossibleError):
        apply(fold(intended(), ended()), intended(n=1))


def test_a_step_is_answered_once():
    with pytest.raises(ImpossibleError, match="second answer"):
        fold(intended(), answered(), answered())
    with pytest.raises(ImpossibleError, match="second answer"):
        fold(intended(), undo(), undone(), undone())


@pytest.mark.parametrize("entry", [intended(n=2), answered(n=3), undo(k=1), undone(k=0)])
def test_numbers_are_gapless(entry):
    with pytest.raises(ImpossibleError):
        apply(fold(intended()), entry)


@pytest.mark.parametrize("answer", list(Answer))
def test_only_what_surely_did_not_happen_is_no_exposure(answer):
    tx = fold(intended()) if answer is Answer.PENDING else fold(intended(), answered(answer=answer))
    expected = () if answer in (Answer.NOT_SENT, Answer.REFUSED) else (Money(100, "USD"),)
    assert expected == tx.exposure


def test_a_capture_takes_over_the_debt_of_its_hold_unless_it_surely_did_not_happen():
    capture = intended(n=1, undo=("refund", "void"), move="charge")
    assert (Money(100, "USD"),) == fold(intended(), answered(), capture, answered(n=1)).exposure
    refused = fold(intended(), answered(), capture, answered(n=1, answer=Answer.REFUSED))
    assert ["step0"] == [move.intent.step for move in refused.owed]
    apart = fold(intended(), answered(), intended(n=1, undo=("other",), minor=50), answered(n=1))
    assert (Money(150, "USD"),) == apart.exposure


def test_a_closed_transaction_exposes_nothing():
    assert () == fold(intended(), answered(), ended(), closed()).exposure


def test_a_start_ends_whatever_run_there_was():
    tx = recovered(fold(intended()), 5_000.0)
    assert (State.OWED, 5_000.0, True) == (tx.state, tx.owned_since, tx.inherited)


def test_stray_money_is_owed_from_the_beginning():
    tx = fold(ADOPTED)
    assert (State.OWED, (Money(250, "USD"),), ("pi_1",), "pc-test-stray") == (tx.state, tx.exposure, tx.handles, tx.reference)


@pytest.mark.parametrize(
    "entry",
    [*(one for one in EVERY if not isinstance(one, RunEnded)), Damaged("d", 1.0, "cut", ("a", "b")), Swept("s", 1.0, "a", 2.0)],
    ids=lambda entry: type(entry).__name__,
)
def test_an_entry_comes_back_from_its_row_as_it_was(entry):
    assert entry == from_row(to_row(entry))


def test_exact_amounts_in_a_plan_stay_exact():
    from decimal import Decimal

    plan = (Planned("void", {"json": {"amount": Decimal("1.10"), "n": [1, "x"]}}),)
    assert plan == from_row(to_row(intended(plan=plan))).plan


def test_a_row_that_nobody_wrote_is_refused():
    row = to_row(intended())
    with pytest.raises(ValueError, match="unknown kind"):
        from_row(row._replace(kind="other"))


def test_every_order_of_entries_is_either_a_story_or_refused():
    """No order of five entries ends in a state that the table does not have."""
    pool = [intended(), answered(), undo(), undone(), ended(), closed()]
    for order in itertools.permutations(pool, 5):
        tx = None
        for entry in order:
            try:
                tx = apply(tx, entry)
            except ImpossibleError:
                continue
        assert tx is None or tx.state in State
        if tx is not None and tx.state is State.CLOSED:
            assert tx.proof is Proof.READ
