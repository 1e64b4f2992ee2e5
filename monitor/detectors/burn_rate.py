"""The error budget burns too fast: several windows at several rates, from the check's own objective.

After the Site Reliability Workbook (Google 2018, chapter 5, "multiwindow, multi-burn-rate alerts"): a rate of 14.4 over an hour spends
2 % of a month's budget, 6 over six hours 5 %, 3 over a day 10 %, 1 over three days 10 %; a short window beside each long one says
that it is still going on. The book's arithmetic is for heavy traffic. A monitor's hour holds a hundred samples: at 99.9 % a single
failure there is already 8 times the budget. Two corrections, then: a long window alarms only when its failures are beyond chance at the
objective (exact binomial tail), and only when there are a few of them.

The chance is that of one look; a window is looked at with every sample, so this is no budget of false alarms. What it says is plain:
what was promised is being missed.
"""

import math
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from monitor.detectors import CALM, HEALTHY, State, Verdict
from monitor.detectors.base import STRAGGLER_SECONDS, CountingModel
from monitor.detectors.elementary import chance_of
from monitor.model.check import Check
from monitor.model.durations import duration_text
from monitor.model.sample import Sample
from monitor.model.text import Text
from monitor.model.units import Duration

#: A window is counted in so many slices: its length is right to a twelfth, and the state stays small.
SLICES = 12
#: Pairs of windows in one rule: each costs a few microseconds a sample and a few hundred bytes.
WINDOWS_MAX = 4
#: Shorter than this, a slice would be shorter than the runs counted in it.
SHORTEST_SECONDS = 60.0


