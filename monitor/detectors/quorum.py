"""The same failure from several places: retry, then ask the others, as people would. The plainest rule that forgives one bad line.

It sees outages, not shares: at a failure share p, three in a row at each of two places come about with p to the sixth. Every number in
its alarm can be checked by hand; put ``sequential`` beside it for the rest.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import Field

from monitor.detectors import CALM, HEALTHY, State, Verdict
from monitor.detectors.absence import Intervals, Length
from monitor.detectors.base import STRAGGLER_SECONDS, CountingModel
from monitor.model.check import Check
from monitor.model.sample import Sample
from monitor.model.text import Text

#: A longer run of failures is no detection any more.
LONGEST = 100
#: Places followed at most; more agents than this watch different checks, not one.
PLACES_MAX = 16
#: Of a place: failures in a row at the end, the instant of their first, good samples in a row at the end, the newest instant.
Place = list[Any]


class Quorum(CountingModel):
    """Alarm when ``failures`` in a row failed at each of ``locations`` places; where fewer watch, at all of them.

    Healthy again when so few places are left without ``successes`` good samples in a row that they could not have alarmed. A place
    that was ``silent`` that long has no voice: what it said last is old.
    """

    kind: ClassVar[str] = "quorum"
    pools_locations: ClassVar[bool] = True

    failures: int = Field(default=3, ge=1, le=LONGEST)
    locations: int = Field(default=2, ge=1, le=PLACES_MAX)
    successes: int = Field(default=3, ge=1, le=LONGEST)
    silent: Length = Field(default=Intervals(5), validate_default=True)

    def tailored(self, check: Check, every_seconds: float, family: int = 1) -> Self | None:
        if not isinstance(self.silent, Intervals):
            return self
        allowance = check.budget_seconds + check.undo_budget_seconds
        return self.model_copy(update={"silent": self.silent.count * every_seconds + allowance})

    def start(self) -> State:
        return [None, {}]  # onset while alarmed, places by name

    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]:
        good, name, (since, places) = self.weigh(sample), sample.series.location, state
        place = None if good is None else _next(places.get(name), sample.at, good=good)
        if place is None:
            return state, self._judge(state)
        places = {**self._heard(places, sample.at, but=name), name: place}
        failing = self._failing(places)
        needed = min(self.locations, len(places))
        if since is None and len(failing) >= needed:
            # Dated to when the last of the quorum began to fail: until then one of its places was seen to be well.
            since = sorted(places[name][1] for name in failing)[needed - 1]
        elif since is not None and self._unhealed(places) < needed:
            since = None
        state = [since, places]
        return state, self._judge(state)

    def _heard(self, places: Mapping[str, Place], at: float, *, but: str) -> dict[str, Place]:
        """The other places with a voice, the newest last, and room for one more. One from the future is from before a clock was set."""
        heard = {
            name: place for name, place in places.items() if name != but and -STRAGGLER_SECONDS <= at - place[3] <= self.silent
        }
        return dict(list(heard.items())[-(PLACES_MAX - 1) :])

    def _failing(self, places: Mapping[str, Place]) -> list[str]:
        return sorted(name for name, place in places.items() if place[0] >= self.failures)

    def _unhealed(self, places: Mapping[str, Place]) -> int:
        return sum(1 for place in places.values() if place[2] < self.successes)

    def _judge(self, state: State) -> Verdict:
        since, places = state
        if since is None:
            return HEALTHY if places and self._unhealed(places) < min(self.locations, len(places)) else CALM
        failing = self._failing(places)
        named = ", ".join(failing) or "-"
        summary = Text(
            f"at least {self.failures} in a row failed from each of: {named} ({len(places)} places watch)",
            f"以下位置各自连续失败至少 {self.failures} 次：{named}（共 {len(places)} 个位置在监测）",
        )
        evidence = {"failing_places": named, "places": ", ".join(sorted(places))}
        return Verdict(alarm=True, recovered=False, since=since, summary=summary, evidence=evidence, places=tuple(failing))


def _next(place: Place | None, at: float, *, good: bool) -> Place | None:
    """The place after one more sample; None when it came too late to count: runs are counted in order."""
    if place is None or place[3] - at > STRAGGLER_SECONDS:
        return [0, None, 1, at] if good else [1, at, 0, at]
    failures, since, successes, newest = place
    if at <= newest:
        return None
    if good:
        return [0, None, min(successes + 1, LONGEST), at]
    return [min(failures + 1, LONGEST), at if failures == 0 else since, 0, at]
