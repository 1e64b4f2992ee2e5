"""The life of an incident."""

from dataclasses import replace
from itertools import product

import pytest
from book_world import FIRING, PENDING, World, alert, over, window

from monitor.incidents import MOVES, Event, Refused, Unknown
from monitor.incidents.members import CHECKS_MAX, EVIDENCE_MAX, NEWS_MAX
from monitor.incidents.moves import move
from monitor.incidents.names import external_id, incident_id
from monitor.incidents.work import NOTE_MAX
from monitor.model.alert import Severity
from monitor.model.incident import CommandKind, Status, WindowKind


def test_an_alert_opens_an_incident_that_is_told_at_once_and_its_end_resolves_it() -> None:
    world, fired = World(), alert()

    world.alerts(fired)
    world.alerts(over(fired, 160.0))

    assert world.told == ["open 100", "resolve 160"]
    assert world.story == ["opened 100", "alert_cleared 160", "resolved 160"]
    assert (world.only.status, world.only.resolved, world.only.since, world.only.opened) == (Status.RESOLVED, 160.0, 70.0, 100.0)


def test_pending_alerts_and_ends_of_unknown_ones_concern_nobody() -> None:
    world = World()

    assert not world.alerts(alert(state=PENDING))
    assert not world.alerts(over(alert(), 130.0))
    assert world.book.incidents == {}


def test_a_thousand_checks_of_one_gateway_are_one_incident_and_one_ticket() -> None:
    world = World()
    for number in range(1_000):
        world.alerts(alert(f"check-{number:04}", at=100.0 + number / 200))
    for second in range(106, 240):
        world.tick(float(second))

    assert world.told == ["open 100", "update 160"]
    assert len(world.only.alerts) == 1_000
    assert (world.only.check_count, len(world.only.checks)) == (1_000, CHECKS_MAX)
    assert "Checks concerned: check-0000" in world.tickets[-1].body.en
    assert "and 980 more" in world.tickets[-1].body.en
    assert "and 990 more" in world.tickets[-1].body.en
    assert len(world.timeline) < 60

    for number in range(1_000):
        world.alerts(over(alert(f"check-{number:04}"), 300.0 + number / 200))
    assert world.told[-1].startswith("resolve 304.99")
    assert sum(1 for told in world.told if told.startswith("resolve")) == 1


def test_a_big_incident_is_not_written_with_every_alert_that_joins_but_with_the_next_tick() -> None:
    world = World()
    for number in range(EVIDENCE_MAX):
        assert world.alerts(alert(f"check-{number}", at=100.0 + number))

    assert not world.alerts(alert("one-more", at=140.0))
    assert [incident.id for incident in world.tick(141.0).incidents] == [world.only.id]
    assert not world.tick(142.0)
    assert world.only.alerts["failing|one-more||local|"].evidence == {}


def test_what_joined_a_big_incident_just_before_a_crash_is_caught_up_with() -> None:
    world = World()
    for number in range(30):
        world.alerts(alert(f"check-{number:02}", at=100.0 + number / 10))
    before = world.book.incidents[world.only.id]

    world.restart()

    assert set(world.only.alerts) == set(before.alerts)
    assert world.only.checks == before.checks
    assert len(world.tick(104.0).timeline) == 30 - EVIDENCE_MAX


def test_what_left_a_big_incident_just_before_a_crash_is_caught_up_with() -> None:
    world = World()
    for number in range(30):
        world.alerts(alert(f"check-{number:02}", at=100.0))
    world.tick(101.0)
    world.alerts(over(alert("check-07"), 110.0))

    world.restart()

    assert len(world.only.alerts) == 29
    assert [entry.kind.value for entry in world.tick(111.0).timeline] == ["alert_cleared"]


def test_alerts_of_different_groups_are_different_incidents() -> None:
    world = World()

    world.alerts(alert(target="a"), alert(target="b", name="other"))

    assert {incident.target for incident in world.book.open()} == {"a", "b"}
    assert len({ticket.external_id for ticket in world.tickets}) == 2


