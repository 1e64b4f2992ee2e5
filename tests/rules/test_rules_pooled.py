"""Watches over all locations of a check: what feeds them, what they learn, and what they ask for."""

import json
from dataclasses import replace
from typing import Any

from doubting import Doubting, baseline
from hypothesis import given, settings
from hypothesis import strategies as st
from rules_helpers import BRANDS, check, checks, result, rule

from monitor.detectors.consecutive import Consecutive
from monitor.detectors.quorum import Quorum
from monitor.detectors.sequential.kind import Sequential
from monitor.model.alert import Alert, AlertState, Severity
from monitor.model.check import Target
from monitor.model.outcome import Outcome
from monitor.model.result import StepResult
from monitor.model.text import Text
from monitor.model.wish import Wish
from monitor.rules import Rule, RuleEngine

PLACES = ("fra", "sin", "iad")


def engine(*rules: Rule, watched: Any = None, targets: Any = None) -> RuleEngine:
    return RuleEngine(rules or (rule(detector=Doubting()),), watched or checks(check()), "fra", targets or {})


def feed(one: RuleEngine, marks: str, start: int = 0, **more: Any) -> list[Alert]:
    """One result for each mark, from each location in turn: ``.`` good, ``x`` bad."""
    return [
        alert
        for place, mark in enumerate(marks, start)
        for alert in one.feed(result(place, mark == ".", **{"location": PLACES[place % 3], **more}))
    ]


def test_the_samples_of_all_locations_come_together_in_one_watch_and_its_alert_names_the_places() -> None:
    (alert,) = feed(engine(), "..xxxx")

    assert alert.id == "failing|card-payment|||"
    assert alert.series.location == ""
    assert alert.evidence["places"] == "fra, iad, sin"
    assert alert.summary == Text("card-payment: 4 failed", "card-payment：4 次失败")


def test_an_alert_carries_when_it_began_and_how_sure_that_is() -> None:
    (alert,) = feed(engine(), "xxxx")

    assert (alert.since, alert.between, alert.changed) == (0.0, (-2.0, 2.0), 31.0)


def test_a_rule_for_one_location_leaves_the_others_out_of_its_pool() -> None:
    one = engine(rule(detector=Doubting(), location=("s*",)))

    assert feed(one, "xxxxxxxxx") == []
    assert [alert.evidence["places"] for alert in feed(one, "xxx", 9)] == ["sin"]


def test_the_series_of_a_rule_on_a_check_share_its_budget() -> None:
    """Three brands: each alone needs three times the evidence."""
    one = engine(rule(detector=Doubting(), stratum=("*",)), watched=checks(check(strata=BRANDS)))
    bad = [alert for slot in range(36) for alert in one.feed(result(slot, slot % 3 != 0, stratum=BRANDS[slot % 3].label))]

    assert [(alert.series.stratum, alert.changed) for alert in bad] == [("brand=visa", 331.0)]  # its 12th failure


def test_what_is_learned_reaches_the_watches_of_its_series_at_any_time_and_the_rest_knows_nothing() -> None:
    rules = (rule("whole", Doubting()), rule("brand", Doubting(), stratum=("*",)))
    one = engine(*rules, watched=checks(check(strata=BRANDS)))
    feed(one, "x", stratum=BRANDS[0].label)
    one.learn("card-payment", {("", ""): baseline(0.01), ("brand=mastercard", ""): baseline(0.02)})
    feed(one, "xx", 1, stratum=BRANDS[1].label)

    told = {(e.rule, e.series.stratum): e.facts["usual"] for e in one.evidence("card-payment")}
    assert told == {("whole", ""): "0.01", ("brand", "brand=visa"): "0", ("brand", "brand=mastercard"): "0.02"}
    assert [e.facts["failures"] for e in one.evidence("card-payment")] == ["3", "1", "2"]
    assert one.evidence("no such check") == []

    one.learn("card-payment", {})
    assert {e.facts["usual"] for e in one.evidence("card-payment")} == {"0"}


def test_what_is_learned_survives_a_reload_and_is_forgotten_with_its_check() -> None:
    one = engine()
    one.learn("card-payment", {("", ""): baseline(0.01)})

    one.adopt((rule(detector=Doubting()), rule("new", Doubting())), checks(check()))
    feed(one, "x")
    assert [e.facts["usual"] for e in one.evidence("card-payment")] == ["0.01", "0.01"]

    one.adopt((rule(detector=Doubting()),), {})
    one.adopt((rule(detector=Doubting()),), checks(check()))
    feed(one, "x")
    assert [e.facts["usual"] for e in one.evidence("card-payment")] == ["0"]


def test_learning_changes_neither_a_state_nor_an_alert_nor_what_a_restart_finds() -> None:
    one = engine()
    feed(one, "xx")
    one.learn("card-payment", {("", ""): baseline(0.01)})
    fresh = engine()
    assert fresh.restore(one.take_dirty(everything=True), one.alerts()) == []

    assert [len(feed(each, "xx", 2)) for each in (one, fresh)] == [1, 1]


