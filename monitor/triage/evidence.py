"""A case as the rules ask for it: what was tried, what failed and how, whom it hits and whom it spares.

Everything here is sorted once, so the order in which observations came in decides nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import comb

from monitor.model.triage import Case, Experiment, Observation, Symptom
from monitor.triage.kinds import Kind, kind_of, kind_of_word

#: Experiments that put a request to the target itself. HANDSHAKE and CONNECT stop short of one.
ASKED_OF_TARGET = frozenset(
    {
        Experiment.FRONT_DOOR,
        Experiment.ADDRESS,
        Experiment.TOKEN,
        Experiment.READ,
        Experiment.WRITE,
        Experiment.STEP,
    }
)
#: Ways to cut the same runs: adding them up would count a run several times, so the finest that shows something speaks.
_CUTS = (Experiment.STEP, Experiment.WRITE, Experiment.READ, Experiment.STRATUM, Experiment.CARD, Experiment.LOCATION)
#: A kind of failure with less than this share of itself and all that comes behind it is beside the point, as long as nothing tried just
#: now shows it: a busy monitor loses some answers in any trouble. What comes before it does not count, or a failure of an earlier layer
#: could take the word from this one and leave it to a later one.
ASIDE_SHARE = 0.2
#: A part counts as spared when so few failures in so many runs were this unlikely, had it been hit like the others ...
CHANCE_MAX = 0.05
#: ... and when its share of failures is at most so much of the worst part's.
SPARED_RATIO = 1 / 3
#: Nobody can tell a share of 1 from one of 0.9 by a handful of runs, so that one good run never spares a part.
SHARE_MAX = 0.9


@dataclass(frozen=True, slots=True)
class Contrast:
    """Parts that are hit, and parts that are not though they were tried often enough to have shown it."""

    hit: tuple[Observation, ...]
    spared: tuple[Observation, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted({each.subject for each in self.hit}))

    @property
    def most(self) -> bool:
        """More are hit than spared: it is a part that is spared, and not one that is hit."""
        return len(self.hit) > len(self.spared)


class Evidence:
    def __init__(self, case: Case) -> None:
        self.case = case
        self.slow = case.symptom is Symptom.SLOW
        self._tried = tuple(sorted(case.tried, key=_order))
        self._recent = tuple(sorted(case.recent, key=_order))
        self._before = tuple(sorted(case.before, key=_order))

    @property
    def empty(self) -> bool:
        return not any(each.good is not None for each in self._tried + self._recent)

    def tried(self, *experiments: Experiment) -> tuple[Observation, ...]:
        """What was tried just now and gave an answer, good or bad."""
        return tuple(each for each in self._tried if each.experiment in experiments and each.good is not None)

    def recent(self, *experiments: Experiment) -> tuple[Observation, ...]:
        return tuple(each for each in self._recent if each.experiment in experiments and each.good is not None)

    def before(self, experiment: Experiment, subject: str | None = None) -> tuple[Observation, ...]:
        return tuple(
            each for each in self._before if each.experiment is experiment and (subject is None or each.subject == subject)
        )

    def everything(self, *experiments: Experiment) -> tuple[Observation, ...]:
        return self.tried(*experiments) + self.recent(*experiments)

    def untried(self, *experiments: Experiment) -> tuple[Observation, ...]:
        """What was left out, with the reason in ``message``."""
        return tuple(each for each in self._tried + self._recent if each.experiment in experiments and each.good is None)

    def own(self, subject: str) -> Observation | None:
        """One reading of the monitor's own state."""
        found = [each for each in self._tried + self._recent if each.experiment is Experiment.OWN and each.subject == subject]
        return found[-1] if found else None

    @cached_property
    def live_failures(self) -> tuple[Observation, ...]:
        """Requests to the target that failed just now."""
        return tuple(each for each in self.tried(*ASKED_OF_TARGET) if bad(each))

    @cached_property
    def summaries(self) -> tuple[Observation, ...]:
        """The recent runs, cut one way."""
        return next((found for cut in _CUTS if (found := self.recent(cut))), ())

    @cached_property
    def runs(self) -> int:
        return _total(self._cut_with_most_runs, "runs")

    @cached_property
    def bad_runs(self) -> int:
        return _total(self._cut_with_most_runs, "bad")

    @cached_property
    def after(self) -> int:
        """Good runs since the latest bad one."""
        hit = [each for each in self.summaries if each.bad]
        return min((each.after for each in hit), default=0)

    @cached_property
    def counts(self) -> Mapping[Kind, int]:
        """Failures of the recent runs by kind, without what is beside the point."""
        found: dict[Kind, int] = {}
        for cut in _CUTS:
            for kind, count in sum((kinds_in(each) for each in self.recent(cut)), Counter()).items():
                found[kind] = max(count, found.get(kind, 0))
        live = {kind_of(each) for each in self.live_failures}
        ladder = list(Kind)
        behind = {kind: sum(found.get(other, 0) for other in ladder[ladder.index(kind) :]) for kind in found}
        return {kind: count for kind, count in found.items() if kind in live or count >= ASIDE_SHARE * behind[kind]}

    def failures(self, *kinds: Kind) -> tuple[Observation, ...]:
        """What failed in one of these ways: just now, or in the recent runs. The latest comes last."""
        wanted = [kind for kind in kinds if kind in self.counts]
        cuts = ([each for each in self.recent(cut) if any(kind in wanted for kind in kinds_in(each))] for cut in _CUTS)
        recent = next(filter(None, cuts), [])
        live = [each for each in self.live_failures if kind_of(each) in kinds]
        return tuple(sorted(recent + live, key=lambda each: (each.at, _order(each))))

    def amount(self, *kinds: Kind) -> int:
        """How much there is of it: runs, and requests tried just now."""
        live = sum(1 for each in self.live_failures if kind_of(each) in kinds)
        return live + sum(count for kind, count in self.counts.items() if kind in kinds)

    @cached_property
    def _cut_with_most_runs(self) -> tuple[Observation, ...]:
        """A run that ends at its first step has no second: whole runs are counted by place or stratum where those are known."""
        cuts = [self.recent(cut) for cut in (Experiment.LOCATION, Experiment.STRATUM, Experiment.STEP)]
        whole = [cut for cut in cuts[:2] if _total(cut, "bad")]
        return whole[0] if whole else _widest(cuts[2]) or self.summaries

    def contrast(self, experiment: Experiment) -> Contrast | None:
        """Who is hit and who is spared, where that is no chance; None when all are hit alike, or nobody knows."""
        return contrast(self.parts(experiment))

    def parts(self, experiment: Experiment) -> tuple[Observation, ...]:
        """The parts of one cut. Whole cells stand beside their labels where it is slow: counting both would count a run twice."""
        found = self.recent(experiment)
        return tuple(each for each in found if "," not in each.subject) or found

    @property
    def every_failure(self) -> tuple[Observation, ...]:
        return tuple(each for each in self._tried + self._recent if bad(each))