def test_the_same_alert_told_twice_is_there_once() -> None:
    world = World()
    world.alerts(alert())

    assert not world.alerts(alert())
    assert world.told == ["open 100"]


def test_news_is_told_at_most_once_a_minute() -> None:
    world = World()
    world.alerts(alert())
    world.alerts(alert("second", at=110.0))
    world.alerts(alert("third", at=120.0))

    assert not world.tick(159.9).tickets
    (ticket,) = world.tick(160.0).tickets
    assert ticket.kind is CommandKind.UPDATE
    assert ticket.comment.en == "Gateway failing: second: 3 in a row failed\nGateway failing: third: 3 in a row failed"
    assert ticket.comment.zh == "网关交易失败：second：连续 3 次失败\n网关交易失败：third：连续 3 次失败"
    assert not world.tick(300.0)


def test_news_is_bounded() -> None:
    world = World()
    world.alerts(alert())
    for number in range(NEWS_MAX + 5):
        world.keep(world.book.note(world.only.id, "li", f"note {number}", 101.0))

    assert len(world.only.news) == NEWS_MAX


def test_the_severity_is_that_of_the_worst_alert_firing() -> None:
    world, minor, major = World(), alert(severity=Severity.P3), alert("other", at=110.0, severity=Severity.P1)
    world.alerts(minor)
    assert world.only.severity is Severity.P3
    world.alerts(major)
    assert world.only.severity is Severity.P1
    world.alerts(over(major, 120.0))
    assert world.only.severity is Severity.P3

    assert [entry.text.en for entry in world.timeline if entry.kind.value == "severity_changed"] == [
        "Severity changed from P3 to P1.",
        "Severity changed from P1 to P3.",
    ]
    world.alerts(over(minor, 130.0))
    assert world.only.severity is Severity.P3


def test_alerts_of_one_moment_open_one_incident_at_its_true_severity() -> None:
    world = World()

    world.alerts(alert(severity=Severity.P3), alert("other", severity=Severity.P1, stratum="brand=visa"))

    assert world.told == ["open 100"]
    assert world.tickets[0].severity is Severity.P1
    assert world.tickets[0].title.en == "sandbox: Gateway failing (brand=visa)"
    assert world.tickets[0].title.zh == "sandbox：网关交易失败（brand=visa）"


def test_an_acknowledgement_stays_when_alerts_come_and_go() -> None:
    world, fired = World(), alert()
    world.alerts(fired)
    world.keep(world.book.acknowledge(world.only.id, "li", 105.0))
    world.alerts(alert("other", at=110.0, severity=Severity.P1))

    assert (world.only.status, world.only.acknowledged_by, world.only.acknowledged) == (Status.ACKNOWLEDGED, "li", 105.0)
    assert "Acknowledged by li." in world.tickets[-1].comment.en


def test_what_comes_back_within_the_window_is_the_same_incident_in_its_next_episode() -> None:
    world, fired = World(), alert()
    world.alerts(fired)
    world.keep(world.book.acknowledge(world.only.id, "li", 105.0))
    world.alerts(over(fired, 160.0))
    world.alerts(alert(at=3_760.0))

    assert (world.only.episode, world.only.status, world.only.acknowledged_by, world.only.resolved) == (2, Status.OPEN, "", None)
    assert world.told == ["open 100", "resolve 160", "reopen 3760"]
    assert [ticket.external_id[-2:] for ticket in world.tickets] == ["-1", "-1", "-2"]
    assert [ticket.revision for ticket in world.tickets] == [1, 2, 3]
    assert world.tickets[-1].comment.en.startswith("It is back: episode 2.")


def test_what_comes_back_later_is_a_new_incident() -> None:
    world, fired = World(), alert()
    world.alerts(fired)
    world.alerts(over(fired, 160.0))
    world.alerts(alert(at=3_760.1))

    assert [incident.episode for incident in world.book.incidents.values()] == [1, 1]
    assert len(world.book.open()) == 1


