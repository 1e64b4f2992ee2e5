"""Anything may happen to a book, in any order: what holds all the same. One book lives on; its twin restarts before every event."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import groupby

from book_world import World, alert, over, window
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from monitor.incidents import Book, Change, Refused, Unknown
from monitor.model.alert import Alert, Severity
from monitor.model.incident import CommandKind, Status

NAMES = st.sampled_from(["card-payment", "wallet", "refund", "history"])
TARGETS = st.sampled_from(["sandbox", "live"])
STEP = st.sampled_from([1.0, 5.0, 61.0, 2_000.0])
OPENING = {CommandKind.OPEN, CommandKind.REOPEN}


class Life(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.straight, self.broken = World(), World()
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
    @rule(data=st.data(), what=st.sampled_from(["acknowledge", "note", "resolve"]))
    def a_human_acts(self, data: st.DataObject, what: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.straight.incidents)))
        self.at += 1.0
        self.both(lambda world: self._act(world, what, name))

    def _act(self, world: World, what: str, name: str) -> None:
        acts: dict[str, Callable[[Book], Change]] = {
            "acknowledge": lambda book: book.acknowledge(name, "li", self.at),
            "note": lambda book: book.note(name, "li", "looking", self.at),
            "resolve": lambda book: book.resolve(name, "li", self.at),
        }
        before = dict(world.book.incidents)
        try:
            world.keep(acts[what](world.book))
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

    @invariant()
    def what_is_open_and_not_silenced_has_a_ticket_and_what_is_closed_has_its_end(self) -> None:
        for incident in self.straight.incidents.values():
            told = [
                ticket
                for ticket in self.straight.tickets
                if ticket.incident == incident.id and ticket.episode == incident.episode
            ]
            if incident.status is Status.RESOLVED:
                assert not told or told[-1].kind is CommandKind.RESOLVE
            else:
                assert incident.silenced or told
                assert incident.alerts

    @invariant()
    def each_episode_is_told_in_order_and_revisions_count_up(self) -> None:
        for _, group in groupby(sorted(self.straight.tickets, key=lambda t: (t.incident, t.revision)), key=lambda t: t.incident):
            tickets = list(group)
            assert [ticket.revision for ticket in tickets] == list(range(1, len(tickets) + 1))
            for _, episode in groupby(tickets, key=lambda ticket: ticket.external_id):
                kinds = [ticket.kind for ticket in episode]
                assert kinds[0] in OPENING
                assert all(kind is CommandKind.UPDATE for kind in kinds[1:-1])
                assert kinds.count(CommandKind.RESOLVE) <= 1

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
