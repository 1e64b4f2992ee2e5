"""When no layer is to be named: an agreed window, trouble that is over, or nothing that fails."""

from typing import NamedTuple

from monitor.model.triage import Experiment, Layer, Observation, Symptom
from monitor.triage.evidence import CHANCE_MAX, SHARE_MAX, Evidence, bad
from monitor.triage.kinds import OF_THE_WAY
from monitor.triage.layers.slow import growths
from monitor.triage.weights import SUREST, Cause

#: Nothing fails, and it was looked at.
SURE_OF_NOTHING = 0.9
#: The comparison says that nothing grew: medians of few runs.
SURE_OF_PACE = 0.8

_LIVE = (Experiment.REFERENCE, Experiment.RESOLVE, Experiment.CONNECT, Experiment.HANDSHAKE)


class Quiet(NamedTuple):
    cause: Cause
    layer: Layer
    confidence: float


def before_looking(evidence: Evidence) -> Quiet | None:
    """What is known before any layer is looked at."""
    if evidence.case.maintenance:
        return Quiet(Cause.MAINTENANCE, Layer.NONE, SUREST)
    if evidence.empty:
        return Quiet(Cause.NO_EVIDENCE, Layer.UNKNOWN, 0.0)
    chance = chance_of_calm(evidence)
    if chance < CHANCE_MAX and not failing_now(evidence) and evidence.case.symptom is Symptom.FAILING:
        return Quiet(Cause.OVER, Layer.NONE, round(min(SUREST, 1 - chance), 2))
    return None


def without_signs(evidence: Evidence) -> Quiet:
    if evidence.bad_runs or failing_now(evidence):
        return Quiet(Cause.UNDECIDED, Layer.UNKNOWN, 0.0)
    if evidence.case.symptom is Symptom.SLOW:
        measured = growths(evidence)
        calm = bool(measured) and not any(each.grown for each in measured)
        return Quiet(Cause.NOTHING, Layer.NONE, SURE_OF_PACE) if calm else Quiet(Cause.UNDECIDED, Layer.UNKNOWN, 0.0)
    if evidence.case.symptom is Symptom.CHANGED and evidence.case.changes:
        return Quiet(Cause.PLANNED, Layer.NONE, SURE_OF_NOTHING)
    return Quiet(Cause.NOTHING, Layer.NONE, SURE_OF_NOTHING)


def chance_of_calm(evidence: Evidence) -> float:
    """How likely the good runs since the latest bad one were, had it gone on as before.

    The way there is common to all steps, so every run of a place counts; any other trouble is over when it is at each step that failed.
    """
    on_the_way = evidence.counts and set(evidence.counts) <= OF_THE_WAY
    places = evidence.recent(Experiment.LOCATION) if on_the_way else ()
    return max((_chance(each) for each in places or evidence.summaries if each.bad), default=1.0)


def _chance(each: Observation) -> float:
    before = each.runs - each.after
    if each.after <= 0 or before <= 0:
        return 1.0
    return float((1 - min(SHARE_MAX, each.bad / before)) ** each.after)


def failing_now(evidence: Evidence) -> bool:
    return bool(evidence.live_failures) or any(bad(each) for each in evidence.tried(*_LIVE))
