"""The rules that other monitors ship, each by its own definition. A rule alarms while its score is at least its threshold.

``step`` is given one result: when its probe began, where, whether it failed, and the logarithm of its latency. ``m`` is the rule's
memory; its first cell asks for a retry at the same place. ``o`` are the options that are not the threshold, ``b`` what the learning
rules were told of calm times.
"""

import math
from dataclasses import dataclass

import numpy as np

from benchmarks.detection.compiled import Array, compiled

(FOR, IN_A_ROW, BURN, BURN_TICKETS, QUORUM, RATIO, P95, EWMA, EWMA_SEASONAL, CUSUM_BURST) = range(10)
#: The rule that is ours, with its bursts and without: ``harness`` runs it.
OURS, OURS_ON_GRID = 100, 101

RETRY = 0
HEAD = 1
#: Error ratios are counted in bins of this length, as often as Sloth's recording rules are evaluated.
BIN_SECONDS = 30.0
#: Windows in bins, short before long: 5 m with 1 h, 30 m with 6 h, 2 h with 1 d, 6 h with 3 d.
WINDOWS = np.array([10, 120, 60, 720, 240, 2_880, 720, 8_640])
FACTORS = np.array([14.4, 6.0, 3.0, 1.0])
BINS = 8_641
MEMORY = HEAD + 2 * BINS + 2 * 8 + 2
#: Prometheus compares whole milliseconds; ours are floats.
SAME_INSTANT = 1e-3
FIVE_MINUTES = 300.0
#: Fewer values have no 95 % quantile worth the name.
QUANTILE_NEEDS = 5
RING = 128


@dataclass(frozen=True, slots=True)
class Peer:
    """A rule as its users write it."""

    name: str
    rule: int
    cadence: float
    threshold: float
    options: tuple[float, ...] = ()
    warm_seconds: float = 7_200.0
    note: str = ""


PEERS = (
    Peer("Prometheus `probe_success == 0 for: 5m`, any place, 15 s", FOR, 15.0, FIVE_MINUTES),
    Peer("three in a row at any place, 60 s (Gatus, Uptime Kuma)", IN_A_ROW, 60.0, 3.0),
    Peer("burn rate 99.9 %, pages of Sloth, 15 s", BURN, 15.0, 1.0, (0.001,), 25_200.0),
    Peer("burn rate 99.5 %, pages of Sloth, 15 s", BURN, 15.0, 1.0, (0.005,), 25_200.0),
    Peer("two retries at 1 s, 2 of 3 places, 30 s (Datadog, Checkly)", QUORUM, 30.0, 2.0, (2.0, 1.0)),
    Peer("success < 90 % over 5 min, 60 s", RATIO, 60.0, 0.1),
    Peer("p95 over 5 min > 2 s, 30 s", P95, 30.0, 2.0),
    Peer("EWMA of raw latency, 3 sigma, 30 s", EWMA, 30.0, 3.0, (0.2,)),
    Peer("EWMA of seasonal log latency > 0.3, 30 s", EWMA_SEASONAL, 30.0, 0.3, (0.1,)),
    Peer("CUSUM for 10 % with bursts, naive null, 30 s", CUSUM_BURST, 30.0, 9.0, (0.1,)),
)
#: Its windows take three days to fill before every episode: twelve minutes of a core.
LONG = (Peer("burn rate 99.5 %, pages and tickets of Sloth, 15 s", BURN_TICKETS, 15.0, 1.0, (0.005,), 262_800.0),)


@compiled
def reset(m: Array) -> None:
    m[:] = 0.0
    m[RETRY] = -1.0


@compiled
def step(rule: int, o: Array, b: Array, m: Array, began: float, place: int, places: int, failed: bool, log: float) -> float:
    """The score after one more result."""
    if rule == FOR:
        return _for(m, began, place, places, failed)
    if rule == IN_A_ROW:
        return _in_a_row(m, place, places, failed)
    if rule in (BURN, BURN_TICKETS):
        return _burn(o[0], m, began, failed, 2 if rule == BURN else 4)
    if rule == QUORUM:
        return _quorum(int(o[0]), m, place, places, failed)
    if rule == RATIO:
        _count(m, began, failed, 1)
        return m[_SUMS] / max(m[_SUMS + 1], 1.0)
    if rule == P95:
        return _p95(m, began, failed, log)
    if rule == CUSUM_BURST:
        return _cusum(o[0], b[0], m, failed)
    if not failed and rule == EWMA:
        m[HEAD] += o[0] * ((math.exp(log) - b[1 + 2 * place]) / b[2 + 2 * place] - m[HEAD])
    elif not failed and rule == EWMA_SEASONAL:
        m[HEAD] += o[0] * (log - b[7 + 48 * place + _hour(began)] - m[HEAD])
    return m[HEAD] / math.sqrt(o[0] / (2.0 - o[0])) if rule == EWMA else m[HEAD]


