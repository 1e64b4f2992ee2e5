"""TLS: their certificate, ours, or a handshake that does not end."""

import re
from collections.abc import Iterator

from monitor.model.triage import Experiment, Observation
from monitor.triage.evidence import Evidence, bad
from monitor.triage.kinds import Kind, kind_of
from monitor.triage.layers.parts import address, expired, place
from monitor.triage.sign import Sign
from monitor.triage.weights import Cause

#: Alerts about the certificate that *we* showed, or did not (RFC 8446, 6.2: 42 to 46, 48, 116), as OpenSSL words them.
_ABOUT_OURS = re.compile(
    r"alert (?:bad certificate|unsupported certificate|certificate (?:revoked|expired|unknown|required)|unknown ca)",
    re.IGNORECASE,
)
_ALERTS = frozenset({"42", "43", "44", "45", "46", "48", "116"})


def certificate_signs(evidence: Evidence) -> Iterator[Sign]:
    shown = tuple(each for each in evidence.tried(Experiment.HANDSHAKE) if bad(each)) + evidence.failures(*Kind)
    ours = tuple(each for each in shown if about_ours(each))
    theirs = tuple(each for each in shown if kind_of(each) is Kind.CERTIFICATE and each not in ours)
    if ours:
        yield _sign(Cause.CLIENT_CERTIFICATE, ours, evidence)
    if theirs:
        yield _sign(Cause.CERTIFICATE_EXPIRED if any(map(expired, theirs)) else Cause.CERTIFICATE_REFUSED, theirs, evidence)
    yield from _broken(evidence, tuple(each for each in shown if each not in ours))


def about_ours(each: Observation) -> bool:
    return bool(_ABOUT_OURS.search(each.message)) or (each.experiment is Experiment.HANDSHAKE and each.code in _ALERTS)


def _sign(cause: Cause, shown: tuple[Observation, ...], evidence: Evidence) -> Sign:
    handshakes = evidence.tried(Experiment.HANDSHAKE)
    return Sign(
        cause,
        shown,
        address(handshakes) or place(evidence, Kind.CERTIFICATE, Kind.TLS, Kind.CUT),
        amount=max(len(shown), evidence.amount(Kind.CERTIFICATE, Kind.TLS)),
        firm=True,
        now=any(each.experiment is Experiment.HANDSHAKE for each in shown) or bool(evidence.live_failures),
    )


def _broken(evidence: Evidence, shown: tuple[Observation, ...]) -> Iterator[Sign]:
    """TCP connects at every address, and no handshake ends."""
    handshakes = [each for each in evidence.tried(Experiment.HANDSHAKE) if not _at_closed(each)]
    broken = tuple(each for each in shown if kind_of(each) is Kind.TLS or _handshake_cut(each))
    if not broken or any(not bad(each) for each in handshakes):
        return
    yield Sign(
        Cause.HANDSHAKE_FAILS,
        broken,
        place(evidence, Kind.TLS),
        amount=max(len(broken), evidence.amount(Kind.TLS)),
        confirmed=int(bool(handshakes) and evidence.amount(Kind.TLS) > 0),
        now=bool(handshakes),
    )


def _at_closed(each: Observation) -> bool:
    """It never got as far as TLS."""
    return bad(each) and kind_of(each) in (Kind.CONNECT, Kind.NAME)


def _handshake_cut(each: Observation) -> bool:
    return each.experiment is Experiment.HANDSHAKE and kind_of(each) in (Kind.CUT, Kind.SILENT)
