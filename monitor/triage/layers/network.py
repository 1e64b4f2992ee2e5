"""The way there: one place of several, one address of several, or no answer to TCP at all."""

from collections.abc import Iterator

from monitor.model.outcome import NetworkReason
from monitor.model.triage import Experiment, Observation
from monitor.triage.evidence import Evidence, bad
from monitor.triage.kinds import Kind, kind_of
from monitor.triage.layers.parts import address, place
from monitor.triage.sign import Sign
from monitor.triage.weights import Cause

#: What a broken way looks like from one end. A name or a certificate has a layer of its own.
WAY = (Kind.CONNECT, Kind.TLS, Kind.CUT, Kind.SILENT)


def network_signs(evidence: Evidence) -> Iterator[Sign]:
    yield from _one_location(evidence)
    yield from _one_address(evidence)
    yield from _shared_way(evidence)
    yield from _no_route(evidence)


def _shared_way(evidence: Evidence) -> Iterator[Sign]:
    """Gateways that have nothing else in common cannot be reached together, and the reference can: what they share is the way."""
    neighbours = evidence.everything(Experiment.NEIGHBOUR)
    failing = tuple(each for each in neighbours if each.bad * 2 > each.runs and kind_of(each) in WAY)
    references = evidence.everything(Experiment.REFERENCE)
    if not failing or not references or any(bad(each) for each in references) or place(evidence, *WAY):
        return
    connects = evidence.tried(Experiment.CONNECT) or evidence.failures(Kind.CONNECT)
    if connects and all(bad(each) and kind_of(each) is Kind.CONNECT for each in connects):
        yield Sign(
            Cause.SHARED_WAY,
            connects + failing,
            amount=max(len(connects), evidence.amount(*WAY)),
            confirmed=len(failing),
            now=bool(evidence.tried(Experiment.CONNECT)),
        )


def _one_location(evidence: Evidence) -> Iterator[Sign]:
    where = place(evidence, *WAY)
    found = evidence.contrast(Experiment.LOCATION)
    if where and found is not None:
        yield Sign(
            Cause.ONE_LOCATION,
            found.hit,
            where,
            amount=sum(each.bad for each in found.hit),
            confirmed=int(any(bad(each) for each in evidence.tried(Experiment.CONNECT))),
            now=bool(evidence.live_failures),
        )


def _one_address(evidence: Evidence) -> Iterator[Sign]:
    """A dead address matters where requests fail on the way; runs refused by the gateway's own software did arrive."""
    explains = not evidence.counts or evidence.amount(*WAY)
    connects = evidence.tried(Experiment.CONNECT)
    handshakes = tuple(each for each in evidence.tried(Experiment.HANDSHAKE) if not _certificate(each))
    doors = tuple(
        each for each in evidence.tried(Experiment.ADDRESS) if not bad(each) or kind_of(each) in (Kind.CONNECT, Kind.TLS)
    )
    for tried in (connects, handshakes, doors):
        where = address(tried)
        if where and explains:
            shown = tuple(each for each in tried if bad(each))
            yield Sign(Cause.ONE_ADDRESS, shown, where, amount=max(len(shown), evidence.amount(*WAY)), firm=True, now=True)
            return


def _certificate(each: Observation) -> bool:
    return bad(each) and kind_of(each) is Kind.CERTIFICATE


def _no_route(evidence: Evidence) -> Iterator[Sign]:
    """Silence on every address, seen from one place. From several places at once it is their end: see ``gateway``."""
    if several_places(evidence):
        return
    connects = evidence.tried(Experiment.CONNECT)
    failing = connects if connects and all(bad(each) for each in connects) else ()
    if not connects:
        failing = evidence.failures(Kind.CONNECT)
    silent = tuple(each for each in failing if each.reason is not NetworkReason.TCP_REFUSED)
    if silent and len(silent) == len(failing):
        yield Sign(Cause.NO_ROUTE, silent, amount=max(len(silent), evidence.amount(Kind.CONNECT)), now=bool(connects))


def several_places(evidence: Evidence) -> bool:
    """Whether it is seen from two places or more."""
    hit = {each.subject for each in evidence.recent(Experiment.LOCATION) if each.bad}
    return len(hit) > 1 or len({each.source for each in evidence.live_failures}) > 1
