"""The core's arithmetic against an oracle of a few integers, and the facts about holds that grow old."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from monitor.model.money import Money
from monitor.sandbox.cards import NUMBERS, Decision
from monitor.sandbox.core import Core, Policy, Reason, RefusalError
from monitor.sandbox.ledger import Account, Posting
from monitor.sandbox.payment import Kind, Payment

CARD = NUMBERS["4508750015741019"]
DAY = 86_400.0
amounts = st.integers(min_value=1, max_value=120)


class Purse:
    """The oracle: three integers and what each deed does to them. It knows nothing of entries or postings."""

    def __init__(self) -> None:
        self.held = self.kept = 0

    def authorise(self, amount: int) -> bool:
        self.held += amount
        return True

    def pay(self, amount: int) -> bool:
        self.kept += amount
        return True

    def capture(self, amount: int) -> bool:
        if amount > self.held:
            return False
        self.held, self.kept = self.held - amount, self.kept + amount
        return True

    def refund(self, amount: int) -> bool:
        if amount > self.kept:
            return False
        self.kept -= amount
        return True


class GatewayMachine(RuleBasedStateMachine):
    """One order under random captures, refunds, voids and waiting; every answer and balance must be the oracle's."""

    captures = Bundle("captures")

    @initialize(amount=amounts, paid=st.booleans())
    def order(self, amount: int, paid: bool) -> None:
        self.core, self.purse, self.now, self.count = Core(Policy()), Purse(), 1_000.0, 0
        self.payment = self.core.create(Payment("o", "mastercard", Money(amount, "USD"), self.now))
        self.hold = self.core.authorise(self.payment, "a", CARD, Decision.APPROVED, self.now, pay=paid)
        self.paid = paid
        self.batch_began = self.now
        (self.purse.pay if paid else self.purse.authorise)(amount)

    def attempt(self, deed) -> bool:
        self.now += 1
        self.count += 1
        try:
            self.entry = deed(f"t{self.count}")
        except RefusalError:
            return False
        return True

    @rule(target=captures, amount=amounts)
    def capture(self, amount: int):
        worked = self.attempt(lambda id_: self.core.capture(self.payment, id_, Money(amount, "USD"), self.now))
        assert self.purse.capture(amount) == worked
        return multiple((self.entry, amount, self.now)) if worked else multiple()

    @rule(amount=amounts)
    def refund(self, amount: int) -> None:
        worked = self.attempt(lambda id_: self.core.refund(self.payment, id_, Money(amount, "USD"), self.now))
        assert self.purse.refund(amount) == worked

    @rule(capture=captures)
    def void_a_capture(self, capture) -> None:
        entry, amount, made = capture
        again = entry.number in self.payment.taken_back
        worked = self.attempt(lambda id_: self.core.void(self.payment, id_, entry, self.now))
        assert worked == (not again and made >= self.batch_began and amount <= self.purse.kept)
        if worked:
            self.purse.kept, self.purse.held = self.purse.kept - amount, self.purse.held + amount

    @rule()
    def void_the_hold(self) -> None:
        whole = self.hold.amount.minor
        in_batch = self.hold.at >= self.batch_began
        possible = (in_batch and self.purse.kept == whole) if self.paid else self.purse.held == whole
        possible = possible and self.hold.number not in self.payment.taken_back
        worked = self.attempt(lambda id_: self.core.void(self.payment, id_, self.hold, self.now))
        assert worked == possible
        if worked:
            self.purse.held = self.purse.kept = 0

    @rule()
    def a_week_passes(self) -> None:
        self.now = self.now + 8 * DAY
        self.core.expire(self.now)
        self.purse.held = 0
        self.batch_began = self.now

    @invariant()
    def the_books_agree(self) -> None:
        if not hasattr(self, "core"):
            return
        ledger = self.core.ledger
        assert (self.purse.held, self.purse.kept) == (self.payment.held, self.payment.kept)
        assert self.purse.held == ledger.balance("o", Account.HELD)
        assert self.purse.kept == ledger.balance("o", Account.MERCHANT)
        assert 0 == sum(ledger.totals()["USD"].values())
        assert bool(self.purse.held or self.purse.kept) == bool(self.core.open_items(self.now))


GatewayMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestTheCoreKeepsTheOraclesBalances = GatewayMachine.TestCase


def hold(core: Core, name: str, now: float, amount: int = 100) -> Payment:
    payment = core.create(Payment(name, "mastercard", Money(amount, "USD"), now, reference=f"ref-{name}"))
    core.authorise(payment, "a", CARD, Decision.APPROVED, now)
    return payment


