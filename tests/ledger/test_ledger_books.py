"""Caps and the breaker: decided with the intent, by currency, and never by halves."""

import pytest
from ledger_helpers import TARGET, answered, closed, ended, intended

from monitor.ledger.books import UNCOMPENSATED_SECONDS, Books, RefusalError
from monitor.ledger.entries import Adopted, Answer, Damaged, Swept
from monitor.ledger.machine import ImpossibleError, State
from monitor.model.check import Caps
from monitor.model.money import Money

DOLLAR = Money(100, "USD")
FREE = Caps()


def books(*entries):
    found = Books()
    for entry in entries:
        found.apply(entry)
    return found


def refusal(found, intent, caps=FREE):
    with pytest.raises(RefusalError) as error:
        found.admit(intent, caps)
    return str(error.value)


def test_a_step_above_its_cap_is_refused_and_one_at_it_is_not():
    caps = Caps(per_step=(DOLLAR,))
    Books().admit(intended(minor=100), caps)
    assert "1.01 USD is more than the cap of 1.00 USD for one step" == refusal(Books(), intended(minor=101), caps)


def test_a_currency_that_no_cap_names_is_refused():
    assert "no cap for one step names JPY" == refusal(Books(), intended(currency="JPY"), Caps(per_step=(DOLLAR,)))
    assert "no cap for a day names JPY" == refusal(Books(), intended(currency="JPY"), Caps(per_day=(DOLLAR,)))


def test_a_day_is_a_day_of_utc_and_what_was_surely_not_taken_does_not_count():
    caps = Caps(per_day=(Money(200, "USD"),))
    found = books(intended("a", at=86_000.0), intended("b", at=86_001.0))
    assert "after 2.00 USD already" in refusal(found, intended("c", at=86_002.0), caps)
    found.admit(intended("c", at=86_401.0), caps)
    found.apply(answered("a", Answer.NOT_SENT, at=86_003.0, released=100))
    found.admit(intended("c", at=86_004.0), caps)


def test_each_gateway_has_its_own_caps():
    caps = Caps(per_day=(DOLLAR,), open_at_once=1)
    books(intended("a")).admit(intended("b", target="other"), caps)


def test_so_many_transactions_may_be_open_and_a_second_step_of_one_is_no_other():
    caps = Caps(open_at_once=2)
    found = books(intended("a"), intended("b"))
    assert "2 transactions are open" in refusal(found, intended("c"), caps)
    found.admit(intended("a", n=1), caps)
    for entry in (answered("b", Answer.REFUSED), ended("b"), closed("b")):
        found.apply(entry)
    found.admit(intended("c"), caps)


def test_three_uncompensated_transactions_stop_the_money_of_their_gateway_alone():
    entries = [entry for name in "abc" for entry in (intended(name), answered(name), ended(name, at=2_000.0))]
    found, late = books(*entries), 2_000.0 + UNCOMPENSATED_SECONDS
    found.admit(intended("d", at=late - 1), FREE)
    assert "3 transactions at gateway are not shown closed" in refusal(found, intended("d", at=late))
    found.admit(intended("d", at=late, target="other"), FREE)
    found.apply(closed("b"))
    found.admit(intended("d", at=late), FREE)


def test_an_intent_that_could_not_be_written_down_leaves_no_trace():
    found = books(intended("a"))
    first, second = intended("b"), intended("a", n=1)
    for intent in (first, second):
        found.apply(intent)
        found.take_out(intent)
    assert ["a"] == list(found.open)
    assert 1 == len(found.open["a"].moves)
    assert {100} == set(found.spent.values())


def test_exposure_is_by_gateway_and_currency_and_its_age_is_the_oldest():
    found = books(intended("a", at=10.0), intended("b", at=5.0, currency="EUR"), intended("c", at=7.0, target="other"))
    assert {(TARGET, "USD"): 100, (TARGET, "EUR"): 100, ("other", "USD"): 100} == found.exposure()
    assert {TARGET: 5.0, "other": 7.0} == found.oldest()


def test_a_damaged_ledger_stops_every_gateway_until_it_was_swept():
    found = books(Damaged("damage", 1.0, "cut short", (TARGET, "other")))
    assert "the ledger was damaged" in refusal(found, intended())
    found.apply(Swept("sweep", 2.0, TARGET, 2.0))
    found.admit(intended(), FREE)
    assert "the ledger was damaged" in refusal(found, intended(target="other"))


def test_a_restored_book_owes_what_was_running():
    found = Books.restored([intended("a"), Adopted("s", 3.0, TARGET, "pc-test-s", "pi_1", 5, "USD")], {}, at=100.0)
    assert {State.OWED} == {tx.state for tx in found.open.values()}
    assert ["s", "a"] == [tx.id for tx in found.owed()]


def test_entries_about_what_is_not_open_are_refused():
    with pytest.raises(ImpossibleError):
        books(answered("nobody"))
    with pytest.raises(ImpossibleError):
        books(intended("a"), ended("a"), closed("a"), closed("a"))