def test_resolved_incidents_are_let_go_after_the_reopening_window() -> None:
    world, fired = World(), alert()
    world.alerts(fired)
    world.alerts(over(fired, 160.0))
    name = world.only.id

    world.tick(3_760.0)
    assert name in world.book.incidents
    world.tick(3_760.1)
    assert world.book.incidents == {}
    with pytest.raises(Unknown, match="no incident"):
        world.book.note(name, "li", "late", 4_000.0)


def test_an_old_incident_let_go_does_not_take_the_new_ones_place() -> None:
    world, fired = World(reopen_seconds=10.0), alert()
    world.alerts(fired)
    world.alerts(over(fired, 110.0))
    world.alerts(alert(at=130.0))
    world.tick(131.0)
    world.alerts(alert("other", at=132.0))

    assert len(world.only.alerts) == 2


# --- humans


def test_what_a_human_resolved_is_not_opened_by_what_was_going_on_already() -> None:
    world, fired = World(), alert()
    world.alerts(fired)
    world.keep(world.book.resolve(world.only.id, "li", 200.0))

    world.alerts(fired)
    world.alerts(alert("slower-rule", at=210.0, since=90.0))
    world.tick(5_000.0)

    assert world.told == ["open 100", "resolve 200"]
    assert world.only.status is Status.RESOLVED
    assert "while 1 alert is still firing" in world.timeline[1].text.en


def test_it_opens_again_when_the_alert_recovers_and_fires_again() -> None:
    world, fired = World(), alert()
    world.alerts(fired)
    world.keep(world.book.resolve(world.only.id, "li", 200.0))
    world.alerts(over(fired, 220.0))
    world.alerts(alert(at=300.0))

    assert world.told == ["open 100", "resolve 200", "reopen 300"]


def test_new_trouble_after_a_human_resolved_opens_it_again() -> None:
    world = World()
    world.alerts(alert())
    world.keep(world.book.resolve(world.only.id, "li", 200.0))

    world.alerts(alert("other", at=300.0, since=270.0))

    assert world.told[-1] == "reopen 300"
    assert len(world.only.alerts) == 2


def test_what_a_human_resolved_stays_so_over_a_restart_even_when_let_go() -> None:
    world = World()
    world.alerts(alert())
    world.keep(world.book.resolve(world.only.id, "li", 200.0))

    world.restart()
    assert not world.alerts(alert())
    world.restart(store=[])

    assert world.book.incidents == {}
    assert not world.tick(5_000.0)


def test_notes_are_kept_bounded_and_with_their_author() -> None:
    world = World()
    world.alerts(alert())
    name = world.only.id

    world.keep(world.book.note(name, "li", "x" * 5_000, 110.0))

    assert (world.timeline[-1].by, len(world.timeline[-1].text.en)) == ("li", NOTE_MAX + len("li: "))
    with pytest.raises(Refused, match="needs some text"):
        world.book.note(name, "li", "  ", 111.0)


def test_an_absent_move_is_refused_and_nothing_changes() -> None:
    world = World()
    world.alerts(alert())
    incident = world.only
    for status, event in product(Status, Event):
        one = replace(incident, status=status)
        if (status, event) in MOVES:
            assert move(one, event) is MOVES[status, event]
        else:
            with pytest.raises(Refused, match=f"is {status.value}"):
                move(one, event)

    world.keep(world.book.resolve(incident.id, "li", 120.0))
    resolved = world.only
    for refused in (world.book.resolve, world.book.acknowledge):
        with pytest.raises(Refused):
            refused(incident.id, "li", 130.0)
    assert world.only == resolved
    assert not world.tick(131.0)


# --- silences and maintenance


