"""Who is told first, who next while nobody acknowledges, and that whoever was told hears of the end."""

from collections.abc import Mapping

import pytest
from book_world import Ladder, World, alert, over, window

from monitor.incidents import Refused
from monitor.incidents.routes import Step
from monitor.model.alert import Severity
from monitor.model.incident import CommandKind


def world(severity: Severity = Severity.P3) -> World:
    """One incident, told at 100 by the ladder: the desk; the lead after 300 s; phone and head after 900 s."""
    made = World(routes=Ladder())
    made.alerts(alert(severity=severity))
    return made


def until(made: World, end: float, start: float = 101.0) -> World:
    for second in range(int(start), int(end) + 1):
        made.tick(float(second))
    return made


def test_only_the_desks_that_the_route_names_first_are_told() -> None:
    assert (world().tickets[0].desks, world().only.desks) == (("desk",), ("desk",))
    assert world(Severity.P1).tickets[0].desks == ("desk", "phone")


def test_unacknowledged_it_climbs_step_by_step_and_everybody_told_hears_of_the_end() -> None:
    made = until(world(), 1_100)
    made.alerts(over(alert(), 1_200.0))

    assert made.heard_by("lead")[0] == "open 400"
    assert made.heard_by("head") == ["open 1000", "resolve 1200"]
    assert [made.heard_by(desk)[-1] for desk in ("desk", "lead", "phone", "head")] == ["resolve 1200"] * 4
    assert made.only.escalated == 2
    escalated = [entry.text for entry in made.timeline if entry.kind.value == "escalated"]
    assert [text.en for text in escalated] == [
        "Escalated to lead: nobody acknowledged it for 5 min 00 s.",
        "Escalated to phone, head: nobody acknowledged it for 15 min 00 s.",
    ]
    assert escalated[0].zh == "5 分内无人确认，已升级通知 lead。"


def test_whoever_knew_of_it_hears_of_the_escalation_at_once_and_whoever_did_not_gets_the_whole_ticket() -> None:
    made = until(world(), 460)

    assert made.heard_by("desk") == ["open 100", "update 400"]
    assert made.heard_by("lead") == ["open 400"]
    assert ["Escalated to lead" in ticket.comment.en for ticket in made.tickets[1:]] == [True, True]


def test_a_desk_named_again_is_reminded() -> None:
    made = until(world(Severity.P1), 1_000)

    assert made.heard_by("phone")[0] == "open 100"
    assert "update 1000" in made.heard_by("phone")
    assert made.heard_by("head") == ["open 1000"]


@pytest.mark.parametrize("what", ["acknowledge", "pend", "snooze", "silence"])
def test_nobody_climbs_what_is_acknowledged_waits_is_snoozed_or_silenced(what: str) -> None:
    made = world()
    name = made.only.id
    if what == "acknowledge":
        made.keep(made.book.acknowledge(name, "li", 200.0))
    elif what == "pend":
        made.keep(made.book.pend(name, "li", "the gateway", 200.0))
    elif what == "snooze":
        made.keep(made.book.snooze(name, "li", 5_000.0, 200.0))
    else:
        made.add(window(200.0, 5_000.0), 200.0)

    assert until(made, 1_200, 201).only.escalated == 0


@pytest.mark.parametrize("what", ["resume", "snooze over", "silence over"])
def test_after_a_pause_the_steps_count_from_its_end(what: str) -> None:
    made = world()
    name = made.only.id
    if what == "resume":
        made.keep(made.book.pend(name, "li", "the gateway", 200.0))
        made.keep(made.book.resume(name, "li", 700.0))
    elif what == "snooze over":
        made.keep(made.book.snooze(name, "li", 700.0, 200.0))
    else:
        made.add(window(200.0, 700.0), 200.0)

    until(made, 999, 201)
    assert made.only.escalated == 0
    until(made, 1_001, 1_000)
    assert made.only.escalated == 1


def test_several_steps_that_were_due_while_the_service_was_down_are_all_taken() -> None:
    made = world()
    made.restart()
    made.tick(1_300.0)

    assert made.only.escalated == 2
    assert (made.heard_by("lead")[0], made.heard_by("head")[0]) == ("open 1300", "open 1300")


def test_an_escalation_is_remembered_over_a_restart_and_not_repeated() -> None:
    made = until(world(), 410)
    made.restart()
    until(made, 800, 411)

    assert [told for told in made.heard_by("lead") if told.startswith("open")] == ["open 400"]


