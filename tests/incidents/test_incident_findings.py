"""What becomes known of an incident while it lasts, and who hears of it when."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from book_world import World, alert, over, window

from monitor.incidents import AtDesk, Change, Unknown
from monitor.incidents.findings import CLOCKS_MAX
from monitor.incidents.members import lead
from monitor.model.alert import Severity
from monitor.model.extent import Extent, Run
from monitor.model.incident import CommandKind, Status
from monitor.model.text import Text
from monitor.model.triage import Diagnosis, Layer

CARD = "4242424242424242"
GATEWAY = Diagnosis(
    layer=Layer.GATEWAY,
    confidence=0.93,
    at=103.0,
    took_seconds=2.5,
    runbook="failing",
    summary=Text("The gateway fails by itself.", "故障在网关自身。"),
)


@pytest.fixture
def world() -> World:
    """One open incident, told at 100."""
    made = World()
    made.alerts(alert())
    return made


def test_a_diagnosis_is_told_at_once_not_with_the_next_minutes_news(world: World) -> None:
    world.keep(world.book.triaged(world.only.id, GATEWAY, 103.0, fingerprint="gateway||503"))

    assert world.told == ["open 100", "update 103"]
    assert "Triage (93 % sure): The gateway fails by itself." in world.tickets[-1].comment.en
    assert "初步诊断（置信度 93 %）：故障在网关自身。" in world.tickets[-1].comment.zh
    assert (world.only.diagnosis, world.only.fingerprint) == (GATEWAY, "gateway||503")


def test_the_same_verdict_again_is_fresher_and_no_news(world: World) -> None:
    world.keep(world.book.triaged(world.only.id, GATEWAY, 103.0, fingerprint="f"))
    later = replace(GATEWAY, at=163.0, confidence=0.97)
    world.keep(world.book.triaged(world.only.id, later, 163.0))

    assert world.told == ["open 100", "update 103"]
    assert (world.only.diagnosis, world.only.fingerprint) == (later, "f")


@pytest.mark.parametrize("changed", [{"layer": Layer.ACQUIRER}, {"where": "brand=visa"}])
def test_another_layer_or_another_place_is_news(world: World, changed: dict[str, object]) -> None:
    world.keep(world.book.triaged(world.only.id, GATEWAY, 103.0))
    world.keep(world.book.triaged(world.only.id, replace(GATEWAY, **changed), 104.0))  # type: ignore[arg-type]

    assert world.told == ["open 100", "update 103", "update 104"]


def test_a_diagnosis_made_before_anybody_is_told_waits_in_the_ticket() -> None:
    world = World(windows=[window(0.0, 200.0)])
    world.alerts(alert())
    world.keep(world.book.triaged(world.only.id, GATEWAY, 103.0))
    world.tick(200.0)

    assert world.told == ["open 200"]
    assert "The gateway fails by itself." in world.tickets[0].body.en


def test_a_diagnosis_that_comes_after_the_end_is_kept_and_not_told(world: World) -> None:
    world.alerts(over(alert(), 101.0))
    world.keep(world.book.triaged(world.only.id, GATEWAY, 103.0))

    assert world.told == ["open 100", "resolve 101"]
    assert world.only.diagnosis == GATEWAY
    assert world.timeline[-1].kind.value == "triaged"


def test_an_extent_is_kept_quietly(world: World) -> None:
    extent = Extent(160.0, first_bad=Run("run-1", 70.0))
    change = world.keep(world.book.measured(world.only.id, extent, 160.0))

    assert (change.timeline, change.tickets, world.only.extent) == ([], [], extent)
    assert not world.tick(161.0)


def test_a_comment_at_the_desk_is_in_the_timeline_and_is_not_told_back_to_it(world: World) -> None:
    world.keep(world.book.heard(world.only.id, "zhao", f"customer paid with {CARD}", 110.0))
    world.tick(200.0)

    assert world.told == ["open 100"]
    assert (world.timeline[-1].by, world.only.updated) == ("zhao", 110.0)
    assert world.timeline[-1].text.zh.startswith("zhao 在工单中留言：customer paid with ")
    assert CARD not in str(world.timeline[-1])
    assert not world.book.heard(world.only.id, "zhao", "  ", 111.0)


def test_who_closes_the_ticket_at_the_desk_has_acknowledged_and_we_do_not_open_it_again(world: World) -> None:
    said = Text("zhao closed it in Zendesk.", "zhao 在 Zendesk 中关闭了工单。")
    world.keep(world.book.at_desk(world.only.id, AtDesk.CLOSED, "zhao", said, 110.0))

    assert (world.only.status, world.only.acknowledged_by) == (Status.ACKNOWLEDGED, "zhao")
    assert world.story[-2:] == ["at_desk 110", "acknowledged 110"]
    world.tick(500.0)
    assert CommandKind.REOPEN not in {ticket.kind for ticket in world.tickets}


def test_who_takes_the_ticket_at_the_desk_has_it(world: World) -> None:
    world.keep(world.book.at_desk(world.only.id, "taken", "zhao", Text("zhao took it."), 110.0))
    world.keep(world.book.at_desk(world.only.id, "taken", "qian", Text("qian took it."), 120.0))

    assert (world.only.assignee, world.only.acknowledged_by, world.only.acknowledged) == ("zhao", "zhao", 110.0)


@pytest.mark.parametrize("event", [AtDesk.MERGED, AtDesk.DELETED, AtDesk.REOPENED])
def test_what_else_is_done_to_a_ticket_is_written_down_and_changes_no_status(world: World, event: AtDesk) -> None:
    world.keep(world.book.at_desk(world.only.id, event, "zhao", Text("Done there."), 110.0))

    assert (world.only.status, world.story[-1]) == (Status.OPEN, "at_desk 110")


def test_a_clock_is_spoken_of_once_for_each_key(world: World) -> None:
    said = Text("Nobody has responded within 15 min.", "15 分钟内无人响应。")
    assert world.keep(world.book.clock(world.only.id, "respond missed", said, 110.0))
    assert not world.keep(world.book.clock(world.only.id, "respond missed", said, 120.0))
    world.tick(170.0)

    assert said.en in world.tickets[-1].comment.en
    for number in range(CLOCKS_MAX + 5):
        world.keep(world.book.clock(world.only.id, f"update {number}", said, 180.0))
    assert len(world.only.clocks) == CLOCKS_MAX


def test_a_recurring_problem_is_named_once(world: World) -> None:
    said = Text("The fifth time in 90 days.", "90 天内第 5 次出现。")
    assert world.keep(world.book.recurring(world.only.id, "prb_1", said, 110.0))
    assert not world.keep(world.book.recurring(world.only.id, "prb_1", said, 120.0))

    assert (world.only.problem, world.timeline[-1].text) == ("prb_1", said)


def test_what_failed_is_still_known_after_it_recovered(world: World) -> None:
    worse = alert("other", at=110.0, severity=Severity.P1, evidence={"outcome": "tech_acquirer", "message": "96"})
    world.alerts(worse)
    world.alerts(over(worse, 120.0), over(alert(), 120.0))

    assert world.only.alerts == {}
    assert world.only.lead == worse
    assert lead(world.only) == worse
    assert world.tickets[-1].title.en == "sandbox: Gateway failing"


def test_the_next_episode_remembers_its_own_alert(world: World) -> None:
    world.alerts(over(alert(), 120.0))
    again = alert("other", at=200.0, severity=Severity.P4)
    world.alerts(again)

    assert world.only.lead == again


def test_nothing_becomes_known_of_what_is_not_there(world: World) -> None:
    asked: list[Callable[[], Change]] = [
        lambda: world.book.triaged("inc_nothing", GATEWAY, 1.0),
        lambda: world.book.measured("inc_nothing", Extent(1.0), 1.0),
        lambda: world.book.heard("inc_nothing", "zhao", "x", 1.0),
        lambda: world.book.at_desk("inc_nothing", "closed", "zhao", Text("x"), 1.0),
        lambda: world.book.clock("inc_nothing", "k", Text("x"), 1.0),
        lambda: world.book.recurring("inc_nothing", "p", Text("x"), 1.0),
    ]
    for each in asked:
        with pytest.raises(Unknown):
            each()
