"""Whom it hits, as a verdict names it: one place, one address, one stratum."""

from collections.abc import Iterable

from monitor.model.triage import Experiment, Observation
from monitor.triage.evidence import Evidence, bad, kinds_in
from monitor.triage.kinds import Kind, kind_of

#: More names than this say "many".
NAMES_MAX = 3


def place(evidence: Evidence, *kinds: Kind) -> str:
    """The locations that alone see failures of these kinds; "" when all do, or there is one only."""
    found = evidence.contrast(Experiment.LOCATION)
    if found is None or not all(shows(each, kinds) for each in found.hit):
        return ""
    return joined(found.names)


def stratum(evidence: Evidence) -> str:
    """What those hit have in common and the others have not; else their names, while they are not most of all there are."""
    found = evidence.contrast(Experiment.STRATUM)
    if found is None:
        return ""
    return joined(shared_labels(found.hit, found.spared) or (() if found.most else found.names))


def address(observations: Iterable[Observation]) -> str:
    """The addresses that fail, while others of the same name do not."""
    failing = {each.subject for each in observations if bad(each)}
    passing = {each.subject for each in observations if not bad(each)} - failing
    return joined(sorted(failing)) if failing and passing else ""


def one_step(evidence: Evidence) -> str:
    """The one step at which it fails, where other steps pass."""
    steps = evidence.recent(Experiment.STEP)
    failing = {each.subject for each in steps if bad(each)}
    passing = {each.subject for each in steps} - failing
    return next(iter(failing)) if len(failing) == 1 and passing else ""


def shows(each: Observation, kinds: Iterable[Kind]) -> bool:
    return any(kind in kinds for kind in kinds_in(each))


def labels(subject: str) -> frozenset[str]:
    """``brand=visa,currency=usd`` as its single labels."""
    return frozenset(filter(None, subject.split(",")))


def shared_labels(hit: Iterable[Observation], spared: Iterable[Observation]) -> tuple[str, ...]:
    """Labels that all of those hit have and none of those spared: what the trouble is about."""
    common = frozenset.intersection(*[labels(each.subject) for each in hit])
    others = frozenset[str]().union(*[labels(each.subject) for each in spared])
    return tuple(sorted(common - others))


def joined(names: Iterable[str]) -> str:
    told = list(names)
    return ",".join(told) if len(told) <= NAMES_MAX else f"{','.join(told[:NAMES_MAX])},+{len(told) - NAMES_MAX}"


def expired(each: Observation) -> bool:
    """The certificate was refused for its date."""
    return kind_of(each) is Kind.CERTIFICATE and "has expired" in each.message
