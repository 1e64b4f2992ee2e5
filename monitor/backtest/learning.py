"""What is normal, learned while history is replayed: from the past only, never from trouble, as the service does.

The service fits once a day. A fit moves little from one day to the next, and here the days go by in a second: the first fit comes
when there is enough, the next ones when the history has doubled, and at least every two weeks.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from monitor.detectors.adoption import Fit, believed
from monitor.detectors.baseline import Baseline
from monitor.detectors.calm import (
    AGAIN_SECONDS,
    DAY_SECONDS,
    ELSEWHERE,
    LAG_SECONDS,
    LONGEST_SECONDS,
    MARGIN_SECONDS,
    RUNS_MAX,
    enough,
    ready_at,
)
from monitor.detectors.learn import History, fit
from monitor.detectors.sequential.kind import UNANSWERED
from monitor.model.alert import Alert, AlertState
from monitor.model.check import Check
from monitor.model.result import Result
from monitor.rules import Rule
from monitor.rules.plan import assign

#: After a fit: no sooner, and no later.
REFIT_MIN_SECONDS, REFIT_MAX_SECONDS = DAY_SECONDS, 14 * DAY_SECONDS
#: Fits that a new one is held against, as many as the service keeps.
FITS_KEPT = 8

Interval = tuple[float, float]


@dataclass(slots=True)
class _Series:
    """What is known of one stratum: the fit in force, and the latest fits with what became of them."""

    in_force: Baseline | None = None
    fits: list[Fit] = field(default_factory=list)


class Learner:
    """For one check: takes results and alerts as they come, and says when something was learned."""

    def __init__(self, rules: Iterable[Rule], check: Check) -> None:
        pooled = (one for one in assign(rules, check) if one.detector.pools_locations and "" in one.steps)
        self._series = {stratum: _Series() for stratum in sorted(frozenset().union(*(one.strata for one in pooled)))}
        self._past: list[Result] = []
        self.due = float("inf")
        self._standing: dict[str, float] = {}
        self._troubles: list[Interval] = []

    def told(self, alerts: Iterable[Alert]) -> None:
        """Alerts as they change: what is learned leaves out their times."""
        for alert in alerts:
            if alert.evidence.get("kind") in ELSEWHERE:
                continue
            if alert.state is AlertState.FIRING:
                self._standing.setdefault(alert.id, alert.since)
            elif (since := self._standing.pop(alert.id, None)) is not None:
                self._troubles.append((since - MARGIN_SECONDS, alert.changed + MARGIN_SECONDS))

    def take(self, result: Result, *, suspected: bool) -> Mapping[tuple[str, str], Baseline] | None:
        """The baselines in force, by (stratum, step), when a fit was just made; nearly always None."""
        if not self._series or result.good is None or result.extra:
            return None
        self._past.append(result)
        self.begin(result.due)
        if result.finished < self.due or not self.ready(result.finished, suspected=suspected):
            return None
        calm = self._calm(result.finished)
        return self.fit(
            result.finished,
            self._past[0].due,
            lambda stratum: history_of([one for one in calm if not stratum or one.stratum == stratum]),
        )

    @property
    def wanted(self) -> bool:
        """Whether any rule of the check learns."""
        return bool(self._series)

    def begin(self, at: float) -> None:
        """The history begins at the first instant that is told."""
        if self.due == float("inf"):
            self.due = ready_at(at)

    def ready(self, at: float, *, suspected: bool) -> bool:
        """Now that a fit is due: is it to be made? Not while anything is wrong; it is then due again soon."""
        if suspected or self._standing:
            self.due = at + AGAIN_SECONDS
            return False
        return True

    def fit(self, at: float, oldest: float, history: Callable[[str], History]) -> Mapping[tuple[str, str], Baseline] | None:
        """``history`` gives what is calm of a stratum, ``oldest`` where it begins."""
        fitted = [self._weigh(series, history(stratum)) for stratum, series in self._series.items()]
        self.due = at + (next_fit(at - oldest) if any(fitted) else AGAIN_SECONDS)
        if not any(fitted):
            return None
        return {(stratum, ""): series.in_force for stratum, series in self._series.items() if series.in_force}

    def troubles(self, at: float) -> Sequence[Interval]:
        """The times that are left out; those too old to matter are forgotten."""
        self._troubles = [one for one in self._troubles if one[1] >= at - LONGEST_SECONDS]
        return self._troubles

    def _calm(self, at: float) -> list[Result]:
        """The part that shows what is normal, by instant. What is too old is forgotten."""
        self._past = [one for one in self._past if one.due >= at - LONGEST_SECONDS]
        ended = self.troubles(at)
        calm = [
            one
            for one in self._past
            if one.due < at - LAG_SECONDS and not any(since <= one.due < until for since, until in ended)
        ]
        return sorted(calm, key=lambda one: (one.due, one.location))[-RUNS_MAX:]

    def _weigh(self, series: _Series, past: History) -> bool:
        if not enough(past.at):
            return False
        fresh = fit(past)
        taken, jump = believed(series.fits, fresh)
        series.fits = [*series.fits[1 - FITS_KEPT :], Fit(fresh, taken, bool(jump.en))]
        series.in_force = fresh if taken else series.in_force
        return True


def history_of(calm: Sequence[Result]) -> History:
    places = tuple(sorted({one.location for one in calm}))
    index = {place: number for number, place in enumerate(places)}
    return History(
        at=[one.due for one in calm],
        place=[index[one.location] for one in calm],
        failed=[not one.good for one in calm],
        seconds=[one.latency_seconds for one in calm],
        places=places,
        answered=[one.outcome not in UNANSWERED for one in calm],
    )


def next_fit(known_seconds: float) -> float:
    """How long after a fit over this much history the next one comes."""
    return min(max(known_seconds, REFIT_MIN_SECONDS), REFIT_MAX_SECONDS)
