"""Who we are: the token step, the credential, the signature."""

from collections.abc import Iterator

from monitor.model.triage import Experiment, Observation
from monitor.triage.evidence import Evidence, bad
from monitor.triage.kinds import OF_THE_WAY, Kind, kind_of
from monitor.triage.layers.parts import place
from monitor.triage.sign import Sign
from monitor.triage.weights import Cause


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
    amount = len(failing) + sum(each.bad for each in runs)
    yield Sign(
        Cause.TOKEN, failing + runs, "token", amount=amount, confirmed=int(bool(runs)), now=bool(evidence.tried(Experiment.TOKEN))
    )


def refused_again(evidence: Evidence) -> tuple[Observation, ...]:
    """The second credential, refused like the first: then it is not the credential."""
    return tuple(each for each in evidence.tried(Experiment.CREDENTIAL) if bad(each) and kind_of(each) is Kind.DENIED)


def right_denied(evidence: Evidence) -> bool:
    """The same credential reads now, and is refused something else: it is known, and may not do that."""
    reads = evidence.tried(Experiment.READ)
    return bool(reads) and all(not bad(each) for each in reads)
