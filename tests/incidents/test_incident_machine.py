"""Anything may happen to a book, in any order: what holds all the same. One book lives on; its twin restarts before every event.

Everything that people, triage, clocks and desks do is an event too; routes climb, and the two targets stand on one network.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby

from book_world import Ladder, World, alert, over, same_ground, window
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from monitor.incidents import AtDesk, Book, Change, Refused, Unknown
from monitor.incidents.parents import is_parent
from monitor.model.alert import Alert, Severity
from monitor.model.extent import Extent
from monitor.model.incident import CommandKind, Incident, Status, Ticket
from monitor.model.text import Text
from monitor.model.triage import Diagnosis, Layer

NAMES = st.sampled_from(["card-payment", "wallet", "refund", "history"])
TARGETS = st.sampled_from(["sandbox", "live"])
STEP = st.sampled_from([1.0, 5.0, 61.0, 2_000.0])
OPENING = {CommandKind.OPEN, CommandKind.REOPEN}
DESKS = ("desk", "phone", "lead", "head")
GROUND = {"sandbox": frozenset({"network=a"}), "live": frozenset({"network=a"})}
Act = Callable[[Book, str, float], Change]


def verdict(layer: Layer, at: float) -> Diagnosis:
    return Diagnosis(layer, 0.9, at, 1.0, "failing", Text(f"It is {layer.value}.", f"问题在 {layer.value}。"))


ACTS: dict[str, Act] = {
    "acknowledge": lambda book, name, at: book.acknowledge(name, "li", at),
    "note": lambda book, name, at: book.note(name, "li", "looking", at),
    "resolve": lambda book, name, at: book.resolve(name, "li", at),
    "assign": lambda book, name, at: book.assign(name, "li", "wang", at),
    "unassign": lambda book, name, at: book.assign(name, "li", "", at),
    "escalate": lambda book, name, at: book.escalate(name, "li", at),
    "snooze": lambda book, name, at: book.snooze(name, "li", at + 400.0, at),
    "pend": lambda book, name, at: book.pend(name, "li", "the gateway's answer", at),
    "resume": lambda book, name, at: book.resume(name, "li", at),
    "fix at P1": lambda book, name, at: book.prioritise(name, "li", Severity.P1, at),
    "fix at P4": lambda book, name, at: book.prioritise(name, "li", Severity.P4, at),
    "leave to alerts": lambda book, name, at: book.prioritise(name, "li", None, at),
    "triaged: gateway": lambda book, name, at: book.triaged(name, verdict(Layer.GATEWAY, at), at, fingerprint="f1"),
    "triaged: TLS": lambda book, name, at: book.triaged(name, verdict(Layer.TLS, at), at),
    "measured": lambda book, name, at: book.measured(name, Extent(at), at),
    "heard": lambda book, name, at: book.heard(name, "zhao", "we see it too", at),
    "closed there": lambda book, name, at: book.at_desk(
        name, AtDesk.CLOSED, "zhao", Text("Closed there.", "已在工单系统关闭。"), at
    ),
    "clock": lambda book, name, at: book.clock(name, "respond missed", Text("Too late.", "已超时。"), at),
    "recurring": lambda book, name, at: book.recurring(name, "prb_1", Text("The third time.", "第三次出现。"), at),
}


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        options = {"routes": Ladder(), "ground": GROUND, "common_cause": same_ground}
        self.straight, self.broken = World(**options), World(**options)
        self.at = 1_000.0
        self.firing: dict[str, Alert] = {}
        self.windows = 0

    def both(self, event: Callable[[World], object]) -> None:
        self.broken.restart()
        for world in (self.straight, self.broken):
            event(world)

    @rule(name=NAMES, where=TARGETS, severity=st.sampled_from(Severity), step=STEP, onset=st.sampled_from([5.0, 300.0]))
    def fires(self, name: str, where: str, severity: Severity, step: float, onset: float) -> None:
        self.at += step
        made = alert(f"{where}-{name}", self.at, target=where, severity=severity, since=self.at - onset)
        if made.id not in self.firing:
            self.firing[made.id] = made
            self.both(lambda world: world.alerts(made))

    @precondition(lambda self: self.firing)
    @rule(data=st.data(), step=STEP)
    def recovers(self, data: st.DataObject, step: float) -> None:
        self.at += step
        gone = self.firing.pop(data.draw(st.sampled_from(sorted(self.firing))))
        self.both(lambda world: world.alerts(over(gone, self.at)))

    @precondition(lambda self: self.firing)
    @rule(data=st.data())
    def is_told_again(self, data: st.DataObject) -> None:
        again = self.firing[data.draw(st.sampled_from(sorted(self.firing)))]
        self.both(lambda world: world.alerts(again, at=self.at))

    @rule(step=STEP)
    def time_passes(self, step: float) -> None:
        self.at += step
        self.both(lambda world: world.tick(self.at))

    @precondition(lambda self: self.straight.incidents)
    @rule(data=st.data(), what=st.sampled_from(sorted(ACTS)))
    def something_is_done_or_found(self, data: st.DataObject, what: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.straight.incidents)))
        self.at += 1.0
        self.both(lambda world: self._act(world, ACTS[what], name))

    def _act(self, world: World, act: Act, name: str) -> None:
        before = dict(world.book.incidents)
        try:
            world.keep(act(world.book, name, self.at))
        except (Refused, Unknown):
            assert dict(world.book.incidents) == before

    @rule(lasts=st.sampled_from([30.0, 500.0]), delay=st.sampled_from([0.0, 40.0]), covering=st.sampled_from([(), ("live",)]))
    def a_window_is_added(self, lasts: float, delay: float, covering: tuple[str, ...]) -> None:
        self.windows += 1
        start = self.at + delay
        made = window(start, start + lasts, f"w{self.windows}", targets=covering)
        self.both(lambda world: world.add(made, self.at))

    @invariant()
    def a_group_has_at_most_one_open_incident(self) -> None:
        counts = Counter(incident.group for incident in self.straight.book.open())
        assert all(count == 1 for count in counts.values())

    @invariant()
    def every_alert_fires_in_at_most_one_incident(self) -> None:
        homes = Counter(name for incident in self.straight.book.incidents.values() for name in incident.alerts)
        assert all(count == 1 for count in homes.values())

    def _told(self, incident: Incident, desk: str) -> list[Ticket]:
        """In this episode."""
        mine = [one for one in self.straight.tickets if (one.incident, one.episode) == (incident.id, incident.episode)]
        return [one for one in mine if desk in (one.desks or DESKS)]

    @invariant()
    def what_is_open_and_not_silenced_is_told_itself_or_with_its_cause(self) -> None:
        for incident in self.straight.book.open():
            parent = self.straight.book.incidents.get(incident.parent)
            told_with = parent is not None and parent.status is not Status.RESOLVED
            assert incident.silenced or self._told(incident, "desk") or told_with
            assert incident.alerts or is_parent(incident)

    @invariant()
    def every_desk_that_heard_of_the_beginning_hears_of_the_end(self) -> None:
        for incident in self.straight.incidents.values():
            for desk in DESKS:
                told = self._told(incident, desk)
                ended = bool(told) and told[-1].kind is CommandKind.RESOLVE
                assert ended is (bool(told) and incident.status is Status.RESOLVED)

    @invariant()
    def each_desk_is_told_each_episode_in_order_and_revisions_count_up(self) -> None:
        for _, group in groupby(sorted(self.straight.tickets, key=lambda t: (t.incident, t.revision)), key=lambda t: t.incident):
            tickets = list(group)
            assert [ticket.revision for ticket in tickets] == list(range(1, len(tickets) + 1))
            for desk in DESKS:
                mine = [ticket for ticket in tickets if desk in (ticket.desks or DESKS)]
                for _, episode in groupby(mine, key=lambda ticket: ticket.external_id):
                    kinds = [ticket.kind for ticket in episode]
                    assert kinds[0] in OPENING
                    assert all(kind is CommandKind.UPDATE for kind in kinds[1:-1])
                    assert kinds.count(CommandKind.RESOLVE) <= 1

    @invariant()
    def the_last_turn_says_how_it_stands(self) -> None:
        for incident in self.straight.incidents.values():
            turns = incident.turns
            assert [turn.at for turn in turns] == sorted(turn.at for turn in turns)
            last = turns[-1]
            assert (last.status, last.severity, last.pending) == (incident.status, incident.severity, bool(incident.pending))

    @invariant()
    def a_parent_lasts_as_long_as_its_parts(self) -> None:
        open_ones = self.straight.book.open()
        for parent in filter(is_parent, open_ones):
            parts = [one for one in open_ones if one.parent == parent.id]
            assert {part.id for part in parts} <= set(parent.children)

    @invariant()
    def what_failed_is_remembered_after_it_recovered(self) -> None:
        assert all(incident.lead or is_parent(incident) for incident in self.straight.incidents.values())

    @invariant()
    def a_restart_before_every_event_changes_nothing(self) -> None:
        assert self.broken.tickets == self.straight.tickets
        assert self.broken.incidents == self.straight.incidents
        assert self.broken.timeline == self.straight.timeline


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(
    st.lists(st.tuples(NAMES, TARGETS, st.sampled_from(Severity)), unique_by=lambda drawn: drawn[:2], min_size=1),
    st.randoms(use_true_random=False),
)
def test_the_same_alerts_in_any_order_make_the_same_incidents(drawn: list[tuple[str, str, Severity]], shuffle: object) -> None:
    made = [
        alert(f"{target}-{name}", 100.0 + place, target=target, severity=severity)
        for place, (name, target, severity) in enumerate(drawn)
    ]
    mixed = made.copy()
    shuffle.shuffle(mixed)  # type: ignore[attr-defined]
    one, other, third = World(), World(), World()

    one.alerts(*made, at=200.0)
    other.alerts(*mixed, at=200.0)
    for each in mixed:
        third.alerts(each, at=200.0)

    assert other.incidents == one.incidents
    assert {(i.group, frozenset(i.alerts), i.checks, i.severity) for i in third.book.open()} == {
        (i.group, frozenset(i.alerts), i.checks, i.severity) for i in one.book.open()
    }


def test_a_replay_after_a_crash_makes_the_same_names() -> None:
    one, other = World(), World()

    one.alerts(alert())
    other.alerts(replace(alert(), summary=alert().title), at=105.0)

    assert one.tickets[0].external_id == other.tickets[0].external_id
