"""Our kernel where everything can be known: independent failures, no other nuisance, one stream, and its own burst control.

The closed-form threshold is kept as it is; nothing is tuned to this world.
"""

import math
from typing import Any

import numpy as np

from benchmarks.detection import bounds, flagship, world
from benchmarks.detection.compiled import Array, compiled
from benchmarks.detection.measure import Rate, mean_interval
from monitor.detectors.baseline import Baseline, Benign

P0 = 0.002
EVERY_SECONDS = 10.0
BETWEEN_SECONDS = 30 * world.DAY
SHARES = (1.0, 0.5, 0.2, 0.1, 0.05)
#: Long enough for a steady state: statistics in calm forget within a few hundred samples.
WARM_SECONDS = 7_200.0
REACH_SECONDS = 1e6
#: A policy's likelihood ratio needs a success to be possible.
SURE = 0.999
#: How the policy's average rate of probes is checked.
NULL_SECONDS, NULL_RUNS = 100 * world.DAY, 10


def baseline() -> Baseline:
    """A history that shows isolated failures and nothing else."""
    none = Benign(rate=0.0, mean_seconds=1.0, share=0.5)
    return Baseline(
        since=0.0,
        until=0.0,
        samples=0,
        failures=0,
        p0=P0,
        answered=0.0,
        transients=none,
        blips=none,
        medians={},
        edges=(),
        shares=(),
        calm=(),
        hiccup=(),
        detour=(),
        altered=(),
        level=0.0,
        level_seconds=1.0,
        soft=math.inf,
    )


@compiled
def watch(
    engine: Array, lengths: Array, p0: float, p1: float, warm: float, reach: float, n: int, seed: int
) -> tuple[Array, Array, Array]:
    """``n`` runs with the change after ``warm`` seconds (< 0: never): seconds to the alarm, probes, seconds watched before the change."""
    np.random.seed(seed)
    found, probes, watched = np.full(n, np.nan), np.zeros(n), np.zeros(n)
    none = np.empty(0)
    for run in range(n):
        s, c = flagship.fresh(engine, lengths)
        at = 0.0
        change = warm + np.random.random() * EVERY_SECONDS if warm >= 0.0 else math.inf
        while at < reach:
            wanted = flagship.spacing(c)
            step = wanted if wanted > 0.0 else EVERY_SECONDS
            at += step
            failed = np.random.random() < (p1 if at >= change else p0)
            if at < change:
                probes[run] += 1
                watched[run] += step
            flagship.take(engine, none, s, at, 0, world.SILENT if failed else world.GOOD, 0.0)
            flagship.steer(engine, s, c, at, failed, wanted > 0.0)
            if flagship.alarmed(s):
                if change < math.inf and at < change:
                    s, c = flagship.fresh(engine, lengths)
                    continue
                found[run] = at - change if change < math.inf else at
                break
    return found, probes, watched


def run(share: float, repeats: int, seed: int) -> dict[str, Any]:
    """One p1: the kernel beside the exact CUSUM at a fixed rate, Lorden's bound, and the best policy that spends the same probes."""
    engine = flagship.parameters(BETWEEN_SECONDS, baseline(), 1)
    found, probes, watched = watch(engine, flagship.size(1), P0, share, WARM_SECONDS, REACH_SECONDS, repeats, seed)
    rate = float(probes.sum() / watched.sum())
    mean, half = mean_interval(found)
    p1 = min(share, SURE)
    best = bounds.optimum(P0, p1, BETWEEN_SECONDS, rate)
    theirs, _, _ = bounds.follow(best.choice, P0, p1, WARM_SECONDS, REACH_SECONDS, repeats, seed)
    _, spent, lasted = bounds.follow(best.choice, P0, p1, -1.0, NULL_SECONDS, NULL_RUNS, seed)
    optimum, _ = mean_interval(theirs)
    return {
        "share": share,
        "lorden_seconds": round(bounds.lorden_seconds(share, P0, BETWEEN_SECONDS, EVERY_SECONDS), 1),
        "cusum_seconds": round(bounds.cusum_delay(P0, p1, BETWEEN_SECONDS, EVERY_SECONDS), 1),
        "kernel_seconds": round(mean, 2),
        "kernel_half_width": round(half, 2),
        "kernel_probes_per_second": round(rate, 4),
        "optimum_seconds": round(optimum, 2),
        "optimum_probes_per_second": round(float(spent.sum() / lasted.sum()), 4),
        "optimum_days_between": round(best.between_seconds / world.DAY, 1),
        "ratio": round(mean / optimum, 3),
    }


def false_alarms(years: float, seed: int) -> dict[str, Any]:
    """Mean time between false alarms of the kernel in the same world, which its threshold promises to be 30 days at least."""
    engine = flagship.parameters(BETWEEN_SECONDS, baseline(), 1)
    runs = max(1, int(years))
    found, _, watched = watch(engine, flagship.size(1), P0, P0, -1.0, 365 * world.DAY, runs, seed)
    rate = Rate.of(int((~np.isnan(found)).sum()), float(watched.sum()) / BETWEEN_SECONDS)
    return {"promised": 1.0, "alarms_per_30_days": rate._asdict()}