def bad(each: Observation) -> bool:
    return each.good is False or each.bad > 0


def kinds_in(each: Observation) -> Counter[Kind]:
    """The bad runs of one summary by kind."""
    if not bad(each):
        return Counter()
    if not each.mix:
        return Counter({kind_of(each): max(1, each.bad)})
    found = Counter[Kind]()
    own = kind_of(each)
    for word, count in each.mix:
        # The status and the kind of body are known of the latest bad run only: they speak for those that ended alike.
        same = each.outcome is not None and word.split(" ", 1)[0] == each.outcome.value
        kind = kind_of_word(word)
        found[own if same and own.refines(kind) else kind] += count
    return found


def contrast(parts: Sequence[Observation]) -> Contrast | None:
    """Who is hit, and who is so much less that it is no chance."""
    most = max((each.bad / each.runs for each in parts), default=0.0)
    hit = tuple(each for each in parts if each.bad and each.bad / each.runs > SPARED_RATIO * most)
    spared = tuple(each for each in parts if each not in hit)
    if not hit or not spared:
        return None
    share = min(SHARE_MAX, _total(hit, "bad") / _total(hit, "runs"))
    if at_most(_total(spared, "bad"), _total(spared, "runs"), share) >= CHANCE_MAX:
        return None
    return Contrast(hit, spared)


def at_most(bad_runs: int, runs: int, share: float) -> float:
    """The chance of so few failures in so many runs, of which ``share`` fail: the binomial distribution's lower tail."""
    return sum(comb(runs, count) * share**count * (1 - share) ** (runs - count) for count in range(bad_runs + 1))


def _total(parts: Iterable[Observation], field: str) -> int:
    return sum(int(getattr(each, field)) for each in parts)


def _widest(steps: tuple[Observation, ...]) -> tuple[Observation, ...]:
    """Of each place, the step that most runs reached, with every bad run of the place."""
    by_source: dict[str, list[Observation]] = {}
    for each in steps:
        by_source.setdefault(each.source, []).append(each)
    return tuple(max(found, key=lambda each: (each.bad, each.runs, _order(each))) for found in by_source.values())


def _order(each: Observation) -> tuple[str, str, str, float, str]:
    return each.experiment.value, each.subject, each.source, each.at, repr(each)
