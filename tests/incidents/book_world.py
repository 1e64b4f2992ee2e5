"""Alerts, and a book with everything it ever handed out."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from monitor.incidents import Book, Change, Parent
from monitor.incidents.routes import Step
from monitor.model.alert import Alert, AlertState, Severity
from monitor.model.incident import Incident, Status, Ticket, TimelineEntry, Window, WindowKind
from monitor.model.sample import Series
from monitor.model.text import Text

FIRING, RESOLVED, PENDING = AlertState.FIRING, AlertState.RESOLVED, AlertState.PENDING


def alert(name: str = "card-payment", at: float = 100.0, state: AlertState = FIRING, **more: Any) -> Alert:
    """Fires at ``at``, began 30 s before, unless said otherwise."""
    rule, target = more.pop("rule", "failing"), more.pop("target", "sandbox")
    stratum = more.pop("stratum", "")
    made = Alert(
        id=f"{rule}|{name}|{stratum}|local|",
        rule=rule,
        series=Series(name, target, stratum, "local"),
        severity=Severity.P2,
        state=state,
        since=at - 30.0,
        changed=at,
        group=f"target={target}",
        summary=Text(f"{name}: 3 in a row failed", f"{name}：连续 3 次失败"),
        evidence={"kind": "consecutive", "outcome": "tech_gateway", "outcomes": "tech_gateway 3", "message": "503"},
        run_id="run-1",
        title=Text("Gateway failing", "网关交易失败"),
    )
    return replace(made, **more)


def episode_from(incident: Incident) -> float:
    """When it opened, or opened again: the beginning of this episode."""
    began = incident.opened
    for before, turn in pairwise(incident.turns):
        if before.status is Status.RESOLVED and turn.status is not Status.RESOLVED:
            began = turn.at
    return began


def over(fired: Alert, at: float) -> Alert:
    return replace(fired, state=RESOLVED, changed=at, summary=Text("healthy again", "恢复正常"))


def window(starts: float, ends: float, name: str = "w1", **more: Any) -> Window:
    return replace(Window(name, WindowKind.SILENCE, starts, ends, "li", "planned work"), **more)


class Ladder:
    """P1 rings the phone at once. Unacknowledged, everything climbs to the lead after five minutes and to the head after fifteen."""

    def first(self, severity: Severity, labels: Mapping[str, str], at: float) -> tuple[str, ...]:
        return ("desk", "phone") if severity is Severity.P1 else ("desk",)

    def steps(self, severity: Severity, labels: Mapping[str, str], at: float) -> tuple[Step, ...]:
        return ((300.0, ("lead",)), (900.0, ("phone", "head")))


def same_ground(incidents: Sequence[Incident], ground: Mapping[str, frozenset[str]], at: float) -> Parent | None:
    """Two whose targets share something and that began within two minutes of each other."""
    for cause in sorted(set().union(*ground.values())):
        found = [one for one in incidents if cause in ground.get(one.target, ()) and at - episode_from(one) <= 120.0]
        if len(found) > 1:
            said = Text(f"They share {cause}.", f"它们共用 {cause}。")
            return Parent(cause, Text(f"{cause}: in trouble", f"{cause}：出现故障"), said, tuple(one.id for one in found))
    return None


class World:
    """Plays the store: keeps what was handed out, and can start a new book from it."""

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.book = Book("demo", **options)
        self.incidents: dict[str, Incident] = {}
        self.timeline: list[TimelineEntry] = []
        self.tickets: list[Ticket] = []
        self.firing: dict[str, Alert] = {}
        self.windows: dict[str, Window] = {}

    def keep(self, change: Change) -> Change:
        for incident in change.incidents:
            self.incidents[incident.id] = incident
        self.timeline += change.timeline
        self.tickets += change.tickets
        return change

    def alerts(self, *alerts: Alert, at: float | None = None) -> Change:
        for each in alerts:
            if each.state is FIRING:
                self.firing[each.id] = each
            else:
                self.firing.pop(each.id, None)
        return self.keep(self.book.alerts(alerts, max(each.changed for each in alerts) if at is None else at))

    def tick(self, at: float) -> Change:
        return self.keep(self.book.tick(at))

    def add(self, made: Window, at: float) -> Change:
        self.windows[made.id] = made
        return self.keep(self.book.window_added(made, at))

    def end(self, name: str, by: str, at: float) -> Change:
        ended, change = self.book.window_ended(name, by, at)
        self.windows[name] = ended
        return self.keep(change)

    def restart(self, *, store: Iterable[Incident] | None = None) -> None:
        """``store``: what it still gives back; unless said, all but the incidents that the book has let go."""
        incidents = [self.incidents[name] for name in self.book.incidents] if store is None else store
        self.book = Book("demo", **self.options, incidents=incidents, windows=self.windows.values(), alerts=self.firing.values())

    @property
    def only(self) -> Incident:
        (incident,) = self.book.incidents.values()
        return incident

    @property
    def told(self) -> list[str]:
        return [f"{ticket.kind.value} {ticket.at:g}" for ticket in self.tickets]

    def of(self, target: str) -> Incident:
        (found,) = [one for one in self.book.incidents.values() if one.target == target]
        return found

    def heard_by(self, desk: str) -> list[str]:
        """What one desk was told, with the instant."""
        return [f"{one.kind.value} {one.at:g}" for one in self.tickets if one.desks is None or desk in one.desks]

    @property
    def story(self) -> list[str]:
        return [f"{entry.kind.value} {entry.at:g}" for entry in self.timeline]


def plain(text: str) -> str:
    """A ticket's text without what names it."""
    return re.sub(r"inc_[0-9a-z]+", "inc", text)
