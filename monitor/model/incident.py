"""Alerts with one cause and one life; what is told to the ticket desk about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.model.alert import Alert, Severity
from monitor.model.extent import Extent
from monitor.model.text import Text
from monitor.model.triage import Diagnosis


class Status(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


class Happening(StrEnum):
    """Kinds of timeline entries."""

    OPENED = "opened"
    ALERT_ADDED = "alert_added"
    ALERT_CLEARED = "alert_cleared"
    SEVERITY_CHANGED = "severity_changed"
    ACKNOWLEDGED = "acknowledged"
    NOTED = "noted"
    SILENCED = "silenced"
    RESOLVED = "resolved"
    REOPENED = "reopened"
    TICKET = "ticket"
    ASSIGNED = "assigned"
    PENDING = "pending"  # waiting for somebody else: the clocks stand still
    RESUMED = "resumed"
    SNOOZED = "snoozed"
    ESCALATED = "escalated"
    TRIAGED = "triaged"
    RELATED = "related"  # to a common cause, or to a problem that comes back
    HEARD = "heard"  # a person wrote at the desk
    AT_DESK = "at_desk"  # a person closed, merged, deleted or took the ticket there
    CLOCK = "clock"  # a response, update or restore target is near, or was missed


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    incident: str
    at: float
    kind: Happening
    text: Text
    by: str = "paycanary"


@dataclass(frozen=True, slots=True)
class Turn:
    """A change of what the clocks depend on: from ``at`` on it stood like this."""

    at: float
    status: Status
    severity: Severity
    pending: bool = False


@dataclass(frozen=True, slots=True)
class Incident:
    """``alerts`` holds those firing now, by id; what has cleared stays in the timeline and in ``checks``."""

    id: str  # sortable, deterministic from (group, opened): a replay after a crash gives the same
    group: str
    target: str
    status: Status
    severity: Severity
    title: Text
    opened: float  # when we opened it
    since: float  # when it began, by the earliest alert's onset
    changed: float
    episode: int = 1  # counts reopenings: part of the ticket's external id
    revision: int = 1  # counts what was told to the desk
    acknowledged: float | None = None
    acknowledged_by: str = ""
    resolved: float | None = None
    alerts: Mapping[str, Alert] = field(default_factory=dict)
    checks: tuple[str, ...] = ()  # every check that was ever part of it, sorted, bounded
    check_count: int = 0  # how many there really were
    silenced: bool = False  # a silence or maintenance window covers it: kept, not told
    told: bool = False  # a ticket was asked for, in this episode
    told_at: float | None = None  # when the desk was last told something
    news: tuple[Text, ...] = ()  # what happened since: the next update's comment, bounded
    between: tuple[float, float] | None = None  # 95 % interval of ``since``, when a detector could say
    left_alone: float | None = None  # since when only alerts of targets that depend on this one fire
    assignee: str = ""
    pending: str = ""  # whom or what it waits for; "": for us
    snoozed_until: float | None = None  # nobody is reminded or escalated to before
    fixed: Severity | None = None  # a person's word on how bad it is; it stands until they take it back
    escalated: int = 0  # how many steps of its route were taken in this episode
    desks: tuple[str, ...] = ()  # who was told in this episode, and is owed every update and its end; none named: every desk
    turns: tuple[Turn, ...] = ()  # oldest first, bounded
    clocks: tuple[str, ...] = ()  # what was said about its clocks: "respond warned", "restore missed"
    updated: float | None = None  # when people were last told something by a person
    parent: str = ""  # the common cause it is part of
    children: tuple[str, ...] = ()
    why: Text = Text("")  # of a parent: why its parts are taken for one
    fingerprint: str = ""  # layer, stratum and code: the same trouble has the same one
    problem: str = ""  # the recurring trouble it is one more case of
    diagnosis: Diagnosis | None = None
    extent: Extent | None = None
    lead: Alert | None = None  # the worst alert of this episode, kept with its evidence when it has cleared
    waiting_since: float | None = None  # since when somebody should have acknowledged it: its route's steps count from here


class CommandKind(StrEnum):
    """What the desk is to be told. In this order per incident and episode: open, update*, resolve, reopen, ..."""

    OPEN = "open"
    UPDATE = "update"
    RESOLVE = "resolve"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What one command says: a snapshot with the words already chosen, so that resending sends identical bytes."""

    external_id: str  # paycanary-<install>-<incident>-<episode>
    incident: str
    episode: int
    revision: int
    kind: CommandKind
    at: float
    status: Status
    severity: Severity
    target: str
    title: Text
    body: Text
    checks: tuple[str, ...]
    opened: float
    resolved: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    comment: Text = Text("")  # what is new since the last command
    desks: tuple[str, ...] | None = None  # who is told; None: every desk
    assignee: str = ""
    parent: str = ""  # external id of the common cause's ticket


class OutboxState(StrEnum):
    NEW = "new"
    SENDING = "sending"  # committed before the request leaves: after a crash the answer is unknown, so it is looked up
    SENT = "sent"
    RETRY = "retry"  # certain that nothing happened: send again
    UNSURE = "unsure"  # anything can have happened: wait for the desk's search to settle, look up, then decide
    DEAD = "dead"  # a human is needed; never blocks the queue
    SUPERSEDED = "superseded"  # a newer update says it all


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One ticket command for one desk."""

    id: str  # <desk>:<external id>:<revision>: unique
    desk: str
    ticket: Ticket
    state: OutboxState
    created: float
    next_at: float  # not before
    attempts: int = 0
    remote_id: str = ""
    error: str = ""
    sent: float | None = None


class WindowKind(StrEnum):
    MAINTENANCE = "maintenance"  # agreed: excluded from availability, and silent
    SILENCE = "silence"  # silent, but counted


@dataclass(frozen=True, slots=True)
class Window:
    """When not to tell anybody. Empty selector parts match everything. Half-open [starts, ends)."""

    id: str
    kind: WindowKind
    starts: float
    ends: float
    author: str
    reason: str
    checks: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    created: float = 0.0
    ended: float | None = None  # ended early, at
