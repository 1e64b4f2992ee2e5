"""One brand of six fails: six streams of one check share its grid, its places and its budget of false alarms.

A stream's turn comes every sixth slot. Under suspicion extra probes go to the suspected stream and, in turn, to a healthy one.
"""

import math
from typing import Any

import numpy as np

from benchmarks.detection import checks, faults, flagship, harness, world
from benchmarks.detection.compiled import Array, compiled
from benchmarks.detection.faults import FAILS, SLOW, Fault
from benchmarks.detection.harness import BLOCK, WEEK, seeds
from benchmarks.detection.measure import Delays, Rate, tickets, usable
from monitor.detectors.sequential import layout

STRATA = 6
FAULTS = (
    Fault("brand_down", FAILS, 1.0, title="one brand of six down"),
    Fault("brand_50", FAILS, 0.5, title="one brand at 50 %"),
    Fault("brand_20", FAILS, 0.2, seconds=7_200.0, title="one brand at 20 %"),
    Fault("brand_slow_2", SLOW, 2.0, seconds=7_200.0, title="one brand x2 slow"),
)
WARM_SECONDS = 21_600.0


@compiled
def episode(
    setup: harness.Setup, fault: Array, warm: float, seconds: float, seed: int, bars: Array, found: Array, blocks: Array
) -> Array:
    """As ``harness.episode``; the fault hits stream 0. Gives planned and extra probes."""
    np.random.seed(seed)
    w, distances, places = setup.world, setup.distances, setup.distances.shape[0]
    begin = world.MONDAY + np.random.random() * WEEK
    onset = begin + warm + np.random.random() * setup.cadence * STRATA if warm >= 0.0 else math.inf
    end = begin + seconds if warm < 0.0 else onset + fault[faults.LENGTH]
    env = world.environment(places)
    world.start(w, env, begin, places)
    s, c = flagship.fresh(setup.engine, setup.size)
    states, controls = np.empty((STRATA, s.shape[0])), np.empty((STRATA, c.shape[0]))
    for stream in range(STRATA):
        states[stream], controls[stream] = s, c
    counts = np.zeros(2)
    found[:] = np.nan
    blocks[:] = -math.inf
    scores = np.full(STRATA, -math.inf)
    suspect, extra_at, turn, own = -1, math.inf, 0, False
    slot, step, newest = 0, setup.cadence / places, 0.0
    while True:
        at, extra = begin + slot * step, False
        if extra_at < at:
            at, extra = extra_at, True
        if at >= end:
            break
        if extra:
            own = not own
            stream, place = (suspect if own else (suspect + 1) % STRATA), turn
            turn = (turn + 1) % places
        else:
            stream, place = (slot // places) % STRATA, slot % places
            slot += 1
        counts[1 if extra else 0] += 1
        outcome, log = harness.probe(w, env, distances, fault, at, onset if stream == 0 else math.inf, place)
        newest = max(newest, at + math.exp(log))
        scores[stream] = flagship.take(setup.engine, setup.bins, states[stream], at, place, outcome, log)
        failed = flagship.counts_as_failure(setup.bins, at, place, outcome, log)
        flagship.steer(setup.engine, states[stream], controls[stream], at, failed, extra)
        if suspect < 0 or flagship.spacing(controls[suspect]) <= 0.0:
            suspect = stream if flagship.spacing(controls[stream]) > 0.0 else -1
        wanted = flagship.spacing(controls[suspect]) if suspect >= 0 else 0.0
        extra_at = max(newest, at + wanted) if wanted > 0.0 else math.inf
        score = scores.max()
        block = int((at - begin) / BLOCK)
        if block < blocks.shape[0] and score > blocks[block]:
            blocks[block] = score
        for i in range(bars.shape[0]):
            if math.isnan(found[i]) and score >= bars[i]:
                found[i] = newest - onset if newest >= onset or warm < 0.0 else harness.NEVER
    return counts


@compiled
def episodes(
    setup: harness.Setup, fault: Array, warm: float, seconds: float, drawn: Array, bars: Array, blocks: int
) -> tuple[Array, Array, Array]:
    n = drawn.shape[0]
    found, peaks, counts = np.empty((n, bars.shape[0])), np.empty((n, blocks)), np.empty((n, 2))
    for i in range(n):
        counts[i] = episode(setup, fault, warm, seconds, drawn[i], bars, found[i], peaks[i])
    return found, peaks, counts


def run(histories: int, months: int, repeats: int, seed: int) -> dict[str, Any]:
    """False tickets of the whole family of streams, and delays of a fault that hits one."""
    labels = {"1 a month": checks.BUDGET_MONTH, "1 in 6 months": checks.BUDGET_HALF_YEAR}
    calm, planned, extra = [], 0.0, 0.0
    found: dict[str, list[Array]] = {fault.name: [] for fault in FAULTS}
    bars = np.zeros(0)
    for history in range(histories):
        setup = checks.ours(world.World(), seed + history, family=STRATA)
        known = checks.learned(world.World(), 3, setup.cadence, seed + history)
        bars = np.array([flagship.parameters(each, known, 3, STRATA)[layout.THRESHOLD] for each in labels.values()])
        drawn = seeds(seed, f"strata calm {history}", months)
        _, blocks, probes = episodes(setup, faults.CALM.vector(), -1.0, checks.MONTH, drawn, bars, 720)
        calm.append(blocks)
        planned, extra = planned + probes[:, 0].sum(), extra + probes[:, 1].sum()
        for fault in FAULTS:
            drawn = seeds(seed, f"strata {fault.name} {history}", repeats)
            found[fault.name].append(episodes(setup, fault.vector(), WARM_SECONDS, 0.0, drawn, bars, 1)[0])
    total = float(histories * months)
    return {
        "overhead": round(extra / planned, 4),
        "false_tickets": {
            label: Rate.of(sum(tickets(blocks, bar) for blocks in calm), total)._asdict()
            for label, bar in zip(labels, bars, strict=True)
        },
        "incidents": {
            fault.name: {
                label: Delays.of(usable(np.concatenate(found[fault.name])[:, column]))._asdict()
                for column, label in enumerate(labels)
            }
            for fault in FAULTS
        },
    }
