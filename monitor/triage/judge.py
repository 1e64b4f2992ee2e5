"""The verdict: the first layer that fails while all before it pass, how sure that is, and what speaks against it."""

from collections.abc import Iterable

from monitor.model.triage import Case, Diagnosis, Layer
from monitor.triage.advice import advice
from monitor.triage.catalogue import runbook
from monitor.triage.doubts import Objection, objections
from monitor.triage.evidence import Evidence
from monitor.triage.findings import findings
from monitor.triage.layers import signs
from monitor.triage.quiet import Quiet, before_looking, without_signs
from monitor.triage.say import code_of
from monitor.triage.sign import Sign
from monitor.triage.summary import summary
from monitor.triage.verdict import Verdict
from monitor.triage.weights import CAUSES, DOUBTS, LADDER, SURE_ENOUGH, Cause, Doubt, probability

#: Fewer failures may be chance ...
FEW = 3
#: ... and so many are none. Between the two, and beyond, more of them add nothing.
MANY = 10
#: Agreeing experiments count this often at most: they are seldom independent.
CONFIRMED_MAX = 2
#: Layers named beside the verdict.
LIKELY_MAX = 3
#: Ids kept for the gateway's support, the latest: what fits a ticket and is looked at.
CORRELATIONS_MAX = 10


def judge(case: Case, took_seconds: float = 0.0) -> Diagnosis:
    """Pure: the same case gives the same diagnosis, in whatever order its observations stand."""
    evidence = Evidence(case)
    verdict = decide(evidence)
    book = runbook(case.symptom)
    found = findings(book, evidence, verdict)
    told = advice(book, found, verdict)
    return Diagnosis(
        layer=verdict.layer,
        confidence=verdict.confidence,
        at=case.at,
        took_seconds=took_seconds,
        runbook=case.symptom.value,
        summary=summary(evidence, verdict),
        where=verdict.where,
        findings=found,
        against=tuple(dict.fromkeys(each.said for each in verdict.objections)),
        next_step=told.next_step,
        owner=told.owner,
        do_not=told.do_not,
        correlations=_correlations(evidence),
        likely=verdict.likely,
        cause=verdict.cause.value,
        code=_code(verdict),
    )


def decide(evidence: Evidence) -> Verdict:
    """The first layer whose signs would do by themselves is the one: doubts may take its name away, never give it to a later one."""
    quiet = before_looking(evidence)
    if quiet is not None:
        return _calm(quiet)
    strongest = _by_layer(signs(evidence))
    if not strongest:
        return _calm(without_signs(evidence))
    standing = [sign for sign in strongest if probability(strength(sign)) >= SURE_ENOUGH]
    first = standing[0] if standing else max(strongest, key=strength)
    earlier = strongest[: strongest.index(first)]
    found = objections(evidence, first, earlier)
    odds = strength(first) + sum(DOUBTS[each.doubt][0] * each.times for each in found if each.doubt is not None)
    if probability(odds) < SURE_ENOUGH:
        return _undecided(first, strongest, found, odds)
    return Verdict(first.cause, first.layer, first.where, probability(odds), first, found, _likely(first, strongest, odds))


def strength(sign: Sign) -> float:
    """What a sign is worth by itself. More of the failures that it stands on never make it weaker."""
    odds = CAUSES[sign.cause].odds + DOUBTS[Doubt.CONFIRMED][0] * min(sign.confirmed, CONFIRMED_MAX)
    if sign.amount < FEW and not sign.firm:
        odds += DOUBTS[Doubt.SINGLE if sign.amount <= 1 else Doubt.THIN][0]
    if sign.amount >= MANY:
        odds += DOUBTS[Doubt.MANY][0]
    return odds + (DOUBTS[Doubt.NOW][0] if sign.now else 0.0)


def _by_layer(found: Iterable[Sign]) -> list[Sign]:
    """The strongest sign of each layer that fails, in the order in which a request meets them."""
    best: dict[Layer, Sign] = {}
    for sign in found:
        held = best.get(sign.layer)
        if held is None or (strength(sign), sign.cause) > (strength(held), held.cause):
            best[sign.layer] = sign
    return [best[layer] for layer in LADDER if layer in best]


def _calm(quiet: Quiet) -> Verdict:
    return Verdict(quiet.cause, quiet.layer, "", quiet.confidence, None)


def _undecided(first: Sign, strongest: list[Sign], found: tuple[Objection, ...], odds: float) -> Verdict:
    """What came nearest stays likely by its own odds; what looks like it, half as likely each time."""
    weight = probability(odds)
    named = [first.layer, *_rivals(first, strongest)][:LIKELY_MAX]
    likely = tuple((layer, round(weight / 2**place, 2)) for place, layer in enumerate(named))
    return Verdict(Cause.UNDECIDED, Layer.UNKNOWN, "", 0.0, first, found, likely)


def _likely(first: Sign, strongest: list[Sign], odds: float) -> tuple[tuple[Layer, float], ...]:
    """What is left of certainty, shared among the layers that show something and those that look alike."""
    named = _rivals(first, strongest)[:LIKELY_MAX]
    left = 1 - probability(odds)
    shares = [2.0**-place for place in range(len(named))]
    return tuple((layer, round(left * share / sum(shares), 2)) for layer, share in zip(named, shares, strict=True))


def _rivals(first: Sign, strongest: list[Sign]) -> list[Layer]:
    shown = [sign.layer for sign in strongest if sign is not first]
    alike = CAUSES[first.cause].rivals
    return [layer for layer in dict.fromkeys((*shown, *alike)) if layer not in (first.layer, Layer.NONE)]


def _correlations(evidence: Evidence) -> tuple[str, ...]:
    failed = sorted((each for each in evidence.every_failure if each.correlation), key=lambda each: (each.at, each.correlation))
    return tuple(dict.fromkeys(each.correlation for each in failed))[-CORRELATIONS_MAX:]


def _code(verdict: Verdict) -> str:
    shown = [each for each in verdict.sign.shown if not each.good] if verdict.sign else []
    codes = [code for each in shown if (code := code_of(each))]
    return max(sorted(set(codes)), key=codes.count) if codes and verdict.layer is not Layer.UNKNOWN else ""
