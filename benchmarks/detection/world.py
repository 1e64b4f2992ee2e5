"""A payment API seen by probes from several places: failures, latency, and the small troubles that are nobody's incident.

Background failures with a daily shape; a deploy's or failover's few seconds of failures; each location's own network blips and path
shifts; lognormal latency with a Pareto tail, a daily and weekly season, a slow common load (Ornstein-Uhlenbeck) and short hiccups.
Everything is drawn as it is asked for, in order of time, so that a rule that probes faster sees the same world more often.
"""

import math
from dataclasses import dataclass

import numpy as np

from benchmarks.detection.compiled import Array, compiled

DAY = 86_400.0
#: A Monday, 00:00 UTC: simulated clocks begin at a random instant of the week after it.
MONDAY = 1_793_577_600.0 + DAY
#: Round trips from the three places: near, middle, far.
DISTANCES = (1.0, 1.25, 1.7)
PLACES = ("fra", "nyc", "sin")
TIMEOUT_SECONDS = 10.0
#: What a probe sees, as the kernel counts it.
GOOD, ANSWERED, SILENT = 0, 1, 2


@dataclass(frozen=True, slots=True)
class World:
    """What is normal. Rates are per day; ``share`` is of the probes that fail meanwhile; spreads are of the natural logarithm."""

    background: float = 0.002
    transients: float = 1.0
    transient_seconds: float = 3.0
    transient_share: float = 0.9
    blips: float = 1 / 3
    blip_seconds: float = 60.0  # median; every other one fails half of the probes only
    blip_spread: float = 1.1
    paths: float = 1 / 5
    path_seconds: float = 600.0
    path_factor: float = 2.0
    seconds: float = 0.25
    spread: float = 0.30
    tail_share: float = 0.02
    tail_exponent: float = 2.0
    swing: float = 0.25
    wander: float = 0.06
    wander_seconds: float = 900.0
    hiccups: float = 3.0
    hiccup_seconds: float = 4.0
    hiccup_factor: float = 4.0
    answered: float = 0.0  # of the failures that are the gateway's own, how many come with an answer

    def vector(self) -> Array:
        """As ``start`` and ``observe`` read it: rates per second, factors as logarithms."""
        return np.array(
            [
                self.background,
                self.transients / DAY,
                self.transient_seconds,
                self.transient_share,
                self.blips / DAY,
                self.blip_seconds,
                self.blip_spread,
                self.paths / DAY,
                self.path_seconds,
                math.log(self.path_factor),
                math.log(self.seconds),
                self.spread,
                self.tail_share,
                self.tail_exponent,
                self.swing,
                self.wander,
                self.wander_seconds,
                self.hiccups / DAY,
                self.hiccup_seconds,
                math.log(self.hiccup_factor),
                self.answered,
            ]
        )


(
    BACKGROUND,
    TRANSIENT_RATE,
    TRANSIENT_SECONDS,
    TRANSIENT_SHARE,
    BLIP_RATE,
    BLIP_SECONDS,
    BLIP_SPREAD,
    PATH_RATE,
    PATH_SECONDS,
    PATH_LOG,
    LEVEL_LOG,
    SPREAD,
    TAIL_SHARE,
    TAIL_EXPONENT,
    SWING,
    WANDER,
    WANDER_SECONDS,
    HICCUP_RATE,
    HICCUP_SECONDS,
    HICCUP_LOG,
    ANSWERED_SHARE,
) = range(21)

#: The environment: clock, load and season as of then, then of each stream of events its next beginning, the end of what is on, and
#: whether it is a weak one.
CLOCK, LOAD, WAVE, WEEKLY, STREAMS = range(5)
TRANSIENT, HICCUP, BLIP = 0, 1, 2  # then a blip stream and a path stream for each place
#: The tail begins a little above the body.
TAIL_LOG = math.log(1.5)
WEEKEND_LOG = -0.08
#: The quietest hour of the sine is a third of the day before its peak's quarter.
SEASON_PHASE = 0.33
#: Load and season are what they were until this much time has passed: a burst does not pay for them at every probe.
FRESH_SECONDS = 1.0


@compiled
def environment(places: int) -> Array:
    """Room for the state of one world."""
    return np.zeros(STREAMS + 3 * (2 + 2 * places))


@compiled
def weekend(at: float) -> bool:
    """Saturday or Sunday, UTC; 1970 began on a Thursday."""
    return (math.floor(at / 86_400.0) + 3) % 7 >= 5


@compiled
def daily(at: float) -> float:
    """The day as a wave from -1 to 1."""
    return math.sin(2 * math.pi * ((at % 86_400.0) / 86_400.0 - SEASON_PHASE))


