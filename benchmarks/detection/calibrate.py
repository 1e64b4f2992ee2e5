"""Is the budget kept? False tickets over many simulated check-months of every configuration, with an exact interval.

    make bench-detection-calibration MONTHS=1000     months of each configuration in each world

The alarms are the engine's own: opened, recovered from, and counted as tickets, a reopening within the hour being the same one. Every
simulated year has a seed of its own, so the figures do not depend on the number of processes.
"""

import argparse
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from benchmarks.detection import checks, harness, report, robust
from benchmarks.detection import run as run_benchmark
from benchmarks.detection.faults import CALM
from benchmarks.detection.harness import seeds
from benchmarks.detection.measure import Rate
from benchmarks.detection.world import World

#: A simulated stretch without a new start; a state that only ever lived a month would know no second one.
YEAR_MONTHS = 12
#: Years that one task runs through: short tasks share the cores evenly to the end.
TASK_YEARS = 5
HISTORIES = 4


class Configuration(NamedTuple):
    name: str
    cadence: float
    places: int
    budget: float

    def lives_in(self, world: World) -> World:
        """One place cannot tell its own network from the gateway: control checks must, and its budget is stated for what they let through."""
        return world if self.places > 1 else replace(world, blips=0.0, paths=0.0)


CONFIGURATIONS = (
    Configuration("60 s, one place whose network is not in doubt, 1 in 6 months", 60.0, 1, checks.BUDGET_HALF_YEAR),
    Configuration("30 s, three places, 1 in 6 months", 30.0, 3, checks.BUDGET_HALF_YEAR),
    Configuration("30 s, three places, 1 a month", 30.0, 3, checks.BUDGET_MONTH),
)
#: First the null itself: nothing but what the test allows for. Then what it does not know.
WORLDS = {
    "in the model": World(paths=0.0, hiccups=0.0, wander=0.0, swing=0.0, blip_spread=0.8),
    "nominal": robust.WORLDS["nominal"],
    "heavier latency tail": robust.WORLDS["heavier latency tail"],
    "daily swing doubled": robust.WORLDS["daily swing doubled"],
    "blips of a place's network x3": robust.WORLDS["blips of a place's network x3"],
}


def stretch(one: Configuration, where: str, years: int, index: int, seed: int) -> tuple[int, float, float]:
    """Tickets, planned probes and extra probes of a few years with the baseline of one history."""
    history = index % HISTORIES
    setup = checks.ours(
        one.lives_in(WORLDS[where]), seed + history, cadence=one.cadence, places=one.places, budget=one.budget, alarms=True
    )
    drawn = seeds(seed, f"calibrate {one.name} {where} {index}", years)
    none = np.empty(0)
    _, _, counts = harness.episodes(setup, CALM.vector(), -1.0, YEAR_MONTHS * checks.MONTH, drawn, none, 0)
    return int(counts[:, 2].sum()), float(counts[:, 0].sum()), float(counts[:, 1].sum())


def tasks(months: int) -> list[tuple[Configuration, str, int, int]]:
    """Years are dealt to tasks by number alone: the last one takes what is left."""
    years = -(-months // YEAR_MONTHS)
    out = []
    for one in CONFIGURATIONS:
        for where in WORLDS:
            for index, first in enumerate(range(0, years, TASK_YEARS)):
                out.append((one, where, min(TASK_YEARS, years - first), index))
    return out


def _task(work: tuple[tuple[Configuration, str, int, int], int]) -> tuple[str, str, int, int, float, float]:
    (one, where, years, index), seed = work
    return one.name, where, years, *stretch(one, where, years, index, seed)


def run(months: int, seed: int, processes: int) -> list[dict[str, Any]]:
    """One row for each configuration and world."""
    run_benchmark.compile_once(seed)
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as pool:
        done = list(pool.map(_task, [(task, seed) for task in tasks(months)]))
    rows = []
    for one in CONFIGURATIONS:
        for where in WORLDS:
            mine = [row for row in done if row[0] == one.name and row[1] == where]
            total = float(sum(row[2] for row in mine) * YEAR_MONTHS)
            rate = Rate.of(sum(row[3] for row in mine), total)
            asked = checks.MONTH / one.budget
            rows.append(
                {
                    "configuration": one.name,
                    "world": where,
                    "asked": asked,
                    "false_tickets": rate._asdict(),
                    "kept": rate.rate <= asked,
                    "overhead": sum(row[5] for row in mine) / sum(row[4] for row in mine),
                }
            )
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--months", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=20_261)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    rows = run(given.months, given.seed, given.processes)
    command = f"make bench-detection-calibration MONTHS={given.months}"
    report.save("calibration", {"about": report.about(command, given.seed), "rows": rows})
    report.write_page()


if __name__ == "__main__":
    main()
