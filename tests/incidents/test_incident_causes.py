"""Whose trouble is it: targets that depend on others, and when each trouble began."""

from typing import Any

import pytest
from book_world import World, alert, over, window

from monitor.incidents.book import STANDS_ALONE_SECONDS
from monitor.incidents.causes import ONSET_SECONDS, upstream
from monitor.model.alert import Alert, Severity
from monitor.model.incident import CommandKind, Status

NEEDS = {"shop": ("wallet", "gateway"), "wallet": ("gateway",), "gateway": ("acquirer",)}


def world() -> World:
    return World(depends_on=NEEDS)


def at(target: str, when: float, **more: Any) -> Alert:
    return alert(f"{target}-check", when, target=target, **more)


def kinds(one: World) -> list[str]:
    return [f"{ticket.target} {ticket.kind.value}" for ticket in one.tickets if ticket.kind is not CommandKind.UPDATE]


def test_what_a_target_depends_on_is_walked_the_nearest_first() -> None:
    assert list(upstream(NEEDS, "shop")) == ["wallet", "gateway", "acquirer"]
    assert list(upstream(NEEDS, "acquirer")) == []


def test_trouble_that_follows_that_of_a_dependency_is_its_consequence_and_no_ticket_of_its_own() -> None:
    one = world()
    one.alerts(at("gateway", 100.0))

    one.alerts(at("wallet", 130.0, severity=Severity.P1))

    incident = one.only
    assert kinds(one) == ["gateway open"]
    assert (incident.target, incident.severity, len(incident.alerts)) == ("gateway", Severity.P1, 2)
    assert incident.title.en == "gateway: Gateway failing"  # the cause names it, however bad the consequence
    assert one.timeline[-2].text.en.startswith("Consequence, wallet depends on gateway: ")
    body = one.tickets[-1].body
    assert "- consequence, wallet depends on it: Gateway failing: wallet-check: 3 in a row failed" in body.en
    assert "- 连带影响，wallet 依赖该目标：网关交易失败：wallet-check：连续 3 次失败" in body.zh


def test_a_consequence_of_a_consequence_goes_to_the_root() -> None:
    one = world()
    one.alerts(at("acquirer", 100.0))
    one.alerts(at("gateway", 110.0))
    one.alerts(at("shop", 120.0))

    assert kinds(one) == ["acquirer open"]
    assert one.only.since == 70.0


@pytest.mark.parametrize(
    ("cause", "effect", "joins"),
    [
        ({"since": 100.0}, {"since": 160.0}, True),
        ({"since": 100.0}, {"since": 100.0 - 2 * ONSET_SECONDS}, True),  # as far as the two onsets are known
        ({"since": 100.0}, {"since": 99.0 - 2 * ONSET_SECONDS}, False),
        ({"since": 100.0, "between": (95.0, 105.0)}, {"since": 92.0, "between": (88.0, 96.0)}, True),
        ({"since": 100.0, "between": (95.0, 105.0)}, {"since": 90.0, "between": (88.0, 94.0)}, False),
        ({"since": 100.0, "between": (99.0, 101.0)}, {"since": 72.0}, True),  # one of them has no interval
    ],
)
def test_only_what_began_at_the_same_time_or_later_is_a_consequence(cause: Any, effect: Any, joins: bool) -> None:
    one = world()
    one.alerts(at("gateway", 200.0, **cause))

    one.alerts(at("wallet", 210.0, **effect))

    assert kinds(one) == (["gateway open"] if joins else ["gateway open", "wallet open"])


def test_a_target_that_does_not_depend_on_it_and_an_alert_of_another_sort_stand_by_themselves() -> None:
    one = world()
    one.alerts(at("gateway", 100.0))

    one.alerts(at("acquirer", 110.0))
    one.alerts(at("wallet", 120.0, group="target=wallet,kind=expiry"))

    assert kinds(one) == ["gateway open", "acquirer open", "wallet open"]


def test_a_certificate_of_the_dependency_explains_nothing() -> None:
    one = world()
    one.alerts(at("gateway", 100.0, group="target=gateway,kind=expiry"))

    one.alerts(at("wallet", 110.0))

    assert kinds(one) == ["gateway open", "wallet open"]


def test_an_incident_that_is_open_already_keeps_its_alerts_and_is_pointed_to_the_cause() -> None:
    one = world()
    one.alerts(at("wallet", 100.0))
    one.alerts(at("gateway", 130.0))
    one.alerts(at("wallet", 140.0, rule="slow"))

    wallet, gateway = sorted(one.book.incidents.values(), key=lambda incident: incident.opened)
    assert (len(wallet.alerts), len(gateway.alerts)) == (2, 1)
    said = [entry.text.en for entry in one.timeline if entry.incident == wallet.id]
    assert f"gateway, which this target depends on, is in trouble since 1970-01-01T00:01:40Z as well: see {gateway.id}." in said


