"""Many incidents x every fault x every ticket desk: what was lost, doubled, swept and refused, as a table and as JSON.

    python tests/delivery/desk_matrix.py --incidents 1000 --out results.json [--desks jira,redmine] [--faults "lost reply,kill -9"]

Each cell opens, updates and resolves its incidents in simulated time, over the real outbox, store and connector, while one thing goes
wrong (or all of it: "everything"); two processes share the cells. ``kill -9`` stops the process's tasks where they are, before or after
any commit or request; with the signal itself it is tried in ``test_delivery_kills.py``.
"""

import argparse
import json
import logging
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import structlog

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "counterparts"), str(HERE.parents[1])]

from desk_cases import DESKS, DeskCase  # noqa: E402
from hosted_storm import DONE, TROUBLES, storm  # noqa: E402

#: Beyond every settle time: a search that shows a ticket five minutes after it was made.
LONG_LAG_SECONDS = 300.0
SEED = 7


@contextmanager
def in_memory() -> Iterator[Path]:
    """A place for a store, in memory where that can be had: a kill of the process loses nothing there, and a storm is some ten thousand
    flushed commits.
    """
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as made:
        yield Path(made)


@dataclass(frozen=True)
class Fault:
    troubles: Mapping[str, float]
    crashes: int = 0
    lag: float | None = None  # None: the desk's own


FAULTS = {
    "lost reply": Fault({"lost after": 0.25}),
    "503": Fault({"503 before": 0.15, "503 after": 0.15}),
    "429": Fault({"429": 0.3}),
    "time-out": Fault({"lost before": 0.25}),
    "kill -9": Fault({}, crashes=30),
    "search lag": Fault({"lost after": 0.1}, lag=LONG_LAG_SECONDS),
    "everything": Fault(TROUBLES, crashes=6),
}


@dataclass
class Cell:
    """``doubled``: incidents with more than one ticket open at the end. ``swept``: second tickets that were found and closed."""

    desk: str
    fault: str
    incidents: int
    lost: int = 0
    doubled: int = 0
    swept: int = 0
    unsettled: int = 0
    said_twice: int = 0
    dead: int = 0
    refused_by_description: int = 0
    requests: int = 0
    wall_seconds: float = 0.0
    states: dict[str, int] = field(default_factory=dict)

    @property
    def clean(self) -> bool:
        return not any((self.lost, self.doubled, self.unsettled, self.said_twice, self.dead, self.refused_by_description))


def run(case: DeskCase, fault: str, incidents: int) -> Cell:
    what, began = FAULTS[fault], time.monotonic()
    lag = case.lag if what.lag is None else what.lag
    with in_memory() as place:
        desk, states = storm(
            place,
            lambda now: case.desk(now, lag=lag),
            case.connector(),
            incidents=incidents,
            seed=SEED,
            crashes=what.crashes,
            troubles=what.troubles,
        )
    cell = Cell(case.id, fault, incidents, requests=len(desk.requests), states=dict(states))
    for number in range(incidents):
        tickets = desk.of(f"paycanary-test-inc_{number}-1")
        still_open = sum(1 for ticket in tickets if not case.settled(ticket))
        cell.lost += not tickets
        cell.unsettled += still_open > 0
        cell.doubled += still_open > 1
        cell.swept += max(0, len(tickets) - 1)
        for ticket in tickets:
            said = json.dumps(list(case.said(ticket)), ensure_ascii=False)
            cell.said_twice += sum(said.count(f"r{revision}]") > 1 for revision in (1, 2, 3))
    cell.dead = sum(count for state, count in states.items() if state not in DONE)
    cell.refused_by_description = len(desk.violations)
    cell.wall_seconds = round(time.monotonic() - began, 1)
    return cell


def _quiet() -> None:
    """Every row's fate is counted at the end: nobody reads a million lines of log."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def _run(job: tuple[int, str, int]) -> Cell:
    return run(DESKS[job[0]], job[1], job[2])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--incidents", type=int, default=1_000)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--desks", default=",".join(case.id for case in DESKS))
    parser.add_argument("--faults", default=",".join(FAULTS))
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    desks, faults = chosen.desks.split(","), chosen.faults.split(",")
    jobs = [(index, fault, chosen.incidents) for index, case in enumerate(DESKS) if case.id in desks for fault in faults]
    print(
        f"{'desk':<16}{'fault':<12}{'incidents':>10}{'lost':>6}{'doubled':>9}{'swept':>7}{'dead':>6}{'requests':>10}{'wall s':>8}"
    )
    with ProcessPoolExecutor(chosen.processes, initializer=_quiet) as pool:
        cells = []
        for cell in pool.map(_run, jobs):
            cells.append(cell)
            figures = f"{cell.incidents:>10}{cell.lost:>6}{cell.doubled:>9}{cell.swept:>7}{cell.dead:>6}{cell.requests:>10}"
            print(f"{cell.desk:<16}{cell.fault:<12}{figures}{cell.wall_seconds:>8}{'' if cell.clean else '  <--'}", flush=True)
            if chosen.out:
                chosen.out.write_text(json.dumps([asdict(one) for one in cells], indent=1) + "\n", encoding="utf-8")
    return 0 if all(cell.clean for cell in cells) else 1


if __name__ == "__main__":
    sys.exit(main())
