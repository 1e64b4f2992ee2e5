"""Worlds that are not the nominal one, each with what its own history taught: is the budget kept, and what does it cost?"""

from typing import Any

import numpy as np

from benchmarks.detection import checks, flagship, harness
from benchmarks.detection.contest import MONTH_HOURS, Size
from benchmarks.detection.faults import CALM, INCIDENTS
from benchmarks.detection.harness import seeds
from benchmarks.detection.measure import Delays, Rate, tickets, usable
from benchmarks.detection.world import World

WORLDS = {
    "nominal": World(),
    "quiet: no short troubles at all": World(transients=0.0, blips=0.0, paths=0.0, hiccups=0.0),
    "background failures 0.5 %": World(background=0.005),
    "three 6-second transients a day": World(transients=3.0, transient_seconds=6.0),
    "blips of a place's network x3": World(blips=1.0),
    "correlated load doubled": World(wander=0.12),
    "heavier latency tail": World(tail_share=0.04, tail_exponent=1.5),
    "daily swing doubled": World(swing=0.5),
    "20 latency hiccups a day": World(hiccups=20.0),
}
#: What the price of robustness is shown by.
SHOWN = ("hard_outage", "partial_10", "slow_2")
WARM_SECONDS = 7_200.0


def run(name: str, size: Size, seed: int) -> dict[str, Any]:
    """One world: false tickets at both budgets, extra probes, and the delays that show the price."""
    one = WORLDS[name]
    budgets = {"1 a month": checks.BUDGET_MONTH, "1 in 6 months": checks.BUDGET_HALF_YEAR}
    counts = dict.fromkeys(budgets, 0)
    planned = extra = 0.0
    found: dict[str, list[Any]] = {fault: [] for fault in SHOWN}
    for history in range(size.histories):
        setup = checks.ours(one, seed + history)
        known = checks.learned(one, 3, setup.cadence, seed + history)
        bars = np.array([flagship.threshold(flagship.parameters(budget, known, 3)) for budget in budgets.values()])
        drawn = seeds(seed, f"robust {name} {history}", size.months_ours)
        _, blocks, probes = harness.episodes(setup, CALM.vector(), -1.0, checks.MONTH, drawn, bars, MONTH_HOURS)
        for label, bar in zip(budgets, bars, strict=True):
            counts[label] += tickets(blocks, bar)
        planned, extra = planned + probes[:, 0].sum(), extra + probes[:, 1].sum()
        for fault in INCIDENTS:
            if fault.name in SHOWN:
                drawn = seeds(seed, f"robust {name} {fault.name} {history}", size.episodes)
                found[fault.name].append(harness.episodes(setup, fault.vector(), WARM_SECONDS, 0.0, drawn, bars, 1)[0])
    months = float(size.histories * size.months_ours)
    return {
        "world": name,
        "overhead": round(extra / planned, 4),
        "false_tickets": {label: Rate.of(count, months)._asdict() for label, count in counts.items()},
        "delays": {
            fault: {label: Delays.of(usable(np.concatenate(rows)[:, column]))._asdict() for column, label in enumerate(budgets)}
            for fault, rows in found.items()
        },
    }
