"""Several places to watch from: one that is blind, and one that alone does not reach a target."""

import json
from dataclasses import replace

import pytest
from rules_helpers import check, checks, lost, result, rule

from monitor.detectors.quorum import Quorum
from monitor.model.alert import Alert, AlertState, Severity
from monitor.model.outcome import Outcome
from monitor.model.result import Result
from monitor.rules import Blindness, RuleEngine

CONTROL = check("reference", control=True, target="reference", every_seconds=4.0)
HERE, THERE = "fra", "sin"


def blindness() -> Blindness:
    return Blindness(checks(check(), CONTROL), HERE)


def control(due: float, place: str, *, good: bool) -> Result:
    made = result(0, due=due) if good else lost(0, due=due)
    return replace(made, check="reference", target="reference", control=True, location=place)


def target(due: float, place: str, *, good: bool) -> Result:
    return replace(result(0, due=due) if good else lost(0, due=due), location=place)


def give(one: Blindness, *results: Result) -> list[str]:
    return [f"{out.location} {out.due:g} {out.outcome.value}" for each in results for out in one.judge(each, each.finished)]


def cut_off(one: Blindness, place: str) -> list[str]:
    return give(one, control(0, place, good=True), target(2, place, good=False), control(4, place, good=False))


def test_a_location_without_eyes_is_its_own_blindness_and_the_others_results_are_believed() -> None:
    one = blindness()
    give(one, control(0, THERE, good=True), target(1, THERE, good=True))

    assert "fra 2 unknown" in cut_off(one, HERE)
    (alert,) = one.alerts(5.0)
    assert (alert.rule, alert.severity, alert.group) == ("location-blind", Severity.P3, "monitor,location=fra")
    assert alert.summary.en == "fra: all 1 reference probes and the targets get no answer; sin can see"
    assert not one.blind
    assert give(one, replace(result(0, False, due=6.0), location=THERE)) == ["sin 6 tech_gateway"]


def test_a_target_that_is_out_is_seen_by_the_location_with_eyes_while_the_other_is_blind() -> None:
    one = blindness()
    cut_off(one, HERE)

    assert give(one, control(4, THERE, good=True), target(4.5, THERE, good=False), control(8, THERE, good=True)) == [
        "sin 4 approved",
        "sin 4.5 network_error",
        "sin 8 approved",
    ]


def test_when_the_last_location_loses_its_sight_too_the_monitor_is_blind() -> None:
    one = blindness()
    give(one, control(0, THERE, good=True), target(1, THERE, good=True))
    cut_off(one, HERE)
    one.alerts(5.0)
    give(one, target(6, THERE, good=False), control(8, THERE, good=False))

    (alert,) = one.alerts(9.0)

    assert (alert.rule, alert.severity, alert.group) == ("monitor-blind", Severity.P1, "monitor")
    assert one.blind


def test_each_location_sees_again_by_itself() -> None:
    one = blindness()
    give(one, control(0, THERE, good=True), target(1, THERE, good=True))
    cut_off(one, HERE)
    kept = one.alerts(5.0)
    fresh = blindness()
    fresh.restore(kept)
    give(fresh, control(8, THERE, good=True))
    assert fresh.alerts(9.0) == []

    give(fresh, control(9, HERE, good=True))

    assert [(alert.rule, alert.state) for alert in fresh.alerts(10.0)] == [("location-blind", AlertState.RESOLVED)]


# --- one location's way to a target


def engine() -> RuleEngine:
    return RuleEngine((rule(detector=Quorum(failures=3, locations=2)),), checks(check()), HERE)


def run(one: RuleEngine, here: str, there: str, start: int = 0) -> list[Alert]:
    """A result each from both places every 15 s: ``.`` good, ``x`` unanswered, ``e`` an error."""
    alerts = []
    for slot, marks in enumerate(zip(here, there, strict=True), start):
        for place, mark in zip((HERE, THERE), marks, strict=True):
            made = {"x": lost(slot), "e": result(slot, False), ".": result(slot)}[mark]
            alerts += one.feed(replace(made, due=15.0 * slot, started=15.0 * slot, location=place))
    return alerts


def test_a_target_that_one_location_alone_does_not_reach_is_that_locations_affair() -> None:
    one = engine()

    alerts = run(one, "..xxxxxxx", ".........")

    (alert,) = alerts
    assert (alert.rule, alert.severity, alert.group) == ("location-path", Severity.P4, "target=sandbox,location=fra")
    assert (alert.since, alert.changed) == (30.0, 91.0)
    assert alert.summary.en == "5 runs in a row from fra got no answer; sin reached it meanwhile"
    assert alert.summary.zh == "fra 连续 5 次无应答，同期 sin 可正常连接"


def test_the_way_is_good_again_after_five_answers_in_a_row() -> None:
    one = engine()

    alerts = run(one, "xxxxxx....x.....", "................")

    assert [(alert.state.value, alert.changed) for alert in alerts] == [("firing", 61.0), ("resolved", 226.0)]


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("xxxxxxxx", "xxxxxxxx"),  # the target's own trouble
        ("eeeeeeee", "........"),  # an answer came: the way is fine
        ("xxxx.xxxx", "........."),
        ("........", "........"),
    ],
)
def test_what_is_no_trouble_of_one_location_says_nothing_of_it(here: str, there: str) -> None:
    assert [alert.rule for alert in run(engine(), here, there)] in ([], ["failing"])


def test_an_outage_seen_from_everywhere_is_the_targets_and_no_locations() -> None:
    assert [alert.rule for alert in run(engine(), "..xxxxxx", "..xxxxxx")] == ["failing"]


def test_with_one_location_there_is_nothing_to_compare() -> None:
    one = engine()

    assert [
        alert for slot in range(20) for alert in one.feed(replace(lost(slot), location=HERE)) if "location" in alert.rule
    ] == []
    assert "location-path" not in one.take_dirty(everything=True)


def test_a_lost_way_survives_a_restart_and_ends_with_its_target() -> None:
    one = engine()
    run(one, "xxxx", "....")
    fresh = engine()
    fresh.restore(json.loads(json.dumps(one.take_dirty(everything=True))), one.alerts())

    alerts = run(fresh, ".x", "..", 4)
    assert alerts == []
    alerts = run(fresh, "xxxx", "....", 6)
    assert [alert.rule for alert in alerts] == ["location-path"]

    again = engine()
    again.restore(fresh.take_dirty(everything=True), fresh.alerts())
    assert [alert.rule for alert in again.alerts()] == ["location-path"]
    (gone,) = again.adopt((), {}, at=500.0)
    assert (gone.state, gone.changed) == (AlertState.RESOLVED, 500.0)


def test_an_extra_run_says_nothing_of_the_way() -> None:
    one = engine()
    run(one, "xxx", "...")

    for number in range(1, 9):
        made = replace(lost(3), due=46.0, started=46.0, location=HERE, extra=number)
        assert one.feed(made) == []


def test_our_own_faults_say_nothing_of_the_way() -> None:
    one = engine()
    run(one, "xxxx", "....")

    assert one.feed(replace(result(5, None, outcome=Outcome.AGENT_FAULT), location=HERE)) == []
    assert [alert.rule for alert in run(one, "x", ".", 4)] == ["location-path"]
