"""One contender against all scenarios: as configured, and with its threshold moved to one false ticket a check-month."""

from typing import Any, NamedTuple

import numpy as np

from benchmarks.detection import checks, customers, flagship, harness, peers, world
from benchmarks.detection.compiled import Array
from benchmarks.detection.faults import CALM, INCIDENTS, LOCAL, Fault
from benchmarks.detection.harness import Setup, seeds
from benchmarks.detection.measure import Delays, Rate, matched, tickets, usable
from monitor.detectors.sequential import layout

MONTH_HOURS = 720
#: A ticket that comes after the end of a place's trouble may still be its doing.
AFTERMATH = 900.0
NO_BURST, NO_TRANSIENTS, NO_BLIPS = "without bursts", "without the transient null", "without the blip null"


class Size(NamedTuple):
    """How much is simulated: learned histories, fault-free months for each, episodes of each fault for each."""

    histories: int
    months: int
    months_ours: int
    episodes: int


class Ours(NamedTuple):
    """Our engine in one configuration."""

    name: str
    cadence: float = 30.0
    places: int = 3
    answered: float = 0.0
    without: str = ""


CONFIGURATIONS = (
    Ours("paycanary, 30 s"),
    Ours("paycanary, 15 s", cadence=15.0),
    Ours("paycanary, 60 s", cadence=60.0),
    Ours("paycanary, 30 s, one place, failures answered", places=1, answered=1.0),
)
STRIPPED = tuple(Ours(f"paycanary, 30 s, {what}", without=what) for what in (NO_BURST, NO_TRANSIENTS, NO_BLIPS))


def setup_ours(one: Ours, seed: int, history: int) -> Setup:
    setup = checks.ours(world.World(answered=one.answered), seed + history, cadence=one.cadence, places=one.places)
    engine = setup.engine.copy()
    if one.without == NO_TRANSIENTS:
        engine[layout.TRANSIENT_RATE] = 0.0
    elif one.without == NO_BLIPS:
        engine[layout.BLIP_RATE] = 0.0
    return setup._replace(engine=engine, rule=peers.OURS_ON_GRID if one.without == NO_BURST else peers.OURS)


def run_ours(one: Ours, size: Size, seed: int) -> dict[str, Any]:
    """Two budgets and the matched threshold in one run: the score does not depend on them."""
    setups = [setup_ours(one, seed, history) for history in range(size.histories)]
    budgets = (checks.BUDGET_MONTH, checks.BUDGET_HALF_YEAR)
    baselines = [
        checks.learned(world.World(answered=one.answered), one.places, one.cadence, seed + h) for h in range(size.histories)
    ]
    thresholds = [flagship.threshold(flagship.parameters(budget, baselines[0], one.places)) for budget in budgets]
    labels = ["1 a month", "1 in 6 months", "matched"]
    return _contest(one.name, setups, thresholds, labels, size.months_ours, size, seed, 7_200.0)


def run_peer(peer: peers.Peer, size: Size, seed: int) -> dict[str, Any]:
    setups = [checks.theirs(peer, world.World(), seed + history) for history in range(size.histories)]
    return _contest(peer.name, setups, [peer.threshold], ["configured", "matched"], size.months, size, seed, peer.warm_seconds)


def _contest(
    name: str, setups: list[Setup], thresholds: list[float], labels: list[str], months: int, size: Size, seed: int, warm: float
) -> dict[str, Any]:
    calm, planned, extra = [], 0.0, 0.0
    for history, setup in enumerate(setups):
        drawn = seeds(seed, f"calm {name} {history}", months)
        _, blocks, counts = harness.episodes(setup, CALM.vector(), -1.0, checks.MONTH, drawn, np.array(thresholds), MONTH_HOURS)
        calm.append(blocks)
        planned, extra = planned + counts[:, 0].sum(), extra + counts[:, 1].sum()
    total = months * len(setups)
    thresholds = [*thresholds, matched(calm, total)]
    rates = [Rate.of(sum(tickets(blocks, bar) for blocks in calm), total) for bar in thresholds]
    results = {fault.name: _delays(setups, fault, warm, thresholds, size, seed, name) for fault in (*INCIDENTS, *LOCAL)}
    return {
        "name": name,
        "overhead": round(extra / planned, 4),
        "settings": [
            {
                "setting": label,
                "threshold": round(bar, 4),
                "false_tickets": rate._asdict(),
                "incidents": {fault.name: _incident(results[fault.name][:, column], fault) for fault in INCIDENTS},
                "local": {fault.name: _local(results[fault.name][:, column]) for fault in LOCAL},
            }
            for column, (label, bar, rate) in enumerate(zip(labels, thresholds, rates, strict=True))
        ],
    }


def _delays(setups: list[Setup], fault: Fault, warm: float, thresholds: list[float], size: Size, seed: int, name: str) -> Array:
    """Seconds to the alarm, [episodes of all histories, thresholds]."""
    after = AFTERMATH if fault in LOCAL else 0.0
    return np.concatenate(
        [
            harness.episodes(
                setup,
                fault.vector(),
                warm,
                after,
                seeds(seed, f"{fault.name} {name} {h}", size.episodes),
                np.array(thresholds),
                1,
            )[0]
            for h, setup in enumerate(setups)
        ]
    )


def _incident(found: Array, fault: Fault) -> dict[str, Any]:
    delays = usable(found)
    out: dict[str, Any] = Delays.of(delays)._asdict()
    if fault.share:
        out["customers"] = customers.impact(delays, fault.share)._asdict()
    return out


def _local(found: Array) -> dict[str, Any]:
    delays = usable(found)
    return {"alarmed": round(float((~np.isnan(delays)).mean()), 5), "episodes": len(delays)}
