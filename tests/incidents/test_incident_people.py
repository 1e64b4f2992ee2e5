"""What people do to an incident: whose it is, how bad it is, what it waits for, when they are left in peace."""

from collections.abc import Callable

import pytest
from book_world import World, alert, over

from monitor.incidents import Book, Change, Refused, Unknown
from monitor.incidents.turns import TURNS_MAX
from monitor.incidents.work import NAME_MAX, NOTE_MAX, REASON_MAX, SNOOZE_MAX_SECONDS
from monitor.model.alert import Severity
from monitor.model.incident import Status


@pytest.fixture
def world() -> World:
    """One open incident, told at 100."""
    made = World()
    made.alerts(alert(severity=Severity.P3))
    return made


def act(world: World, what: Callable[[Book, str], Change]) -> Change:
    return world.keep(what(world.book, world.only.id))


def test_being_given_an_incident_is_not_having_acknowledged_it(world: World) -> None:
    act(world, lambda book, name: book.assign(name, "li", "wang", 110.0))

    assert (world.only.assignee, world.only.status, world.only.acknowledged) == ("wang", Status.OPEN, None)
    assert world.timeline[-1].text.en == "Assigned to wang by li."
    assert world.timeline[-1].text.zh == "li 已将此事件指派给 wang。"
    (ticket,) = world.tick(160.0).tickets
    assert ticket.assignee == "wang"


def test_an_incident_may_be_taken_and_given_back(world: World) -> None:
    act(world, lambda book, name: book.assign(name, "li", "li", 110.0))
    assert world.timeline[-1].text.en == "li took it."
    with pytest.raises(Refused, match="assigned to li already"):
        world.book.assign(world.only.id, "wang", "li", 111.0)

    act(world, lambda book, name: book.assign(name, "li", "", 112.0))
    assert world.only.assignee == ""
    with pytest.raises(Refused, match="assigned to nobody"):
        world.book.assign(world.only.id, "wang", " ", 113.0)


def test_it_waits_for_somebody_until_it_is_taken_up_again(world: World) -> None:
    act(world, lambda book, name: book.pend(name, "li", "the gateway's answer to case 4711", 110.0))

    assert world.only.pending == "the gateway's answer to case 4711"
    with pytest.raises(Refused, match="waits already: the gateway's answer to case 4711"):
        world.book.pend(world.only.id, "li", "something else", 120.0)
    act(world, lambda book, name: book.resume(name, "wang", 200.0))
    assert world.only.pending == ""
    assert world.timeline[-1].text.en == "Taken up again by wang after 1 min 30 s; the clocks run on."
    assert world.timeline[-1].text.zh == "wang 已恢复处理，挂起历时 1 分 30 秒，时限继续计时。"
    with pytest.raises(Refused, match="waits for nobody"):
        world.book.resume(world.only.id, "wang", 210.0)


def test_how_long_it_waited_counts_from_when_it_began_to_wait_even_when_it_became_worse_meanwhile(world: World) -> None:
    act(world, lambda book, name: book.pend(name, "li", "the acquirer", 110.0))
    world.alerts(alert("other", at=150.0, severity=Severity.P1))
    act(world, lambda book, name: book.resume(name, "li", 230.0))

    assert "after 2 min 00 s" in world.timeline[-1].text.en


def test_every_change_of_status_severity_and_waiting_is_a_turn(world: World) -> None:
    act(world, lambda book, name: book.acknowledge(name, "li", 110.0))
    act(world, lambda book, name: book.pend(name, "li", "the acquirer", 120.0))
    act(world, lambda book, name: book.assign(name, "li", "wang", 125.0))
    act(world, lambda book, name: book.prioritise(name, "li", Severity.P2, 130.0))
    act(world, lambda book, name: book.resume(name, "li", 140.0))
    act(world, lambda book, name: book.resolve(name, "li", 150.0))

    assert [(turn.at, turn.status.value, turn.severity.value, turn.pending) for turn in world.only.turns] == [
        (100.0, "open", "p3", False),
        (110.0, "acknowledged", "p3", False),
        (120.0, "acknowledged", "p3", True),
        (130.0, "acknowledged", "p2", True),
        (140.0, "acknowledged", "p2", False),
        (150.0, "resolved", "p2", False),
    ]


def test_turns_are_bounded_and_keep_how_it_began_and_how_it_stands(world: World) -> None:
    for number in range(TURNS_MAX):
        world.keep(world.book.pend(world.only.id, "li", "the acquirer", 110.0 + 2 * number))
        world.keep(world.book.resume(world.only.id, "li", 111.0 + 2 * number))

    assert len(world.only.turns) == TURNS_MAX
    assert (world.only.turns[0].at, world.only.turns[-1].at) == (100.0, 109.0 + 2 * TURNS_MAX)


def test_nobody_is_disturbed_by_a_snoozed_incident_until_the_snooze_ends_by_itself(world: World) -> None:
    act(world, lambda book, name: book.snooze(name, "li", 600.0, 110.0))
    world.alerts(alert("other", at=200.0, severity=Severity.P3))

    assert not world.tick(599.9).tickets
    (ticket,) = world.tick(600.0).tickets
    assert "The snooze is over, and it still fires." in ticket.comment.en
    assert world.only.snoozed_until is None


def test_a_worse_severity_ends_a_snooze(world: World) -> None:
    act(world, lambda book, name: book.snooze(name, "li", 600.0, 110.0))
    world.alerts(alert("other", at=200.0, severity=Severity.P1))

    assert world.only.snoozed_until is None
    assert world.told == ["open 100", "update 200"]
    assert "It became worse: the snooze is over." in world.tickets[-1].comment.en