def test_when_it_becomes_worse_the_route_of_that_severity_begins_anew() -> None:
    made = until(world(), 450)
    made.alerts(alert("other", at=460.0, severity=Severity.P1))

    assert made.heard_by("phone") == ["open 460"]
    assert made.heard_by("desk")[-1] == "update 460"
    assert (made.only.escalated, made.only.waiting_since) == (0, 460.0)
    assert made.tickets[-1].comment.en == "It became worse: P1."


def test_a_person_may_take_the_next_step_at_any_time_until_none_is_left() -> None:
    made = world()
    name = made.only.id
    made.keep(made.book.acknowledge(name, "li", 110.0))
    made.keep(made.book.escalate(name, "li", 120.0))

    assert made.heard_by("lead") == ["open 120"]
    assert made.timeline[-1].text.en == "Escalated to lead by li."
    made.keep(made.book.escalate(name, "li", 130.0))
    with pytest.raises(Refused, match="nobody is left"):
        made.book.escalate(name, "li", 140.0)


def test_what_nobody_was_told_of_cannot_be_escalated() -> None:
    made = World(routes=Ladder(), windows=[window(0.0, 500.0)])
    made.alerts(alert())

    with pytest.raises(Refused, match="nobody has been told"):
        made.book.escalate(made.only.id, "li", 120.0)


def test_the_next_episode_begins_its_route_anew() -> None:
    made = until(world(), 410)
    made.alerts(over(alert(severity=Severity.P3), 420.0))
    made.alerts(alert(at=500.0, severity=Severity.P3))

    assert (made.only.desks, made.only.escalated) == (("desk",), 0)
    assert made.heard_by("desk")[-1] == "reopen 500"
    assert made.heard_by("lead")[-1] == "resolve 420"


class Office:
    """Nobody before 200; then the desk of the target."""

    def first(self, severity: Severity, labels: Mapping[str, str], at: float) -> tuple[str, ...]:
        return (f"desk-of-{labels['target']}",) if at >= 200.0 else ()

    def steps(self, severity: Severity, labels: Mapping[str, str], at: float) -> tuple[Step, ...]:
        return ()


class Shifts:
    """Up to 350 the day shift, with a lead and a head behind it; after that the night shift, with its own."""

    def first(self, severity: Severity, labels: Mapping[str, str], at: float) -> tuple[str, ...]:
        return ("day",) if at < 350.0 else ("night",)

    def steps(self, severity: Severity, labels: Mapping[str, str], at: float) -> tuple[Step, ...]:
        shift = self.first(severity, labels, at)[0]
        return ((300.0, (f"{shift}-lead",)), (900.0, (f"{shift}-head",)))


def test_an_incident_climbs_the_route_it_began_on_when_the_hours_change_on_the_way() -> None:
    made = World(routes=Shifts())
    made.alerts(alert())
    made.keep(made.book.escalate(made.only.id, "li", 360.0))
    until(made, 1_100, 361)

    assert made.heard_by("day-lead")[0] == "open 360"
    assert made.heard_by("day-head") == ["open 1000"]
    assert [*made.heard_by("night-lead"), *made.heard_by("night-head")] == []


def test_after_a_pause_an_incident_climbs_the_route_of_the_hour_at_which_it_goes_on() -> None:
    made = World(routes=Shifts())
    made.alerts(alert())
    made.keep(made.book.snooze(made.only.id, "li", 500.0, 200.0))
    until(made, 800, 201)

    assert (made.heard_by("day-lead"), made.heard_by("night-lead")) == ([], ["open 800"])


def test_what_no_desk_wants_now_is_told_when_one_does() -> None:
    made = World(routes=Office())
    made.alerts(alert())

    until(made, 199)
    assert made.told == []
    until(made, 260, 200)
    assert made.heard_by("desk-of-sandbox") == ["open 200"]


def test_what_is_over_before_any_desk_wanted_it_is_never_told() -> None:
    made = World(routes=Office())
    made.alerts(alert())
    made.alerts(over(alert(), 150.0))
    until(made, 300, 151)

    assert made.tickets == []


def test_without_routes_every_desk_is_told() -> None:
    made = World()
    made.alerts(alert())

    assert (made.tickets[0].desks, made.tickets[0].kind) == (None, CommandKind.OPEN)
