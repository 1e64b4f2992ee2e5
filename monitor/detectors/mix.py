"""The mix of answers moved: more of one outcome, or of one decline code, than this check has ever had.

Declines that a test card must meet are good samples, so a rule that counts failures cannot see "do not honour" turn into "try again
later". Each class of answers is held against its own share in the past by a mixture of Shiryaev-Roberts statistics (see
``elementary``); all classes share the budget. What is claimed: while every class comes at most as often as the upper bound learned
for it, and independently but for neighbours within seconds, the mean time between false alarms is at least the budget.

The past is learned here: hours late, so that what is going wrong now is not yet in it; not at all while there is doubt; and with a
bound so wide at first that little can be claimed on little. A check that begins in the middle of an incident learns the incident.
"""

import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, Self

from pydantic import Field

from monitor.detectors import CALM, HEALTHY, State, Verdict
from monitor.detectors.base import DetectorModel
from monitor.detectors.elementary import bet, elapsed, latest, page, power_after, roberts, share_at_most, wald
from monitor.detectors.false_alarms import DEFAULT, FalseAlarms, false_alarms_text
from monitor.model.check import Check
from monitor.model.durations import iso
from monitor.model.outcome import OURS, Outcome
from monitor.model.sample import Sample
from monitor.model.text import Text
from monitor.model.units import Duration

#: Not answers: the network's and our own doing belong to other rules, and one bad line must not look like a change of mind.
NO_ANSWER = OURS | {Outcome.NETWORK_ERROR, Outcome.TIMEOUT_UNKNOWN, Outcome.CLIENT_CONFIG}
#: Alternatives, as ratios of the odds: a share near one has somewhere to go too.
RATIOS = (1.8, 3.0, 6.0, 12.0)
#: The alternative whose CUSUM dates the change: what speaks for a larger one speaks for the smallest too (the sum is concave).
DATING = 0
#: Classes followed, first come first served. There are a dozen outcomes that a gateway can answer with; the rest is room for codes.
CLASSES_MAX = 20
#: The statistics of a class never met so far: where the first of its kind starts from.
UNMET = ""
#: The bound of a share holds in about 99 of 100 cases: twenty classes are bounded at once.
_DEVIATIONS = 2.33
#: What came in this long is learned together, when as much time again has passed in calm.
BLOCK_SECONDS = 6 * 3_600.0
#: Beyond this the past is halved: a mix of two months ago is not this month's.
REMEMBERED_ANSWERS = 20_000
#: Evidence that calm times reach once a week: from here on nothing is learned.
DOUBT_SECONDS = 7 * 86_400.0
#: A shift that lasts is called over in less than one of a thousand tests; one that says it lasts is begun anew.
_OVER = wald(false_yes=1e-3, false_no=1e-3)[1]

WEIGHT = 1.0 / (CLASSES_MAX * len(RATIOS))
_NOTHING = [0.0] * len(RATIOS)
_NONE_YET = [0, 0]


class MixShift(DetectorModel):
    """Alarm when a class of answers has become commoner. A mix that stays for ``accept_after`` becomes the normal one."""

    kind: ClassVar[str] = "mix_shift"
    pools_locations: ClassVar[bool] = True
    takes_extra: ClassVar[bool] = True

    false_alarms: FalseAlarms = Field(default=DEFAULT, validate_default=True)
    accept_after: Duration = Field(default="7d", gt=0, validate_default=True)

    def tailored(self, check: Check, every_seconds: float, family: int = 1) -> Self | None:
        return self.model_copy(update={"false_alarms": self.false_alarms * family})

    def start(self) -> State:
        return {
            "past": [0, {}],  # answers, and how many of each class: what is normal
            "waiting": [0, {}],  # the block before this one
            "block": [None, 0, {}],  # began, answers, how many of each class
            "last": None,
            # by class: evidence for each ratio, and of the change that may be going on: its CUSUM, since when, how many of how many
            "classes": {UNMET: _fresh()},
            "alarm": None,  # since, class, bound of its share in the past, CUSUM of being over, [how many, of how many answers]
        }

    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]:
        if sample.good is None or sample.outcome in NO_ANSWER:
            return state, self._judge(state)
        names, waited = _names(sample), elapsed(state["last"], sample.seen)
        power = power_after(waited) if state["last"] is not None else 1.0
        state = {**state, "last": latest(state["last"], sample.seen)}
        if not sample.extra:  # asked for under suspicion: a biased part of the past
            state["block"] = _counted(state["block"], names, sample.seen)
        if state["alarm"]:
            self._heal(state, names, power, sample.seen)
        else:
            self._suspect(state, names, sample.at, waited, power)
        return state, self._judge(state)

    def _suspect(self, state: dict[str, Any], names: tuple[str, ...], at: float, waited: float, power: float) -> None:
        answers, counts = state["past"]
        classes = dict(state["classes"])
        for name in names:
            if name not in classes and len(classes) < CLASSES_MAX:
                classes[name] = classes[UNMET]
        for name, line in classes.items():
            factors, happened = factors_of(counts.get(name, 0), answers), name in names
            if factors:
                classes[name] = _moved(line, factors[happened], happened, at, waited, power)
        state["classes"] = classes
        evidence = evidence_of(classes)
        if evidence >= self.false_alarms:
            state["alarm"] = self._alarm(state, at)
            state["classes"], state["block"], state["waiting"] = {name: _fresh() for name in classes}, [None, 0, {}], [0, {}]
        elif evidence >= DOUBT_SECONDS:
            state["block"], state["waiting"] = [None, 0, {}], [0, {}]
        elif state["block"][0] is not None and state["last"] - state["block"][0] >= BLOCK_SECONDS:
            learn(state)

    def _alarm(self, state: dict[str, Any], at: float) -> list[Any]:
        classes = state["classes"]
        # Of an outcome and its code the larger is the finer: they carry the same evidence when all of the outcome has one code.
        name = max(classes, key=lambda name: (sum(classes[name][0]), name))
        _, _, since, seen = classes[name]
        answers, counts = state["past"]
        p0 = _bound(counts.get(name, 0), answers)
        if since is None:  # evidence from long ago, that the newest answers spoke against
            since, seen = at, [1, 1]
        return [since, name, p0, 0.0, seen]

    def _heal(self, state: dict[str, Any], names: tuple[str, ...], power: float, now: float) -> None:
        since, name, p0, over, (many, of) = state["alarm"]
        # Against half the rise that was seen: a share that came down half the way is no recovery.
        p1 = max(_raised(p0, RATIOS[0]), (p0 + many / of) / 2)
        over = page(over, -power * math.log(bet(p0, p1).of(name in names)))
        began, answers, counts = state["block"]
        if over >= _OVER:
            state["alarm"], state["block"] = None, [None, 0, {}]
        elif began is not None and now - began >= self.accept_after:
            state["alarm"], state["past"], state["block"] = None, [answers, counts], [None, 0, {}]
        else:
            state["alarm"] = [since, name, p0, over, [many, of]]

    def _judge(self, state: State) -> Verdict:
        if state["alarm"] is None:
            return HEALTHY if evidence_of(state["classes"]) < DOUBT_SECONDS else CALM
        since, name, p0, _, (many, of) = state["alarm"]
        shown, share, before = name.replace(":", " "), f"{many / of:.0%}", f"{p0:.2%}"
        budget = false_alarms_text(self.false_alarms)
        summary = Text(
            f"{share} of {of} answers were {shown} since {iso(since)}, in the past at most {before} ({budget.en})",
            f"自 {iso(since)} 起 {of} 次应答中 {share} 为 {shown}，以往至多 {before}（{budget.zh}）",
        )
        learned = str(state["past"][0])
        evidence = {"class": shown, "share": share, "past_at_most": before, "answers": str(of), "learned_from_answers": learned}
        return Verdict(alarm=True, recovered=False, since=since, summary=summary, evidence=evidence)


