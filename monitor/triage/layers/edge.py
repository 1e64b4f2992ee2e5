"""What stands before the gateway: a page where JSON was expected, a redirect, one node of several."""

from collections.abc import Iterator

from monitor.model.triage import Experiment, Observation
from monitor.triage.evidence import ASKED_OF_TARGET, Evidence, bad
from monitor.triage.kinds import OF_THE_WAY, Kind, kind_of
from monitor.triage.layers.parts import address, one_step, place
from monitor.triage.sign import Sign
from monitor.triage.weights import Cause


def edge_signs(evidence: Evidence) -> Iterator[Sign]:
    node, shown = _one_node(evidence)
    if node:
        yield Sign(Cause.ONE_NODE, shown, node, amount=len(shown), now=True)
    for kind, cause in ((Kind.PAGE, Cause.PAGE), (Kind.ELSEWHERE, Cause.ELSEWHERE)):
        failures = evidence.failures(kind)
        if failures:
            yield Sign(
                cause,
                failures,
                place(evidence, kind) or node or one_step(evidence),
                amount=evidence.amount(kind),
                now=any(kind_of(each) is kind for each in evidence.live_failures),
            )


def _one_node(evidence: Evidence) -> tuple[str, tuple[Observation, ...]]:
    """The address at which the front door fails while it opens at others, and everything seen to fail there.

    Where a part of all requests fails, one of two addresses often does by chance: then others fail at the other address, too.
    """
    doors = evidence.tried(Experiment.ADDRESS)
    failing = {each.subject for each in doors if bad(each) and kind_of(each) not in OF_THE_WAY}
    node = address(doors)
    if not node or not failing:
        return "", ()
    reached = [each for each in evidence.everything(*ASKED_OF_TARGET) if each.address or each in doors]
    here = tuple(each for each in reached if (each.address or each.subject) in failing)
    failed = tuple(each for each in reached if bad(each) and kind_of(each) not in OF_THE_WAY)
    if any(not bad(each) for each in here if each.runs == 1) or any(each not in here for each in failed):
        return "", ()
    return node, failed
