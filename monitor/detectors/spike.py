"""A jump that the series itself cannot explain: for what is counted or measured by the minute, not one run at a time.

Samples are gathered into buckets (the logarithm of the median latency, or the root of the number of failures); an autoregression of
order 5, fitted on the way, says what the next bucket should be. What is left is told in robust spreads, and held against the largest
surprises of the last three weeks: beyond them the tail is continued by Hill's estimator (1975). The alarm is for surprises that would
come once in the stated time.

That rate is nominal: true while surprises are alike and nearly independent, as they are for most aggregated series and never surely.
Sums of evidence (CUSUM and its kin) break on such series, whose slow waves they mistake for news; one surprise at a time does not. For
runs one by one, where more can be proved, there are ``sequential`` and ``latency``.
"""

import math
from typing import Any, ClassVar, Literal, Self

from pydantic import Field

from monitor.detectors import CALM, HEALTHY, State, Verdict, autoregression
from monitor.detectors.autoregression import ORDER, foretold, learned
from monitor.detectors.base import STRAGGLER_SECONDS, DetectorModel
from monitor.detectors.false_alarms import DEFAULT, FalseAlarms, false_alarms_text
from monitor.model.check import Check
from monitor.model.durations import duration_text
from monitor.model.sample import Sample
from monitor.model.text import Text
from monitor.model.units import Duration

#: Surprises kept: the largest, with their instants, of the last three weeks.
KEPT = 40
KEPT_SECONDS = 21 * 86_400.0
#: The tail is estimated from so many of them.
_TAIL = 20
#: A tail is taken to be at least this heavy: no history is long enough to promise lighter.
_TAIL_INDEX_MIN = 0.15
#: Buckets before it says anything: too few to know the tail, enough to know the spread.
LEARNT = 200
#: Buckets before surprises are kept: earlier ones are the fit's own fault.
FITTED = 50
#: The spread follows its quantile in steps of this share of itself.
_SPREAD_STEP = 0.02
#: Samples kept of the bucket that is filling; the median of more of them moves little.
BUCKET_MAX = 60
#: Surprises are cut here in learning: one jump must not teach a wild forecast.
_LEARNT_MAX = 3.0
#: Latencies are told from this upwards: the logarithm of nothing is no number.
_LEAST_SECONDS = 1e-4
#: Anscombe 1948: the square root of a count with this added is equally restless at every level, as the logarithm of a latency is.
_ANSCOMBE = 0.375
#: Ordinary buckets in a row that end an alarm.
CALM_BUCKETS = 3
#: The median distance of a bell from its middle, in standard deviations.
_MEDIAN_DISTANCE = 0.6745
#: A series that hardly moves is not known better than to a hundredth.
_LEAST_SPREAD = 0.01
#: Surprises below one spread are none.
_LEAST_SURPRISE = 1.0


