"""A check in a world, probed on its grid, with the extra probes its rule asks for, and each result given to the rule as it comes in.

Nothing is known before it has happened: a probe that hangs for ten seconds is evidence ten seconds after it began, to our engine as soon
as it is later than in calm times, and the rule decides about the next probe with what has come in by then.
"""

import math
from typing import NamedTuple

import numpy as np

from benchmarks.detection import faults, flagship, peers, world
from benchmarks.detection.compiled import Array, compiled
from monitor.scheduler.schedule import LINGERING_MAX

#: Probes under way at once: one of the grid, one extra and one retry for each place, with room.
FLIGHT = 32
GRID, EXTRA, RETRY = 0, 1, 2
#: A retry follows at once in the settings the peers recommend.
RETRY_SECONDS = 1.0
WEEK = 7 * world.DAY
#: Columns of a probe under way; a trace adds the alarm and the score after it.
ARRIVES, BEGAN, PLACE, OUTCOME, LOG, WHY = range(6)
ALARM, SCORE = 6, 7
_LOG_TIMEOUT = math.log(world.TIMEOUT_SECONDS)
#: Hours are the blocks in which false tickets are counted.
BLOCK = 3_600.0
NEVER = -1.0


class Setup(NamedTuple):
    """Everything an episode needs, as arrays and numbers that compiled code takes.

    ``rule`` from ``peers``; ``options`` and ``normal`` are the peers' ``o`` and ``b``; ``engine`` our kernel's parameters, ``bins``
    what turns a latency into a bin, ``size`` the lengths of our two states.
    """

    rule: int
    options: Array
    normal: Array
    engine: Array
    bins: Array
    size: Array
    world: Array
    distances: Array
    cadence: float


@compiled
def episode(
    setup: Setup,
    fault: Array,
    warm: float,
    seconds: float,
    seed: int,
    thresholds: Array,
    found: Array,
    blocks: Array,
    trace: Array,
) -> Array:
    """One check from a random instant of a week on. ``warm`` < 0: no fault, ever; else it begins within a cadence after ``warm``.

    Fills ``found`` (per threshold: seconds from onset to the alarm, nan if none, -1 if it alarmed before) and ``blocks`` (highest
    score of each hour). Rows of ``trace`` are filled as long as there are any. Gives planned probes, extra probes, and tickets: alarms
    that opened more than an hour after the last one stood.
    """
    np.random.seed(seed)
    places = setup.distances.shape[0]
    begin = world.MONDAY + np.random.random() * WEEK
    onset = begin + warm + np.random.random() * setup.cadence if warm >= 0.0 else math.inf
    end = begin + seconds if warm < 0.0 else onset + fault[faults.LENGTH] + seconds
    env = world.environment(places)
    world.start(setup.world, env, begin, places)
    memory = np.empty(peers.MEMORY)
    peers.reset(memory)
    s, c = flagship.fresh(setup.engine, setup.size)
    due = _timetable(begin, setup.cadence, places)
    flight, flying = np.empty((FLIGHT, 6)), 0
    counts = np.zeros(3)
    found[:] = np.nan
    blocks[:] = -math.inf
    row, rung, rang = 0, False, -math.inf
    while True:
        at, place, why = _next(due, places)
        first = _first_in(flight, flying)
        if flying == 0 or at < flight[first, ARRIVES]:
            if at >= end:
                return counts
            counts[0 if why == GRID else 1] += 1
            _begun(due, places, at, place, why, setup.cadence, flagship.spacing(c))
            outcome, log = probe(setup.world, env, setup.distances, fault, at, onset, place)
            told, outcome = _told(setup, due, places, at, place, outcome, log)
            flight[flying, ARRIVES], flight[flying, BEGAN], flight[flying, PLACE] = told, at, place
            flight[flying, OUTCOME], flight[flying, LOG], flight[flying, WHY] = outcome, log, why
            flying += 1
            continue
        at = flight[first, ARRIVES]
        score, now = _weigh(setup, memory, s, c, due, flight[first], thresholds)
        if now and not rung and at - rang > BLOCK:
            counts[2] += 1
        rung, rang = now, at if now else rang
        _note(found, blocks, thresholds, score, at - begin, at - onset, warm)
        if row < trace.shape[0]:
            trace[row, :6] = flight[first]
            trace[row, 6], trace[row, 7] = 1.0 if rung else 0.0, score
            row += 1
        flying -= 1
        flight[first] = flight[flying]


@compiled
def _timetable(begin: float, cadence: float, places: int) -> Array:
    """When each place's next grid probe, retry is due; the next extra probe and its place; until when each place is busy, and until
    when the latest probes that linger there are under way.
    """
    due = np.zeros((3 + LINGERING_MAX) * places + 2)
    phase = np.random.random() * cadence / places
    for place in range(places):
        due[place] = begin + phase + cadence * place / places
        due[places + place] = math.inf
    due[2 * places] = math.inf
    return due


@compiled
def _next(due: Array, places: int) -> tuple[float, int, int]:
    """The next probe to begin: when, where, why. An extra one waits for the one before it at its place, until that lingers."""
    at, place, why = due[0], 0, GRID
    for other in range(places):
        if due[other] < at:
            at, place, why = due[other], other, GRID
        if due[places + other] < at:
            at, place, why = due[places + other], other, RETRY
    turn = int(due[2 * places + 1])
    lingering = 3 * places + 2 + LINGERING_MAX * turn
    extra = max(due[2 * places], due[2 * places + 2 + turn], due[lingering : lingering + LINGERING_MAX].min())
    if extra < at:
        at, place, why = extra, turn, EXTRA
    return at, place, why


