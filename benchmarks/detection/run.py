"""The detection benchmark: our engine and the peers' rules in the same simulated world, with every figure from a seed.

    make bench-detection                                 everything, within twenty minutes on two cores
    python -m benchmarks.detection.run --all             and the engine without a part of it, and the slowest peer: 25 minutes
    python -m benchmarks.detection.run --histories 1     a quarter of it: one learned history instead of four
    python -m benchmarks.detection.run --quick           the same with few repetitions, under a minute

Writes ``results/detection.json`` and, from all results there are, ``docs/detection-benchmark.md``. ``--quick`` prints and writes nothing.
"""

import argparse
import multiprocessing
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from benchmarks.detection import checks, contest, harness, iid, peers, report, robust, strata
from benchmarks.detection.contest import Size
from benchmarks.detection.faults import CALM
from benchmarks.detection.world import World

SEED = 20_261
MINUTE = 60.0


class Plan(NamedTuple):
    """How much of everything."""

    contest: Size
    robust: Size
    strata_months: int
    strata_repeats: int
    iid_repeats: int
    iid_years: float
    iid_shares: tuple[float, ...]
    peers: tuple[peers.Peer, ...]
    configurations: tuple[contest.Ours, ...]
    worlds: tuple[str, ...]


FULL = Plan(
    contest=Size(histories=4, months=20, months_ours=60, episodes=200),
    robust=Size(histories=4, months=0, months_ours=40, episodes=60),
    strata_months=20,
    strata_repeats=100,
    iid_repeats=20_000,
    iid_years=200.0,
    iid_shares=iid.SHARES,
    peers=peers.PEERS,
    configurations=contest.CONFIGURATIONS,
    worlds=tuple(robust.WORLDS),
)
QUICK = Plan(
    contest=Size(histories=1, months=1, months_ours=3, episodes=20),
    robust=Size(histories=1, months=0, months_ours=2, episodes=5),
    strata_months=1,
    strata_repeats=5,
    iid_repeats=500,
    iid_years=2.0,
    iid_shares=(),
    peers=peers.PEERS[1:2],
    configurations=contest.CONFIGURATIONS[:1],
    worlds=("quiet: no short troubles at all",),
)

Job = Callable[[], dict[str, Any]]


def jobs(plan: Plan, seed: int) -> dict[str, list[Job]]:
    """Every part's jobs, each of which depends on the seed alone."""
    return {
        "ours": [partial(contest.run_ours, one, plan.contest, seed) for one in plan.configurations],
        "peers": [partial(contest.run_peer, one, plan.contest, seed) for one in plan.peers],
        "worlds": [partial(robust.run, one, plan.robust, seed) for one in plan.worlds],
        "strata": [partial(strata.run, plan.contest.histories, plan.strata_months, plan.strata_repeats, seed)],
        "iid": [partial(iid.run, share, plan.iid_repeats, seed) for share in plan.iid_shares],
        "iid_false_alarms": [partial(iid.false_alarms, plan.iid_years, seed)],
    }


def run(plan: Plan, seed: int, processes: int) -> dict[str, Any]:
    """All parts, with ``processes`` at work; one: in this process."""
    parts = jobs(plan, seed)
    flat = [(part, job) for part, group in parts.items() for job in group]
    if processes == 1:
        done = [_timed(part, job) for part, job in flat]
    else:
        compile_once(seed)
        context = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(processes, mp_context=context) as pool:
            done = list(pool.map(_timed, *zip(*flat, strict=True)))
    return {part: [result for (name, _), result in zip(flat, done, strict=True) if name == part] for part in parts}


def compile_once(seed: int) -> None:
    """What is compiled before the fork is compiled once."""
    setup = checks.ours(World(), seed)
    harness.episodes(setup, CALM.vector(), -1.0, MINUTE, harness.seeds(seed, "compile", 1), np.empty(0), 0)


def _timed(part: str, job: Job) -> dict[str, Any]:
    begun = time.perf_counter()
    result = job()
    print(
        f"{part:18} {result.get('name') or result.get('world') or result.get('share', '')}: {time.perf_counter() - begun:.0f} s",
        flush=True,
    )
    return result


def _with(plan: Plan, histories: int) -> Plan:
    return plan._replace(contest=plan.contest._replace(histories=histories), robust=plan.robust._replace(histories=histories))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument(
        "--all", action="store_true", help="also the engine with a part of it taken out, and the slowest peer: ten minutes more"
    )
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--histories", type=int, default=FULL.contest.histories, help="each with its own months and episodes")
    given = parser.parse_args()
    more = FULL._replace(configurations=FULL.configurations + contest.STRIPPED, peers=FULL.peers + peers.LONG)
    plan = more if given.all else FULL
    results = run(QUICK if given.quick else _with(plan, given.histories), given.seed, given.processes)
    if given.quick:
        print(report.contest_table(results["ours"] + results["peers"], 0))
        return
    whole = given.histories == FULL.contest.histories
    options = (" --all" if given.all else "") + ("" if whole else f" --histories {given.histories}")
    command = f"python -m benchmarks.detection.run{options}" if options else "make bench-detection"
    report.save("detection", {"about": report.about(command, given.seed), **results})
    report.write_page()


if __name__ == "__main__":
    main()
