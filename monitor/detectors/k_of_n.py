"""So many failures among the latest runs: sees the partial failure that no run of failures shows.

With a background of 1 % failures, five of 60 come about by chance in 0.03 % of windows; at 10 % they are there in 73 %
(binomial tails). Small windows are quick and see only large shares; put both side by side.
"""

import math
from typing import ClassVar, Self

from pydantic import Field, model_validator

from monitor.detectors import CALM, HEALTHY, State, Verdict
from monitor.detectors.base import REMEMBERED_MAX, CountingModel, Entries, remember, trailing
from monitor.model.durations import duration_text
from monitor.model.sample import Sample
from monitor.model.text import Text
from monitor.model.units import Duration

_GOOD, _BAD = 1, 0


class KOfN(CountingModel):
    """Alarm when ``bad`` of the last ``of`` samples (and none older than ``within``) are bad.

    Healthy again after ``successes`` good samples in a row. By default that many show with 95 % confidence that the share of
    failures is below the one that alarms: the rule of three, 3 * of / bad.
    """

    kind: ClassVar[str] = "k_of_n"

    bad: int = Field(default=5, ge=1)
    of: int = Field(default=60, ge=1, le=REMEMBERED_MAX)
    within: Duration | None = Field(default=None, gt=0)
    successes: int | None = Field(default=None, ge=1, le=REMEMBERED_MAX)

    @model_validator(mode="after")
    def _can_alarm(self) -> Self:
        if self.bad > self.of:
            raise ValueError(f"expected at most {self.of} bad of {self.of}, got {self.bad}: it could never alarm")
        return self

    @property
    def needed(self) -> int:
        """Good samples in a row that count as health."""
        return self.successes or min(REMEMBERED_MAX, math.ceil(3 * self.of / self.bad))

    def start(self) -> State:
        return [None, 0, []]  # onset while alarmed, good samples in a row at the end, the newest samples

    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]:
        good = self.weigh(sample)
        if good is None:
            return state, self._judge(state)
        since, streak, old = state
        entries = self._recent(remember(old, sample.at, _GOOD if good else _BAD, self.of))
        streak = self._streak(streak, old, entries)
        if streak >= self.needed and since is not None:
            # What has been healed is not evidence a second time: one more failure must not alarm on yesterday's.
            since, entries = None, entries[-min(streak, len(entries)) :]
        elif since is None:
            since = self._onset(entries)
        state = [since, streak, entries]
        return state, self._judge(state)

    def _onset(self, entries: Entries) -> float | None:
        failed = [at for at, value in entries if value == _BAD]
        return failed[0] if len(failed) >= self.bad else None

    def _recent(self, entries: Entries) -> Entries:
        if self.within is None:
            return entries
        horizon = entries[-1][0] - self.within
        return entries if entries[0][0] > horizon else [entry for entry in entries if entry[0] > horizon]

    def _streak(self, before: int, old: Entries, entries: Entries) -> int:
        """Counted beyond the window: a small window may ask for more good samples than it remembers."""
        seen = trailing(entries, _GOOD)
        if seen < len(entries):
            return seen
        grown = entries is not old and (not old or entries[-1][0] > old[-1][0])
        return min(self.needed, max(seen, before + grown))

    def _judge(self, state: State) -> Verdict:
        since, streak, entries = state
        if streak >= self.needed:
            return HEALTHY
        if since is None:
            return CALM
        bad = sum(1 for _, value in entries if value == _BAD)
        if bad < self.bad:
            return CALM
        evidence = {"bad": str(bad), "samples": str(len(entries))}
        return Verdict(alarm=True, recovered=False, since=since, summary=self._summary(bad, len(entries)), evidence=evidence)

    def _summary(self, bad: int, samples: int) -> Text:
        en, zh = f"{bad} of the last {samples} failed", f"最近 {samples} 次中有 {bad} 次失败"
        if self.within is None:
            return Text(en, zh)
        span = duration_text(self.within)
        return Text(f"{en} (within {span.en})", f"{zh}（{span.zh}内）")
