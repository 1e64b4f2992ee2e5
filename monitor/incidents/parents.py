"""Incidents with a common cause: one parent is told for all of them.

A parent has no alerts of its own. It is as bad as the worst of its parts, silenced when they all are, and over when they are. What opens
later with the same cause becomes part of it and is not told separately; what had been told before gets one comment that names the parent,
and its own end.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from monitor.incidents import lines
from monitor.incidents.causes import group_of
from monitor.incidents.findings import Findings
from monitor.incidents.members import CHECKS_MAX
from monitor.incidents.moves import Event
from monitor.incidents.names import incident_id
from monitor.incidents.pages import OURSELVES
from monitor.model.incident import Happening, Incident, Status
from monitor.model.text import Text

#: Target -> what it stands on: "cdn=fastly", "network=AS13335". Two that share one can fail of one cause.
Ground = Mapping[str, frozenset[str]]
NO_GROUND: Ground = MappingProxyType({})
#: Parts of one cause that are listed by name; the others point to it all the same.
CHILDREN_MAX = 200
#: The groups of parents. Alerts are grouped by target, rule or check.
_GROUP = "cause="


@dataclass(frozen=True, slots=True)
class Parent:
    """A common cause as it was found: at least two open incidents that share ``cause``."""

    cause: str  # one of what their targets stand on: "cdn=fastly"
    title: Text
    said: Text  # why they are taken for one
    children: tuple[str, ...]


#: Looks for one among open incidents that have no parent: (incidents, ground, at).
CommonCause = Callable[[Sequence[Incident], Ground, float], Parent | None]


def nothing_in_common(_incidents: Sequence[Incident], _ground: Ground, _at: float) -> Parent | None:
    return None


class Kinship(Findings):
    _ground: Ground
    _common_cause: CommonCause

    def stands_on(self, ground: Ground) -> None:
        """What targets stand on, as far as it is known now: for what opens from here on."""
        self._ground = ground

    def _link(self, found: Parent, at: float) -> list[str]:
        """Which of its parts are new in it. The parent is settled when they are."""
        parts = [self._pages.incidents[name] for name in found.children]
        parent = self._cause_of(found, parts, at)
        return [part.id for part in parts if self._join(parent.id, part, found.said, at)]

    def _look_for_kin(self, opened: Collection[str], at: float) -> list[str]:
        """``opened`` is new and untold: it joins a cause that is known, or shows one. Gives what became part of one."""
        if not opened or not self._ground:
            return []
        for name in opened:
            parent = self._known_cause(self._pages.incidents[name])
            if parent:
                self._join(parent.id, self._pages.incidents[name], Text(""), at)
        alone = [one for one in self._pages.open() if self._pages.parent(one) is None and not is_parent(one)]
        found = self._common_cause(alone, self._ground, at) if len(alone) > 1 else None
        return self._link(found, at) if found else []

    def _point_to_parent(self, joined: Iterable[str], at: float) -> None:
        """Whoever was told of a part by itself is told where it goes on."""
        for part in (self._pages.incidents[name] for name in joined):
            if part.told and not part.silenced and part.status is not Status.RESOLVED:
                self._teller.update(part, at)

    def _known_cause(self, incident: Incident) -> Incident | None:
        if incident.group != group_of(incident.target):
            return None  # a certificate that runs out, or one brand, has its own cause
        ground = sorted(self._ground.get(incident.target, ()))
        known = (self._newest_of(_group(cause)) for cause in ground)
        return next((one for one in known if one and one.status is not Status.RESOLVED), None)

    def _cause_of(self, found: Parent, parts: Sequence[Incident], at: float) -> Incident:
        group = _group(found.cause)
        known = self._newest_of(group)
        if known is None or (known.resolved is not None and at > known.resolved + self._reopen_seconds):
            known = self._pages.put(_begun(self._install, group, found, parts, at), Happening.OPENED, found.said, at)
            self._newest[group] = known.id
        elif known.status is Status.RESOLVED:
            known = replace(self._episode(known), children=(), why=found.said, changed=at)
            known = self._pages.put(known, Happening.REOPENED, found.said, at, news=True)
        return known

    def _join(self, parent_id: str, part: Incident, said: Text, at: float) -> bool:
        """False: it was part of it already."""
        parent = self._pages.incidents[parent_id]
        if part.parent == parent_id and (part.id in parent.children or len(parent.children) >= CHILDREN_MAX):
            return False
        self._related(replace(part, parent=parent_id, changed=at), lines.part_of(parent, said), at)
        checks = tuple(sorted({*parent.checks, *part.checks}))[:CHECKS_MAX]
        parent = replace(
            parent,
            children=tuple(dict.fromkeys((*parent.children, part.id)))[:CHILDREN_MAX],
            checks=checks,
            check_count=max(len(checks), parent.check_count),
            since=min(parent.since, part.since),
            changed=at,
        )
        self._related(parent, lines.has_part(part), at)
        return True

    def _settle_parent(self, incident: Incident, at: float, by: str = OURSELVES) -> None:
        """Is it over, how bad is it, is it silenced, was it told: by its parts."""
        parts = self._parts(incident)
        if not parts:
            self._close(incident, Event.CLEARED, lines.all_over(incident, at), at)
            return
        told = incident.severity if incident.told else None
        incident = self._weigh(incident, min((part.severity for part in parts), key=lambda severity: severity.rank), at)
        silenced = all(part.silenced for part in parts)
        if silenced is not incident.silenced:
            said = lines.parts_silenced() if silenced else lines.unsilenced()
            incident = self._hush(incident, silenced, said, at, by)
        self._retell(incident, told, at)


def is_parent(incident: Incident) -> bool:
    return incident.group.startswith(_GROUP)


def _group(cause: str) -> str:
    return f"{_GROUP}{cause}"


def _begun(install: str, group: str, found: Parent, parts: Sequence[Incident], at: float) -> Incident:
    return Incident(
        id=incident_id(install, group, at),
        group=group,
        target=found.cause,
        status=Status.OPEN,
        severity=min((part.severity for part in parts), key=lambda severity: severity.rank),
        title=found.title,
        why=found.said,
        opened=at,
        since=min(part.since for part in parts),
        changed=at,
        revision=0,
    )
