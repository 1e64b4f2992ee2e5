"""Slower than at this hour of the week, by ranks alone: no law of latency is assumed, heavy tails are welcome.

The median of each hour (weekdays and weekends apart) and two high quantiles of what is left are followed by stochastic approximation
(Robbins and Monro 1951): each sample moves each quantile a little, up or down, so that in the long run each is exceeded exactly as
often as its name says, whatever the law and however slowly it drifts (Gibbs and Candès 2021, adaptive conformal inference). What is
tested is how often they are exceeded: a mixture of Shiryaev-Roberts statistics (see ``elementary``) over the whole exchange and its
phases, which says what part became slower.

What is claimed: while each level is exceeded at most as often as ``NULL`` allows (a third more than its name), given all that came
before but for neighbours within half a minute, the mean time between false alarms is at least the budget. Slow load that comes in waves of
many minutes breaks that assumption; ``tolerance`` is there for it: a latency within it of the hour's median exceeds nothing.
"""

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import Field

from monitor.detectors import CALM, HEALTHY, State, Verdict
from monitor.detectors.base import DetectorModel
from monitor.detectors.baseline import HOURS
from monitor.detectors.elementary import elapsed, latest, page, power_after, roberts, wald
from monitor.detectors.false_alarms import DEFAULT, FalseAlarms, false_alarms_text
from monitor.model.check import Check
from monitor.model.durations import iso
from monitor.model.result import PHASES
from monitor.model.sample import Sample
from monitor.model.text import Text
from monitor.model.units import Duration

#: The exchange as a whole, then its phases in the order of ``Phases``.
WHOLE = "whole"
PARTS = (WHOLE, *PHASES)
#: Quantiles of the residuals whose exceeding is counted.
LEVELS = (0.90, 0.98)
#: Null probabilities of not exceeding, of exceeding the lower level only, and both: a third more than the levels' names say.
NULL = (0.867, 0.106, 0.027)
#: The same three when something is wrong: about x1.3, x1.7 and x3 of a usual spread.
ALTERNATIVES = ((0.60, 0.27, 0.13), (0.30, 0.30, 0.40), (0.03, 0.07, 0.90))
#: Factors of evidence by the level reached, one for each alternative. They rise with the level: that is what makes them valid for any
#: null that exceeds less often.
_FACTORS = tuple(tuple(shares[level] / NULL[level] for shares in ALTERNATIVES) for level in range(len(NULL)))
#: Half on the whole, the rest shared by the phases.
_WEIGHTS = {name: (0.5 if name == WHOLE else 0.5 / len(PHASES)) / len(ALTERNATIVES) for name in PARTS}
#: Slowness is shared for longer than failure: load comes in waves. Without this, waves of an eighth break the budget at short intervals.
SHARED_LOAD_SECONDS = 30.0
#: Added to every latency before its logarithm: differences of a few milliseconds are nobody's trouble.
_FLOOR_SECONDS = 0.005
#: Samples of a part before it says anything, and of an hour before that hour does.
LEARNT, LEARNT_HOUR = 200, 40
#: Steps of the quantiles, in spreads: at first ``_FIRST / n``, about the best for a bell; then a floor, that follows slow drift.
_MEDIAN_FIRST, _MEDIAN_LAST = 1.5, 0.003
_LEVEL_FIRST, _LEVEL_LAST = (6.0, 25.0), 0.02
#: Where the two levels begin, in spreads, and the spread: what a calm network shows. The spread is the mean distance to the median.
_LEVELS_AT_FIRST, _SPREAD_AT_FIRST = (1.6, 2.6), 0.1
_SPREAD_MEMORY = 200
#: Medians are kept as whole numbers of this: the state stays small, and a hundredth of a percent is finer than any network.
_UNIT = 1e-4
#: Evidence that calm times reach once a week: from here on nothing is learned.
_DOUBT_SECONDS = 7 * 86_400.0
#: A slowness that lasts is called over in less than one of a thousand tests; one that says it lasts is begun anew.
_OVER = wald(false_yes=1e-3, false_no=1e-3)[1]
_NO_DOUBTS: list[Any] = [[0.0] * len(ALTERNATIVES), 0.0, None, 0, 0.0]
_PHASES_ZH = ("域名解析", "建立连接", "TLS 握手", "签名", "发送", "等待应答", "接收")


