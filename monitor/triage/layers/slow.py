"""It works and takes longer: which phase of the exchange grew against the last good run, at which steps, for whom."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from monitor.model.result import PHASES
from monitor.model.triage import Experiment, Observation
from monitor.triage.evidence import Contrast, Evidence
from monitor.triage.layers.behind import CARD_LABELS
from monitor.triage.layers.parts import joined, shared_labels
from monitor.triage.sign import Sign
from monitor.triage.weights import Cause

#: Less than this is a busy minute, for any gateway on the same continent.
GROWN_SECONDS = 0.1
#: And so is less than twice as long: the hours of a day differ by as much.
GROWN_RATIO = 2.0
#: The phase that explains this share of what was lost decides.
DECIDING_SHARE = 0.5
#: A median of fewer runs is one slow run.
RUNS_NEEDED = 3
#: A part is apart from the others when it takes this many times as long, at one time.
APART_RATIO = 2.0

_OF_PHASE: Mapping[str, Cause] = MappingProxyType(
    {
        "resolve": Cause.SLOW_NAME,
        "connect": Cause.SLOW_PATH,
        "tls": Cause.SLOW_HANDSHAKE,
        "auth": Cause.SLOW_TOKEN,
        "send": Cause.SLOW_PATH,
        "wait": Cause.SLOW_ALL,
        "receive": Cause.LONG_ANSWERS,
    }
)

#: At one place alone: phases that are not the way there keep a layer of their own. Where connecting is as quick as ever, the way is.
_AT_ONE_PLACE: Mapping[str, Cause] = MappingProxyType(
    {
        "resolve": Cause.SLOW_NAME,
        "tls": Cause.SLOW_HANDSHAKE,
        "auth": Cause.SLOW_TOKEN,
        "wait": Cause.SLOW_NEARBY,
    }
)


@dataclass(frozen=True, slots=True)
class Growth:
    """One step, now and at the last good run."""

    now: Observation
    was: Observation
    by_phase: Mapping[str, float]  # seconds more, for phases measured at both times

    @property
    def total(self) -> float:
        return sum(self.by_phase.values()) if self.by_phase else (self.now.seconds or 0.0) - (self.was.seconds or 0.0)

    @property
    def grown(self) -> bool:
        return self.total >= GROWN_SECONDS and (self.now.seconds or 0.0) >= GROWN_RATIO * (self.was.seconds or 0.0)


def slow_signs(evidence: Evidence) -> Iterator[Sign]:
    if not evidence.slow:
        return
    grown = main_growths(evidence)
    if not grown:
        yield from _of_strata(slower_strata(evidence))  # a quarter of the runs, which leaves the median of all of them alone
        return
    amount = max(each.now.runs for each in grown)
    place, phase = one_place(evidence), deciding_phase(grown)
    if place:
        yield Sign(
            _AT_ONE_PLACE.get(phase or "", Cause.ONE_LOCATION), _now(grown), place, amount=amount, confirmed=int(len(grown) > 1)
        )
    elif {each.now.subject for each in grown} <= token_steps(evidence):
        yield Sign(Cause.SLOW_TOKEN, _now(grown), "token", amount=amount)
    elif phase == "wait":
        yield from _of_server(evidence, grown, amount)
    elif phase is not None:
        yield Sign(_OF_PHASE[phase], _now(grown), slow_address(evidence), amount=amount, confirmed=int(len(grown) > 1))


def main_growths(evidence: Evidence) -> list[Growth]:
    """The steps and places that lost most. What lost little beside them waits for them, or is a busy minute."""
    grown = [each for each in growths(evidence) if each.grown]
    most = max((each.total for each in grown), default=0.0)
    return [each for each in grown if each.total >= DECIDING_SHARE * most]


def one_place(evidence: Evidence) -> str:
    """The places at which steps became slower that elsewhere did not; "" when it is so everywhere, or there is one place only."""
    grown = main_growths(evidence)
    plain = sum(deciding_phase([each]) is not None for each in grown)
    slow, hit = {each.now.subject for each in grown}, {each.now.source for each in grown}
    enough = DECIDING_SHARE * min((each.total for each in grown), default=0.0)
    alike = {each.now.source for each in growths(evidence) if each.now.subject in slow and each.total >= enough}
    spared = {each.now.source for each in growths(evidence) if each.now.subject in slow} - alike
    # Where no phase stands out it is a bit of everything: a busy host, ours or theirs, and not the way there.
    return joined(sorted(hit)) if spared and alike <= hit and plain * 2 > len(grown) else ""


def token_steps(evidence: Evidence) -> set[str]:
    """Steps that fetch a token, by the names under which they were tried and run."""
    return {name for each in evidence.everything(Experiment.TOKEN) for name in (each.subject, each.step) if name}


def growths(evidence: Evidence) -> tuple[Growth, ...]:
    """Steps that were measured at both times, often enough now to be a median."""
    found = []
    for now in evidence.recent(Experiment.STEP):
        was = evidence.before(Experiment.STEP, now.subject)
        same = [each for each in was if each.source == now.source] or list(was)
        if same and now.runs >= RUNS_NEEDED and now.seconds is not None:
            found.append(Growth(now, same[-1], _by_phase(now, same[-1])))
    return tuple(found)


def deciding_phase(grown: list[Growth]) -> str | None:
    """The phase in which most of what was lost was lost; None when no phase stands out."""
    lost = {phase: sum(each.by_phase.get(phase, 0.0) for each in grown) for phase in PHASES}
    total = sum(value for value in lost.values() if value > 0)
    phase = max(PHASES, key=lambda name: lost[name])
    return phase if total > 0 and lost[phase] >= DECIDING_SHARE * total else None


def _by_phase(now: Observation, was: Observation) -> Mapping[str, float]:
    before, after = was.phases.reached(), now.phases.reached()
    return {phase: after[phase] - before.get(phase, 0.0) for phase in after}


def _now(grown: list[Growth]) -> tuple[Observation, ...]:
    return tuple(each.now for each in grown)


def _of_server(evidence: Evidence, grown: list[Growth], amount: int) -> Iterator[Sign]:
    """Waiting is the server's, or that of somebody behind it: by which strata and steps wait."""
    address = slow_address(evidence)
    if address:
        yield Sign(Cause.ONE_NODE, _now(grown), address, amount=amount, confirmed=int(len(grown) > 1))
        return
    least = DECIDING_SHARE * max(each.total for each in grown)
    apart = slower_strata(evidence) or next(filter(None, (_apart(cut, least) for cut in _cuts(evidence))), None)
    if apart is not None:
        yield from _of_strata(apart)
        return
    slow = {each.now.subject for each in grown}
    steady = {each.now.subject for each in growths(evidence)} - slow
    shown = _now(grown)
    if steady:
        yield Sign(Cause.SLOW_OPERATION, shown, _group(evidence, slow, steady), amount=amount, confirmed=1)
    else:
        yield Sign(Cause.SLOW_ALL, shown, amount=amount, confirmed=int(len(grown) > 1))


