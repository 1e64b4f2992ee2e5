"""The labelled bench of the triage: every scenario over real sockets, and the confusion table of the verdicts.

make bench-triage                       the whole bench; writes docs/triage-benchmark.md
python -m benchmarks.triage.run gw- acq-          those whose names begin so
python -m benchmarks.triage.run --repeats 3       each three times, with other seeds
"""

import argparse
import json
import multiprocessing
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from benchmarks.triage import report
from benchmarks.triage.play import Played, play, written
from benchmarks.triage.scenario import Scenario
from benchmarks.triage.scenarios import QUICK, SCENARIOS, named

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "triage.json"
PAGE = HERE.parents[1] / "docs" / "triage-benchmark.md"
#: Most of a scenario is waiting for what does not come, so there may be more of them than cores.
WORKERS = 4
SEED = 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="beginnings of names; all when none is given")
    parser.add_argument("--quick", action="store_true", help="one scenario of each kind")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--workers", type=int, default=WORKERS)
    parser.add_argument("--out", type=Path, help="where the verdicts go; those of the whole bench have their place")
    asked = parser.parse_args()
    chosen = named(QUICK) if asked.quick else _beginning(asked.names)
    began = time.monotonic()
    seeds = range(asked.seed, asked.seed + asked.repeats)
    played = []
    for one in run(chosen, seeds, workers=asked.workers):
        played.append(one)
        print(report.line(one), flush=True)
    seconds = time.monotonic() - began
    played = in_order(played)
    print("\n".join(report.overview(played, seconds)))
    whole = len(chosen) == len(SCENARIOS)
    if asked.out or whole:
        _save(asked.out or RESULTS, played, seconds)
    if whole:
        PAGE.write_text(report.page(played, seconds), encoding="utf-8")
    sys.exit(any(report.scenario_of(one).is_confidently_wrong(one.verdict, one.confidence) for one in played))


def _save(path: Path, played: Sequence[Played], seconds: float) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    facts = {"seconds": round(seconds), "played": [written(one) for one in played]}
    path.write_text(json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def run(scenarios: Iterable[Scenario], seeds: Iterable[int], *, workers: int = WORKERS) -> Iterator[Played]:
    """Each scenario with each seed, as they end. Processes are started afresh: none inherits another's sockets or threads."""
    work = [(one.id, seed) for seed in seeds for one in scenarios]
    with ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn")) as pool:
        for done in as_completed([pool.submit(play, name, seed) for name, seed in work]):
            yield done.result()


def in_order(played: Sequence[Played]) -> list[Played]:
    """As the bench lists them."""
    place = {one.id: number for number, one in enumerate(SCENARIOS)}
    return sorted(played, key=lambda one: (place[one.id], one.seed))


def _beginning(names: Sequence[str]) -> tuple[Scenario, ...]:
    return tuple(one for one in SCENARIOS if not names or one.id.startswith(tuple(names)))


if __name__ == "__main__":
    main()
