"""Every incident that can still change, and what each event makes of it. A plain object: no clock, no I/O.

Alerts with one group are one incident. The desk is told at once when it opens, at most once a minute of what is new, and at
once when it resolves; while a silence or maintenance window covers every alert of it, it is kept and not told. An incident
resolves when its last alert does. It opens again, as the next episode, when its group fires within the reopening window.

A human's word stands. What was already going on when somebody resolved an incident does not open it again: such alerts stay
with the resolved incident until they recover. Only trouble that began later does.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from monitor.incidents import lines, wording
from monitor.incidents.change import Change
from monitor.incidents.members import is_small, join, leave, was_going_on, with_news, worst
from monitor.incidents.moves import Event, Refused, Unknown, move
from monitor.incidents.names import incident_id
from monitor.incidents.tickets import tell
from monitor.incidents.windows import covered, in_force, over
from monitor.model.alert import Alert, AlertState
from monitor.model.incident import CommandKind, Happening, Incident, Status, TimelineEntry, Window
from monitor.model.text import Text

#: Trouble that comes back within this time is the same trouble.
REOPEN_SECONDS = 3_600.0
#: A desk is told of news at most this often: nobody reads a thousand updates.
UPDATE_SECONDS = 60.0
#: Alerts of one incident that get a timeline entry of their own for coming and going.
ENTRIES_MAX = 50
#: Who did it, when no person did.
OURSELVES = "paycanary"
#: Longest note kept.
NOTE_MAX = 2_000


class Book:
    """Each event returns what it changed, to be stored in one transaction.

    ``incidents``, ``windows`` and ``alerts`` (those firing) are what a store kept. Incidents with very many alerts are handed
    out by ``tick`` only, not with each alert that joins: after a crash in between, ``alerts`` says who had joined.
    """

    def __init__(
        self,
        install: str,
        reopen_seconds: float = REOPEN_SECONDS,
        incidents: Iterable[Incident] = (),
        windows: Iterable[Window] = (),
        alerts: Iterable[Alert] | None = None,
    ) -> None:
        self._install = install
        self._reopen_seconds = reopen_seconds
        self._incidents: dict[str, Incident] = {}
        self._newest: dict[str, str] = {}  # group -> its latest incident
        self._home: dict[str, str] = {}  # alert -> the incident it fires in
        self._windows = {window.id: window for window in windows}
        self._change = Change()  # not handed out yet
        self._unsaved: dict[str, None] = {}
        self._urgent = False
        for incident in sorted(incidents, key=lambda incident: incident.id):
            self._adopt(incident)
        if alerts is not None:
            self._catch_up({alert.id: alert for alert in alerts if alert.state is AlertState.FIRING})

    @property
    def incidents(self) -> Mapping[str, Incident]:
        """By id: the open ones, and those that may open again."""
        return self._incidents

    def open(self) -> list[Incident]:
        """Open or acknowledged, oldest first."""
        return [incident for incident in self._incidents.values() if incident.status is not Status.RESOLVED]

    def alerts(self, alerts: Iterable[Alert], at: float) -> Change:
        """Alerts that changed. Pending ones concern nobody yet."""
        touched: dict[str, None] = {}
        for alert in sorted(alerts, key=lambda alert: (alert.changed, alert.id)):
            if alert.state is AlertState.FIRING:
                touched[self._fired(alert, at)] = None
            elif alert.state is AlertState.RESOLVED and alert.id in self._home:
                touched[self._cleared(alert, at)] = None
        for name in touched:
            self._settle(self._incidents[name], at)
        return self._hand_out() if self._urgent else Change()

    def acknowledge(self, incident_id: str, by: str, at: float) -> Change:
        """Somebody is on it. Raises Unknown, Refused."""
        incident = self._known(incident_id)
        status = move(incident, Event.ACKNOWLEDGE)
        incident = replace(incident, status=status, acknowledged=at, acknowledged_by=by, changed=at)
        self._put(incident, Happening.ACKNOWLEDGED, lines.acknowledged(by), at, by=by)
        return self._hand_out()

    def note(self, incident_id: str, by: str, text: str, at: float) -> Change:
        """Raises Unknown, Refused."""
        incident = self._known(incident_id)
        move(incident, Event.NOTE)
        if not text.strip():
            raise Refused("a note needs some text")
        self._put(incident, Happening.NOTED, lines.note(by, text.strip()[:NOTE_MAX]), at, by=by)
        return self._hand_out()

    def resolve(self, incident_id: str, by: str, at: float) -> Change:
        """A human says it is over. Raises Unknown, Refused."""
        incident = self._known(incident_id)
        self._close(incident, Event.RESOLVE, lines.resolved_by(by, len(incident.alerts)), at, by=by)
        return self._hand_out()

    def window_added(self, window: Window, at: float) -> Change:
        """What it covers is not told from now on, or from when it begins. The caller stores the window."""
        self._windows[window.id] = window
        return self._review(at, by=window.author)

    def window_ended(self, window_id: str, by: str, at: float) -> tuple[Window, Change]:
        """Early, by hand. Gives the window as it now is. Raises Unknown."""
        window = self._windows.get(window_id)
        if window is None or over(window) <= at:
            raise Unknown(f"no silence or maintenance window {window_id!r} is in force or to come")
        self._windows[window_id] = window = replace(window, ended=at)
        return window, self._review(at, by=by)

    def knows_window(self, window_id: str) -> bool:
        """Also one that was ended early, until its planned end: it must not come back."""
        return window_id in self._windows

    def tick(self, at: float) -> Change:
        """Time passed: windows begin and end, news is due, what can no longer change is let go."""
        for incident in self._incidents.copy().values():
            if incident.resolved is not None and not incident.alerts and at > incident.resolved + self._reopen_seconds:
                self._forget(incident)
        self._windows = {name: window for name, window in self._windows.items() if window.ends > at}
        return self._review(at)

    def _review(self, at: float, by: str = OURSELVES) -> Change:
        for incident in self.open():
            self._settle(incident, at, by)
            self._update(self._incidents[incident.id], at)
        return self._hand_out()

    def _fired(self, alert: Alert, at: float) -> str:
        """The incident it belongs to from now on."""
        if alert.id in self._home:
            self._save(join(self._incidents[self._home[alert.id]], alert))  # told twice: only what it says may be newer
            return self._home[alert.id]
        incident = self._incidents.get(self._newest.get(alert.group, ""))
        if incident is None or self._is_new_trouble(incident, alert):
            incident = self._opened(alert, at)
        elif incident.status is Status.RESOLVED and not was_going_on(incident, alert):
            incident = self._reopened(incident, alert, at)
        else:
            incident = join(incident, alert)
            self._put(incident, Happening.ALERT_ADDED, lines.fired(alert), at, urgent=is_small(incident))
        self._home[alert.id] = incident.id
        return incident.id

    def _is_new_trouble(self, incident: Incident, alert: Alert) -> bool:
        if incident.resolved is None or was_going_on(incident, alert):
            return False
        return alert.changed > incident.resolved + self._reopen_seconds

    def _opened(self, alert: Alert, at: float) -> Incident:
        incident = Incident(
            id=incident_id(self._install, alert.group, alert.changed),
            group=alert.group,
            target=alert.series.target,
            status=Status.OPEN,
            severity=alert.severity,
            title=Text(""),
            opened=alert.changed,
            since=alert.since,
            changed=at,
            revision=0,
        )
        incident = join(incident, alert)
        self._newest[alert.group] = incident.id
        self._put(incident, Happening.OPENED, lines.fired(alert), at)
        return incident

    def _reopened(self, incident: Incident, alert: Alert, at: float) -> Incident:
        episode = incident.episode + 1
        status = move(incident, Event.FIRED)
        incident = replace(incident, status=status, episode=episode, resolved=None, acknowledged=None, acknowledged_by="")
        incident = with_news(replace(incident, told=False, news=(), changed=at), lines.reopened(episode))
        incident = join(incident, alert)
        self._put(incident, Happening.REOPENED, lines.fired(alert), at, news=True)
        return incident

    def _cleared(self, alert: Alert, at: float) -> str:
        incident = leave(self._incidents[self._home.pop(alert.id)], alert)
        self._put(incident, Happening.ALERT_CLEARED, lines.cleared(alert), at, urgent=is_small(incident))
        return incident.id

    def _settle(self, incident: Incident, at: float, by: str = OURSELVES) -> None:
        """Draw the consequences: is it over, how bad is it, is it silenced, was it told."""
        if incident.status is Status.RESOLVED:
            return
        if not incident.alerts:
            self._close(incident, Event.CLEARED, lines.resolved(incident, at), at)
            return
        incident = self._silence(self._weigh(incident, at), at, by)
        if not incident.told and not incident.silenced:
            self._tell(incident, CommandKind.REOPEN if incident.revision else CommandKind.OPEN, at)

    def _weigh(self, incident: Incident, at: float) -> Incident:
        before, severity = incident.severity, worst(incident)
        if not incident.title.en:  # it has just opened: whatever came with the first alert is how it began
            return self._save(replace(incident, severity=severity, title=wording.title(incident)))
        if severity is before:
            return incident
        if severity.rank < before.rank:  # the title names the worst of it, also while it fades
            incident = replace(incident, title=wording.title(incident))
        incident = replace(incident, severity=severity, changed=at)
        return self._put(incident, Happening.SEVERITY_CHANGED, lines.severity(before, severity), at)

    def _silence(self, incident: Incident, at: float, by: str) -> Incident:
        windows = in_force(self._windows.values(), at)
        silenced = covered(incident.alerts.values(), windows)
        if silenced is incident.silenced:
            return incident
        said = lines.silenced(windows[0].reason) if silenced else lines.unsilenced()
        return self._put(replace(incident, silenced=silenced, changed=at), Happening.SILENCED, said, at, by=by)

    def _close(self, incident: Incident, event: Event, said: Text, at: float, by: str = OURSELVES) -> None:
        incident = replace(incident, status=move(incident, event), resolved=at, changed=at)
        incident = self._put(incident, Happening.RESOLVED, said, at, by=by)
        if incident.told:  # whoever was told that it began is told that it is over, silence or not
            self._tell(incident, CommandKind.RESOLVE, at)

    def _update(self, incident: Incident, at: float) -> None:
        due = incident.told_at is not None and at - incident.told_at >= UPDATE_SECONDS
        if due and incident.told and incident.news and not incident.silenced and incident.status is not Status.RESOLVED:
            self._tell(incident, CommandKind.UPDATE, at)

    def _tell(self, incident: Incident, kind: CommandKind, at: float) -> None:
        incident, ticket = tell(self._install, incident, kind, at)
        self._change.tickets.append(ticket)
        self._save(incident)
        self._urgent = True

    def _put(
        self,
        incident: Incident,
        kind: Happening,
        said: Text,
        at: float,
        *,
        by: str = OURSELVES,
        urgent: bool = True,
        news: bool = False,
    ) -> Incident:
        """Keep it, with a line in its timeline, and in the news once the desk knows of it (or ``news`` says so)."""
        if len(incident.alerts) <= ENTRIES_MAX or urgent:
            self._change.timeline.append(TimelineEntry(incident.id, at, kind, said, by))
        self._urgent |= urgent
        return self._save(with_news(incident, said) if incident.told or news else incident)

    def _save(self, incident: Incident) -> Incident:
        self._incidents[incident.id] = incident
        self._unsaved[incident.id] = None
        return incident

    def _hand_out(self) -> Change:
        change, self._change, self._urgent = self._change, Change(), False
        change.incidents = [self._incidents[name] for name in self._unsaved]
        self._unsaved = {}
        return change

    def _known(self, name: str) -> Incident:
        if name not in self._incidents:
            raise Unknown(f"no incident {name!r} that can still change")
        return self._incidents[name]

    def _adopt(self, incident: Incident) -> None:
        self._incidents[incident.id] = incident
        self._newest[incident.group] = incident.id
        self._home |= dict.fromkeys(incident.alerts, incident.id)

    def _forget(self, incident: Incident) -> None:
        del self._incidents[incident.id]
        if self._newest[incident.group] == incident.id:
            del self._newest[incident.group]

    def _catch_up(self, firing: Mapping[str, Alert]) -> None:
        """Who joined or left an incident too big to be stored each time. The next tick hands it out.

        An alert without an incident was there when a human resolved it, long enough ago for the incident to be let go: it stays so.
        """
        for name in [name for name in self._home if name not in firing]:
            gone = self._incidents[self._home[name]].alerts[name]
            self._cleared(gone, gone.changed)
        for alert in sorted(firing.values(), key=lambda alert: (alert.changed, alert.id)):
            incident = self._incidents.get(self._newest.get(alert.group, ""))
            if alert.id not in self._home and incident and (incident.resolved is None or was_going_on(incident, alert)):
                self._fired(alert, alert.changed)
