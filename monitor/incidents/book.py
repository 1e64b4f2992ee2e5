"""Every incident that can still change, and what each event makes of it. A plain object: no clock, no I/O.

Alerts with one group are one incident. The desk is told at once when it opens, becomes worse or resolves, and at most once a minute
of what else is new; while a silence or maintenance window covers every alert of it, it is kept and not told. An incident resolves
when its last alert does. It opens again, as the next episode, when its group fires within the reopening window.

A human's word stands. What was already going on when somebody resolved an incident does not open it again: such alerts stay
with the resolved incident until they recover. Only trouble that began later does.

``depends_on`` says which targets need which. Trouble that follows a target's own is told in that target's incident, as its
consequence; it becomes an incident of its own when it outlasts its cause.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType

from monitor.incidents import lines, wording
from monitor.incidents.causes import causes, consequences, follows, group_of, is_left_alone, may_follow, upstream
from monitor.incidents.change import Change
from monitor.incidents.members import begun, is_new_trouble, is_small, join, leave, was_going_on, with_news, worst
from monitor.incidents.moves import Event, Refused, Unknown, move
from monitor.incidents.pages import OURSELVES, Pages
from monitor.incidents.windows import covered, in_force, over
from monitor.model.alert import Alert, AlertState
from monitor.model.incident import CommandKind, Happening, Incident, Status, Window
from monitor.model.text import Text

#: Trouble that comes back within this time is the same trouble.
REOPEN_SECONDS = 3_600.0
#: A desk is told of news at most this often: nobody reads a thousand updates.
UPDATE_SECONDS = 60.0
#: What depended on a target that works again has this long to recover too: its own test of health takes minutes.
STANDS_ALONE_SECONDS = 300.0
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
        depends_on: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    ) -> None:
        self._install = install
        self._reopen_seconds = reopen_seconds
        self._depends_on = depends_on
        self._pages = Pages(install)
        self._newest: dict[str, str] = {}  # group -> its latest incident
        self._home: dict[str, str] = {}  # alert -> the incident it fires in
        self._windows = {window.id: window for window in windows}
        for incident in sorted(incidents, key=lambda incident: incident.id):
            self._adopt(incident)
        if alerts is not None:
            self._catch_up({alert.id: alert for alert in alerts if alert.state is AlertState.FIRING})

    def adopt(self, depends_on: Mapping[str, tuple[str, ...]]) -> None:
        """Another configuration. What is told already stays where it is."""
        self._depends_on = depends_on

    @property
    def incidents(self) -> Mapping[str, Incident]:
        """By id: the open ones, and those that may open again."""
        return self._pages.incidents

    def open(self) -> list[Incident]:
        """Open or acknowledged, oldest first."""
        return [incident for incident in self._pages.incidents.values() if incident.status is not Status.RESOLVED]

    def alerts(self, alerts: Iterable[Alert], at: float) -> Change:
        """Alerts that changed. Pending ones concern nobody yet."""
        touched: dict[str, None] = {}
        for alert in sorted(alerts, key=lambda alert: (alert.changed, alert.id)):
            if alert.state is AlertState.FIRING:
                touched[self._fired(alert, at)] = None
            elif alert.state is AlertState.RESOLVED and alert.id in self._home:
                touched[self._cleared(alert, at)] = None
        for name in touched:
            self._settle(self._pages.incidents[name], at)
        return self._pages.hand_out() if self._pages.urgent else Change()

    def acknowledge(self, incident_id: str, by: str, at: float) -> Change:
        """Somebody is on it. Raises Unknown, Refused."""
        incident = self._known(incident_id)
        status = move(incident, Event.ACKNOWLEDGE)
        incident = replace(incident, status=status, acknowledged=at, acknowledged_by=by, changed=at)
        self._pages.put(incident, Happening.ACKNOWLEDGED, lines.acknowledged(by), at, by=by)
        return self._pages.hand_out()

    def note(self, incident_id: str, by: str, text: str, at: float) -> Change:
        """Raises Unknown, Refused."""
        incident = self._known(incident_id)
        move(incident, Event.NOTE)
        if not text.strip():
            raise Refused("a note needs some text")
        self._pages.put(incident, Happening.NOTED, lines.note(by, text.strip()[:NOTE_MAX]), at, by=by)
        return self._pages.hand_out()

    def resolve(self, incident_id: str, by: str, at: float) -> Change:
        """A human says it is over. Raises Unknown, Refused."""
        incident = self._known(incident_id)
        self._close(incident, Event.RESOLVE, lines.resolved_by(by, len(incident.alerts)), at, by=by)
        return self._pages.hand_out()

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
        for incident in self._pages.incidents.copy().values():
            if incident.resolved is not None and not incident.alerts and at > incident.resolved + self._reopen_seconds:
                self._forget(incident)
        self._windows = {name: window for name, window in self._windows.items() if window.ends > at}
        return self._review(at)

    def _review(self, at: float, by: str = OURSELVES) -> Change:
        for incident in self.open():
            self._settle(incident, at, by)
            self._update(self._pages.incidents[incident.id], at)
        return self._pages.hand_out()

    def _fired(self, alert: Alert, at: float) -> str:
        """The incident it belongs to from now on."""
        if alert.id in self._home:
            self._pages.save(
                join(self._pages.incidents[self._home[alert.id]], alert)
            )  # told twice: only what it says may be newer
            return self._home[alert.id]
        incident, cause = self._newest_of(alert.group), self._cause(alert)
        if cause is not None:
            incident = join(cause, alert)
            self._pages.put(incident, Happening.ALERT_ADDED, lines.follows(alert, cause.target), at, urgent=is_small(incident))
        elif incident is None or is_new_trouble(incident, alert, self._reopen_seconds):
            incident = self._opened(alert, at)
        elif incident.status is Status.RESOLVED and not was_going_on(incident, alert):
            incident = self._reopened(incident, alert, at)
        else:
            incident = join(incident, alert)
            self._pages.put(incident, Happening.ALERT_ADDED, lines.fired(alert), at, urgent=is_small(incident))
        self._home[alert.id] = incident.id
        return incident.id

    def _newest_of(self, group: str) -> Incident | None:
        return self._pages.incidents.get(self._newest.get(group, ""))

    def _cause(self, alert: Alert) -> Incident | None:
        """The open incident that explains it; None: it stands by itself, or is told with its own target's trouble already."""
        own = self._newest_of(alert.group)
        if not may_follow(alert) or (own and (own.status is not Status.RESOLVED or was_going_on(own, alert))):
            return None
        known = (self._newest_of(group_of(name)) for name in upstream(self._depends_on, alert.series.target))
        return next((one for one in known if one and one.status is not Status.RESOLVED and follows(alert, one)), None)

    def _point_to(self, cause: Incident, at: float) -> None:
        """Those whose own trouble was told before that of what they depend on: it explains them all the same."""
        for incident in self.open():
            if cause.target in upstream(self._depends_on, incident.target) and incident.group == group_of(incident.target):
                self._pages.put(incident, Happening.NOTED, lines.cause_is_known(cause), at)

    def _opened(self, alert: Alert, at: float) -> Incident:
        incident = begun(self._install, alert, at)
        self._newest[alert.group] = incident.id
        incident = self._pages.put(incident, Happening.OPENED, lines.fired(alert), at)
        if may_follow(alert):
            self._point_to(incident, at)
        return incident

    def _reopened(self, incident: Incident, alert: Alert, at: float) -> Incident:
        episode = incident.episode + 1
        status = move(incident, Event.FIRED)
        incident = replace(incident, status=status, episode=episode, resolved=None, acknowledged=None, acknowledged_by="")
        incident = with_news(replace(incident, told=False, news=(), changed=at), lines.reopened(episode))
        incident = join(incident, alert)
        self._pages.put(incident, Happening.REOPENED, lines.fired(alert), at, news=True)
        return incident

    def _cleared(self, alert: Alert, at: float) -> str:
        incident = leave(self._pages.incidents[self._home.pop(alert.id)], alert)
        self._pages.put(incident, Happening.ALERT_CLEARED, lines.cleared(alert), at, urgent=is_small(incident))
        return incident.id

    def _settle(self, incident: Incident, at: float, by: str = OURSELVES) -> None:
        """Draw the consequences: is it over, how bad is it, is it silenced, was it told."""
        if incident.status is Status.RESOLVED:
            return
        if not incident.alerts:
            self._close(incident, Event.CLEARED, lines.resolved(incident, at), at)
            return
        if is_left_alone(incident) and incident.left_alone is not None and at - incident.left_alone >= STANDS_ALONE_SECONDS:
            self._part(incident, at)
            return
        told = incident.severity if incident.told else None
        incident = self._silence(self._weigh(self._note_left_alone(incident, at), at), at, by)
        if incident.silenced:
            return
        if not incident.told:
            self._pages.tell(incident, CommandKind.REOPEN if incident.revision else CommandKind.OPEN, at)
        elif told and incident.severity.rank < told.rank:  # who is called depends on it
            self._pages.tell(incident, CommandKind.UPDATE, at)

    def _note_left_alone(self, incident: Incident, at: float) -> Incident:
        alone = is_left_alone(incident)
        if alone is (incident.left_alone is not None):
            return incident
        incident = replace(incident, left_alone=at if alone else None)
        if not alone:
            return self._pages.save(incident)
        names = sorted({alert.series.target for alert in incident.alerts.values()})
        return self._pages.put(incident, Happening.NOTED, lines.left_alone(incident.target, names, STANDS_ALONE_SECONDS), at)

    def _part(self, incident: Incident, at: float) -> None:
        """The cause is over and its consequences are not: they are incidents of their own from now on."""
        left = [replace(alert, changed=at) for alert in consequences(incident)]
        for alert in left:
            del self._home[alert.id]
        self._close(replace(incident, alerts={}, left_alone=None), Event.CLEARED, lines.resolved(incident, at), at)
        for name in dict.fromkeys([self._fired(alert, at) for alert in left]):
            self._settle(self._pages.incidents[name], at)

    def _weigh(self, incident: Incident, at: float) -> Incident:
        before, severity = incident.severity, worst(incident)
        if not incident.title.en:  # it has just opened: whatever came with the first alert is how it began
            return self._pages.save(replace(incident, severity=severity, title=wording.title(incident)))
        if severity is before:
            return incident
        if severity.rank < before.rank:  # the title names the worst of it, also while it fades
            incident = replace(incident, title=wording.title(incident))
        incident = replace(incident, severity=severity, changed=at)
        return self._pages.put(incident, Happening.SEVERITY_CHANGED, lines.severity(before, severity), at)

    def _silence(self, incident: Incident, at: float, by: str) -> Incident:
        windows = in_force(self._windows.values(), at)
        silenced = covered(causes(incident) or incident.alerts.values(), windows)  # a consequence is as silent as its cause
        if silenced is incident.silenced:
            return incident
        said = lines.silenced(windows[0].reason) if silenced else lines.unsilenced()
        return self._pages.put(replace(incident, silenced=silenced, changed=at), Happening.SILENCED, said, at, by=by)

    def _close(self, incident: Incident, event: Event, said: Text, at: float, by: str = OURSELVES) -> None:
        incident = replace(incident, status=move(incident, event), resolved=at, changed=at)
        incident = self._pages.put(incident, Happening.RESOLVED, said, at, by=by)
        if incident.told:  # whoever was told that it began is told that it is over, silence or not
            self._pages.tell(incident, CommandKind.RESOLVE, at)

    def _update(self, incident: Incident, at: float) -> None:
        due = incident.told_at is not None and at - incident.told_at >= UPDATE_SECONDS
        if due and incident.told and incident.news and not incident.silenced and incident.status is not Status.RESOLVED:
            self._pages.tell(incident, CommandKind.UPDATE, at)

    def _known(self, name: str) -> Incident:
        if name not in self._pages.incidents:
            raise Unknown(f"no incident {name!r} that can still change")
        return self._pages.incidents[name]

    def _adopt(self, incident: Incident) -> None:
        self._pages.incidents[incident.id] = incident
        self._newest[incident.group] = incident.id
        self._home |= dict.fromkeys(incident.alerts, incident.id)

    def _forget(self, incident: Incident) -> None:
        del self._pages.incidents[incident.id]
        if self._newest[incident.group] == incident.id:
            del self._newest[incident.group]

    def _catch_up(self, firing: Mapping[str, Alert]) -> None:
        """Who joined or left an incident too big to be stored each time. The next tick hands it out.

        An alert without an incident was there when a human resolved it, long enough ago for the incident to be let go: it stays so.
        """
        for name in [name for name in self._home if name not in firing]:
            gone = self._pages.incidents[self._home[name]].alerts[name]
            self._cleared(gone, gone.changed)
        for alert in sorted(firing.values(), key=lambda alert: (alert.changed, alert.id)):
            incident = self._cause(alert) or self._newest_of(alert.group)
            if alert.id not in self._home and incident and (incident.resolved is None or was_going_on(incident, alert)):
                self._fired(alert, alert.changed)
