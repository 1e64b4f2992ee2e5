"""Is it them, or can we not see?"""

from rules_helpers import check, checks, lost, result

from monitor.model.alert import AlertState
from monitor.model.check import Check
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Result
from monitor.model.text import Text
from monitor.rules import Blindness

CONTROL = check("reference", control=True, target="reference", every_seconds=4.0)
OTHER = check("reference-2", control=True, target="reference-2", every_seconds=4.0)


def world(*controls: Check) -> Blindness:
    return Blindness(checks(check(), *(controls or (CONTROL,))), "local")


def seen(due: float, name: str = "reference") -> Result:
    return result(0, True, due=due, check=name, target=name, control=True)


def dark(due: float, name: str = "reference") -> Result:
    return lost(0, due=due, check=name, target=name, control=True)


def gone(due: float, target: str = "sandbox", duration: float = 1.0) -> Result:
    return lost(0, due=due, target=target, duration=duration)


def give(one: Blindness, *results: Result) -> list[str]:
    """Each judged when it is finished; ``target due outcome`` of what comes out."""
    return [f"{out.target} {out.due:g} {out.outcome.value}" for each in results for out in one.judge(each, each.finished)]


def test_without_controls_every_result_is_believed_at_once() -> None:
    one = Blindness(checks(check()), "local")

    assert give(one, gone(0), gone(1)) == ["sandbox 0 network_error", "sandbox 1 network_error"]
    assert one.tick(100.0) == []
    assert one.alerts(100.0) == []
    assert one.next_tick() is None


def test_the_first_failures_wait_for_the_controls_and_become_unknown_when_those_fail_too() -> None:
    one = world()

    assert give(one, seen(0), gone(2), gone(2.5)) == ["reference 0 ok".replace("ok", "approved")]
    assert give(one, dark(4)) == ["sandbox 2 unknown", "sandbox 2.5 unknown", "reference 4 network_error"]
    assert one.blind
    (alert,) = one.alerts(5.0)
    assert (alert.rule, alert.state, alert.group, alert.since) == ("monitor-blind", AlertState.FIRING, "monitor", 0.0)
    assert alert.title.zh == "监控失明：所有目标与参照点均不可达"
    assert one.alerts(6.0) == []


def test_a_blind_result_is_unknown_with_its_reason_and_nobodys_failure() -> None:
    one = world()
    give(one, seen(0), gone(2))

    unknown = one.judge(dark(4), 5.0)[0]

    assert (unknown.good, unknown.outcome, unknown.reason) == (None, Outcome.UNKNOWN, NetworkReason.BLIND)
    assert "not even its references" in unknown.message


def test_a_control_that_gets_through_convicts_the_target() -> None:
    one = world()

    assert give(one, seen(0), gone(2)) == ["reference 0 approved"]
    assert give(one, seen(4)) == ["sandbox 2 network_error", "reference 4 approved"]
    assert not one.blind


def test_a_target_that_answered_errors_is_believed_at_once() -> None:
    one = world()

    assert give(one, seen(0), result(0, False, due=2.0)) == ["reference 0 approved", "sandbox 2 tech_gateway"]


def test_a_failure_is_held_for_about_one_control_interval_and_no_longer() -> None:
    one = world()
    give(one, seen(0), gone(2))

    assert one.hold_seconds == 5.0
    assert one.next_tick() == 8.0
    assert one.tick(7.9) == []
    (released,) = one.tick(8.0)
    assert released.outcome is Outcome.NETWORK_ERROR
    assert one.judge(released, 8.0) == [released]


def test_a_control_failing_alone_means_nothing_to_the_targets() -> None:
    one = world()

    give(one, seen(0), dark(4), result(0, True, due=6.0), dark(8))

    assert not one.blind
    assert give(one, gone(9)) == []
    assert [released.outcome for released in one.tick(15.0)] == [Outcome.NETWORK_ERROR]


def test_one_control_of_two_failing_is_not_blindness() -> None:
    one = world(CONTROL, OTHER)

    give(one, seen(0), seen(0, "reference-2"), gone(2), dark(4), seen(4, "reference-2"))

    assert not one.blind