@compiled
def start(w: Array, e: Array, at: float, places: int) -> None:
    """A world in its long-run state at ``at``."""
    e[CLOCK] = at
    e[LOAD] = w[WANDER] * np.random.randn()
    e[WAVE] = daily(at)
    e[WEEKLY] = WEEKEND_LOG if weekend(at) else 0.0
    for stream in range(2 + 2 * places):
        rate = _rate(w, stream, places)
        slot = STREAMS + 3 * stream
        e[slot] = at + np.random.exponential(1.0 / rate) if rate > 0 else math.inf
        e[slot + 1] = -math.inf
        e[slot + 2] = 0.0


@compiled
def _rate(w: Array, stream: int, places: int) -> float:
    if stream == TRANSIENT:
        return w[TRANSIENT_RATE]
    if stream == HICCUP:
        return w[HICCUP_RATE]
    return w[BLIP_RATE] if stream < BLIP + places else w[PATH_RATE]


@compiled
def _length(w: Array, stream: int, places: int) -> float:
    if stream == TRANSIENT:
        return np.random.exponential(w[TRANSIENT_SECONDS])
    if stream == HICCUP:
        return np.random.exponential(w[HICCUP_SECONDS])
    median = w[BLIP_SECONDS] if stream < BLIP + places else w[PATH_SECONDS]
    return median * math.exp(w[BLIP_SPREAD] * np.random.randn())


@compiled
def _on(w: Array, e: Array, stream: int, at: float, places: int) -> bool:
    """Is an event of this stream going on? Moves the stream up to ``at``."""
    slot = STREAMS + 3 * stream
    while e[slot] <= at:
        end = e[slot] + _length(w, stream, places)
        if end > e[slot + 1]:
            e[slot + 1] = end
            e[slot + 2] = 1.0 if np.random.random() < 0.5 else 0.0
        e[slot] += np.random.exponential(1.0 / _rate(w, stream, places))
    return at < e[slot + 1]


@compiled
def _freshen(w: Array, e: Array, at: float) -> None:
    """Season and common load as of ``at``; drawn anew when a second has passed."""
    if at - e[CLOCK] >= FRESH_SECONDS:
        keep = math.exp(-(at - e[CLOCK]) / w[WANDER_SECONDS])
        e[LOAD] = e[LOAD] * keep + w[WANDER] * math.sqrt(1 - keep * keep) * np.random.randn()
        e[CLOCK] = at
        e[WAVE] = daily(at)
        e[WEEKLY] = WEEKEND_LOG if weekend(at) else 0.0


@compiled
def observe(w: Array, e: Array, distances: Array, at: float, place: int) -> tuple[bool, bool, float]:
    """One probe begun at ``at``, without any fault: does the gateway fail, does the network fail, and the latency's logarithm."""
    places = distances.shape[0]
    _freshen(w, e, at)
    fails = np.random.random() < w[BACKGROUND] * (1 + 0.5 * e[WAVE])
    if _on(w, e, TRANSIENT, at, places) and np.random.random() < w[TRANSIENT_SHARE]:
        fails = True
    cut = _on(w, e, BLIP + place, at, places)
    if cut and e[STREAMS + 3 * (BLIP + place) + 2] == 1.0:
        cut = np.random.random() < 0.5
    log = w[LEVEL_LOG] + distances[place] + e[LOAD] + w[SWING] * e[WAVE] + e[WEEKLY] + w[SPREAD] * np.random.randn()
    if np.random.random() < w[TAIL_SHARE]:
        log += TAIL_LOG + np.random.exponential(1.0 / w[TAIL_EXPONENT])
    if _on(w, e, BLIP + places + place, at, places):
        log += w[PATH_LOG]
    if _on(w, e, HICCUP, at, places):
        log += w[HICCUP_LOG]
    return fails, cut, log


@compiled
def history(w: Array, distances: Array, begin: float, seconds: float, cadence: float, seed: int) -> tuple[Array, ...]:
    """What a store would hold of fault-free days: instants, places, failed, seconds, and which failures came with an answer."""
    np.random.seed(seed)
    places = distances.shape[0]
    e = environment(places)
    start(w, e, begin, places)
    count = int(seconds / cadence) * places
    at, took, where = np.empty(count), np.empty(count), np.empty(count, np.int64)
    failed, answered = np.empty(count, np.bool_), np.empty(count, np.bool_)
    for i in range(count):
        at[i] = begin + i * cadence / places
        where[i] = i % places
        fails, cut, log = observe(w, e, distances, at[i], where[i])
        took[i] = min(math.exp(log), TIMEOUT_SECONDS)
        failed[i] = fails or cut or took[i] >= TIMEOUT_SECONDS
        answered[i] = fails and not cut and took[i] < TIMEOUT_SECONDS and np.random.random() < w[ANSWERED_SHARE]
    return at, where, failed, took, answered
