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

from monitor.incidents import lines
from monitor.incidents.causes import causes, consequences, follows, group_of, is_left_alone, may_follow, upstream
from monitor.incidents.change import Change
from monitor.incidents.members import begun, is_new_trouble, is_small, join, leave, was_going_on, worst
from monitor.incidents.moves import Event, Unknown
from monitor.incidents.pages import OURSELVES
from monitor.incidents.parents import NO_GROUND, CommonCause, Ground, Kinship, is_parent, nothing_in_common
from monitor.incidents.routes import Routes
from monitor.incidents.shelf import REOPEN_SECONDS
from monitor.incidents.turns import turned
from monitor.incidents.windows import covered, in_force, over
from monitor.incidents.words import Words
from monitor.model.alert import Alert, AlertState
from monitor.model.incident import Happening, Incident, Status, Window

#: What depended on a target that works again has this long to recover too: its own test of health takes minutes.
STANDS_ALONE_SECONDS = 300.0


class Book(Kinship):
    """Each event returns what it changed, to be stored in one transaction. What people do stands in ``Work``, what becomes known in
    ``Findings``, common causes in ``Kinship``; here is what alerts, windows and time do.

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
        words: Words | None = None,
        *,
        routes: Routes | None = None,
        ground: Ground = NO_GROUND,
        common_cause: CommonCause = nothing_in_common,
    ) -> None:
        """``routes`` None: every desk is told of everything. ``ground`` is what targets stand on, for ``common_cause``."""
        super().__init__(install, reopen_seconds, words=words, routes=routes)
        self._depends_on, self._ground, self._common_cause = depends_on, ground, common_cause
        self._home: dict[str, str] = {}  # alert -> the incident it fires in
        self._windows = {window.id: window for window in windows}
        for incident in sorted(incidents, key=lambda incident: incident.id):
            self._adopt(incident)
        if alerts is not None:
            self._catch_up({alert.id: alert for alert in alerts if alert.state is AlertState.FIRING})

    def adopt(
        self,
        depends_on: Mapping[str, tuple[str, ...]],
        words: Words | None = None,
        *,
        routes: Routes | None = None,
    ) -> None:
        """Another configuration; what is None stays. What is told already stays where it is, and as it was said."""
        self._depends_on = depends_on
        teller = self._teller
        teller.scribe = replace(teller.scribe, words=words or teller.scribe.words)
        teller.routes = routes or teller.routes

    def alerts(self, alerts: Iterable[Alert], at: float) -> Change:
        """Alerts that changed. Pending ones concern nobody yet."""
        touched: dict[str, None] = {}
        for alert in sorted(alerts, key=lambda alert: (alert.changed, alert.id)):
            if alert.state is AlertState.FIRING:
                touched[self._fired(alert, at)] = None
            elif alert.state is AlertState.RESOLVED and alert.id in self._home:
                touched[self._cleared(alert, at)] = None
        self._draw_consequences(touched, at)
        return self._pages.hand_out() if self._pages.urgent else Change()

    def _draw_consequences(self, touched: Iterable[str], at: float) -> None:
        incidents = self._pages.incidents
        joined = self._look_for_kin([name for name in touched if self._is_untold(incidents[name])], at)
        for name in touched:
            self._settle(incidents[name], at)
        for parent in dict.fromkeys(incidents[name].parent for name in touched):
            if parent in incidents:
                self._settle(incidents[parent], at)
        self._point_to_parent(joined, at)

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
        for name in [incident.id for incident in sorted(self.open(), key=is_parent)]:  # a parent's parts first: it goes by them
            incident = self._pages.incidents[name]
            if incident.snoozed_until is not None and incident.snoozed_until <= at:
                incident = self._wake(incident, lines.snooze_over(), at)
            self._settle(incident, at, by)
            incident = self._teller.pass_on(self._pages.incidents[name], at)
            self._teller.climb(incident, at)
        return self._pages.hand_out()

    def _fired(self, alert: Alert, at: float) -> str:
        """The incident it belongs to from now on."""
        if alert.id in self._home:
            home = self._home[alert.id]
            self._pages.save(join(self._pages.incidents[home], alert))  # told twice: only what it says may be newer
            return home
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
        incident = join(replace(self._episode(incident), changed=at), alert)
        return self._pages.put(incident, Happening.REOPENED, lines.fired(alert), at, news=True)

    def _cleared(self, alert: Alert, at: float) -> str:
        incident = leave(self._pages.incidents[self._home.pop(alert.id)], alert)
        self._pages.put(incident, Happening.ALERT_CLEARED, lines.cleared(alert), at, urgent=is_small(incident))
        return incident.id

    def _settle(self, incident: Incident, at: float, by: str = OURSELVES) -> None:
        """Is it over, how bad is it, is it silenced, was it told."""
        if incident.status is Status.RESOLVED:
            return
        if is_parent(incident):
            self._settle_parent(incident, at, by)
            return
        if not incident.alerts:
            self._close(incident, Event.CLEARED, lines.resolved(incident, at), at)
            return
        if is_left_alone(incident) and incident.left_alone is not None and at - incident.left_alone >= STANDS_ALONE_SECONDS:
            self._part(incident, at)
            return
        told = incident.severity if incident.told else None
        incident = self._note_left_alone(incident, at)
        incident = self._weigh(incident, worst(incident), at) if incident.title.en else self._christen(incident, at)
        self._retell(self._silence(incident, at, by), told, at)

    def _christen(self, incident: Incident, at: float) -> Incident:
        """It has just opened: whatever came with the first alert is how it began."""
        incident = replace(self._entitle(incident), severity=worst(incident))
        return self._pages.save(turned(incident, at))

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
        self._draw_consequences(list(dict.fromkeys(self._fired(alert, at) for alert in left)), at)

    def _silence(self, incident: Incident, at: float, by: str) -> Incident:
        windows = in_force(self._windows.values(), at)
        silenced = covered(causes(incident) or incident.alerts.values(), windows)  # a consequence is as silent as its cause
        if silenced is incident.silenced:
            return incident
        said = lines.silenced(windows[0].reason) if silenced else lines.unsilenced()
        return self._hush(incident, silenced, said, at, by)

    def _adopt(self, incident: Incident) -> None:
        self._pages.incidents[incident.id] = incident
        self._newest[incident.group] = incident.id
        self._home |= dict.fromkeys(incident.alerts, incident.id)

    def _is_untold(self, incident: Incident) -> bool:
        return incident.status is not Status.RESOLVED and not incident.told

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
