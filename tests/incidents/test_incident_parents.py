"""Several gateways that fail of one cause: one parent is told for all of them."""

from collections.abc import Callable

import pytest
from book_world import Ladder, World, alert, over, same_ground, window

from monitor.incidents.names import external_id
from monitor.incidents.parents import CHILDREN_MAX
from monitor.model.alert import Severity
from monitor.model.incident import CommandKind, Incident, Status

CDN = frozenset({"cdn=fastly"})
GROUND = {"a": CDN, "b": CDN, "c": CDN, "apart": frozenset({"cdn=other"})}


def world(**options: object) -> World:
    return World(**{"ground": GROUND, "common_cause": same_ground, **options})


def fails(name: str, at: float, severity: Severity = Severity.P2) -> Callable[[World], object]:
    return lambda made: made.alerts(alert(name, at, target=name, severity=severity))


def parent(made: World) -> Incident:
    return made.of("cdn=fastly")


def two(**options: object) -> World:
    """``a`` fails at 100 and is told; ``b`` at 150, which shows the common cause."""
    made = world(**options)
    fails("a", 100.0)(made)
    fails("b", 150.0)(made)
    return made


def test_two_that_share_something_and_fail_within_two_minutes_have_a_parent_and_the_second_no_ticket_of_its_own() -> None:
    made = two()

    assert made.told == ["open 100", "open 150", "update 150"]
    assert [ticket.target for ticket in made.tickets] == ["a", "cdn=fastly", "a"]
    assert parent(made).children == (made.of("a").id, made.of("b").id)
    assert (made.of("b").told, made.of("b").parent) == (False, parent(made).id)
    assert made.tickets[1].title.zh == "cdn=fastly：出现故障"
    assert made.tickets[1].body.en.startswith("They share cdn=fastly.\n\n")
    assert made.tickets[1].body.zh.startswith("它们共用 cdn=fastly。\n\n")


def test_what_was_told_before_gets_one_comment_with_the_parents_ticket() -> None:
    made = two()
    made.tick(210.0)

    comment = made.tickets[2]
    assert comment.parent == made.tickets[1].external_id == external_id("demo", parent(made))
    assert f"Part of {parent(made).id}, cdn=fastly: in trouble. They share cdn=fastly." in comment.comment.en
    assert [ticket.kind for ticket in made.tickets if ticket.target == "a"] == [CommandKind.OPEN, CommandKind.UPDATE]


def test_what_fails_later_of_the_same_cause_joins_silently() -> None:
    made = two()
    fails("c", 900.0)(made)
    made.tick(961.0)

    assert "c" not in {ticket.target for ticket in made.tickets}
    assert made.of("c").parent == parent(made).id
    assert f"It hits c too: {made.of('c').id}." in made.tickets[-1].comment.en
    assert made.tickets[-1].target == "cdn=fastly"


def test_what_shares_nothing_is_an_incident_of_its_own() -> None:
    made = two()
    fails("apart", 160.0)(made)

    assert (made.of("apart").parent, made.of("apart").told) == ("", True)


def test_a_parent_is_over_when_its_last_part_is_and_each_who_was_told_hears_it() -> None:
    made = two()
    made.alerts(over(alert("a", 100.0, target="a"), 300.0))
    assert parent(made).status is Status.OPEN
    made.alerts(over(alert("b", 150.0, target="b"), 400.0))

    assert parent(made).status is Status.RESOLVED
    ends = [(ticket.target, ticket.at) for ticket in made.tickets if ticket.kind is CommandKind.RESOLVE]
    assert ends == [("a", 300.0), ("cdn=fastly", 400.0)]
    assert made.timeline[-1].text.en == "All that it had hit has recovered. It lasted 5 min 30 s."


