"""What we ask: a field that is refused, an account that may not, a rate that is too high."""

from collections.abc import Iterator

from monitor.model.triage import Observation
from monitor.triage.evidence import Evidence
from monitor.triage.kinds import Kind, kind_of
from monitor.triage.layers.access import refused_again, right_denied
from monitor.triage.layers.parts import one_step, place, stratum
from monitor.triage.sign import Sign
from monitor.triage.weights import Cause


def request_signs(evidence: Evidence) -> Iterator[Sign]:
    yield from _own_rate(evidence)
    denied = (Kind.DENIED,) if right_denied(evidence) and not refused_again(evidence) else ()
    kinds = (Kind.REQUEST, *denied)
    shown = evidence.failures(*kinds)
    if shown:
        yield Sign(
            Cause.REQUEST,
            shown,
            place(evidence, *kinds) or stratum(evidence) or one_step(evidence),
            amount=evidence.amount(*kinds),
            confirmed=len(evidence.case.changes[:1]),
            now=any(kind_of(each) in kinds for each in evidence.live_failures),
        )


def _own_rate(evidence: Evidence) -> Iterator[Sign]:
    """Runs that were throttled for what we sent ourselves count as nothing, so our own count is all there is to see of it."""
    rate = evidence.own("rate")
    if rate is not None and over_our_rate(rate):
        shown = (rate, *evidence.failures(Kind.THROTTLED))
        yield Sign(Cause.OWN_RATE, shown, amount=max(rate.bad, 1, evidence.amount(Kind.THROTTLED)), firm=True, now=True)


def over_our_rate(rate: Observation) -> bool:
    """Most of what was throttled was sent faster than we promised, or while asked to wait."""
    return rate.good is False and max(rate.bad, 1) * 2 >= rate.runs