@compiled
def _told(setup: Setup, due: Array, places: int, at: float, place: int, outcome: int, log: float) -> tuple[float, int]:
    """When the rule hears of a probe that began at ``at``, and as what. To our engine it is as good as failed once it is late."""
    ends = at + math.exp(log)
    late = at + flagship.patience(setup.bins, at, place) if setup.rule >= peers.OURS else math.inf
    due[2 * places + 2 + place] = min(ends, late)
    if ends <= late:
        return ends, outcome
    first = 3 * places + 2 + LINGERING_MAX * place
    due[first + due[first : first + LINGERING_MAX].argmin()] = ends
    return late, world.SILENT


@compiled
def _begun(due: Array, places: int, at: float, place: int, why: int, cadence: float, spacing: float) -> None:
    """A probe was begun: when is the next of its kind?"""
    if why == GRID:
        due[place] += cadence
    elif why == RETRY:
        due[places + place] = math.inf
    else:
        due[2 * places] = at + spacing
        due[2 * places + 1] = (place + 1) % places


@compiled
def _first_in(flight: Array, flying: int) -> int:
    """Which probe under way comes in first."""
    first = 0
    for i in range(1, flying):
        if flight[i, ARRIVES] < flight[first, ARRIVES]:
            first = i
    return first


@compiled
def _weigh(setup: Setup, memory: Array, s: Array, c: Array, due: Array, result: Array, thresholds: Array) -> tuple[float, bool]:
    """The rule takes one result in: its score, whether it is alarmed, and in ``due`` what it asks for."""
    places = setup.distances.shape[0]
    at, began, place, outcome, log = result[ARRIVES], result[BEGAN], int(result[PLACE]), int(result[OUTCOME]), result[LOG]
    extra = result[WHY] == EXTRA
    if setup.rule >= peers.OURS:
        score = flagship.take(setup.engine, setup.bins, s, began, place, outcome, log)
        rung = flagship.alarmed(s)
        if setup.rule == peers.OURS:
            flagship.steer(setup.engine, s, c, began, flagship.counts_as_failure(setup.bins, began, place, outcome, log), extra)
    else:
        failed = outcome != world.GOOD
        score = peers.step(setup.rule, setup.options, setup.normal, memory, began, place, places, failed, log)
        rung = thresholds.shape[0] > 0 and score >= thresholds[0]
        if memory[peers.RETRY] >= 0.0:
            due[places + int(memory[peers.RETRY])] = at + RETRY_SECONDS
            memory[peers.RETRY] = -1.0
        if setup.rule == peers.CUSUM_BURST:
            flagship.steer_other(setup.engine, c, began, failed, score, extra)
    if flagship.spacing(c) <= 0.0:
        due[2 * places] = math.inf
    elif due[2 * places] == math.inf:
        due[2 * places] = at
    return score, rung


@compiled
def _note(
    found: Array, blocks: Array, thresholds: Array, score: float, since_begin: float, since_onset: float, warm: float
) -> None:
    """First crossings, and the highest score of the hour."""
    block = int(since_begin / BLOCK)
    if block < blocks.shape[0] and score > blocks[block]:
        blocks[block] = score
    for i in range(thresholds.shape[0]):
        if math.isnan(found[i]) and score >= thresholds[i]:
            found[i] = since_begin if warm < 0.0 else (since_onset if since_onset >= 0.0 else NEVER)


@compiled
def probe(w: Array, env: Array, distances: Array, fault: Array, at: float, onset: float, place: int) -> tuple[int, float]:
    """What one probe sees, and the logarithm of how long it takes."""
    fails, cut, log = world.observe(w, env, distances, at, place)
    hit, hangs, more = faults.effect(fault, at - onset, place)
    log += more
    struck = hit > 0.0 and np.random.random() < hit
    if struck and hangs:
        return world.SILENT, _LOG_TIMEOUT
    if log >= _LOG_TIMEOUT:
        return world.SILENT, _LOG_TIMEOUT
    if cut:
        return world.SILENT, log
    if fails or struck:
        return (world.ANSWERED if np.random.random() < w[world.ANSWERED_SHARE] else world.SILENT), log
    return world.GOOD, log


@compiled
def episodes(
    setup: Setup, fault: Array, warm: float, seconds: float, seeds: Array, thresholds: Array, blocks: int
) -> tuple[Array, Array, Array]:
    """Many of them, each with its own seed: found [n, thresholds], blocks [n, blocks], counts [n, 3]."""
    n = seeds.shape[0]
    found, peaks, counts = np.empty((n, thresholds.shape[0])), np.empty((n, blocks)), np.empty((n, 3))
    none = np.empty((0, 8))
    for i in range(n):
        counts[i] = episode(setup, fault, warm, seconds, seeds[i], thresholds, found[i], peaks[i], none)
    return found, peaks, counts


def seeds(base: int, label: str, n: int) -> Array:
    """``n`` seeds that depend on nothing but ``base`` and ``label``: neither on the order of the work nor on who does it."""
    words = [base, *label.encode()]
    return np.random.SeedSequence(words).generate_state(n, np.uint32).astype(np.int64)
