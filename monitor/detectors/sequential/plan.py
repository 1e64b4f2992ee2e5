"""Parameters and fresh states for the kernel: from what a rule asks, what a check's history shows, and how many places watch it."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Protocol

from monitor.detectors.baseline import HOURS, Baseline, Benign
from monitor.detectors.sequential import layout as at
from monitor.detectors.sequential.control import SECOND_TOKENS_MAX, SLOW_SECONDS, TOKENS_MAX

#: The failure alternatives: shares of runs that fail on top of what is normal.
FAILURE_SHARES = (0.03, 0.1, 0.3, 0.97)
#: Half of what is believed possible is failing, half is slowness.
FAILING_HALF = 0.5
#: Without a history: one isolated failure in 200 runs, one deploy or failover a day, one network blip per place in three days.
COLD_P0 = 0.005
COLD_TRANSIENTS = Benign(rate=1 / 86_400, mean_seconds=4.0, share=0.9)
COLD_BLIPS = Benign(rate=1 / (3 * 86_400), mean_seconds=120.0, share=0.8)
COLD_ANSWERED = 0.5
#: Staked on failures with an answer, in case a blip is on: two hundredths of the others' weight buy a factor of fifty there.
UNANSWERED = 0.98
#: Neither kind of failure is impossible, whatever a history shows.
LEAST_ANSWERED = 0.001
#: Hiccups of latency: five a day, of 4 s; twenty a day are still covered. A place's path is slower once in 30 days, for 18 min.
HICCUPS = Benign(rate=5 / 86_400, mean_seconds=4.0, share=1.0)
DETOURS = Benign(rate=1 / (30 * 86_400), mean_seconds=1_100.0, share=1.0)
#: The common level in standard deviations, and how probable each is: a bell's. Above, one more than below: load has the longer tail.
LEVELS = (-2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
_BELL = tuple(math.exp(-0.5 * level * level) for level in LEVELS)
LEVEL_WEIGHTS = tuple(height / sum(_BELL) for height in _BELL)
#: From one place only, a network that drops everything for a while must not pass for the gateway: its blips take nearly all runs.
LONELY_BLIP_SHARE = 0.95
#: When a quorum fails, most is staked on a full outage. The sum is what the quorum costs of the budget.
QUORUM_WEIGHTS = (0.0, 0.03, 0.06, 0.21)
#: Two places with three failures in a row each: no one place's trouble, and quicker than leaving each out in turn.
QUORUM_RUN, QUORUM_PLACES = 3.0, 2.0
#: A place is well again after 15 successes; the others' evidence hangs on it when it is 1,100 times smaller without it.
FLUSH_RUN, DISCORD = 15.0, math.exp(7.0)
#: Health must be 100 times as likely as half the trouble, for two minutes at least.
RECOVERY, RECOVERY_SECONDS = math.log(100.0), 120.0

#: A burst begins at evidence of 5,000 s and ends below RELEASE. Where samples are rare each is worth more seconds, and evidence is
#: counted in samples: a calm series is above 500 of them about once in that many, however long they take.
TRIGGER_SECONDS, TRIGGER_SAMPLES = 5_000.0, 500.0
#: Of the trigger: that which no one place can raise alone is rarer; a burst that ended as soon as it began would decide nothing.
STRONG_PART, RELEASE_PART = 0.4, 0.1
#: However rare samples are, suspicion comes before the alarm.
_LEAST_BEFORE_ALARM = math.log(4.0)

_DAY = 86_400.0
#: 1970-01-01 was a Thursday.
_THURSDAY, _SATURDAY = 3, 5


class Options(Protocol):
    @property
    def false_alarms(self) -> float: ...  # seconds between two, on average


def parameters(
    options: Options, baseline: Baseline | None, locations: int, family: int, every_seconds: float = 0.0
) -> list[float]:
    """The kernel's and the controller's parameters for a watch over ``locations`` places, one of ``family`` that share the budget.

    ``every_seconds`` is how often each place runs the check; 0: often enough that no evidence has to be counted in samples.
    """
    p = [0.0] * at.PARAMETERS
    latent = baseline is not None and bool(baseline.calm)
    failing = FAILING_HALF if latent else 1.0
    p[at.THRESHOLD] = threshold(options.false_alarms, family, locations)
    spacing = every_seconds / max(1, locations)
    p[at.TRIGGER] = min(math.log(max(TRIGGER_SECONDS, TRIGGER_SAMPLES * spacing)), p[at.THRESHOLD] - _LEAST_BEFORE_ALARM)
    p[at.STRONG_TRIGGER] = p[at.TRIGGER] + math.log(STRONG_PART)
    p[at.RELEASE] = p[at.TRIGGER] + math.log(RELEASE_PART)
    p[at.PLACES] = float(locations)
    p[at.P0] = baseline.p0 if baseline else COLD_P0
    answered = baseline.answered if baseline else COLD_ANSWERED
    p[at.ANSWERED] = min(max(answered, LEAST_ANSWERED), 1.0 - LEAST_ANSWERED)
    p[at.UNANSWERED] = UNANSWERED
    transients, blips = (baseline.transients, baseline.blips) if baseline else (COLD_TRANSIENTS, COLD_BLIPS)
    p[at.TRANSIENT_RATE], p[at.TRANSIENT_MEAN], p[at.TRANSIENT_SHARE] = transients.rate, transients.mean_seconds, transients.share
    p[at.BLIP_RATE], p[at.BLIP_MEAN] = blips.rate, blips.mean_seconds
    p[at.BLIP_SHARE] = blips.share if locations > 1 else LONELY_BLIP_SHARE
    p[at.FAILURE_WEIGHT] = failing / at.FAILURES
    p[at.LATENCY_WEIGHT] = (1.0 - failing) / at.LATENCIES
    p[at.QUORUM_RUN], p[at.QUORUM_PLACES] = QUORUM_RUN, QUORUM_PLACES
    p[at.FLUSH_RUN], p[at.DISCORD] = FLUSH_RUN, DISCORD
    p[at.RECOVERY], p[at.RECOVERY_SECONDS] = RECOVERY, RECOVERY_SECONDS
    p[at.SHARES : at.SHARES + at.FAILURES] = FAILURE_SHARES
    p[at.QUORUM_WEIGHTS : at.QUORUM_WEIGHTS + at.FAILURES] = QUORUM_WEIGHTS
    p[at.LEVEL_SECONDS] = baseline.level_seconds if baseline else math.inf
    if baseline and latent:
        _latency(p, baseline)
    return p


def _latency(p: list[float], baseline: Baseline) -> None:
    p[at.HICCUP_RATE], p[at.HICCUP_MEAN] = HICCUPS.rate, HICCUPS.mean_seconds
    p[at.DETOUR_RATE], p[at.DETOUR_MEAN] = DETOURS.rate, DETOURS.mean_seconds
    for j, weight in enumerate(LEVEL_WEIGHTS):
        p[at.LEVEL_WEIGHTS + j] = weight
        if j + 1 < at.LEVELS:
            p[at.RISES + j] = math.sqrt(LEVEL_WEIGHTS[j + 1] / weight)
        if j > 0:
            p[at.FALLS + j] = math.sqrt(LEVEL_WEIGHTS[j - 1] / weight)
    for first, rows in (
        (at.USUAL, (baseline.shares,)),
        (at.CALM, baseline.calm),
        (at.HICCUP, baseline.hiccup),
        (at.DETOUR, baseline.detour),
        (at.ALTERED, baseline.altered),
    ):
        flat = [share for row in rows for share in row]
        p[first : first + len(flat)] = flat


def threshold(seconds_per_false_alarm: float, family: int, locations: int) -> float:
    """The score from which an alarm stands, natural logarithm of seconds.

    ``family`` watches share the budget, so each may spend a share of it. With several places the score is the larger of two
    statistics: under the null one comes to A at most t / A times on average in t seconds, the quorum's at most t / A times the sum
    of its weights. Together they keep the budget at A (1 + that sum).
    """
    paths = 1.0 + sum(QUORUM_WEIGHTS) if locations > 1 else 1.0
    return math.log(seconds_per_false_alarm * family * paths)


def start(places: int) -> list[float]:
    """The kernel's state before any sample."""
    causes = 2 << places if places <= at.EXACT_PLACES else 1 + places
    s = [0.0] * (at.RECORDS + places * at.RECORD + causes)
    s[at.NEWEST] = -1.0
    s[at.SCORE] = s[at.FULL] = -690.0
    s[at.SHARE] = 1.0
    s[at.LEVEL : at.LEVEL + at.LEVELS] = LEVEL_WEIGHTS
    if places <= at.EXACT_PLACES:
        s[at.RECORDS + places * at.RECORD] = 1.0  # no cause at work
    return s