def _fresh() -> list[Any]:
    return [_NOTHING, 0.0, None, _NONE_YET]


def _names(sample: Sample) -> tuple[str, ...]:
    """The classes an answer belongs to: its outcome, and with a code of the gateway's own the finer one as well."""
    outcome = sample.outcome.value
    return (outcome, f"{outcome}:{sample.code}") if sample.code else (outcome,)


def _counted(block: list[Any], names: tuple[str, ...], now: float) -> list[Any]:
    began, answers, counts = block
    counts = dict(counts)
    for name in names:
        if name in counts or len(counts) < CLASSES_MAX:
            counts[name] = counts.get(name, 0) + 1
    return [now if began is None else began, answers + 1, counts]


def learn(state: dict[str, Any]) -> None:
    """The block before this one has proved calm; this one waits until as much time again has passed."""
    state["past"] = _joined(state["past"], state["waiting"])
    state["waiting"], state["block"] = state["block"][1:], [None, 0, {}]


def _joined(past: list[Any], block: list[Any]) -> list[Any]:
    answers, counts = past[0] + block[0], dict(past[1])
    for name, count in block[1].items():
        if name in counts or len(counts) < CLASSES_MAX:
            counts[name] = counts.get(name, 0) + count
    if answers > REMEMBERED_ANSWERS:
        answers, counts = answers // 2, {name: count // 2 for name, count in counts.items() if count > 1}
    return [answers, counts]


def _bound(count: int, answers: int) -> float:
    return share_at_most(count, answers, _DEVIATIONS)


def _raised(share: float, ratio: float) -> float:
    odds = ratio * share / (1.0 - share)
    return odds / (1.0 + odds)


@lru_cache(maxsize=4096)
def factors_of(count: int, answers: int) -> tuple[Sequence[float], Sequence[float]] | None:
    """For each ratio, of an answer of another class and of this one. None when the past bounds nothing: too few answers."""
    bound = _bound(count, answers)
    if bound >= 1.0:
        return None
    bets = [bet(bound, _raised(bound, ratio)) for ratio in RATIOS]
    return tuple(one.no for one in bets), tuple(one.yes for one in bets)


def _moved(line: list[Any], factors: Sequence[float], happened: bool, at: float, waited: float, power: float) -> list[Any]:
    evidence, total, since, (many, of) = line
    if power != 1.0:
        factors = [factor**power for factor in factors]
    evidence = [roberts(old, factor, waited) for old, factor in zip(evidence, factors, strict=True)]
    total = page(total, math.log(factors[DATING]))
    if total == 0.0:
        return [evidence, 0.0, None, _NONE_YET]
    return [evidence, total, at if since is None else since, [many + happened, of + 1]]


def evidence_of(classes: Mapping[str, list[Any]]) -> float:
    """Seconds: the weighted mean over classes and ratios, which is again a Shiryaev-Roberts statistic."""
    return WEIGHT * sum(sum(line[0]) for line in classes.values())
