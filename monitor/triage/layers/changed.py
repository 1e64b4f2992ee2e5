"""Nothing fails, and something is not as it was: a certificate that ends soon or has another issuer, another shape of the answers."""

from collections.abc import Iterator

from monitor.model.traits import Trait
from monitor.model.triage import Experiment, Observation, Symptom
from monitor.triage.evidence import Evidence, bad
from monitor.triage.kinds import Kind, kind_of
from monitor.triage.layers.parts import joined
from monitor.triage.sign import Sign
from monitor.triage.weights import Cause

#: Fourteen days are two working weeks: time for an order, an approval and a roll-out.
EXPIRES_WITHIN_SECONDS = 14 * 86_400.0

_SHOWING = (Experiment.HANDSHAKE, Experiment.FRONT_DOOR, Experiment.STEP, Experiment.READ)


def changed_signs(evidence: Evidence) -> Iterator[Sign]:
    yield from _expires(evidence)
    if evidence.case.symptom is Symptom.CHANGED:
        yield from _issuer(evidence)
        yield from _shape(evidence)


def _expires(evidence: Evidence) -> Iterator[Sign]:
    """Beside failures of another kind it is news, and not their cause."""
    if evidence.case.symptom is not Symptom.CHANGED and any(
        kind_of(each) is not Kind.CERTIFICATE for each in evidence.failures(*Kind)
    ):
        return
    ending = tuple(each for each in evidence.everything(*_SHOWING) if _ends_soon(each, evidence.case.at))
    if ending:
        yield Sign(Cause.EXPIRES_SOON, ending, amount=len(ending), firm=True, now=True)


def _ends_soon(each: Observation, at: float) -> bool:
    return (
        each.tls is not None
        and not bad(each)
        and min(each.tls.leaf_expires, each.tls.chain_expires) - at < EXPIRES_WITHIN_SECONDS
    )


def _issuer(evidence: Evidence) -> Iterator[Sign]:
    """Another key by the same issuer is a renewal. What was announced is planned."""
    if evidence.case.changes:
        return
    shown = differing(evidence, Trait.ISSUER)
    if shown:
        yield Sign(Cause.ISSUER_CHANGED, shown, amount=len(shown), firm=True, now=True)


def _shape(evidence: Evidence) -> Iterator[Sign]:
    if evidence.case.changes:
        return
    shown = differing(evidence, Trait.SCHEMA) + differing(evidence, Trait.HEADERS)
    steps = sorted({each.subject for each in shown})
    if steps:
        # One step alone changes its shape with its data: a list that was empty.
        yield Sign(Cause.SHAPE_CHANGED, shown, joined(steps), amount=len(steps), confirmed=len(steps) - 1)


def differing(evidence: Evidence, trait: Trait) -> tuple[Observation, ...]:
    """What shows another value of a trait than the last good run did at the same step."""
    was = {each.subject: value for each in evidence.before(Experiment.STEP) if (value := shown_trait(each, trait))}
    known = set(was.values())
    found = []
    for each in evidence.everything(*_SHOWING):
        value = shown_trait(each, trait)
        former = {was[each.subject]} if each.subject in was else known if trait is Trait.ISSUER else set()
        if value and former and value not in former:
            found.append(each)
    return tuple(found)


def shown_trait(each: Observation, trait: Trait) -> str:
    if trait is Trait.ISSUER:
        return each.tls.issuer if each.tls is not None else ""
    return dict(each.traits).get(trait.value, "")