#: What is kept of the whole and of each phase: samples; the logarithm of the first one ever, from which medians are told; the
#: median of each hour in ``_UNIT`` (None: never met); the median used last, where an hour never met begins; the spread; the levels.
Usual = list[Any]
#: And the doubts about it: evidence of each alternative in seconds; the CUSUM that dates the change; since when it is above 0, how
#: many samples ago, and the mean residual since.
Doubts = list[Any]


class Latency(DetectorModel):
    """Alarm when latencies exceed what is usual at this hour; ``tolerance`` 1.1 allows for slow load of a tenth.

    A slowness that stays for ``accept_after`` becomes the usual: all is learned anew.
    """

    kind: ClassVar[str] = "latency"
    takes_extra: ClassVar[bool] = True

    false_alarms: FalseAlarms = Field(default=DEFAULT, validate_default=True)
    tolerance: float = Field(default=1.1, ge=1.0, le=10.0)
    accept_after: Duration = Field(default="7d", gt=0, validate_default=True)

    def tailored(self, check: Check, every_seconds: float, family: int = 1) -> Self | None:
        return self.model_copy(update={"false_alarms": self.false_alarms * family})

    def start(self) -> State:
        # alarm: since when, when said, the phase to blame, how much slower, the part that alarmed, the CUSUM of being over
        return {"last": None, "hours": [0] * HOURS, "usual": {}, "doubts": {}, "alarm": None}

    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]:
        if not sample.good or sample.seconds is None:
            return state, self._judge(state)
        if state["alarm"] and sample.seen - state["alarm"][1] >= self.accept_after:
            return self.start(), HEALTHY
        state = dict(state)
        hour, waited = hour_of_week(sample.at), elapsed(state["last"], sample.seen)
        power = power_after(waited, SHARED_LOAD_SECONDS) if state["last"] is not None else 1.0
        state["last"] = latest(state["last"], sample.seen)
        residuals = _residuals(state["usual"], hour, sample)
        if state["alarm"]:
            self._heal(state, residuals, power)
        else:
            ready = state["hours"][hour] >= LEARNT_HOUR
            self._suspect(state, residuals if ready else {}, sample, waited, power)
            if not sample.extra and _evidence(state["doubts"]) < _DOUBT_SECONDS:
                _learn(state, hour, residuals)
        return state, self._judge(state)

    def _suspect(
        self, state: dict[str, Any], residuals: Mapping[str, float], sample: Sample, waited: float, power: float
    ) -> None:
        doubts = dict(state["doubts"])
        for name, residual in residuals.items():
            usual = state["usual"].get(name)
            if usual and usual[0] >= LEARNT:
                reached = self._reached(usual, residual)
                doubts[name] = _doubted(doubts.get(name) or _NO_DOUBTS, reached, residual, sample.at, waited, power)
        state["doubts"] = doubts
        if _evidence(doubts) >= self.false_alarms:
            state["alarm"], state["doubts"] = _alarm(doubts, sample), {}

    def _heal(self, state: dict[str, Any], residuals: Mapping[str, float], power: float) -> None:
        """Against the smallest alternative: half a recovery is none."""
        *said, name, over = state["alarm"]
        if name in residuals:
            reached = self._reached(state["usual"][name], residuals[name])
            over = page(over, -power * math.log(_FACTORS[reached][0]))
        state["alarm"] = None if over >= _OVER else [*said, name, over]

    def _reached(self, usual: Usual, residual: float) -> int:
        """How many of the levels it exceeds."""
        beyond = residual - math.log(self.tolerance)
        lower, upper = usual[-1]
        return int(beyond > lower) + int(beyond > upper)

    def _judge(self, state: State) -> Verdict:
        if state["alarm"] is None:
            return HEALTHY if _evidence(state["doubts"]) < _DOUBT_SECONDS else CALM
        since, _, phase, factor, name, _ = state["alarm"]
        budget = false_alarms_text(self.false_alarms)
        en, zh = ("", "") if name == WHOLE and not phase else _where(phase or name)
        summary = Text(
            f"about {factor:.1f} times as slow as usual at this hour since {iso(since)}{en} ({budget.en})",
            f"自 {iso(since)} 起，耗时约为该时段平常的 {factor:.1f} 倍{zh}（{budget.zh}）",
        )
        evidence = {"slowdown": f"x{factor:.2f}", "part": name, "phase": phase, "samples_learned": str(state["usual"][name][0])}
        return Verdict(
            alarm=True,
            recovered=False,
            since=since,
            summary=summary,
            evidence={key: text for key, text in evidence.items() if text},
            slowdown=factor,
        )


