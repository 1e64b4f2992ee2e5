"""Checks: what is watched, how often, and the script that does it."""

import itertools
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.config import faults
from monitor.config.build_steps import Surroundings, build_step
from monitor.config.check_grammar import CheckBlock
from monitor.config.kinds import unknown
from monitor.config.problems import show
from monitor.config.source import Path, Source
from monitor.model.check import Burst, Check, Objective, Step, Stratum
from monitor.model.units import show_seconds

#: What a run may take when nothing is said: longer than any gateway's own time-out, shorter than the patience of a till.
BUDGET_SECONDS = 15.0
#: A canary that sings more often is load.
EVERY_MIN_SECONDS = 1.0
#: For keys that cannot be left out and were wrong.
_STAND_INS = {"title": "-", "target": "", "every": "1h", "steps": list[Any]()}
#: Every cell of the strata is a series of its own in every metric.
MAX_STRATA = 64


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """What a check takes over from its target. ``scheme`` is empty when it could not be read."""

    timeout_seconds: float
    scheme: str
    live: bool = False


def build_check(source: Source, path: Path, data: Any, targets: Mapping[str, TargetFacts]) -> Check | None:
    """None when anything is wrong with it: the problems are in ``source``. ``targets`` are those there are, by id."""
    before = len(source.problems)
    block = faults.read_block(source, path, CheckBlock, data, stand_ins=_STAND_INS)
    if block is None:
        return None
    if not block.steps and isinstance(data.get("steps"), list):
        source.add((*path, "steps"), "expected at least one step, got none")
    if block.target not in targets and block.target is not _STAND_INS["target"]:
        unknown(source, (*path, "target"), block.target, targets, "a target")
    budget = _budget(source, path, block)
    strata = _strata(source, (*path, "strata"), block.strata)
    target = targets.get(block.target, TargetFacts(BUDGET_SECONDS, ""))
    around = Surroundings(
        strata=tuple(block.strata), undo=tuple(block.undo), timeout_seconds=target.timeout_seconds, scheme=target.scheme
    )
    names: set[str] = set()  # steps and undo steps share one label of the metrics
    steps, saved = _steps(source, path, block.steps, around, names)
    undo = _undo(source, path, block.undo, around.knowing(saved), names)
    if len(source.problems) > before:
        return None
    return Check(
        id=str(path[-1]),
        title=block.title,
        target=block.target,
        every_seconds=block.every,
        budget_seconds=budget,
        undo_budget_seconds=block.undo_budget,
        steps=steps,
        undo=undo,
        strata=strata,
        objective=Objective(block.objective.availability, block.objective.latency),
        control=block.control,
        labels=tuple(sorted(block.labels.items())),
        max_in_flight=block.max_in_flight,
        source=f"{source.name}:{source.locate(path, key=True)[0]}",
        # On suspicion alone nobody's real money is moved more often, unless somebody wrote that it may.
        burst=Burst(block.burst) if block.burst else Burst.READS if target.live else Burst.FULL,
    )


def _budget(source: Source, path: Path, block: CheckBlock) -> float:
    """A run that may outlast its interval would always meet the next one."""
    longest = block.every * block.max_in_flight
    if block.every < EVERY_MIN_SECONDS:
        source.add(
            (*path, "every"),
            f"expected an interval of at least {show_seconds(EVERY_MIN_SECONDS)}, got {show_seconds(block.every)}",
        )
    if block.budget is None:
        return min(BUDGET_SECONDS, longest)
    if not 0 < block.budget <= longest:
        room = f"{show_seconds(block.every)} x {block.max_in_flight} in flight"
        source.add((*path, "budget"), f"expected a budget of at most {room}, got {show_seconds(block.budget)}")
    return block.budget


def _strata(source: Source, path: Path, strata: Mapping[str, list[str]]) -> tuple[Stratum, ...]:
    for name, values in strata.items():
        if not values:
            source.add((*path, name), "expected at least one value, got none")
        for index, value in enumerate(values):
            if value in values[:index]:
                source.add((*path, name, index), f"expected each value once, got {show(value)} again")
    cells = math.prod(len(values) for values in strata.values())
    if cells > MAX_STRATA:
        source.add(path, f"expected at most {MAX_STRATA} combinations, got {cells}")
        return (Stratum(),)
    return tuple(Stratum(tuple(zip(strata, cell, strict=True))) for cell in itertools.product(*strata.values()))


def _steps(
    source: Source, path: Path, written: list[Any], around: Surroundings, names: set[str]
) -> tuple[tuple[Step, ...], frozenset[str]]:
    """The steps, and every name that they save. A step sees what the ones before it saved, wrong ones included."""
    steps: list[Step] = []
    saved: frozenset[str] = frozenset()
    for index, data in enumerate(written):
        here = (*path, "steps", index)
        step = build_step(source, here, data, around.knowing(saved))
        _take_name(source, (*here, "name"), _written_name(data), names)
        saved |= _written_saves(data)
        if step:
            steps.append(step)
    return tuple(steps), saved


def _take_name(source: Source, path: Path, name: object, taken: set[str]) -> None:
    if isinstance(name, str):
        if name in taken:
            source.add(path, f"expected a name of its own for each step, got {show(name)} again")
        taken.add(name)


def _written_name(data: Any) -> object:
    return data.get("name") if isinstance(data, dict) else None


def _written_saves(data: Any) -> frozenset[str]:
    save = data.get("save") if isinstance(data, dict) else None
    return frozenset(map(str, save)) if isinstance(save, dict) else frozenset()


def _undo(source: Source, path: Path, written: Mapping[str, Any], around: Surroundings, names: set[str]) -> dict[str, Step]:
    """Undo steps may use whatever any step saves."""
    undo: dict[str, Step] = {}
    for name, data in written.items():
        here = (*path, "undo", name)
        if isinstance(data, dict):
            _refuse_in_undo(source, here, data.keys())
        step = build_step(source, here, data, around, name=name)
        _take_name(source, here, name, names)
        if step:
            undo[name] = step
    return undo


def _refuse_in_undo(source: Source, path: Path, keys: Collection[str]) -> None:
    for key, why in (("name", "its name is its key"), ("moves", "an undo step moves money back; nothing undoes it")):
        if key in keys:
            source.add((*path, key), f'expected no "{key}" in an undo step', why, key=True)
