"""Too slow: a quantile of the latency of what worked, over a window, against a limit.

The quantile is the nearest rank (the smallest value that at least the share ``q`` of the samples do not exceed): always a
latency that was really seen. Failed runs have no latency; they are other rules' business.
"""

import math
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from monitor.detectors import CALM, HEALTHY, State, Verdict
from monitor.detectors.base import REMEMBERED_MAX, DetectorModel, Entries, remember
from monitor.model.check import Check
from monitor.model.durations import duration_text
from monitor.model.sample import Sample
from monitor.model.text import Text
from monitor.model.units import Duration

#: Floating point makes 0.55 * 20 a hair more than 11: without this the rank would be one too high.
_HAIR = 1e-9


class Quantile(DetectorModel):
    """Alarm when the ``q`` quantile of at least ``min_samples`` in ``window`` is ``above`` the limit.

    Healthy again at ``recovery`` times the limit, so that a value at the limit does not flap. At most the newest
    ``REMEMBERED_MAX`` samples of a window are looked at.
    """

    kind: ClassVar[str] = "quantile"

    q: float = Field(default=0.95, gt=0, lt=1)
    above: Duration | Literal["objective"] = "objective"  # the check's own latency objective
    window: Duration = Field(default=600.0, gt=0)
    min_samples: int = Field(default=20, ge=2, le=REMEMBERED_MAX)
    recovery: float = Field(default=0.9, gt=0, le=1)

    @model_validator(mode="after")
    def _one_slow_run_is_no_news(self) -> Self:
        if self.rank(self.min_samples) >= self.min_samples:
            raise ValueError(
                f"expected more than {self.min_samples} min_samples for q {self.q:g}: with so few, one slow run would alarm"
            )
        return self

    def tailored(self, check: Check, every_seconds: float, family: int = 1) -> Self | None:
        if self.above != "objective":
            return self
        if check.objective.latency_seconds is None:
            return None
        return self.model_copy(update={"above": check.objective.latency_seconds})

    def rank(self, samples: int) -> int:
        """Which of ``samples`` in order is the quantile, counted from 1."""
        return math.ceil(self.q * samples - _HAIR)

    def start(self) -> State:
        return [None, []]  # onset while alarmed, [due, seconds] of the newest samples

    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]:
        since, entries = state
        if sample.good and sample.seconds is not None:
            entries = self._recent(remember(entries, sample.at, round(sample.seconds, 4), REMEMBERED_MAX))
        if len(entries) < self.min_samples:
            return [since, entries], CALM
        limit = self._limit()
        if self._exceeds(entries, limit):
            since = since if since is not None else next(at for at, seconds in entries if seconds > limit)
            return [since, entries], self._slow(since, entries, limit)
        if self._exceeds(entries, limit * self.recovery):
            return [since, entries], CALM
        return [None, entries], HEALTHY

    def _limit(self) -> float:
        if isinstance(self.above, str):
            raise TypeError("tailor the detector to its check first: its limit is the check's objective")
        return self.above

    def _recent(self, entries: Entries) -> Entries:
        horizon = entries[-1][0] - self.window
        return entries if entries[0][0] > horizon else [entry for entry in entries if entry[0] > horizon]

    def _exceeds(self, entries: Entries, limit: float) -> bool:
        """The quantile is above ``limit`` exactly when more samples are than may lie beyond its rank: no sorting needed."""
        slower = [1 for _, seconds in entries if seconds > limit]
        return len(slower) > len(entries) - self.rank(len(entries))

    def _slow(self, since: float, entries: Entries, limit: float) -> Verdict:
        value = sorted(seconds for _, seconds in entries)[self.rank(len(entries)) - 1]
        name, seen, allowed, span = f"p{self.q * 100:g}", duration_text(value), duration_text(limit), duration_text(self.window)
        summary = Text(
            f"{name} {seen.en} over {span.en} ({len(entries)} samples), limit {allowed.en}",
            f"{span.zh}内 {name} 为 {seen.zh}（{len(entries)} 个样本），上限 {allowed.zh}",
        )
        evidence = {"quantile": name, "seen": seen.en, "limit": allowed.en, "samples": str(len(entries))}
        return Verdict(alarm=True, recovered=False, since=since, summary=summary, evidence=evidence)