def test_a_hold_is_released_when_its_week_is_over_and_can_then_not_be_captured():
    core = Core(Policy(authorisation_seconds=7 * DAY))
    payment = hold(core, "o", 0.0)
    assert [100] == [item.held for item in core.open_items(7 * DAY - 1)]
    assert [] == core.open_items(7 * DAY)
    with pytest.raises(RefusalError) as refused:
        core.capture(payment, "c", Money(100, "USD"), 7 * DAY)
    assert Reason.NOTHING_HELD is refused.value.reason


def test_a_capture_voided_after_its_hold_grew_old_leaves_nothing_open():
    core = Core(Policy(authorisation_seconds=DAY, batch_seconds=10 * DAY))
    payment = hold(core, "o", 0.0)
    capture = core.capture(payment, "c", Money(60, "USD"), 10.0)
    core.void(payment, "v", capture, 2 * DAY)
    assert [] == core.open_items(2 * DAY)


def test_a_capture_whose_batch_has_gone_can_be_refunded_but_not_voided():
    core = Core(Policy(batch_seconds=DAY))
    payment = hold(core, "o", 0.0)
    capture = core.capture(payment, "c", Money(100, "USD"), 10.0)
    with pytest.raises(RefusalError) as refused:
        core.void(payment, "v", capture, 10.0 + DAY)
    assert Reason.SETTLED is refused.value.reason
    core.refund(payment, "r", Money(100, "USD"), 10.0 + DAY)
    assert [] == core.open_items(10.0 + DAY)


@pytest.mark.parametrize("amount", [Money(0, "USD"), Money(-1, "USD"), Money(100, "EUR"), Money(10**13, "USD")])
def test_an_amount_of_nothing_or_in_another_currency_moves_nothing(amount):
    core = Core()
    payment = hold(core, "o", 0.0)
    with pytest.raises(RefusalError):
        core.capture(payment, "c", amount, 1.0)
    assert 100 == payment.held


def test_the_past_can_be_read_as_it_was():
    core = Core()
    payment = hold(core, "o", 10.0)
    core.capture(payment, "c", Money(40, "USD"), 20.0)
    assert core.find("o", as_of=9.0) is None
    before, after = core.find("o", as_of=19.0), core.find("o", as_of=20.0)
    assert before is not None and after is not None
    assert [(100, 0), (60, 40)] == [(before.held, before.captured), (after.held, after.captured)]


def test_two_deeds_on_one_reference_are_counted_as_two_charges():
    core = Core()
    payment = hold(core, "o", 0.0)
    core.authorise(payment, "a", CARD, Decision.APPROVED, 1.0)
    core.authorise(payment, "b", CARD, Decision.DECLINED, 2.0)
    assert {"ref-o": 2} == core.charges()
    assert 200 == payment.held


def test_of_two_entries_with_one_id_each_can_be_voided_once():
    core = Core()
    payment = hold(core, "o", 0.0)
    core.authorise(payment, "a", CARD, Decision.APPROVED, 1.0)
    for number in (1, 2):
        target = payment.find("a")
        assert target is not None
        core.void(payment, f"v{number}", target, 2.0)
    assert [] == core.open_items(3.0)
    with pytest.raises(RefusalError) as refused:
        core.void(payment, "v3", payment.entries[0], 3.0)
    assert Reason.ALREADY_VOIDED is refused.value.reason


def test_old_closed_payments_are_forgotten_and_open_ones_never():
    core = Core(Policy(max_closed=2))
    hold(core, "open", 0.0)
    for name in ("b", "c", "d"):
        payment = hold(core, name, 0.0)
        core.cancel(payment, "x", 1.0)
    kept = [payment.id for payment in core.history("mastercard", as_of=2.0)]
    assert "open" in kept
    assert "b" not in kept


def test_the_ledger_never_forgets_open_money():
    core = Core()
    hold(core, "o", 0.0)
    with pytest.raises(ValueError, match="open"):
        core.ledger.forget("o")
    with pytest.raises(ValueError, match="direction"):
        core.ledger.post(Posting(0.0, "o", "x", Account.HELD, Account.MERCHANT, Money(-1, "USD")))


def test_a_final_capture_gives_the_rest_back():
    core = Core()
    payment = hold(core, "o", 0.0)
    core.capture(payment, "c", Money(70, "USD"), 1.0, final=True)
    assert (0, 70) == (payment.held, payment.kept)
    assert [Kind.AUTHORISATION, Kind.CAPTURE, Kind.RELEASE] == [entry.kind for entry in payment.entries]