def test_a_parent_is_as_bad_as_its_worst_part() -> None:
    made = two()
    fails("c", 300.0, Severity.P1)(made)
    assert parent(made).severity is Severity.P1
    assert (made.tickets[-1].target, made.tickets[-1].severity) == ("cdn=fastly", Severity.P1)

    made.alerts(over(alert("c", 300.0, target="c", severity=Severity.P1), 400.0))
    assert parent(made).severity is Severity.P2


def test_a_persons_word_ends_the_parent_and_everything_in_it() -> None:
    made = two()
    made.keep(made.book.resolve(parent(made).id, "li", 300.0))
    made.tick(301.0)

    assert {one.status for one in made.book.incidents.values()} == {Status.RESOLVED}
    assert len([ticket for ticket in made.tickets if ticket.kind is CommandKind.RESOLVE]) == 2


def test_only_the_parent_climbs_its_route() -> None:
    made = two(routes=Ladder())
    for second in range(151, 600):
        made.tick(float(second))

    assert [ticket.target for ticket in made.tickets if ticket.desks == ("lead",)] == ["cdn=fastly"]


def test_the_same_cause_within_the_hour_is_the_same_parent_come_back() -> None:
    made = two()
    made.alerts(over(alert("a", 100.0, target="a"), 300.0), over(alert("b", 150.0, target="b"), 300.0))
    first = parent(made)
    made.alerts(alert("a", 1_000.0, target="a"))
    made.alerts(alert("b", 1_010.0, target="b"))

    assert (parent(made).id, parent(made).episode, parent(made).status) == (first.id, 2, Status.OPEN)
    assert [ticket.kind for ticket in made.tickets if ticket.target == "cdn=fastly"][-1] is CommandKind.REOPEN


def test_much_later_it_is_a_parent_of_its_own() -> None:
    made = two()
    made.alerts(over(alert("a", 100.0, target="a"), 300.0), over(alert("b", 150.0, target="b"), 300.0))
    made.alerts(alert("a", 9_000.0, target="a"))
    made.alerts(alert("b", 9_010.0, target="b"))

    assert len([one for one in made.book.incidents.values() if one.target == "cdn=fastly"]) == 2


def test_a_parent_is_silent_while_all_of_its_parts_are() -> None:
    made = world(windows=[window(0.0, 500.0)])
    fails("a", 100.0)(made)
    fails("b", 150.0)(made)
    made.tick(499.0)
    assert (made.told, parent(made).silenced) == ([], True)

    made.tick(500.0)
    assert [(ticket.target, ticket.kind) for ticket in made.tickets] == [("cdn=fastly", CommandKind.OPEN)]


@pytest.mark.parametrize("at", [120.0, 160.0, 310.0])
def test_a_restart_at_any_moment_changes_nothing(at: float) -> None:
    straight, broken = world(), world()
    events = [
        (100.0, fails("a", 100.0)),
        (150.0, fails("b", 150.0)),
        (300.0, fails("c", 300.0)),
        (400.0, lambda made: made.alerts(over(alert("a", 100.0, target="a"), 400.0))),
        (410.0, lambda made: made.alerts(over(alert("b", 150.0, target="b"), 410.0))),
        (420.0, lambda made: made.alerts(over(alert("c", 300.0, target="c"), 420.0))),
    ]
    for made in (straight, broken):
        for when, event in events:
            if made is broken and when > at:
                made.restart()
            event(made)

    assert broken.tickets == straight.tickets
    assert broken.incidents == straight.incidents


def test_a_cause_that_hits_very_many_is_one_ticket_and_bounded() -> None:
    count = CHILDREN_MAX + 20
    names = [f"t{number:04}" for number in range(count)]
    made = world(ground=dict.fromkeys(names, CDN))
    for place, name in enumerate(names):
        fails(name, 100.0 + place / 10)(made)
    made.tick(200.0)

    assert {ticket.target for ticket in made.tickets} == {"t0000", "cdn=fastly"}
    assert len(parent(made).children) == CHILDREN_MAX
    for name in names:
        made.alerts(over(alert(name, 100.0, target=name), 300.0))
    assert parent(made).status is Status.RESOLVED