def test_both_recover_and_it_is_over() -> None:
    one = world()
    cause, effect = at("gateway", 100.0), at("wallet", 130.0)
    one.alerts(cause)
    one.alerts(effect)
    one.alerts(over(cause, 300.0))
    one.alerts(over(effect, 400.0))

    assert kinds(one) == ["gateway open", "gateway resolve"]
    assert one.only.resolved == 400.0


def test_a_consequence_that_outlasts_its_cause_becomes_an_incident_of_its_own() -> None:
    one = world()
    cause, effect = at("gateway", 100.0), at("wallet", 130.0)
    one.alerts(cause)
    one.alerts(effect)
    one.alerts(over(cause, 300.0))
    assert "gateway works again; wallet not yet. In 5 min 00 s that is an incident of its own." in [
        entry.text.en for entry in one.timeline
    ]

    one.tick(299.0 + STANDS_ALONE_SECONDS)
    assert kinds(one) == ["gateway open"]
    one.tick(300.0 + STANDS_ALONE_SECONDS)

    gateway, wallet = sorted(one.book.incidents.values(), key=lambda incident: incident.opened)
    assert kinds(one) == ["gateway open", "gateway resolve", "wallet open"]
    assert (gateway.status, gateway.alerts, wallet.status, wallet.since) == (Status.RESOLVED, {}, Status.OPEN, effect.since)
    one.alerts(over(effect, 900.0))
    assert kinds(one)[-1] == "wallet resolve"


def test_a_cause_that_comes_back_in_time_takes_its_consequence_along() -> None:
    one = world()
    cause, effect = at("gateway", 100.0), at("wallet", 130.0)
    one.alerts(cause)
    one.alerts(effect)
    one.alerts(over(cause, 300.0))
    one.alerts(at("gateway", 400.0))

    one.tick(2_000.0)

    assert kinds(one) == ["gateway open"]
    assert one.only.left_alone is None


def test_a_restart_at_any_moment_changes_nothing_of_it() -> None:
    def play(restart: bool) -> list[str]:
        one = world()
        cause, effect = at("gateway", 100.0), at("wallet", 130.0)
        moves = [
            lambda: one.alerts(cause),
            lambda: one.alerts(effect),
            lambda: one.alerts(over(cause, 300.0)),
            lambda: one.tick(400.0),
            lambda: one.tick(700.0),
            lambda: one.alerts(over(effect, 800.0)),
        ]
        for move in moves:
            if restart:
                one.restart()
            move()
        return [f"{ticket.external_id} {ticket.revision} {ticket.at}" for ticket in one.tickets]

    assert play(restart=True) == play(restart=False)


def test_a_consequence_is_as_silent_as_its_cause() -> None:
    one = world()
    one.add(window(0.0, 1_000.0, targets=("gateway",)), 10.0)
    one.alerts(at("gateway", 100.0))
    one.alerts(at("wallet", 130.0))

    assert one.tickets == []
    one.alerts(over(at("gateway", 100.0), 300.0))
    assert kinds(one) == ["gateway open"]  # what is left is not what the window was for


def test_another_configuration_takes_effect_for_what_comes() -> None:
    one = world()
    one.alerts(at("gateway", 100.0))
    one.book.adopt({})

    one.alerts(at("wallet", 130.0))

    assert kinds(one) == ["gateway open", "wallet open"]


def test_an_incident_that_becomes_worse_is_told_at_once() -> None:
    one = world()
    fired = at("gateway", 100.0, severity=Severity.P3)
    one.alerts(fired)

    one.alerts(at("gateway", 100.0, severity=Severity.P1), at=105.0)

    assert [(ticket.kind.value, ticket.at, ticket.severity.value) for ticket in one.tickets] == [
        ("open", 100.0, "p3"),
        ("update", 105.0, "p1"),
    ]


def test_an_incident_is_dated_by_the_onset_of_its_earliest_alert_and_says_how_sure_that_is() -> None:
    one = world()
    one.alerts(at("gateway", 100.0, since=70.0, between=(68.0, 72.0)))
    one.alerts(at("gateway", 110.0, rule="other", since=90.0, between=(80.0, 95.0)))

    assert (one.only.since, one.only.between) == (70.0, (68.0, 72.0))
    assert (
        "Began: about 1970-01-01 00:01:10 UTC (95 % interval: 00:01:08 to 00:01:12). Detected: 1970-01-01 00:01:40 UTC, 30 s after it"
        in one.tickets[0].body.en
    )
    assert "开始时间：约 1970-01-01 00:01:10 UTC（95 % 置信区间：00:01:08 至 00:01:12）。" in one.tickets[0].body.zh

    one.alerts(at("gateway", 120.0, rule="earlier", since=60.0))
    assert (one.only.since, one.only.between) == (60.0, None)