def test_a_control_that_answers_errors_proves_that_we_see() -> None:
    one = world()

    give(one, gone(2), result(0, False, due=4.0, check="reference", target="reference", control=True))

    assert not one.blind


def test_our_own_fault_in_a_control_run_says_nothing() -> None:
    one = world()

    assert give(one, gone(2), result(0, None, due=4.0, check="reference", target="reference", control=True)) == [
        "reference 4 agent_fault"
    ]
    assert not one.blind


def test_one_stray_answer_of_twenty_does_not_open_our_eyes_and_three_do() -> None:
    one = world()
    give(one, seen(0), *(gone(2, f"t{n}") for n in range(20)), dark(4))
    assert one.blind

    give(one, result(0, True, due=6.0, target="t0"))
    assert one.blind
    give(one, *(result(0, True, due=6.5, target=f"t{n}") for n in range(1, 4)))
    assert not one.blind


def test_sight_comes_back_with_the_first_control_that_gets_through() -> None:
    one = world()
    give(one, seen(0), gone(2), dark(4))
    one.alerts(5.0)

    give(one, seen(8))

    (alert,) = one.alerts(9.0)
    assert (alert.state, alert.changed) == (AlertState.RESOLVED, 9.0)
    assert alert.summary == Text("the monitor sees again after 9.00 s", "历时 9.00 秒后监控恢复可见")


def test_a_run_that_began_in_the_dark_and_failed_after_it_is_unknown() -> None:
    one = world()
    give(one, seen(0), gone(2), dark(4), seen(8))

    assert give(one, gone(7, duration=20.0)) == ["sandbox 7 unknown"]
    assert give(one, gone(30.0)) == []


def test_a_control_that_no_longer_runs_says_nothing_about_now() -> None:
    one = world()
    give(one, seen(0), gone(2), dark(4))

    one.tick(100.0)

    assert not one.blind


def test_a_control_run_from_before_the_light_does_not_put_it_out() -> None:
    """It took long to fail; a later run got through meanwhile."""
    one = world()
    give(one, seen(10), gone(9.5, duration=3.0))

    give(one, dark(8))

    assert not one.blind


def test_answers_that_come_in_out_of_order_are_sorted_out() -> None:
    one = world()
    give(one, seen(0), gone(2), dark(4), result(0, True, due=6.0), result(0, True, due=3.0))

    assert not one.blind


def test_without_any_target_failing_the_dark_is_only_the_controls() -> None:
    one = world()

    give(one, seen(0), dark(4), dark(8))

    assert not one.blind


def test_a_process_that_ends_keeps_nothing_back() -> None:
    one = world()
    give(one, gone(2))

    assert [released.due for released in one.flush(3.0)] == [2.0]
    assert one.flush(3.0) == []


def test_an_alert_from_before_a_restart_resolves_when_we_see() -> None:
    one = world()
    give(one, seen(0), gone(2), dark(4))
    kept = one.alerts(5.0)
    fresh = world()

    fresh.restore(kept)

    assert fresh.alerts(6.0) == []
    give(fresh, seen(8))
    assert [alert.state for alert in fresh.alerts(9.0)] == [AlertState.RESOLVED]


def test_a_reload_that_takes_the_controls_away_ends_the_guard() -> None:
    one = world()
    give(one, seen(0), gone(2), dark(4))
    one.alerts(5.0)

    one.adopt(checks(check()))
    one.tick(6.0)

    assert [alert.state for alert in one.alerts(6.0)] == [AlertState.RESOLVED]
    assert give(one, gone(7)) == ["sandbox 7 network_error"]


def test_a_reload_keeps_what_the_controls_know() -> None:
    one = world()
    give(one, seen(0), gone(2), dark(4))

    one.adopt(checks(check(), CONTROL))

    one.tick(5.0)
    assert one.blind


def test_a_slow_control_does_not_hold_results_for_long() -> None:
    assert world(check("reference", control=True, every_seconds=300.0)).hold_seconds == 10.0
    assert Blindness(checks(CONTROL), "local", hold_seconds=2.0).hold_seconds == 2.0
