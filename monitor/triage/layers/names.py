"""Name resolution: no answer, a wrong answer, or another answer than before that does not work."""

from collections.abc import Iterator

from monitor.model.triage import Experiment, Observation
from monitor.triage.evidence import Evidence, bad
from monitor.triage.kinds import OF_THE_WAY, Kind, kind_of
from monitor.triage.layers.parts import expired, place
from monitor.triage.sign import Sign
from monitor.triage.weights import Cause

_NO_SUCH = ("NXDOMAIN", "EMPTY")


def name_signs(evidence: Evidence) -> Iterator[Sign]:
    yield from _unresolved(evidence)
    yield from _wrong_address(evidence)


def _unresolved(evidence: Evidence) -> Iterator[Sign]:
    tried = tuple(each for each in evidence.tried(Experiment.RESOLVE) if bad(each))
    shown = tried + evidence.failures(Kind.NAME)
    if not shown:
        return
    definite = any(each.code in _NO_SUCH or "does not exist" in each.message for each in shown)
    yield Sign(
        Cause.NO_SUCH_NAME if definite else Cause.NAME_FAILS,
        shown,
        place(evidence, Kind.NAME),
        amount=max(len(tried), evidence.amount(Kind.NAME)),
        confirmed=sum(1 for each in evidence.tried(Experiment.RESOLVER) if bad(each)),
        firm=definite and bool(tried),
        now=bool(tried),
    )


def _wrong_address(evidence: Evidence) -> Iterator[Sign]:
    """Changing addresses are nothing; changed addresses at which nothing serves the name are. What answers TCP there may be anybody."""
    resolved = [each for each in evidence.tried(Experiment.RESOLVE) if not bad(each) and each.answers]
    reached = evidence.tried(Experiment.HANDSHAKE, Experiment.FRONT_DOOR) or evidence.tried(Experiment.CONNECT)
    if not resolved or not reached or not all(_strange(each) for each in reached):
        return
    answers = set(resolved[-1].answers)
    formerly = _answers(evidence.before(Experiment.RESOLVE))
    elsewhere = _answers(tuple(each for each in evidence.tried(Experiment.RESOLVER) if not bad(each)))
    moved, differs = bool(formerly) and not answers & formerly, bool(elsewhere) and not answers & elsewhere
    if moved or differs:
        yield Sign(
            Cause.WRONG_ADDRESS,
            (resolved[-1], *reached),
            resolved[-1].source if evidence.contrast(Experiment.LOCATION) else "",
            amount=max(len(reached), evidence.amount(*OF_THE_WAY)),
            confirmed=int(moved and differs),
            firm=True,
            now=True,
        )


def _strange(each: Observation) -> bool:
    """Not what the name stands for. A certificate that ran out is still its own."""
    return bad(each) and kind_of(each) in OF_THE_WAY and not expired(each)


def _answers(observations: tuple[Observation, ...]) -> set[str]:
    return {answer for each in observations for answer in each.answers}
