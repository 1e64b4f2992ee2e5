"""Runs still under way: who is told of them, who is not, and whether we can believe our eyes."""

from dataclasses import replace
from typing import Any, ClassVar

from doubting import Doubting
from doubting import baseline as nothing_of_latency
from rules_helpers import BRANDS, check, checks, lost, result, rule

from monitor.detectors.consecutive import Consecutive
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Result
from monitor.rules import Blindness, Rule, RuleEngine

CONTROL = check("reference", control=True, target="reference", every_seconds=4.0)


class Impatient(Doubting):
    """Waits for two seconds once it has learnt something; counts each run once."""

    kind: ClassVar[str] = "impatient"
    waits: float = 2.0

    def patience(self, location: str, at: float) -> float | None:
        return self.waits if self._usual else None

    def update(self, state: Any, sample: Any) -> Any:
        run = f"{sample.series.location} {sample.at}"
        if run in state[3]:
            return state, self._judge(state, sample)
        fresh, verdict = super().update(state, sample)
        return ([*fresh[:3], {**fresh[3], run: 0}], verdict) if sample.pending else (fresh, verdict)


def engine(*rules: Rule, learned: bool = True, **more: Any) -> RuleEngine:
    one = RuleEngine(rules or (rule(detector=Impatient()),), checks(check(**more)), "local")
    if learned:
        known = nothing_of_latency(0.01)
        one.learn("card-payment", {("", ""): known, **{(brand.label, ""): known for brand in BRANDS}})
    return one


def late(slot: int, **more: Any) -> Result:
    return replace(result(slot, False, outcome=Outcome.TIMEOUT_UNKNOWN, duration=2.0, **more), steps=(), pending=True)


def ended(slot: int, **more: Any) -> Result:
    return result(slot, False, outcome=Outcome.TIMEOUT_UNKNOWN, duration=9.0, **more)


def test_a_late_run_is_suspected_before_it_ends_and_its_end_is_not_counted_again() -> None:
    one = engine()

    assert one.feed(late(0)) == []
    (wish,) = one.wishes()
    assert (wish.check, wish.spacing_seconds, wish.step) == ("card-payment", 0.5, "authorise")
    assert [alert for slot in (1, 2) for alert in one.feed(late(slot))] == []
    assert [alert for slot in range(3) for alert in one.feed(ended(slot))] == []
    (alert,) = one.feed(ended(3))
    assert alert.evidence["failures"] == "4"
    assert alert.evidence["outcomes"] == "timeout_unknown 4"


def test_rules_that_cannot_use_it_see_the_end_and_nothing_else() -> None:
    one = engine(rule(detector=Consecutive(failures=1, successes=1)))

    assert one.feed(late(0)) == []
    assert one.take_dirty(everything=True) == {}
    assert len(one.feed(ended(0))) == 1


def test_neither_ways_nor_our_own_health_are_judged_by_what_is_not_over() -> None:
    one = engine()
    for slot in range(10):
        one.feed(result(slot, location="elsewhere"))
        one.feed(late(slot))

    assert all(name.startswith("failing|") for name in one.take_dirty(everything=True))


def test_without_a_baseline_nobody_waits_impatiently_and_nobody_is_told() -> None:
    one = engine(learned=False)

    assert one.patience("card-payment", "", "local", 0.0) is None
    assert one.feed(late(0)) == []
    assert one.wishes() == ()
    one.learn("card-payment", {("", ""): nothing_of_latency(0.01)})
    assert one.patience("card-payment", "", "local", 0.0) == 2.0
    assert one.patience("no such check", "", "local", 0.0) is None


def test_a_run_is_late_when_it_is_late_to_every_rule_that_watches_it() -> None:
    """One for the check and one for each brand: told once, when both count it as failed."""
    rules = (rule("whole", Impatient(waits=2.0)), rule("brand", Impatient(waits=3.0), stratum=("*",)), rule("old", Consecutive()))
    one = engine(*rules, strata=BRANDS)

    assert one.patience("card-payment", BRANDS[0].label, "local", 0.0) == 3.0
    one.feed(late(0, stratum=BRANDS[0].label))
    assert [wish.rule for wish in one.wishes()] == ["whole", "brand"]


def test_a_restart_knows_what_was_told() -> None:
    one, again = engine(), engine()
    one.feed(late(0))
    again.restore(one.take_dirty(everything=True), one.alerts())

    again.feed(ended(0))
    assert [evidence.facts["failures"] for evidence in again.evidence("card-payment")] == ["1"]


def seen(due: float) -> Result:
    return result(0, True, due=due, check="reference", target="reference", control=True)


def dark(due: float) -> Result:
    return lost(0, due=due, check="reference", target="reference", control=True)


def watching() -> Blindness:
    return Blindness(checks(check(), CONTROL), "local")


def test_a_late_run_is_believed_as_soon_as_a_reference_answers() -> None:
    eyes, one = watching(), late(2)
    eyes.judge(seen(0.0), 1.0)

    assert eyes.judge(one, one.finished) == []
    assert eyes.next_tick() is not None  # the references are asked for without waiting for their turn
    assert eyes.judge(seen(22.5), 23.5) == [one, seen(22.5)]


def test_a_late_run_of_a_blind_monitor_is_no_failure_of_the_gateway() -> None:
    eyes, one = watching(), late(2)
    eyes.judge(seen(0.0), 1.0)
    eyes.judge(one, one.finished)

    unseen, _ = eyes.judge(dark(22.5), 24.5)

    assert eyes.blind
    assert (unseen.good, unseen.reason, unseen.pending) == (None, NetworkReason.BLIND, True)
    book = engine()
    assert book.feed(unseen) == []
    assert book.wishes() == ()


def test_a_late_run_that_no_reference_vouches_for_is_left_out_and_its_end_is_judged() -> None:
    eyes, one = watching(), late(2)
    eyes.judge(seen(0.0), 1.0)
    eyes.judge(one, one.finished)

    assert eyes.tick(one.finished + eyes.hold_seconds) == []
    assert eyes.next_tick() is None
    end = ended(2)
    assert eyes.judge(end, end.finished) == []
    assert eyes.tick(end.finished + eyes.hold_seconds) == [end]


def test_the_end_of_a_run_takes_the_place_of_its_being_late() -> None:
    eyes, one = watching(), late(2)
    eyes.judge(seen(0.0), 1.0)
    eyes.judge(one, one.finished)
    slow = result(2, duration=3.0)

    assert eyes.judge(slow, slow.finished) == [slow]
    assert eyes.judge(seen(24.0), 25.0) == [seen(24.0)]
    assert eyes.flush(26.0) == []


def test_a_process_that_ends_believes_no_late_run_that_waits() -> None:
    eyes, one = watching(), late(2)
    eyes.judge(one, one.finished)

    assert eyes.flush(one.finished) == []
