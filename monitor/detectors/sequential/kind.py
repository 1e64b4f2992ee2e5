"""The detector that rules name: ``sequential: {false_alarms: 1 per 6 months}``.

It watches failures and latency of one series over all its locations. What is proved: while outcomes follow the null of ``kernel``
(isolated failures at no more than the learned rate; short troubles of the gateway and of networks, hiccups, detours and a slow common
load as learned), the mean time between false alarms is at least the budget, however often and whenever the check is run. What is
measured, not proved: that one location of several which does worse than any blip or detour raises no alarm; see ``make
bench-detection``. Where calm life is richer than this null, the budget is as good as the null is: the calibration report says how good
that is for a check. Without a history the null is a guess, latency is no evidence, and the alarm says so.

Time is when a run was *due*, in order of arrival and never going back: that instant was fixed before the outcome was known, while the
instant of arrival depends on it (what times out comes late), and the proof needs the former. A straggler counts as of the newest due
instant: the time that the statistics add up is never more than has passed. What is far older than the newest (the buffer of an agent
that was cut off) says nothing of now and is left out.

A run slower than any in calm times counts as failed, and therefore counts so from the instant it is: nobody waits for a time-out to
learn what is known. It is one sample all the same, told when it is late, and what its end shows changes nothing.
"""

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

from pydantic import Field, PrivateAttr

from monitor.detectors import CALM, HEALTHY, State, Suspicion, Verdict
from monitor.detectors.base import STRAGGLER_SECONDS, DetectorModel
from monitor.detectors.baseline import Baseline
from monitor.detectors.false_alarms import DEFAULT_SECONDS, FalseAlarms
from monitor.detectors.sequential import control, delays, kernel, plan, reshape, wording
from monitor.detectors.sequential import layout as at
from monitor.model.check import Check
from monitor.model.outcome import Outcome
from monitor.model.sample import Sample

#: Nothing of the gateway came back: a location's network can do that. Everything else is an answer.
UNANSWERED = frozenset({Outcome.NETWORK_ERROR, Outcome.TIMEOUT_UNKNOWN})
#: A location that is silent for so long watches no more; with those that are left, evidence must do.
GONE_SECONDS = 3_600.0
#: So many too old samples in a row, and none that is newer, are no buffer: the clock was set back.
SET_BACK_RUN = 20
#: Runs told while under way, whose end is still to come: three or four a place can be, and the oldest is forgotten first.
TOLD_MAX = 64


@dataclass(frozen=True, slots=True)
class Told:
    """What a detector learned about its series."""

    baseline: Baseline | None = None
    family: int = 1
    every_seconds: float = 60.0
    parameters: dict[int, list[float]] = field(default_factory=dict, compare=False)  # worked out, by number of places


