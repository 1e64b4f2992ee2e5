"""The gateway's own software: its errors, its silence, its wrong answers, its door that is shut."""

import re
from collections.abc import Iterator

from monitor.model.outcome import NetworkReason
from monitor.model.triage import Experiment, Observation
from monitor.triage.evidence import Evidence, bad
from monitor.triage.kinds import OPEN_MONEY, Kind, kind_of
from monitor.triage.layers.access import refused_again
from monitor.triage.layers.behind import hit_strata
from monitor.triage.layers.network import several_places
from monitor.triage.layers.parts import one_step, place, stratum
from monitor.triage.layers.request import over_our_rate
from monitor.triage.sign import Sign
from monitor.triage.weights import Cause

#: An answer that contradicts what was asked about money: more or other than agreed, or a yes where there must be a no.
_MONEY = re.compile(r"approved, where|amount|currency|minor\(|captured|refunded|gatewayCode|duplicate", re.IGNORECASE)
#: A read that does not know what was written a moment ago.
_LOST = re.compile(r"unable to find|no such|resource_missing|not found|HTTP 404", re.IGNORECASE)


def gateway_signs(evidence: Evidence) -> Iterator[Sign]:
    yield from _closed(evidence)
    yield from _errors(evidence)
    yield from _no_answers(evidence)
    yield from _wrong_answers(evidence)
    yield from _refusals(evidence)


def _closed(evidence: Evidence) -> Iterator[Sign]:
    """Its host refuses on every address; or it is silent, and that from several places."""
    connects = evidence.tried(Experiment.CONNECT)
    if any(not bad(each) for each in connects) or place(evidence, Kind.CONNECT):
        return
    failing = connects or evidence.failures(Kind.CONNECT)
    if failing and (several_places(evidence) or all(each.reason is NetworkReason.TCP_REFUSED for each in failing)):
        yield _sign(Cause.CLOSED, evidence, failing, Kind.CONNECT, confirmed=several_places(evidence), now=bool(connects))


def _errors(evidence: Evidence) -> Iterator[Sign]:
    shown = evidence.failures(Kind.SERVER)
    if not shown:
        return
    doors = evidence.tried(Experiment.FRONT_DOOR)
    # The front door may be an operation like others: one that fails alone is no gateway that is down.
    if any(bad(each) and kind_of(each) is Kind.SERVER for each in doors) and not one_step(evidence):
        where = place(evidence, Kind.SERVER)
        yield _sign(Cause.DOWN, evidence, shown, Kind.SERVER, where=where, confirmed=int(evidence.bad_runs > 0))
        return
    part = operation(evidence)
    where = stratum(evidence) or part or place(evidence, Kind.SERVER)
    cause = Cause.OPERATION if part and where == part else Cause.PROCESSING
    yield _sign(cause, evidence, shown, Kind.SERVER, where=where, confirmed=int(any(not bad(each) for each in doors)))


def _no_answers(evidence: Evidence) -> Iterator[Sign]:
    """Silence about one stratum only comes from behind the gateway; silence in one place only, from the way there."""
    shown = evidence.failures(*OPEN_MONEY)
    if not shown or place(evidence, *OPEN_MONEY):
        return
    live = any(kind_of(each) in OPEN_MONEY for each in evidence.live_failures)
    if hit_strata(evidence, Kind.ISSUER, *OPEN_MONEY) and not live:
        return
    where = operation(evidence)
    yield _sign(Cause.NO_ANSWERS, evidence, shown, *OPEN_MONEY, where=where, confirmed=int(live and evidence.bad_runs > 0))


def _wrong_answers(evidence: Evidence) -> Iterator[Sign]:
    shown = evidence.failures(Kind.CONTRACT)
    if not shown:
        return
    where = stratum(evidence) or operation(evidence)
    yield _sign(_breach(evidence, shown), evidence, shown, Kind.CONTRACT, where=where)


def _breach(evidence: Evidence, shown: tuple[Observation, ...]) -> Cause:
    lost = [each for each in shown if _LOST.search(f"{each.code} {each.message}") or each.status == 404]
    if lost:
        return Cause.STALE_READS
    return Cause.WRONG_MONEY if any(_MONEY.search(each.message) for each in shown) else Cause.BREACH


def _refusals(evidence: Evidence) -> Iterator[Sign]:
    throttled = evidence.failures(Kind.THROTTLED)
    rate = evidence.own("rate")
    if throttled and (rate is None or not over_our_rate(rate)):
        where, kept = place(evidence, Kind.THROTTLED), rate is not None and rate.good is True
        yield _sign(Cause.THROTTLES, evidence, throttled, Kind.THROTTLED, where=where, confirmed=int(kept))
    again = refused_again(evidence)
    if again and evidence.failures(Kind.DENIED):
        yield _sign(Cause.REFUSES_ALL, evidence, again + evidence.failures(Kind.DENIED), Kind.DENIED, where="authentication")


def operation(evidence: Evidence) -> str:
    """The one step that fails while others pass; ``reads`` or ``writes`` where it is several of these and none of those."""
    reads, writes = evidence.recent(Experiment.READ), evidence.recent(Experiment.WRITE)
    reading, writing = any(map(bad, reads)), any(map(bad, writes))
    if reading == writing or not reads or not writes:
        return one_step(evidence)
    return one_step(evidence) or ("reads" if reading else "writes")


def _sign(
    cause: Cause,
    evidence: Evidence,
    shown: tuple[Observation, ...],
    *kinds: Kind,
    where: str = "",
    confirmed: int = 0,
    now: bool | None = None,
) -> Sign:
    live = any(kind_of(each) in kinds for each in evidence.live_failures)
    return Sign(
        cause, shown, where, amount=max(1, evidence.amount(*kinds)), confirmed=int(confirmed), now=live if now is None else now
    )
