"""Rules and incidents together, with a restart before every event: everything goes through JSON, as a store would have it."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from rules_helpers import check, checks, result, rule

from monitor.detectors.absence import Absence
from monitor.detectors.k_of_n import KOfN
from monitor.incidents import Book, Change
from monitor.model.alert import Alert, AlertState, Severity
from monitor.model.incident import Incident, Ticket
from monitor.rules import RuleEngine

RULES = (
    rule(),
    rule("some", KOfN(bad=3, of=6, successes=3), severity=Severity.P2),
    rule("held", for_seconds=15.0),
    rule("absent", Absence(after="25s"), group_by=("target", "kind")),
)
ALERTS, INCIDENTS = TypeAdapter(list[Alert]), TypeAdapter(list[Incident])
NAMES = ("card-payment", "wallet")


class Service:
    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self.incidents: dict[str, Incident] = {}
        self.alerts: dict[str, Alert] = {}
        self.tickets: list[Ticket] = []
        self.start()

    def start(self) -> None:
        alerts = ALERTS.validate_json(ALERTS.dump_json(list(self.alerts.values())))
        incidents = INCIDENTS.validate_json(INCIDENTS.dump_json(list(self.incidents.values())))
        self.engine = RuleEngine(RULES, checks(*map(check, NAMES)), "local")
        assert self.engine.restore(json.loads(json.dumps(self.states)), alerts) == []
        self.book = Book("demo", incidents=incidents, alerts=alerts)

    def happen(self, name: str, mark: str, slot: int) -> None:
        at = 10.0 * slot + 5
        if mark == "t":
            self._keep(self.engine.tick(at), at)
            self._take(self.book.tick(at))
        elif mark == "h" and self.book.open():
            self._take(self.book.resolve(self.book.open()[0].id, "li", at))
        elif mark in ".x?":
            made = result(slot, {".": True, "x": False, "?": None}[mark], check=name)
            self._keep(self.engine.feed(made), at)

    def _keep(self, alerts: list[Alert], at: float) -> None:
        for alert in alerts:
            self.alerts[alert.id] = alert
            if alert.state is AlertState.RESOLVED:
                del self.alerts[alert.id]
        self._take(self.book.alerts(alerts, at))
        self.states |= self.engine.take_dirty(everything=True)

    def _take(self, change: Change) -> None:
        self.incidents |= {incident.id: incident for incident in change.incidents}
        self.tickets += change.tickets


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(".xx?th.")), max_size=60))
def test_a_restart_between_every_pair_of_events_gives_the_same_incidents_and_tickets(events: list[tuple[str, str]]) -> None:
    straight, broken = Service(), Service()
    for slot, (name, mark) in enumerate(events):
        broken.start()
        straight.happen(name, mark, slot)
        broken.happen(name, mark, slot)

    assert broken.tickets == straight.tickets
    assert broken.incidents == straight.incidents