def test_a_watch_under_suspicion_wishes_for_more_of_the_step_that_failed_until_it_is_cleared() -> None:
    one = engine(rule(detector=Doubting()), rule("step", Doubting(), step=("capture",)))
    assert one.wishes() == ()

    feed(one, "x")
    assert one.wishes() == (Wish("failing", "card-payment", "", "authorise", 0.5),)
    feed(one, ".", 1)
    assert one.wishes() == ()
    feed(one, "xxxx", 2)
    assert one.wishes() == ()  # decided: no more is needed


def test_a_run_that_failed_as_a_whole_is_wished_for_as_a_whole() -> None:
    one = engine()
    one.feed(replace(result(0, False), failed_step=""))

    assert [wish.step for wish in one.wishes()] == [""]


def test_a_wish_outlives_a_reload_that_keeps_its_rule_and_no_other() -> None:
    one = engine()
    feed(one, "x")

    one.adopt((rule(detector=Doubting()), rule("other")), checks(check()))
    assert [wish.rule for wish in one.wishes()] == ["failing"]
    one.adopt((rule("other"),), checks(check()))
    assert one.wishes() == ()


def extra(slot: int, good: bool, covers: str, number: int = 1) -> Any:
    steps = (StepResult("authorise", Outcome.APPROVED if good else Outcome.TECH_GATEWAY, good, 0.2),)
    return replace(result(slot, good, location="fra", steps=steps), extra=number, covers=covers)


def failures(one: RuleEngine) -> list[str]:
    return [e.facts["failures"] for e in one.evidence("card-payment")]


def test_extra_runs_are_evidence_to_those_that_asked_and_nothing_to_those_that_count_by_the_grid() -> None:
    one = engine(rule(detector=Doubting()), rule("grid", Consecutive(failures=3)))
    feed(one, "x")

    alerts = [alert for n in range(1, 6) for alert in one.feed(extra(0, False, "authorise", n))]

    assert [alert.rule for alert in alerts] == ["failing"]


def test_an_extra_run_speaks_for_the_step_it_was_made_for_and_to_no_other_suspicion() -> None:
    one = engine()
    feed(one, "xx")

    one.feed(extra(1, True, "capture"))
    one.feed(extra(1, True, "capture", 2))
    one.feed(extra(1, False, "capture", 3))  # neither way: failures alone would be one side of the bet
    assert failures(one) == ["2"]
    one.feed(extra(1, False, "authorise", 4))
    assert failures(one) == ["3"]
    one.feed(extra(1, True, "authorise", 5))
    one.feed(extra(1, True, "authorise", 6))
    assert failures(one) == ["0"]


def test_an_extra_run_of_all_steps_is_a_run_like_any_other() -> None:
    one = engine()
    feed(one, "x")

    one.feed(extra(1, False, ""))

    assert failures(one) == ["2"]


def test_steps_of_extra_runs_feed_the_rules_of_that_step() -> None:
    one = engine(rule("step", Doubting(), step=("authorise",)), rule("grid", Consecutive(failures=2), step=("authorise",)))

    alerts = [alert for n in range(1, 6) for alert in one.feed(extra(0, False, "authorise", n))]

    assert [alert.rule for alert in alerts] == ["step"]


def test_the_severity_of_an_alert_by_impact_rises_with_it_and_never_falls() -> None:
    targets = {"sandbox": Target("sandbox", Text("Sandbox"), "https://sandbox.example", customers_per_minute=20.0)}
    one = engine(replace(rule(detector=Doubting(healed=30)), by_impact=True), targets=targets)

    alerts = feed(one, "x" + "." * 26 + "xxx")  # 4 of 30
    alerts += feed(one, "x" * 30 + "." * 20, 30)

    assert [(alert.severity, alert.state) for alert in alerts] == [
        (Severity.P2, AlertState.FIRING),
        (Severity.P1, AlertState.FIRING),
    ]
    assert alerts[1].changed == alerts[0].changed  # it came to this state when it fired


def restarted(one: RuleEngine, kept: dict[str, str], rules: tuple[Rule, ...]) -> RuleEngine:
    kept |= one.take_dirty(everything=True)
    fresh = RuleEngine(rules, checks(check()), "fra")
    assert fresh.restore(json.loads(json.dumps(kept)), one.alerts()) == []
    return fresh


POOLED = (rule("doubt", Doubting()), rule("proof", Sequential()), rule("quorum", Quorum(failures=2, locations=2)), rule("alone"))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(".xxl")), max_size=40))
def test_restored_is_never_stopped_for_pooled_watches_whatever_the_order_of_locations(events: list[tuple[str, str]]) -> None:
    straight, broken, kept = engine(*POOLED), engine(*POOLED), dict[str, str]()
    learned: dict[tuple[str, str], Any] = {}
    for slot, (place, mark) in enumerate(events):
        broken = restarted(broken, kept, POOLED)
        broken.learn("card-payment", learned)
        if mark == "l":
            learned = {("", ""): baseline(0.001 + slot / 1000)}
            straight.learn("card-payment", learned)
            broken.learn("card-payment", learned)
        else:
            made = result(slot, mark == ".", location=place)
            assert straight.feed(made) == broken.feed(made)
    assert sorted(straight.alerts(), key=lambda alert: alert.id) == sorted(broken.alerts(), key=lambda alert: alert.id)
    expected = {(e.rule, e.series): e.facts for e in straight.evidence("card-payment")}
    assert all(expected[e.rule, e.series] == e.facts for e in broken.evidence("card-payment"))