def hour_of_week(at: float) -> int:
    """Which of the ``HOURS`` an instant is in (UTC): 0 to 23 on weekdays, 24 to 47 at weekends."""
    day, second = divmod(int(at), 86_400)
    weekday = (day + 3) % 7  # the first of January 1970 was a Thursday
    return second // 3_600 + (24 if weekday >= 5 else 0)


def _residuals(known: Mapping[str, Usual], hour: int, sample: Sample) -> dict[str, float]:
    """How far above the median of its hour each part of the exchange was, in logarithms. A part never met is its own median."""
    found = {}
    for name, seconds in zip(PARTS, (sample.seconds, *(sample.phases or ())), strict=False):
        if seconds is not None:
            value = math.log(seconds + _FLOOR_SECONDS)
            usual = known.get(name)
            if usual is None:
                found[name] = value
            else:
                own = usual[2][hour]
                found[name] = value - usual[1] - _UNIT * (usual[3] if own is None else own)
    return found


def _doubted(doubts: Doubts, reached: int, residual: float, at: float, waited: float, power: float) -> Doubts:
    evidence, total, since, count, mean = doubts
    factors = _FACTORS[reached] if power == 1.0 else [factor**power for factor in _FACTORS[reached]]
    evidence = [roberts(old, factor, waited) for old, factor in zip(evidence, factors, strict=True)]
    total = page(total, math.log(factors[0]))
    if total == 0.0:
        return [evidence, 0.0, None, 0, 0.0]
    return [evidence, total, at if since is None else since, count + 1, mean + (residual - mean) / (count + 1)]


def _learn(state: dict[str, Any], hour: int, residuals: Mapping[str, float]) -> None:
    known, usual = state["hours"][hour], dict(state["usual"])
    for name, residual in residuals.items():
        usual[name] = _taught(usual[name], hour, known, residual) if name in usual else _first(residual)
    state["hours"], state["usual"] = _replaced(state["hours"], hour, known + 1), usual


def _first(value: float) -> Usual:
    levels = [spreads * _SPREAD_AT_FIRST for spreads in _LEVELS_AT_FIRST]
    return [1, round(value, 4), [None] * HOURS, 0, _SPREAD_AT_FIRST, levels]


def _taught(usual: Usual, hour: int, known: int, residual: float) -> Usual:
    """Each quantile goes up by what exceeds it and down by what does not, in the proportion that its name says."""
    samples, base, medians, newest, spread, (lower, upper) = usual
    own = medians[hour]
    step = spread * max(_MEDIAN_LAST, _MEDIAN_FIRST / (known + 1))
    median = (newest if own is None else own) + round(math.copysign(step, residual) / _UNIT)
    lower += spread * max(_LEVEL_LAST, _LEVEL_FIRST[0] / samples) * ((residual > lower) - (1.0 - LEVELS[0]))
    upper += spread * max(_LEVEL_LAST, _LEVEL_FIRST[1] / samples) * ((residual > upper) - (1.0 - LEVELS[1]))
    spread += (abs(residual) - spread) / min(_SPREAD_MEMORY, samples)
    return [samples + 1, base, _replaced(medians, hour, median), median, round(spread, 6), [round(lower, 6), round(upper, 6)]]


def _alarm(doubts: Mapping[str, Doubts], sample: Sample) -> list[Any]:
    name = max(doubts, key=lambda name: _WEIGHTS[name] * sum(doubts[name][0]))
    _, _, since, _, mean = doubts[name]
    phase = max((name for name in doubts if name != WHOLE), key=lambda name: sum(doubts[name][0]), default="")
    if phase and sum(doubts[phase][0]) < _DOUBT_SECONDS:
        phase = ""
    return [sample.at if since is None else since, sample.seen, phase, round(math.exp(mean), 3), name, 0.0]


def _evidence(doubts: Mapping[str, Doubts]) -> float:
    """Seconds: the weighted mean over parts and alternatives, which is again a Shiryaev-Roberts statistic."""
    return sum(_WEIGHTS[name] * sum(one[0]) for name, one in doubts.items())


def _where(phase: str) -> tuple[str, str]:
    return f", most of all in {phase}", f"，主要在{_PHASES_ZH[PHASES.index(phase)]}阶段"


def _replaced(values: list[Any], place: int, value: Any) -> list[Any]:
    values = values.copy()
    values[place] = value
    return values
