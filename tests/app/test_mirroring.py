"""What people do at a desk, in the book and on the disk: all of it together or none, each thing once."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.app.mirroring import Mirroring, policies, words
from monitor.clock import SystemClock
from monitor.connectors.table import KINDS
from monitor.delivery import Policy, Sighting
from monitor.exporter import Exporter
from monitor.incidents import Book
from monitor.model.alert import Alert, AlertState, Severity
from monitor.model.incident import Status
from monitor.model.mirror import Cursor, DeskEvent, DeskEventKind
from monitor.model.sample import Series
from monitor.model.secret import Secret
from monitor.model.text import Text
from monitor.pipeline import Pipeline
from monitor.redaction import Gate
from monitor.rules import Blindness, RuleEngine
from monitor.stores.sqlite import SqliteStore

ALERT = Alert(
    id="failing|card||local|",
    rule="failing",
    series=Series("card", "sandbox", "", "local"),
    severity=Severity.P2,
    state=AlertState.FIRING,
    since=70.0,
    changed=100.0,
    group="target=sandbox",
    summary=Text("3 in a row failed", "连续 3 次失败"),
    evidence={},
    run_id="run-1",
    title=Text("Gateway failing", "网关交易失败"),
)


class World:
    """A book, its pipeline and a store; ``crash`` forgets what is not on the disk."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "store.db"
        self.exporter = Exporter([], "local")
        self._open()

    def _open(self) -> None:
        clock = SystemClock()
        self.store = SqliteStore(self.path, clock=clock, threaded=False)
        self.store.open()
        kept = self.store.restore()
        self.book = Book("demo", incidents=kept.incidents, alerts=kept.alerts)
        self.pipeline = Pipeline(
            store=self.store,
            engine=RuleEngine({}, {}, "local", {}),
            blindness=Blindness({}, "local"),
            book=self.book,
            metrics=self.exporter,
            desks=("desk",),
            wake=lambda: None,
            clock=clock,
        )
        self.mirroring = Mirroring(self.book, self.pipeline, self.exporter, lambda: Gate([Secret("hunter2-canary")]))

    async def crash(self) -> None:
        await self.store.close()
        self._open()

    async def incident(self) -> str:
        self.pipeline._gathered.alerts.append(ALERT)
        await self.pipeline.change(self.book.alerts([ALERT], 100.0))
        return self.book.open()[0].id

    async def lines(self, incident: str) -> list[tuple[str, str, str]]:
        return [(one.kind.value, one.by, one.text.zh) for one in await self.store.timeline(incident) if one.at > 100.0]


@pytest.fixture
async def world(tmp_path: Path) -> Any:
    made = World(tmp_path)
    yield made
    await made.store.close()


def event(incident: str, kind: DeskEventKind, by: str = "Ana", text: str = "") -> DeskEvent:
    return DeskEvent(incident, "desk", "7", kind, by, text, 200.0)


def sighting(incident: str, *events: DeskEvent, **cursor: Any) -> Sighting:
    return Sighting(events, (Cursor("desk", "7", incident, 1, **cursor),))


async def test_what_was_heard_and_how_far_are_stored_together(world: World):
    incident = await world.incident()
    said = event(incident, DeskEventKind.COMMENTED, text="password hunter2-canary, card 4111 1111 1111 1111")
    await world.mirroring.hear(sighting(incident, said, event(incident, DeskEventKind.CLOSED), heard=("1",), open=False))
    await world.crash()

    (cursor,) = await world.store.cursors("desk")
    assert (("1",), False) == (cursor.heard, cursor.open)
    told = await world.lines(incident)
    assert [("heard", "Ana"), ("at_desk", "Ana"), ("acknowledged", "Ana")] == [(kind, by) for kind, by, _ in told]
    assert "hunter2" not in told[0][2]
    assert "1111 1111" not in told[0][2]
    assert "Ana 在 desk 关闭了工单 7。" == told[1][2]
    assert Status.ACKNOWLEDGED is world.book.incidents[incident].status


class Killed(BaseException):
    """No handler of errors sees it, as none sees kill -9."""


async def test_a_process_that_dies_before_the_commit_has_heard_nothing(world: World, monkeypatch: pytest.MonkeyPatch):
    incident = await world.incident()

    async def killed(_: object) -> None:
        raise Killed

    monkeypatch.setattr(world.store, "commit", killed)
    with pytest.raises(Killed):
        await world.mirroring.hear(sighting(incident, event(incident, DeskEventKind.COMMENTED, text="one"), heard=("1",)))
    await world.crash()

    assert ([], []) == (await world.store.cursors("desk"), await world.lines(incident))


async def test_who_is_given_a_ticket_has_the_incident_and_has_not_acknowledged_it(world: World):
    incident = await world.incident()
    await world.mirroring.hear(sighting(incident, event(incident, DeskEventKind.ASSIGNED, "", "李雷")))
    held = world.book.incidents[incident]
    assert ("李雷", Status.OPEN) == (held.assignee, held.status)


async def test_who_takes_it_has_acknowledged_it(world: World):
    incident = await world.incident()
    await world.mirroring.hear(sighting(incident, event(incident, DeskEventKind.TAKEN)))
    held = world.book.incidents[incident]
    assert ("Ana", Status.ACKNOWLEDGED) == (held.acknowledged_by, held.status)


async def test_news_of_an_incident_that_is_let_go_moves_the_cursor_all_the_same(world: World):
    await world.mirroring.hear(sighting("inc_gone", event("inc_gone", DeskEventKind.COMMENTED, text="late"), heard=("9",)))
    assert [("9",)] == [one.heard for one in await world.store.cursors("desk")]


async def test_a_deleted_ticket_is_counted_as_a_fallback_unless_it_is_made_again(world: World):
    incident = await world.incident()
    await world.mirroring.hear(sighting(incident, event(incident, DeskEventKind.GONE), gone=True))
    body = (await world.exporter.scrape("", "")).body.decode()
    assert 'paycanary_deliveries_total{desk="desk",event="fallback"} 1' in body
    assert 'paycanary_desk_events_total{desk="desk",kind="gone"} 1' in body


@pytest.mark.parametrize("kind", [kind for kind in DeskEventKind if kind not in ("commented", "assigned")])
def test_everything_is_said_in_both_languages(kind: DeskEventKind):
    for by, again in (("Ana", False), ("", False), ("", True)):
        said = words(replace(event("inc_1", kind, by), text="8"), again=again)
        assert "desk" in said.en
        assert "desk" in said.zh
        assert said.zh.endswith("。")


def test_each_desk_is_listened_to_as_its_options_say():
    gitlab = KINDS["gitlab"].Options(project="p", token=Secret("t"), look_every="5m", when_gone="again")
    chat = KINDS["dingtalk"].Options(token=Secret("t"), secret=Secret("s"))
    assert {"issues": Policy(300.0, "again")} == policies({"issues": gitlab, "room": chat})
