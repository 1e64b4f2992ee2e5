"""The other kinds that state a budget: false alarms and delays of ``mix_shift`` and ``latency``, as the service runs them.

    python -m benchmarks.detection.kinds       both, in a few minutes of two cores

They are interpreted, a sample at a time, so a month costs seconds: fewer months than for ``sequential``, with the interval said. Writes
``results/kinds.json`` and the page.
"""

import argparse
import math
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any, NamedTuple

import numpy as np

from benchmarks.detection import report
from benchmarks.detection.measure import Delays, Rate
from benchmarks.detection.world import MONDAY
from monitor.detectors.base import DetectorModel
from monitor.detectors.latency import Latency
from monitor.detectors.mix import MixShift
from monitor.model.outcome import Outcome
from monitor.model.result import Phases
from monitor.model.sample import Sample, Series

DAY = 86_400.0
MONTH = 30 * DAY
EVERY = 60.0
SERIES = Series("check", "target", "", "here")
STEP = SERIES._replace(step="pay")
#: What is learned before anything is counted, and how long after an onset an alarm still counts.
WARM, PATIENCE = 21 * DAY, 2 * DAY
BUDGET = "1 per month"
SEED = 77_001


class Trouble(NamedTuple):
    """``share``: of soft declines, 5 % in calm. ``slow``: the factor of the wait."""

    name: str
    kind: str
    share: float = 0.05
    slow: float = 1.0
    wander: float = 0.06  # the common load's spread, natural logarithm


TROUBLES = (
    Trouble("calm, 5 % declined", "mix_shift"),
    Trouble("declines 5 % to 50 %", "mix_shift", share=0.5),
    Trouble("declines 5 % to 20 %", "mix_shift", share=0.2),
    Trouble("declines 5 % to 10 %", "mix_shift", share=0.1),
    Trouble("calm", "latency"),
    Trouble("calm, load wanders twice as far", "latency", wander=0.12),
    Trouble("wait x3", "latency", slow=3.0),
    Trouble("wait x2", "latency", slow=2.0),
    Trouble("wait x1.5", "latency", slow=1.5),
)


def samples(trouble: Trouble, seed: int, onset: float, seconds: float) -> Iterator[Sample]:
    """One step of a check every minute: declines by chance, a wait with a daily swing, wandering load and a heavy tail."""
    dice = np.random.default_rng(seed)
    load, keep = 0.0, math.exp(-EVERY / 900.0)
    for number in range(int(seconds / EVERY)):
        at = MONDAY + number * EVERY
        over = at - MONDAY >= onset
        load = keep * load + trouble.wander * math.sqrt(1.0 - keep * keep) * dice.standard_normal()
        swing = 0.25 * math.sin(2.0 * math.pi * ((at % DAY) / DAY - 0.33))
        wait = 0.25 * math.exp(swing + load + 0.3 * dice.standard_normal())
        if dice.random() < 0.02:
            wait *= 1.5 * (1.0 - dice.random()) ** -0.5
        wait *= trouble.slow if over else 1.0
        declined = dice.random() < (trouble.share if over else 0.05)
        outcome = Outcome.SOFT_DECLINE if declined else Outcome.APPROVED
        phases = Phases(connect=0.02, tls=0.03, wait=wait, receive=0.001)
        yield Sample(STEP, at, at + wait, True, outcome, wait + 0.051, phases=phases, slot=number)


def alarms(detector: DetectorModel, stream: Iterator[Sample]) -> Iterator[float]:
    """When an alarm begins; one that stands is one."""
    state, standing = detector.start(), False
    for sample in stream:
        state, verdict = detector.update(state, sample)
        if verdict.alarm and not standing:
            yield sample.at - MONDAY
        standing = verdict.alarm or (standing and not verdict.recovered)


def made(kind: str) -> DetectorModel:
    return MixShift(false_alarms=BUDGET) if kind == "mix_shift" else Latency(false_alarms=BUDGET)


def calm(trouble: Trouble, seed: int, months: int) -> int:
    """False alarms in one stretch, learning left out."""
    found = alarms(made(trouble.kind), samples(trouble, seed, math.inf, WARM + months * MONTH))
    return sum(1 for at in found if at >= WARM)


def delay(trouble: Trouble, seed: int) -> float:
    """Seconds from the onset to the alarm; nan when it was missed, negative when one stood before."""
    for at in alarms(made(trouble.kind), samples(trouble, seed, WARM, WARM + PATIENCE)):
        if at >= WARM - DAY:
            return at - WARM
    return math.nan


def measure(work: tuple[Trouble, int, int, int]) -> dict[str, Any]:
    """One row: false alarms of a calm world, or the delays of a trouble."""
    trouble, months, episodes, seed = work
    row: dict[str, Any] = {"kind": trouble.kind, "name": trouble.name, "budget": BUDGET, "every_seconds": EVERY}
    if trouble.share == 0.05 and trouble.slow == 1.0:
        found = sum(calm(trouble, seed + number, 6) for number in range(months // 6))
        return row | {"false_alarms": Rate.of(found, float(months // 6 * 6))._asdict()}
    late = np.array([delay(trouble, seed + 1_000 + number) for number in range(episodes)])
    return row | {"delay": Delays.of(late[~(late < 0.0)])._asdict()}


def run(months: int, episodes: int, seed: int, processes: int) -> list[dict[str, Any]]:
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("fork")) as pool:
        return list(pool.map(measure, [(trouble, months, episodes, seed) for trouble in TROUBLES]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--months", type=int, default=60)
    parser.add_argument("--episodes", type=int, default=40)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    rows = run(given.months, given.episodes, given.seed, given.processes)
    command = f"python -m benchmarks.detection.kinds --months {given.months} --episodes {given.episodes}"
    report.save("kinds", {"about": report.about(command, given.seed), "rows": rows})
    report.write_page()


if __name__ == "__main__":
    main()