class Spike(DetectorModel):
    """Alarm when a bucket is higher than its series explains. ``of``: the median latency of what worked, or the number of failures.

    Healthy again when ``CALM_BUCKETS`` in a row are nearer to what was expected than to the jump; a level that stays for
    ``accept_after`` is no jump any more.
    """

    kind: ClassVar[str] = "spike"

    of: Literal["latency", "failures"] = "latency"
    bucket: Duration = Field(default="5m", ge=10, le=3_600, validate_default=True)
    false_alarms: FalseAlarms = Field(default=DEFAULT, validate_default=True)
    accept_after: Duration = Field(default="1d", gt=0, validate_default=True)

    def tailored(self, check: Check, every_seconds: float, family: int = 1) -> Self | None:
        return self.model_copy(update={"false_alarms": self.false_alarms * family})

    def start(self) -> State:
        return {
            "filling": [None, []],  # number of the bucket, its values
            "past": [],  # levels of the newest buckets, the newest last
            "fit": autoregression.start(),
            "spread": 0.1,  # the median distance from the forecast
            "buckets": 0,
            "surprises": [],  # [in spreads, instant], the largest first
            "alarm": None,  # since, what was seen, what was expected, how rare in seconds, calm buckets in a row
        }

    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]:
        value = self._value(sample)
        if value is None:
            return state, self._judge(state)
        number, (filling, values) = int(sample.at // self.bucket), state["filling"]
        if filling is None or (filling - number) * self.bucket > STRAGGLER_SECONDS:
            state = {**state, "filling": [number, [value]], "past": []}
        elif number == filling:
            state = {**state, "filling": [filling, [*values, value][-BUCKET_MAX:]]}
        elif number > filling:
            state = {**state, "filling": [number, [value]]}
            self._close(state, filling, self._level(values), missed=number - filling - 1)
        return state, self._judge(state)

    def _value(self, sample: Sample) -> float | None:
        if self.of == "failures":
            return None if sample.good is None else float(not sample.good)
        return round(sample.seconds, 4) if sample.good and sample.seconds is not None else None

    def _level(self, values: list[float]) -> float:
        if self.of == "failures":
            return math.sqrt(sum(values) + _ANSCOMBE)
        ordered = sorted(values)
        half = len(ordered) // 2
        return math.log(max(_LEAST_SECONDS, ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2))

    def _close(self, state: dict[str, Any], number: int, level: float, missed: int) -> None:
        """A bucket is full: foretell it, weigh the surprise, learn from it. Buckets without samples are taken as foretold."""
        past, at = state["past"], number * self.bucket
        if len(past) == ORDER:
            expected = foretold(state["fit"], past)
            distance = abs(level - expected)
            self._weigh(state, at, level, expected, (level - expected) * _MEDIAN_DISTANCE / state["spread"])
            most = _LEARNT_MAX * state["spread"] / _MEDIAN_DISTANCE
            state["fit"] = learned(state["fit"], past, expected + math.copysign(min(most, distance), level - expected))
            state["spread"] = _spread(state["spread"], distance, state["buckets"])
            state["buckets"] += 1
        past = [*past, level][-ORDER:]
        if missed and len(past) == ORDER:
            for _ in range(min(missed, ORDER)):
                past = [*past[1:], foretold(state["fit"], past)]
        state["past"] = past if missed <= ORDER else []

    def _weigh(self, state: dict[str, Any], at: float, level: float, expected: float, surprise: float) -> None:
        surprises = [one for one in state["surprises"] if at - one[1] < KEPT_SECONDS]
        alarm = state["alarm"]
        if alarm is None:
            rarity = self._rarity(surprises, state["buckets"], surprise)
            if rarity >= self.false_alarms:
                state["alarm"] = [at, level, expected, rarity, 0]
        else:
            since, jump, usual, rarity, calm = alarm
            calm = calm + 1 if level < (jump + usual) / 2 else 0
            over = calm >= CALM_BUCKETS or at - since >= self.accept_after
            state["alarm"] = None if over else [since, jump, usual, rarity, calm]
        if surprise > _LEAST_SURPRISE and state["buckets"] >= FITTED:
            surprises = sorted([*surprises, [round(surprise, 3), at]], reverse=True)[:KEPT]
        state["surprises"] = surprises

    def _rarity(self, surprises: list[Any], buckets: int, surprise: float) -> float:
        """Once in how many seconds one this large would come; 0 while too little is known, or when it is none of the largest."""
        if buckets < LEARNT or len(surprises) < _TAIL or surprise <= surprises[_TAIL - 1][0]:
            return 0.0
        least: float = surprises[_TAIL - 1][0]
        index = sum(math.log(one[0] / least) for one in surprises[:_TAIL]) / (_TAIL - 1)
        seen = min(buckets, int(KEPT_SECONDS / self.bucket))
        chance: float = _TAIL / seen * (surprise / least) ** (-1.0 / max(index, _TAIL_INDEX_MIN))
        return self.bucket / max(chance, 1e-30)

    def _shown(self, level: float) -> Text:
        if self.of == "latency":
            return duration_text(math.exp(level))
        count = f"{max(0.0, level * level - _ANSCOMBE):.1f}".removesuffix(".0")
        return Text(f"{count} failures", f"{count} 次失败")

    def _judge(self, state: State) -> Verdict:
        if state["alarm"] is None:
            return HEALTHY if state["buckets"] >= LEARNT else CALM
        since, jump, usual, rarity, _ = state["alarm"]
        seen, expected, span = self._shown(jump), self._shown(usual), duration_text(self.bucket)
        budget = false_alarms_text(self.false_alarms)
        summary = Text(
            f"{seen.en} within {span.en}, where the series foretold {expected.en} (nominally {budget.en})",
            f"{span.zh}内为 {seen.zh}，按序列走势预计 {expected.zh}（名义上{budget.zh}）",
        )
        evidence = {"seen": seen.en, "expected": expected.en, "once_in": duration_text(min(rarity, _RAREST_SECONDS)).en}
        slowdown = math.exp(jump - usual) if self.of == "latency" else None
        if slowdown is not None:
            evidence["slowdown"] = f"x{slowdown:.2f}"
        return Verdict(alarm=True, recovered=False, since=since, summary=summary, evidence=evidence, slowdown=slowdown)


#: Told rarities end here: an extrapolated tail says nothing of centuries.
_RAREST_SECONDS = 3_650 * 86_400.0


def _spread(spread: float, distance: float, buckets: int) -> float:
    """The median distance, followed in small steps up and down: no surprise, however large, moves it by more than one."""
    step = max(_SPREAD_STEP, 1.0 / (buckets + 2))
    return max(_LEAST_SPREAD, spread * (1.0 + step if distance > spread else 1.0 - step))
