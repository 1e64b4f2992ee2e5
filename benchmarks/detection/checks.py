"""A check as the benchmark watches it: its places, its cadence, and what its own fault-free history taught it."""

import math
from functools import lru_cache
from statistics import fmean, pstdev

import numpy as np

from benchmarks.detection import flagship, peers, world
from benchmarks.detection.compiled import Array
from benchmarks.detection.harness import Setup, seeds
from monitor.detectors.baseline import HOURS, Baseline
from monitor.detectors.learn import History, fit

#: What the service looks back on.
HISTORY_DAYS = 28
MONTH = 30 * world.DAY
BUDGET_MONTH, BUDGET_HALF_YEAR = MONTH, 6 * MONTH


def distances(places: int) -> Array:
    return np.log(np.array(world.DISTANCES[:places]))


@lru_cache(maxsize=64)
def learned(one: world.World, places: int, cadence: float, seed: int) -> Baseline:
    """The baseline of a history of its own: four simulated weeks on the grid, before the episodes."""
    begin = world.MONDAY - HISTORY_DAYS * world.DAY
    [drawn] = seeds(seed, "history", 1)
    at, place, failed, took, answered = world.history(
        one.vector(), distances(places), begin, HISTORY_DAYS * world.DAY, cadence, drawn
    )
    rows = (at.tolist(), place.tolist(), failed.tolist(), took.tolist())
    return fit(History(*rows, world.PLACES[:places], answered.tolist()))


@lru_cache(maxsize=64)
def normal(one: world.World, places: int, cadence: float, seed: int) -> Array:
    """What the peers' learning rules know: p0, then mean and standard deviation of each place's latency, then its medians by hour."""
    baseline = learned(one, places, cadence, seed)
    begin = world.MONDAY - HISTORY_DAYS * world.DAY
    [drawn] = seeds(seed, "history", 1)
    _, place, failed, took, _ = world.history(one.vector(), distances(places), begin, HISTORY_DAYS * world.DAY, cadence, drawn)
    out = np.zeros(7 + HOURS * places)
    out[0] = baseline.p0
    for index in range(places):
        good = took[(place == index) & ~failed].tolist()
        out[1 + 2 * index], out[2 + 2 * index] = fmean(good), pstdev(good)
        out[7 + HOURS * index : 7 + HOURS * (index + 1)] = baseline.medians[world.PLACES[index]]
    return out


def ours(
    one: world.World,
    seed: int,
    *,
    cadence: float = 30.0,
    places: int = 3,
    budget: float = BUDGET_MONTH,
    family: int = 1,
    alarms: bool = False,
    baseline: Baseline | None = None,
) -> Setup:
    """Our engine on a check of this world; without ``alarms`` its score goes on for ever."""
    known = baseline or learned(one, places, cadence, seed)
    engine = flagship.parameters(budget, known, places, family, cadence)
    return Setup(
        rule=peers.OURS,
        options=np.zeros(1),
        normal=np.zeros(1),
        engine=engine if alarms else flagship.watching(engine),
        bins=flagship.bins(known, world.PLACES[:places]),
        size=flagship.size(places),
        world=one.vector(),
        distances=distances(places),
        cadence=cadence,
    )


def theirs(peer: peers.Peer, one: world.World, seed: int, places: int = 3) -> Setup:
    """A peer's rule on a check of this world."""
    return Setup(
        rule=peer.rule,
        options=np.array(peer.options or (0.0,)),
        normal=normal(one, places, peer.cadence, seed),
        engine=flagship.parameters(BUDGET_MONTH, None, places),
        bins=np.array([math.inf]),
        size=flagship.size(places),
        world=one.vector(),
        distances=distances(places),
        cadence=peer.cadence,
    )


def theirs_without_history(cadence: float, one: world.World, places: int = 3) -> Setup:
    """A rule that learns nothing, for looking at the world itself."""
    return Setup(
        rule=peers.IN_A_ROW,
        options=np.zeros(1),
        normal=np.zeros(7 + HOURS * places),
        engine=flagship.parameters(BUDGET_MONTH, None, places),
        bins=np.array([math.inf]),
        size=flagship.size(places),
        world=one.vector(),
        distances=distances(places),
        cadence=cadence,
    )