def start_control() -> list[float]:
    """The burst controller's state before any sample: both buckets full."""
    c = [0.0] * at.CONTROL
    c[at.SPACING], c[at.TOKENS], c[at.SECOND_TOKENS], c[at.CONTROLLED] = SLOW_SECONDS, TOKENS_MAX, SECOND_TOKENS_MAX, -1.0
    return c


def hour_of(instant: float) -> int:
    """Which of a baseline's hours: 0 to 23 on weekdays, 24 to 47 at weekends, UTC."""
    day, seconds = divmod(instant, _DAY)
    weekend = (int(day) + _THURSDAY) % 7 >= _SATURDAY
    return int(seconds // 3_600) + (HOURS // 2 if weekend else 0)


def residual_of(baseline: Baseline | None, location: str, instant: float, seconds: float | None) -> float | None:
    """The logarithm of a latency above what is usual at its place and time; None when it is no evidence."""
    if baseline is None or seconds is None or seconds <= 0.0 or location not in baseline.medians:
        return None
    return math.log(seconds) - usual_at(baseline.medians[location], instant)


def usual_at(medians: Sequence[float], instant: float) -> float:
    """The median logarithm of latency: each hour's stands at its middle, and between them it changes evenly, round the clock."""
    day, seconds = divmod(instant, _DAY)
    first = HOURS // 2 if (int(day) + _THURSDAY) % 7 >= _SATURDAY else 0
    middle = (seconds / 3_600.0 - 0.5) % 24.0
    hour = int(middle)
    part = middle - hour
    return medians[first + hour] * (1.0 - part) + medians[first + (hour + 1) % 24] * part


def bin_of(baseline: Baseline | None, location: str, instant: float, seconds: float | None) -> int:
    """The bin of a latency against the same hour at the same place; -1 when it is no evidence."""
    residual = residual_of(baseline, location, instant, seconds)
    return -1 if baseline is None or residual is None else bisect_right(baseline.edges, residual)
