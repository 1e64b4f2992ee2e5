"""The list of problems: trouble that comes back, and what it has cost. The customer who threatens to leave is the one with the fifth repeat."""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.model.extent import Between
from monitor.model.incident import Incident
from monitor.model.text import Text


@dataclass(frozen=True, slots=True)
class Problem:
    """All known incidents of one recurring trouble. ``customers`` adds up those that could be estimated; None: none could."""

    name: str
    title: Text  # of the latest
    target: str
    count: int
    first: float
    latest: float
    seconds: float  # in trouble, altogether
    customers: Between | None
    incidents: tuple[str, ...]  # newest first


def problems(incidents: Iterable[Incident], now: float) -> tuple[Problem, ...]:
    """The costliest in time first."""
    newest_first = sorted(incidents, key=lambda one: (-one.opened, one.id))
    named = {one.fingerprint: one.problem for one in newest_first if one.problem and one.fingerprint}
    cases: dict[str, list[Incident]] = {}
    for incident in newest_first:
        # The first case had no problem yet when it came: its fingerprint says that it is one of them.
        name = incident.problem or ("" if incident.parent else named.get(incident.fingerprint, ""))
        if name:
            cases.setdefault(name, []).append(incident)
    found = [_problem(name, known, now) for name, known in cases.items()]
    return tuple(sorted(found, key=lambda one: (-one.seconds, one.name)))


def _problem(name: str, known: list[Incident], now: float) -> Problem:
    return Problem(
        name=name,
        title=known[0].title,
        target=known[0].target,
        count=len(known),
        first=known[-1].opened,
        latest=known[0].opened,
        seconds=sum(max(0.0, (now if one.resolved is None else one.resolved) - one.since) for one in known),
        customers=_sum([one.extent.customers for one in known if one.extent and one.extent.customers]),
        incidents=tuple(one.id for one in known),
    )


def _sum(estimates: list[Between]) -> Between | None:
    """Bounds are added as they are: never too narrow, also when the cases have their error in common."""
    if not estimates:
        return None
    return Between(sum(one.low for one in estimates), sum(one.middle for one in estimates), sum(one.high for one in estimates))
