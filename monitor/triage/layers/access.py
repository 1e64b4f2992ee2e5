"""Who we are: the token step, the credential, the signature."""

from collections import Counter
from collections.abc import Iterable, Iterator

from monitor.model.triage import Experiment, Observation
from monitor.triage.evidence import SPARED_RATIO, Evidence, bad, kinds_in
from monitor.triage.kinds import OF_THE_WAY, Kind, kind_of
from monitor.triage.layers.parts import place
from monitor.triage.sign import Sign
from monitor.triage.weights import Cause

#: The token service says itself that it does not accept us: what else it stands beside takes nothing from that.
_REFUSALS = frozenset({Kind.DENIED, Kind.REQUEST})


def access_signs(evidence: Evidence) -> Iterator[Sign]:
    yield from _token(evidence)
    denied = evidence.failures(Kind.DENIED)
    if not denied or refused_again(evidence) or right_denied(evidence):
        return
    worked = tuple(each for each in evidence.tried(Experiment.CREDENTIAL) if not bad(each))
    yield Sign(
        Cause.CREDENTIAL,
        denied + worked,
        place(evidence, Kind.DENIED),
        amount=evidence.amount(Kind.DENIED),
        confirmed=len(worked),
        now=any(kind_of(each) is Kind.DENIED for each in evidence.live_failures),
    )


def _token(evidence: Evidence) -> Iterator[Sign]:
    tokens = evidence.everything(Experiment.TOKEN)
    failing = tuple(each for each in tokens if bad(each) and kind_of(each) not in OF_THE_WAY)
    if not failing:
        return
    steps = {name for each in failing for name in (each.subject, each.step)}
    runs = tuple(each for each in evidence.recent(Experiment.STEP) if each.bad and each.subject in steps)
    kinds = frozenset(map(kind_of, failing)).union(*map(kinds_in, runs))
    together = fails_with_others(evidence, steps, kinds)
    if together and not kinds & _REFUSALS:
        return
    amount = len(failing) + sum(each.bad for each in runs)
    where = (place(evidence, *kinds) if together else "") or "token"
    now = bool(evidence.tried(Experiment.TOKEN))
    yield Sign(Cause.TOKEN, failing + runs, where, amount=amount, confirmed=int(bool(runs) and not together), now=now)


def fails_with_others(evidence: Evidence, tokens: set[str], kinds: frozenset[Kind]) -> bool:
    """What needs no token fails in the same way and about as often: the token step is then one of many.

    Most of the other steps must, where the token step fails: one operation that fails in its own right is another trouble. Without other
    steps the front door decides.
    """
    steps = evidence.recent(Experiment.STEP)
    hit = {each.source for each in steps if each.subject in tokens and bad(each)}
    shares = _shares([each for each in steps if each.source in hit], kinds)
    worst = max((share for name, share in shares.items() if name in tokens), default=1.0)
    others = [share for name, share in shares.items() if name not in tokens]
    if others:
        return sum(share > SPARED_RATIO * worst for share in others) * 2 > len(others)
    return any(bad(each) and kind_of(each) in kinds for each in evidence.tried(Experiment.FRONT_DOOR))


def _shares(steps: Iterable[Observation], kinds: frozenset[Kind]) -> dict[str, float]:
    """Of each step, how often it fails in one of these ways."""
    runs, failed = Counter[str](), Counter[str]()
    for each in steps:
        runs[each.subject] += each.runs
        failed[each.subject] += sum(count for kind, count in kinds_in(each).items() if kind in kinds)
    return {name: failed[name] / count for name, count in runs.items()}


def refused_again(evidence: Evidence) -> tuple[Observation, ...]:
    """The second credential, refused like the first: then it is not the credential."""
    return tuple(each for each in evidence.tried(Experiment.CREDENTIAL) if bad(each) and kind_of(each) is Kind.DENIED)


def right_denied(evidence: Evidence) -> bool:
    """The same credential reads now, and is refused something else: it is known, and may not do that."""
    reads = evidence.tried(Experiment.READ)
    return bool(reads) and all(not bad(each) for each in reads)