def _group(evidence: Evidence, slow: set[str], steady: set[str]) -> str:
    """``reads`` or ``writes`` where it is all of these and none of the others, else the steps by name."""
    for name, experiment in (("reads", Experiment.READ), ("writes", Experiment.WRITE)):
        members = {each.subject for each in evidence.recent(experiment)}
        if len(slow) > 1 and members and slow <= members and not steady & members:
            return name
    return joined(sorted(slow))


def _of_strata(apart: Contrast | None) -> Iterator[Sign]:
    if apart is None:
        return
    about = shared_labels(apart.hit, apart.spared) or apart.names
    labels = [label for name in about for label in name.split(",")]
    card = any(label.partition("=")[0] in CARD_LABELS for label in labels)
    amount = sum(each.runs for each in apart.hit)
    yield Sign(Cause.SLOW_CARD if card else Cause.SLOW_BRAND, apart.hit, joined(about), amount=amount)


def slower_strata(evidence: Evidence) -> Contrast | None:
    """Strata that became slower than they were themselves, while others did not."""
    for cut in _cuts(evidence):
        lost = {each: _pace(each) - was for each in _timed(cut) if (was := _former_pace(evidence, each)) is not None}
        most = max(lost.values(), default=0.0)
        hit = tuple(each for each, more in lost.items() if more >= max(GROWN_SECONDS, DECIDING_SHARE * most))
        spared = tuple(each for each in lost if each not in hit)
        doubled = all(_pace(each) >= GROWN_RATIO * (_pace(each) - lost[each]) for each in hit)
        if hit and spared and doubled and len(hit) * 2 <= len(lost):
            return Contrast(hit, spared)
    return None


def _former_pace(evidence: Evidence, now: Observation) -> float | None:
    was = evidence.before(now.experiment, now.subject)
    return _pace(was[-1]) if was else None


def _pace(each: Observation) -> float:
    """Of its slowest step what it waited for, where phases are known: the way there is the same for every card."""
    return each.seconds or 0.0 if each.phases.wait is None else each.phases.wait


def _timed(parts: tuple[Observation, ...]) -> tuple[Observation, ...]:
    """Medians of few runs are noise."""
    return tuple(each for each in parts if each.seconds is not None and each.runs >= RUNS_NEEDED)


def slow_address(evidence: Evidence) -> str:
    """The addresses that take longer than the others of the name: in the recent runs, and tried by themselves just now."""
    by_run = _apart(evidence.recent(Experiment.ADDRESS), GROWN_SECONDS)
    tried = [_slower(evidence.tried(experiment)) for experiment in (Experiment.ADDRESS, Experiment.HANDSHAKE)]
    names = by_run.names if by_run is not None else ()
    return joined(names) if names and any(set(names) == found for found in tried) else ""


def _slower(tried: tuple[Observation, ...]) -> set[str]:
    """Subjects of single tries that took longer than the quickest by as much as counts."""
    timed = {each.subject: each.seconds for each in tried if each.seconds is not None}
    quickest = min(timed.values(), default=0.0)
    return {name for name, seconds in timed.items() if seconds >= max(quickest + GROWN_SECONDS, APART_RATIO * quickest)}


def _cuts(evidence: Evidence) -> Iterator[tuple[Observation, ...]]:
    """Whole cells first: they tell one card of one brand from all cards and from all brands."""
    parts = evidence.recent(Experiment.CARD, Experiment.STRATUM)
    cells = tuple(each for each in parts if "," in each.subject)
    yield from (cells, evidence.recent(Experiment.CARD), evidence.recent(Experiment.STRATUM))


def _apart(parts: tuple[Observation, ...], least: float) -> Contrast | None:
    """Parts that take much longer than the others do at the same time, by ``least`` seconds or more."""
    timed = [(each, each.seconds or 0.0) for each in _timed(parts)]
    quickest = min((seconds for _, seconds in timed), default=0.0)
    enough = max(quickest + max(GROWN_SECONDS, least), APART_RATIO * quickest)
    hit = tuple(each for each, seconds in timed if seconds >= enough)
    spared = tuple(each for each, _ in timed if each not in hit)
    return Contrast(hit, spared) if hit and len(hit) * 2 <= len(timed) else None