def test_the_end_of_a_snoozed_incident_is_told(world: World) -> None:
    act(world, lambda book, name: book.snooze(name, "li", 600.0, 110.0))
    world.alerts(over(alert(severity=Severity.P3), 200.0))

    assert world.told == ["open 100", "resolve 200"]
    assert world.only.snoozed_until is None


@pytest.mark.parametrize("until", [110.0, 50.0, 110.1 + SNOOZE_MAX_SECONDS, float("nan"), float("inf")])
def test_a_snooze_ends_after_now_and_within_a_day(world: World, until: float) -> None:
    with pytest.raises(Refused, match="within 24 h"):
        world.book.snooze(world.only.id, "li", until, 110.0)


def test_a_persons_word_on_the_severity_stands_against_alerts_until_it_is_taken_back(world: World) -> None:
    act(world, lambda book, name: book.prioritise(name, "li", Severity.P2, 110.0))
    world.alerts(alert("other", at=120.0, severity=Severity.P1))

    assert world.only.severity.value == "p2"
    assert world.told == ["open 100", "update 110"]
    act(world, lambda book, name: book.prioritise(name, "li", None, 130.0))
    assert world.only.severity.value == "p1"
    assert world.told == ["open 100", "update 110", "update 130"]
    assert [entry.text.en for entry in world.timeline if entry.by == "li"] == [
        "Severity fixed at P2 by li.",
        "Severity changed from P3 to P2.",
        "li leaves the severity to the alerts again: P1.",
        "Severity changed from P2 to P1.",
    ]


def test_a_severity_made_milder_by_a_person_is_told_at_once_too(world: World) -> None:
    act(world, lambda book, name: book.prioritise(name, "li", Severity.P4, 110.0))

    assert (world.told, world.tickets[-1].severity) == (["open 100", "update 110"], Severity.P4)


def test_fixing_what_is_fixed_and_taking_back_what_is_not_are_refused(world: World) -> None:
    with pytest.raises(Refused, match="is not fixed"):
        world.book.prioritise(world.only.id, "li", None, 105.0)
    act(world, lambda book, name: book.prioritise(name, "li", Severity.P3, 110.0))
    assert world.told == ["open 100"]
    with pytest.raises(Refused, match="fixed at P3 already"):
        world.book.prioritise(world.only.id, "li", Severity.P3, 120.0)


def test_without_routes_nobody_is_left_to_escalate_to(world: World) -> None:
    with pytest.raises(Refused, match="nobody is left"):
        world.book.escalate(world.only.id, "li", 110.0)


ON_RESOLVED: dict[str, Callable[[Book, str], Change]] = {
    "be assigned": lambda book, name: book.assign(name, "li", "wang", 300.0),
    "be escalated": lambda book, name: book.escalate(name, "li", 300.0),
    "be snoozed": lambda book, name: book.snooze(name, "li", 400.0, 300.0),
    "wait for anybody": lambda book, name: book.pend(name, "li", "the gateway", 300.0),
    "be resumed": lambda book, name: book.resume(name, "li", 300.0),
    "have its severity fixed": lambda book, name: book.prioritise(name, "li", Severity.P1, 300.0),
}


@pytest.mark.parametrize("cannot", ON_RESOLVED)
def test_what_is_over_can_only_be_read_and_noted(world: World, cannot: str) -> None:
    act(world, lambda book, name: book.resolve(name, "li", 200.0))
    before = world.only

    with pytest.raises(Refused, match=f"^{before.id} is resolved: it cannot {cannot}$"):
        ON_RESOLVED[cannot](world.book, before.id)
    with pytest.raises(Unknown):
        ON_RESOLVED[cannot](world.book, "inc_nothing")
    assert world.only == before
    assert not world.book.tick(301.0)


def test_what_people_write_is_bounded(world: World) -> None:
    act(world, lambda book, name: book.assign(name, "li", "x" * 5_000, 110.0))
    act(world, lambda book, name: book.pend(name, "li", "y" * 5_000, 111.0))
    act(world, lambda book, name: book.note(name, "li", "z" * 5_000, 112.0))

    assert (len(world.only.assignee), len(world.only.pending)) == (NAME_MAX, REASON_MAX)
    assert world.timeline[-1].text.en == "li: " + "z" * NOTE_MAX
    with pytest.raises(Refused, match="whom or what"):
        world.keep(world.book.pend(world.only.id, "li", "  ", 113.0))


def test_a_word_from_a_person_is_when_people_last_heard_from_one(world: World) -> None:
    assert world.only.updated is None
    act(world, lambda book, name: book.note(name, "li", "looking", 112.0))

    assert world.only.updated == 112.0


@pytest.mark.parametrize("what", ["assign", "pend", "snooze", "fix", "acknowledge"])
def test_what_people_did_survives_a_restart(what: str) -> None:
    acts: dict[str, Callable[[Book, str], Change]] = {
        "assign": lambda book, name: book.assign(name, "li", "wang", 110.0),
        "pend": lambda book, name: book.pend(name, "li", "the gateway", 110.0),
        "snooze": lambda book, name: book.snooze(name, "li", 900.0, 110.0),
        "fix": lambda book, name: book.prioritise(name, "li", Severity.P4, 110.0),
        "acknowledge": lambda book, name: book.acknowledge(name, "li", 110.0),
    }
    straight, broken = World(), World()
    for world in (straight, broken):
        world.alerts(alert())
        act(world, acts[what])
    broken.restart()
    for world in (straight, broken):
        world.alerts(alert("other", at=200.0, severity=Severity.P1))
        world.tick(1_000.0)
        world.alerts(over(alert(), 1_100.0), over(alert("other"), 1_100.0))

    assert broken.tickets == straight.tickets
    assert broken.only == straight.only
