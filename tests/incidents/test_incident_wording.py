"""What people read in a ticket."""

from dataclasses import replace

import pytest
from book_world import World, alert, over, plain

from monitor.incidents.advice import ADVICE, advice
from monitor.incidents.lines import resolved_by
from monitor.incidents.words import Words
from monitor.model.alert import Severity
from monitor.model.outcome import DECLINES, OURS, SUCCESSES, Outcome

EVIDENCE = {
    "kind": "consecutive",
    "outcome": "tech_acquirer",
    "outcomes": "tech_acquirer 3, timeout_unknown 1",
    "steps": "authorise 4",
    "strata": "brand=visa 4",
    "first_bad": "1970-01-01T00:01:10Z",
    "last_good": "1970-01-01T00:01:00Z",
    "message": "acquirer 5123450000000008 said 96",
}


def test_a_ticket_that_has_just_opened_says_what_where_since_when_and_what_to_do_next() -> None:
    world = World()
    world.alerts(alert(severity=Severity.P1, evidence=EVIDENCE))

    assert plain(world.tickets[0].body.en).splitlines() == [
        "Gateway failing: card-payment: 3 in a row failed",
        "The gateway works; the acquirer behind it does not.",
        "Next step: Compare acquirer routes and merchant ids; call the acquirer, not the gateway.",
        "Triage is under way; its verdict follows here within seconds.",
        "",
        "Target: sandbox. Severity: P1. Status: open.",
        "Began: 1970-01-01 00:01:10 UTC. Detected: 1970-01-01 00:01:40 UTC, 30 s after it began.",
        "Checks concerned: card-payment.",
        "",
        "Firing now (1):",
        "- Gateway failing: card-payment: 3 in a row failed",
        "  · outcomes: tech_acquirer 3, timeout_unknown 1",
        "  · failing steps: authorise 4",
        "  · strata: brand=visa 4",
        "  · first failure: 1970-01-01T00:01:10Z",
        "  · last good: 1970-01-01T00:01:00Z",
        "  · last message: acquirer 512345******0008 said 96",
        "",
        "Incident inc, episode 1.",
    ]


def test_a_ticket_says_the_same_in_chinese() -> None:
    world = World()
    world.alerts(alert(severity=Severity.P1, evidence=EVIDENCE))

    assert plain(world.tickets[0].body.zh).splitlines()[:8] == [
        "网关交易失败：card-payment：连续 3 次失败",
        "网关正常，其后的收单行出现故障。",
        "下一步：对比不同的收单路由与商户号；应联系收单行，而不是网关。",
        "正在自动排查，结论将在数秒内补充到本工单。",
        "",
        "目标：sandbox。严重级别：P1。状态：未处理。",
        "开始时间：1970-01-01 00:01:10 UTC。发现时间：1970-01-01 00:01:40 UTC，距故障开始 30 秒。",
        "涉及的检查：card-payment。",
    ]


def test_a_resolved_ticket_says_when_and_for_how_long_and_what_had_failed() -> None:
    world, fired = World(), alert()
    world.alerts(fired)
    world.alerts(over(fired, 190.0))

    ticket = world.tickets[-1]
    assert "Over: 1970-01-01 00:03:10 UTC, after 2 min." in ticket.body.en
    assert ticket.comment.en.splitlines()[:4] == [
        "Recovered: healthy again",
        "All alerts have cleared. It lasted 2 min 00 s.",
        "",
        "Over since 1970-01-01 00:03:10 UTC. It began 1970-01-01 00:01:10 UTC and lasted 2 min.",
    ]
    assert "What failed, as last seen: Gateway failing: card-payment: 3 in a row failed" in ticket.comment.en
    assert ticket.comment.zh.startswith("已恢复：恢复正常\n所有告警均已恢复，历时 2 分。")
    assert ticket.title.en == "sandbox: Gateway failing"


def test_the_title_of_an_incident_without_alerts_stays() -> None:
    world, fired = World(), alert()
    world.alerts(fired)
    world.alerts(over(fired, 190.0))

    assert Words().title(replace(world.only, lead=None)) == world.only.title


@pytest.mark.parametrize(
    "outcome", sorted(set(Outcome) - SUCCESSES - DECLINES - OURS - {Outcome.APPROVED_PARTIAL, Outcome.PENDING_ACTION})
)
def test_every_technical_outcome_has_advice_of_its_own_in_both_languages(outcome: Outcome) -> None:
    known = advice(alert(evidence={"kind": "consecutive", "outcome": outcome.value}))

    assert known is ADVICE[outcome.value]
    assert all((known.meaning.en, known.meaning.zh, known.next_step.en, known.next_step.zh))


def test_without_a_failure_the_kind_of_detector_advises_and_else_the_general_rule() -> None:
    assert advice(alert(evidence={"kind": "expiry"})) is ADVICE["expiry"]
    assert "correlation id" in advice(alert(evidence={"kind": "consecutive", "outcome": "risk_decline"})).next_step.en
    assert "correlation id" in advice(alert(evidence={})).next_step.en


@pytest.mark.parametrize(
    "kind", ["quantile", "latency", "mix_shift", "drift", "absence", "expiry", "location-blind", "location-path"]
)
def test_what_is_no_failure_has_advice_of_its_own(kind: str) -> None:
    known = advice(alert(evidence={"kind": kind}))

    assert known is ADVICE[kind]
    assert all((known.meaning.zh, known.next_step.zh))


def test_an_alarm_about_slowness_is_advised_as_one_whatever_failed_meanwhile() -> None:
    slow = alert(evidence={"kind": "sequential", "slowdown": "x2.5", "outcome": "network_error"})

    assert advice(slow) is ADVICE["latency"]


def test_the_places_that_see_it_are_told() -> None:
    world = World()
    world.alerts(alert(evidence={"kind": "sequential", "places": "fra, sin"}))

    assert "  · seen from: fra, sin" in world.tickets[0].body.en.splitlines()
    assert "  · 观测地点：fra, sin" in world.tickets[0].body.zh.splitlines()


def test_a_resolution_by_hand_says_how_many_still_fire() -> None:
    assert resolved_by("li", 0).en == "Resolved by li."
    assert "3 alerts are still firing" in resolved_by("li", 3).en


def test_an_alert_without_words_is_named_by_its_check() -> None:
    world = World()
    world.alerts(alert())
    bare = replace(
        world.only, alerts={name: replace(each, summary=each.summary.__class__("")) for name, each in world.only.alerts.items()}
    )

    assert "- Gateway failing: card-payment" in Words().body(bare).en.splitlines()
    assert "- 网关交易失败：card-payment" in Words().body(bare).zh.splitlines()