@compiled
def _hour(at: float) -> int:
    """Hour of a weekday, then of a weekend day, UTC."""
    return int((at % 86_400.0) / 3_600.0) + (24 if (math.floor(at / 86_400.0) + 3) % 7 >= 5 else 0)


@compiled
def _for(m: Array, began: float, place: int, places: int, failed: bool) -> float:
    """How long the place that is worst off has been seen failing without a break. Zero: it began just now; -1: none."""
    m[HEAD + place] = 0.0 if not failed else (m[HEAD + place] if m[HEAD + place] > 0.0 else began)
    worst = -1.0
    for other in range(places):
        if m[HEAD + other] > 0.0:
            worst = max(worst, began - m[HEAD + other] + SAME_INSTANT)
    return worst


@compiled
def _in_a_row(m: Array, place: int, places: int, failed: bool) -> float:
    """The longest run of failures over the places."""
    m[HEAD + place] = m[HEAD + place] + 1.0 if failed else 0.0
    longest = 0.0
    for other in range(places):
        longest = max(longest, m[HEAD + other])
    return longest


@compiled
def _quorum(retries: int, m: Array, place: int, places: int, failed: bool) -> float:
    """How many places are down: a failure is tried again, and only when every retry failed too is the place down."""
    tries, down = HEAD, HEAD + places
    m[RETRY] = -1.0
    if not failed:
        m[tries + place] = 0.0
        m[down + place] = 0.0
    elif m[tries + place] < retries:
        m[tries + place] += 1.0
        m[RETRY] = place
    else:
        m[tries + place] = 0.0
        m[down + place] = 1.0
    count = 0.0
    for other in range(places):
        count += m[down + other]
    return count


_BAD, _ALL = HEAD, HEAD + BINS
_SUMS = HEAD + 2 * BINS
_NOW = _SUMS + 16


@compiled
def _count(m: Array, began: float, failed: bool, windows: int) -> None:
    """One more result in every window; what is older than a window leaves it."""
    now = math.floor(began / BIN_SECONDS)
    if m[_NOW] == 0.0 or now - m[_NOW] >= BINS:
        m[_BAD : _SUMS + 16] = 0.0
        m[_NOW] = now
    while m[_NOW] < now:
        m[_NOW] += 1.0
        for window in range(windows):
            gone = int((m[_NOW] - WINDOWS[window]) % BINS)
            m[_SUMS + 2 * window] -= m[_BAD + gone]
            m[_SUMS + 2 * window + 1] -= m[_ALL + gone]
        m[_BAD + int(m[_NOW] % BINS)] = 0.0
        m[_ALL + int(m[_NOW] % BINS)] = 0.0
    here = int(now % BINS)
    m[_ALL + here] += 1.0
    m[_BAD + here] += 1.0 if failed else 0.0
    for window in range(windows):
        m[_SUMS + 2 * window] += 1.0 if failed else 0.0
        m[_SUMS + 2 * window + 1] += 1.0


@compiled
def _burn(budget: float, m: Array, began: float, failed: bool, pairs: int) -> float:
    """The most urgent pair of windows: both must burn the error budget faster than the pair's factor."""
    _count(m, began, failed, 2 * pairs)
    score = 0.0
    for pair in range(pairs):
        short, long = _SUMS + 4 * pair, _SUMS + 4 * pair + 2
        both = min(m[short] / max(m[short + 1], 1.0), m[long] / max(m[long + 1], 1.0))
        score = max(score, both / budget / FACTORS[pair])
    return score


@compiled
def _p95(m: Array, began: float, failed: bool, log: float) -> float:
    """The 95 % quantile in seconds of five minutes of successes, interpolated as ``quantile_over_time`` does."""
    first, count = int(m[HEAD]), int(m[HEAD + 1])
    at, value = HEAD + 2, HEAD + 2 + RING
    if not failed:
        slot = (first + count) % RING
        m[at + slot], m[value + slot] = began, math.exp(log)
        count += 1
    while count > 0 and m[at + first] <= began - FIVE_MINUTES:
        first = (first + 1) % RING
        count -= 1
    m[HEAD], m[HEAD + 1] = first, count
    if count < QUANTILE_NEEDS:
        return 0.0
    values = np.empty(count)
    for i in range(count):
        values[i] = m[value + (first + i) % RING]
    values.sort()
    rank = 0.95 * (count - 1)
    low = int(rank)
    high = min(low + 1, count - 1)
    return values[low] + (rank - low) * (values[high] - values[low])


@compiled
def _cusum(share: float, p0: float, m: Array, failed: bool) -> float:
    """Page's CUSUM of a failing share against independent failures at p0."""
    gain = math.log(share / p0) if failed else math.log((1.0 - share) / (1.0 - p0))
    m[HEAD] = max(0.0, m[HEAD] + gain)
    return m[HEAD]