def test_an_incident_in_a_window_is_kept_and_not_told_until_the_window_ends() -> None:
    world = World()
    world.add(window(50.0, 200.0), 50.0)
    world.alerts(alert())

    assert world.only.silenced
    assert world.told == []
    assert world.story == ["opened 100", "silenced 100"]
    world.tick(199.9)
    assert world.told == []
    world.tick(200.0)
    assert world.told == ["open 200"]
    assert world.only.revision == 1


def test_what_recovers_within_the_window_is_never_told() -> None:
    world, fired = World(windows=[window(50.0, 200.0)]), alert()

    world.alerts(fired)
    world.alerts(over(fired, 150.0))
    world.tick(300.0)

    assert world.told == []
    assert world.only.status is Status.RESOLVED


def test_an_episode_that_is_told_after_an_untold_one_is_the_desks_first() -> None:
    world, fired = World(windows=[window(50.0, 200.0)]), alert()
    world.alerts(fired)
    world.alerts(over(fired, 150.0))
    world.alerts(alert(at=300.0))

    assert world.told == ["open 300"]
    assert world.tickets[0].episode == 2


def test_whoever_was_told_is_told_of_the_end_within_a_window_too() -> None:
    world, fired = World(), alert()
    world.alerts(fired)
    world.add(window(110.0, 500.0), 110.0)
    world.alerts(alert("other", at=120.0))
    world.tick(200.0)
    world.alerts(over(fired, 210.0), over(alert("other"), 210.0))

    assert world.told == ["open 100", "resolve 210"]
    assert "It lasted 2 min 20 s" in world.tickets[-1].comment.en


@pytest.mark.parametrize(
    ("checks", "targets", "covered"),
    [
        ((), (), True),
        (("card-*",), (), True),
        (("wallet",), (), False),
        ((), ("sandbox",), True),
        ((), ("live",), False),
        (("card-payment",), ("live",), False),
    ],
)
def test_a_window_covers_what_it_selects(checks: tuple[str, ...], targets: tuple[str, ...], covered: bool) -> None:
    world = World(windows=[window(0.0, 500.0, checks=checks, targets=targets, kind=WindowKind.MAINTENANCE)])

    world.alerts(alert())

    assert world.only.silenced is covered


def test_one_alert_outside_the_window_is_worth_telling() -> None:
    world = World(windows=[window(0.0, 500.0, checks=("card-payment",))])
    world.alerts(alert())
    world.alerts(alert("other", at=110.0))

    assert world.told == ["open 110"]


def test_a_window_ended_early_is_over_at_once_and_stays_known_until_its_planned_end() -> None:
    world = World()
    world.add(window(50.0, 500.0), 50.0)
    world.alerts(alert())

    ended, change = world.book.window_ended("w1", "wang", 150.0)

    assert ended.ended == 150.0
    assert [(ticket.kind.value, ticket.at) for ticket in change.tickets] == [("open", 150.0)]
    assert change.timeline[0].by == "wang"
    assert world.book.knows_window("w1")
    with pytest.raises(Unknown, match="'w1'"):
        world.book.window_ended("w1", "wang", 160.0)
    world.book.tick(500.0)
    assert not world.book.knows_window("w1")
    with pytest.raises(Unknown):
        world.book.window_ended("nothing", "wang", 160.0)


# --- names


def test_names_are_made_from_facts_and_sort_by_time() -> None:
    first, second = incident_id("demo", "target=a", 1_793_577_600.0), incident_id("demo", "target=a", 1_793_577_600.001)

    assert first == incident_id("demo", "target=a", 1_793_577_600.0)
    assert first < second
    assert incident_id("demo", "target=b", 1_793_577_600.0) != first
    assert incident_id("other", "target=a", 1_793_577_600.0) != first
    assert len(first) == len("inc_") + 17
    world = World()
    world.alerts(alert(state=FIRING))
    assert external_id("demo", world.only) == f"paycanary-demo-{world.only.id}-1" == world.tickets[0].external_id