class Sequential(DetectorModel):
    """Alarm when the evidence against the null is worth the budget. See the module's head for what that promises."""

    kind: ClassVar[str] = "sequential"
    pools_locations: ClassVar[bool] = True
    takes_extra: ClassVar[bool] = True

    false_alarms: FalseAlarms = Field(default=DEFAULT_SECONDS)

    # What is not an option: told something else, a state still means the same, so none of it is part of the detector's name.
    _told: Told = PrivateAttr(default_factory=Told)

    def tailored(self, check: Check, every_seconds: float, family: int = 1) -> Self:
        return self._with(Told(self._told.baseline, family, every_seconds))

    def informed(self, baseline: Baseline | None) -> Self:
        return self._with(Told(baseline, self._told.family, self._told.every_seconds))

    def _with(self, told: "Told") -> Self:
        other = self.model_copy()
        other._told = told  # noqa: SLF001 - a copy of its own
        return other

    def parameters(self, places: int) -> list[float]:
        """The kernel's; kept, because they are asked for with every sample."""
        told = self._told
        known = told.parameters.get(places)
        if known is None:
            known = told.parameters[places] = plan.parameters(self, told.baseline, places, told.family, told.every_seconds)
        return known

    def start(self) -> State:
        # Places by name, kernel, controller, too old samples in a row, runs told while under way.
        return [[], plan.start(0), plan.start_control(), 0, []]

    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]:
        if sample.good is None or (
            sample.extra and sample.outcome is Outcome.THROTTLED
        ):  # throttled for asking more: our own doing
            return state, self._judge(state)
        names, s, c, old, told = state
        run = [sample.series.location, sample.at]
        if run in told:
            return state, self._judge(state)
        s, c = s.copy(), c.copy()
        if sample.at < s[at.NEWEST] - STRAGGLER_SECONDS:
            if old + 1 < SET_BACK_RUN:
                return [names, s, c, old + 1, told], self._judge(state)
            reshape.moved(s, c, len(names), sample.at - s[at.NEWEST])
        names, s, place = _seated(names, s, sample)
        p = self.parameters(len(names))
        kind, bin_ = self._read(sample)
        kernel.update(p, s, sample.at, place, kind, bin_)
        latent = s[at.LATENT] > 0.5 * s[at.TOTAL]
        control.update(p, c, sample.at, kind != kernel.GOOD, s[at.FULL], s[at.SCORE], latent, sample.extra)
        if s[at.ALARM] == 1.0:
            c[at.BURSTING] = 0.0  # what is known needs no haste
        state = [names, s, c, 0, [*told, run][-TOLD_MAX:] if sample.pending else told]
        return state, self._judge(state)

    def patience(self, location: str, at: float) -> float | None:
        baseline = self._told.baseline
        if baseline is None or location not in baseline.medians or math.isinf(baseline.soft):
            return None
        return math.exp(plan.usual_at(baseline.medians[location], at) + baseline.soft)

    def _read(self, sample: Sample) -> tuple[int, int]:
        """Kind of outcome and bin of latency, as the kernel takes them."""
        if not sample.good:
            return (kernel.FAILED_WITHOUT_ANSWER if sample.outcome in UNANSWERED else kernel.FAILED_WITH_ANSWER), -1
        baseline = self._told.baseline
        residual = plan.residual_of(baseline, sample.series.location, sample.at, sample.seconds)
        if baseline is None or residual is None:
            return kernel.GOOD, -1
        if residual > baseline.soft:
            return kernel.FAILED_WITHOUT_ANSWER, -1  # so slow that a customer is gone; a network can do that too
        return kernel.GOOD, bisect_right(baseline.edges, residual)

    def _judge(self, state: State) -> Verdict:
        names, s, c, *_ = state
        if s[at.ALARM] == 1.0:
            return wording.alarm(s, names, self._terms(len(names)))
        if c[at.BURSTING] == 1.0:
            return Verdict(alarm=False, recovered=False, suspicion=Suspicion(c[at.SPACING]))
        trigger = self.parameters(max(1, len(names)))[at.TRIGGER]
        return HEALTHY if s[at.HEALTHY] == 1.0 and s[at.FULL] < trigger else CALM

    def _terms(self, places: int) -> wording.Terms:
        threshold = self.parameters(max(1, places))[at.THRESHOLD]
        return wording.Terms(threshold, self.false_alarms, self._told.family, self._told.baseline)

    def describe(self, state: State) -> Mapping[str, str]:
        names, s, c, *_ = state
        return wording.standing(s, c, names, self._terms(len(names)))

    def expected_delays(self, places: int = 1) -> tuple[delays.Delay, ...]:
        """How soon a fault of each size would alarm at this check's cadence, from ``places`` locations, and what it would cost."""
        return delays.expected(self.parameters(places), places, self._told.every_seconds)


def _seated(names: list[str], s: list[float], sample: Sample) -> tuple[list[str], list[float], int]:
    """The place of the sample's location; joins it when it is new, and lets go of those long silent."""
    location = sample.series.location
    horizon = sample.at - GONE_SECONDS
    for place in range(len(names) - 1, -1, -1):
        if s[at.RECORDS + place * at.RECORD + at.SEEN] < horizon and names[place] != location:
            s = reshape.left(s, len(names), place)
            names = names[:place] + names[place + 1 :]
    if location not in names:
        if len(names) >= at.PLACES_MAX:
            return names, s, len(names) - 1
        s = reshape.joined(s, len(names))
        names = [*names, location]
    return names, s, names.index(location)