class Window(BaseModel):
    """Alarm when the budget burns ``burn`` times too fast over ``long``, and still over ``short``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    burn: float = Field(gt=0, le=1_000)
    long: Duration = Field(ge=SHORTEST_SECONDS)
    short: Duration = Field(ge=SHORTEST_SECONDS)

    @model_validator(mode="after")
    def _shorter(self) -> Self:
        if self.short >= self.long:
            raise ValueError(
                f"expected the short window to be shorter than the long one, got {self.short:g} s and {self.long:g} s"
            )
        return self


#: The workbook's: two to page for, two to write a ticket for.
WORKBOOK = (
    {"burn": 14.4, "long": "1h", "short": "5m"},
    {"burn": 6.0, "long": "6h", "short": "30m"},
    {"burn": 3.0, "long": "1d", "short": "2h"},
    {"burn": 1.0, "long": "3d", "short": "6h"},
)

#: Of one slice: samples, failures, instant of the first failure. A window is [number of its newest slice, its slices, oldest first].
_EMPTY: tuple[int, int, None] = (0, 0, None)


class BurnRate(CountingModel):
    """Alarm when more fails than the check's objective allows, by a rate, for long enough, and beyond chance.

    Healthy again after so many good samples in a row as show with 95 % confidence (the rule of three) that the share of failures is
    below what the short window showed.
    """

    kind: ClassVar[str] = "burn_rate"

    windows: tuple[Window, ...] = Field(default=WORKBOOK, min_length=1, max_length=WINDOWS_MAX, validate_default=True)
    objective: float | None = Field(default=None, gt=0, lt=1)  # None: the check's own availability objective
    chance: float = Field(default=1e-4, gt=0, le=0.05)  # how likely that many failures may be, were the objective just met
    failures: int = Field(default=3, ge=1, le=1_000)  # at least so many in the long window

    def tailored(self, check: Check, every_seconds: float, family: int = 1) -> Self | None:
        if self.objective is not None:
            return self
        # Where nothing may fail there is no budget to burn: another kind's business.
        return self.model_copy(update={"objective": check.objective.availability}) if check.objective.availability < 1 else None

    def start(self) -> State:
        # the newest sample; windows by length; good samples in a row; alarm: since, which pair, good samples that end it
        return [None, [[0, [list(_EMPTY)] * SLICES] for _ in self._lengths()], 0, None]

    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]:
        good = self.weigh(sample)
        if good is None:
            return state, self._judge(state)
        newest, windows, streak, alarm = state
        if newest is not None and newest - sample.at > STRAGGLER_SECONDS:
            newest, windows, streak, alarm = self.start()  # the clock was set back
        at = sample.at if newest is None else max(newest, sample.at)
        windows = [
            _counted(window, length / SLICES, sample.at, at, bad=not good)
            for window, length in zip(windows, self._lengths(), strict=True)
        ]
        streak = streak + 1 if good else 0
        alarm = self._decide(windows, streak, alarm)
        state = [at, windows, streak, alarm]
        return state, self._judge(state)

    def _lengths(self) -> list[float]:
        return [length for window in self.windows for length in (window.long, window.short)]

    def _decide(self, windows: list[Any], streak: int, alarm: list[Any] | None) -> list[Any] | None:
        if alarm is not None and streak >= alarm[2]:
            return None
        if streak:  # good samples bring no alarm
            return alarm
        for place, pair in enumerate(self.windows):
            burning = self.burning(pair, _sums(windows[2 * place][1]), _sums(windows[2 * place + 1][1]))
            if burning is not None:
                share = burning if alarm is None else max(burning, 3 / alarm[2])
                return [alarm[0] if alarm else self._onset(windows[2 * place][1]), place, math.ceil(3 / share)]
        return alarm

    def burning(self, pair: Window, long: tuple[int, int], short: tuple[int, int]) -> float | None:
        """The share that fails in the short window, when both of ``pair`` are too much. ``long`` and ``short``: samples, failures."""
        allowed = self._allowed()
        limit = allowed * pair.burn
        (samples, failures), (newer, failing) = long, short
        if failures < self.failures or failures < limit * samples or not failing or failing < limit * newer:
            return None
        return failing / newer if chance_of(failures, samples, allowed) <= self.chance else None

    def _allowed(self) -> float:
        if self.objective is None:
            raise TypeError("tailor the detector to its check first: its objective is the check's")
        return 1.0 - self.objective

    def _onset(self, slices: list[Any]) -> float:
        """Where the failures began to be too many: the first failure of the newer slices that speak loudest against the objective."""
        allowed, best, since = self._allowed(), 0.0, 0.0
        samples = failures = 0
        for count, failed, first in reversed(slices):
            samples, failures = samples + count, failures + failed
            if first is not None:
                loudness = failures * math.log(failures / samples / allowed) - (failures - samples * allowed)
                if loudness > best:
                    best, since = loudness, first
        return since

    def _judge(self, state: State) -> Verdict:
        _, windows, streak, alarm = state
        if alarm is None:
            return HEALTHY if streak else CALM
        since, place, _ = alarm
        window, (samples, failures) = self.windows[place], _sums(windows[2 * place][1])
        span, burn, objective = duration_text(window.long), f"{failures / samples / self._allowed():.1f}", f"{self.objective:.3%}"
        summary = Text(
            f"{failures} of {samples} failed within {span.en}: {burn} times what the objective {objective} allows",
            f"{span.zh}内 {samples} 次中有 {failures} 次失败：为目标 {objective} 所允许的 {burn} 倍",
        )
        evidence = {"burn": burn, "window": span.en, "failures_in_window": str(failures), "samples": str(samples)}
        return Verdict(alarm=True, recovered=False, since=since, summary=summary, evidence=evidence, share=failures / samples)


def _counted(window: list[Any], width: float, at: float, newest: float, *, bad: bool) -> list[Any]:
    number, slices = window
    moved = int(newest // width) - number
    if moved > 0:
        slices = [*slices[min(moved, SLICES) :], *[list(_EMPTY)] * min(moved, SLICES)]
        number += moved
    place = SLICES - 1 - (number - int(at // width))
    if place < 0:
        return [number, slices]
    samples, failures, first = slices[place]
    if bad:
        failures, first = failures + 1, at if first is None else min(first, at)
    return [number, [*slices[:place], [samples + 1, failures, first], *slices[place + 1 :]]]


def _sums(slices: list[Any]) -> tuple[int, int]:
    return sum(one[0] for one in slices), sum(one[1] for one in slices)
