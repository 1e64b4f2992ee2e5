"""Is it us? What has nothing to do with the gateway is looked at first: references, neighbours, our own state."""

from collections.abc import Iterator

from monitor.model.outcome import NetworkReason
from monitor.model.triage import Experiment, Observation
from monitor.triage.evidence import Evidence, bad
from monitor.triage.kinds import OF_THE_WAY, OPEN_MONEY, Kind, kind_of
from monitor.triage.layers.slow import RUNS_NEEDED, growths
from monitor.triage.sign import Sign
from monitor.triage.weights import Cause

#: A loop that stood still for so long makes a time-out of an answer that was there.
STALL_SECONDS = 0.5
#: Signed requests allow for minutes, tokens for less; certificates for nothing. A Date header tells whole seconds.
CLOCK_SECONDS = 30.0
#: Without a reference, one neighbour that fails as well may share the gateway's hosting.
NEIGHBOURS_NEEDED = 2

#: A refusal or a reset was sent by somebody else: no stall of ours makes one.
_TIMED_OUT = frozenset(
    {
        NetworkReason.ANSWER_TIMEOUT,
        NetworkReason.BODY_TIMEOUT,
        NetworkReason.DNS_TIMEOUT,
        NetworkReason.TCP_TIMEOUT,
        NetworkReason.TLS_TIMEOUT,
        NetworkReason.LOOP_STALL,
    }
)
_OF_TIME = (Kind.DENIED, Kind.CERTIFICATE)


def own_signs(evidence: Evidence) -> Iterator[Sign]:
    yield from _way_out(evidence)
    yield from _stalled(evidence)
    yield from _clock(evidence)
    yield from _faults(evidence)


def _way_out(evidence: Evidence) -> Iterator[Sign]:
    """By place: one of our locations may be cut off while the others see."""
    references = evidence.everything(Experiment.REFERENCE)
    neighbours = evidence.everything(Experiment.NEIGHBOUR)
    sources = sorted({each.source for each in references + neighbours})
    blind = [shown for source in sources if (shown := _blind(_of(references, source), _of(neighbours, source)))]
    if not blind:
        return
    shown = tuple(each for found in blind for each in found)
    by_name = all(each.reason and kind_of(each) is Kind.NAME for each in shown)
    where = "" if len(blind) == len(sources) else ",".join(sorted({each.source for each in shown}))
    cause = Cause.OWN_RESOLVER if by_name else Cause.WAY_OUT
    yield Sign(cause, shown, where, amount=max(len(shown), evidence.bad_runs), confirmed=len(shown) - 1, now=True)


def _blind(references: tuple[Observation, ...], neighbours: tuple[Observation, ...]) -> tuple[Observation, ...]:
    """What shows that nothing can be reached from a place; empty when something can."""
    if any(not bad(each) for each in references) or any(_works(each) for each in neighbours):
        return ()
    if not references and (len(neighbours) < NEIGHBOURS_NEEDED or not all(_of_the_way(each) for each in neighbours)):
        return ()
    return references + neighbours


def _works(neighbour: Observation) -> bool:
    return neighbour.bad * 2 < neighbour.runs and not (neighbour.runs == 1 and neighbour.good is False)


def _of_the_way(each: Observation) -> bool:
    return kind_of(each) in OF_THE_WAY or kind_of(each) in OPEN_MONEY


def _of(observations: tuple[Observation, ...], source: str) -> tuple[Observation, ...]:
    return tuple(each for each in observations if each.source == source)


def _stalled(evidence: Evidence) -> Iterator[Sign]:
    lag = evidence.own("loop_lag")
    if lag is None or (lag.seconds or 0.0) < STALL_SECONDS:
        return
    amount = sum(map(_timed_out, evidence.failures(*Kind)))
    total = sum(evidence.amount(kind) for kind in Kind)
    # A loop that stands still slows down whatever runs just then, now this and now that, never one step alone.
    measured = growths(evidence)
    slower = sum(each.grown for each in measured)
    everything_slower = evidence.slow and not total and (not slower or slower * 2 >= len(measured))
    if (amount * 2 > total and not _others_in_time(evidence)) or everything_slower:
        yield Sign(Cause.OWN_STALL, (lag,), amount=max(1, amount), firm=True, now=True)


def _others_in_time(evidence: Evidence) -> bool:
    """A loop that stands still spares nobody: a neighbour's runs, and a reference beside a request that times out just now."""
    spared = any(each.runs >= RUNS_NEEDED and not each.bad for each in evidence.recent(Experiment.NEIGHBOUR))
    live = any(each.reason in _TIMED_OUT for each in evidence.live_failures)
    return spared or (live and any(not bad(each) for each in evidence.tried(Experiment.REFERENCE)))


def _timed_out(each: Observation) -> int:
    """How many of its failures were time-outs: only these may be answers that came, and were not read."""
    if each.mix:
        return sum(count for word, count in each.mix if word.partition(" ")[2] in _TIMED_OUT)
    return max(1, each.bad) if each.reason in _TIMED_OUT else 0


def _clock(evidence: Evidence) -> Iterator[Sign]:
    clock = evidence.own("clock")
    if clock is None or abs(clock.seconds or 0.0) < CLOCK_SECONDS:
        return
    amount = evidence.amount(*_OF_TIME)
    handshakes = [each for each in evidence.tried(Experiment.HANDSHAKE) if bad(each) and kind_of(each) is Kind.CERTIFICATE]
    if amount or handshakes:
        yield Sign(Cause.OWN_CLOCK, (clock,), amount=amount + len(handshakes), firm=True, now=True)


def _faults(evidence: Evidence) -> Iterator[Sign]:
    descriptors = evidence.own("descriptors")
    exhausted = (descriptors,) if descriptors is not None and descriptors.good is False else ()
    failures = evidence.failures(Kind.OURS)
    if exhausted or (failures and evidence.amount(Kind.OURS) * 2 >= evidence.bad_runs):
        yield Sign(
            Cause.OWN_FAULT,
            exhausted + failures,
            amount=max(1, evidence.amount(Kind.OURS)),
            firm=bool(exhausted),
            now=bool(exhausted),
        )
