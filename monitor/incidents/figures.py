"""What incidents come to over a period: how soon they were seen, taken and over, and how often they come. Pure arithmetic.

Onset is the first failing run, not the ticket. MTTD = detected - onset. MTTA = acknowledged - detected. Two times to "R", because each is
quoted for the other: to restore = resolved - onset, as customers saw it; to resolve = resolved - detected, as the desk saw it. MTBF =
operating time / failures, with operating time = period - downtime, and A = MTBF / (MTBF + mean time to restore).

What belongs to a larger cause is told with it and not counted again. One that comes back within an hour of its end is the same one. One
that spans the edge of the period belongs to the period in which it was restored; its downtime is clipped at the edge.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import ceil
from types import MappingProxyType

from monitor.model.incident import Incident, Status
from monitor.model.text import Text

#: Trouble that comes back within this time of its end is the same trouble.
SAME_SECONDS = 3_600.0
#: What each figure is called, by its attribute of ``Figures``. MTTR is two figures, so each says which R it means.
NAMES: Mapping[str, Text] = MappingProxyType(
    {
        "detect": Text("MTTD: onset to detected", "MTTD：发生至发现"),
        "acknowledge": Text("MTTA: detected to acknowledged", "MTTA：发现至确认"),
        "restore": Text("MTTR (restore): onset to restored", "MTTR（恢复）：发生至恢复"),
        "resolve": Text("MTTR (resolve): detected to resolved", "MTTR（解决）：发现至解决"),
    }
)
#: Of fewer than this a mean or a percentile says nothing: they are listed.
LISTED_BELOW = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """Seconds of each incident, smallest first. ``mean``, ``median`` and ``p90`` (nearest rank) are None below ``LISTED_BELOW``."""

    values: tuple[float, ...]

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def listed(self) -> bool:
        return self.count < LISTED_BELOW

    @property
    def mean(self) -> float | None:
        return None if self.listed else sum(self.values) / self.count

    @property
    def median(self) -> float | None:
        if self.listed:
            return None
        middle = self.count // 2
        return self.values[middle] if self.count % 2 else (self.values[middle - 1] + self.values[middle]) / 2

    @property
    def p90(self) -> float | None:
        return None if self.listed else self.values[ceil(0.9 * self.count) - 1]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one period [start, end) and ``targets`` targets. ``failures`` are those restored in it; ``still_open`` are in no figure but downtime."""

    start: float
    end: float
    targets: int
    failures: int
    still_open: int
    detect: Figure
    acknowledge: Figure
    restore: Figure
    resolve: Figure
    downtime_seconds: float  # of all targets together

    def times(self) -> list[tuple[Text, Figure]]:
        """Each time with its name, in the order of ``NAMES``."""
        return [(text, getattr(self, name)) for name, text in NAMES.items()]

    @property
    def mtbf_seconds(self) -> float | None:
        """Operating time of all targets between two failures; None without a failure."""
        return None if not self.failures else max(0.0, self._watched - self.downtime_seconds) / self.failures

    @property
    def availability(self) -> float | None:
        """MTBF / (MTBF + MTTR), MTTR being the mean time to restore; None without a failure."""
        mtbf, times = self.mtbf_seconds, self.restore.values
        if mtbf is None or not times:
            return None
        whole = mtbf + sum(times) / len(times)
        return mtbf / whole if whole else None

    @property
    def _watched(self) -> float:
        return (self.end - self.start) * self.targets


@dataclass(frozen=True, slots=True)
class Failure:
    """One trouble, its returns within an hour and all."""

    group: str
    target: str
    onset: float
    detected: float
    acknowledged: float | None
    resolved: float | None


def figures(incidents: Iterable[Incident], start: float, end: float, targets: int) -> Figures:
    """Of the incidents that touch [start, end) on ``targets`` watched targets. ``end`` is not after now."""
    kept = list(incidents)
    found = failures(kept)
    ours = [one for one in found if one.resolved is not None and start <= one.resolved < end]
    return Figures(
        start=start,
        end=end,
        targets=targets,
        failures=len(ours),
        still_open=sum(one.detected < end and (one.resolved is None or one.resolved >= end) for one in found),
        detect=_figure(one.detected - one.onset for one in ours),
        acknowledge=_figure(one.acknowledged - one.detected for one in ours if one.acknowledged is not None),
        restore=_figure(one.resolved - one.onset for one in ours if one.resolved is not None),
        resolve=_figure(one.resolved - one.detected for one in ours if one.resolved is not None),
        downtime_seconds=_downtime(kept, start, end),
    )


def failures(incidents: Iterable[Incident]) -> list[Failure]:
    """By their detection. Children are left out, and returns within ``SAME_SECONDS`` are joined."""
    joined: dict[str, list[Failure]] = {}
    for incident in sorted(incidents, key=lambda one: (one.opened, one.id)):
        if incident.parent:
            continue
        new, known = _failure(incident), joined.setdefault(incident.group, [])
        if known and _is_same(known[-1], new):
            known[-1] = replace(known[-1], acknowledged=_first(known[-1].acknowledged, new.acknowledged), resolved=new.resolved)
        else:
            known.append(new)
    return sorted((one for group in joined.values() for one in group), key=lambda one: (one.detected, one.group))


def _failure(incident: Incident) -> Failure:
    return Failure(
        incident.group, incident.target, incident.since, incident.opened, _first_acknowledged(incident), incident.resolved
    )


def _first_acknowledged(incident: Incident) -> float | None:
    """Of its first episode: when it opens again the incident forgets who took it, its turns do not."""
    taken = (turn.at for turn in incident.turns if turn.status is Status.ACKNOWLEDGED)
    return next(taken, incident.acknowledged)


def _is_same(known: Failure, new: Failure) -> bool:
    return known.resolved is not None and new.detected <= known.resolved + SAME_SECONDS


def _first(*instants: float | None) -> float | None:
    return min((instant for instant in instants if instant is not None), default=None)


def _figure(values: Iterable[float]) -> Figure:
    return Figure(tuple(sorted(max(0.0, value) for value in values)))


def _downtime(incidents: Iterable[Incident], start: float, end: float) -> float:
    """Per target, so that two troubles of one target at once count once. A common cause is no target: its parts are down."""
    spans = sorted(
        (begins, ends, incident.target)
        for incident in incidents
        if not incident.children
        for begins, ends in _down(incident, end)
    )
    total, reached = 0.0, dict[str, float]()
    for begins, ends, target in spans:
        begins, ends = max(start, begins, reached.get(target, start)), min(end, ends)
        if begins < ends:
            total += ends - begins
            reached[target] = ends
    return total


def _down(incident: Incident, end: float) -> Iterator[tuple[float, float]]:
    """From the onset on, less the time between its episodes."""
    begins: float | None = incident.since
    for turn in incident.turns:
        if turn.status is Status.RESOLVED and begins is not None:
            yield begins, turn.at
            begins = None
        elif turn.status is not Status.RESOLVED and begins is None:
            begins = turn.at
    if begins is not None:
        yield begins, end if incident.resolved is None else incident.resolved
