"""Lines to results: the runs that gave the samples, as the rule engine takes them; and checks for files that come without any."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from monitor.backtest.samples import Faults, Line, arrival_order
from monitor.model.check import Check, Step, Stratum
from monitor.model.result import Result, StepResult
from monitor.model.text import Text

#: The interval of a check that was sampled once only: nothing follows from it.
EVERY_SECONDS = 60.0
#: What a run of an unconfigured check may take: see the configuration's own default.
BUDGET_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class NoRequest:
    """The request of a step that is only heard of, never sent."""

    constant: bool = True

    def render(self, scope: Mapping[str, object]) -> Mapping[str, object]:
        return {}


def results(lines: Iterable[Line], checks: Mapping[str, Check]) -> list[Result]:
    """Runs in order of arrival. Lines of one check, instant, stratum and location are one run.

    The latency of a run with steps is the sum of theirs, as it is live; a run without a line of its own is what its steps make it.
    """
    groups: dict[tuple[float, str, str, str], list[Line]] = {}
    for line in sorted(lines, key=arrival_order):
        groups.setdefault((line.at, line.check, line.stratum, line.location), []).append(line)
    made = [_result(group, checks[check]) for (_, check, _, _), group in groups.items()]
    return sorted(made, key=lambda one: (one.finished, one.due, one.check, one.location, one.stratum))


def _result(group: Sequence[Line], check: Check) -> Result:
    whole = next((line for line in group if not line.step), None)
    order = {step.name: place for place, step in enumerate(check.steps)}
    steps = sorted((line for line in group if line.step), key=lambda line: (order.get(line.step, len(order)), line.step))
    worst = next((line for line in steps if not line.good), steps[-1] if steps else None)
    told = whole or worst
    if told is None:
        raise AssertionError("a run of no lines")
    return Result(
        run_id=f"{told.location}@{told.at:.3f}",
        check=told.check,
        target=check.target,
        location=told.location,
        slot=int(told.at // check.every_seconds),
        stratum=told.stratum,
        due=told.at,
        started=told.at,
        late_seconds=0.0,
        duration_seconds=_duration(whole, steps),
        outcome=told.outcome,
        good=told.good,
        steps=tuple(_step(line) for line in steps),
        failed_step=worst.step if worst and worst.good is False else "",
        suspect=bool(told.good) and _unmeasured(whole, steps),
        control=check.control,
    )


def _duration(whole: Line | None, steps: Sequence[Line]) -> float:
    total = sum(line.seconds or 0.0 for line in steps)
    return max(total, whole.seconds or 0.0) if whole else total


def _unmeasured(whole: Line | None, steps: Sequence[Line]) -> bool:
    """Its latency is not known: it is then no evidence about latency."""
    return any(line.seconds is None for line in steps) if steps else whole is None or whole.seconds is None


def _step(line: Line) -> StepResult:
    return StepResult(line.step, line.outcome, line.good, line.seconds or 0.0, line.phases)


def refuse_strangers(lines: Iterable[Line], checks: Mapping[str, Check], file: str) -> None:
    """Samples of what the configuration does not know would feed no rule, in silence. Raises BadSamples."""
    faults = Faults(file)
    strata = {check.id: {stratum.label for stratum in check.strata} for check in checks.values()}
    steps = {check.id: {"", *(step.name for step in check.steps), *check.undo} for check in checks.values()}
    for line in lines:
        if line.check not in checks:
            faults.add(line.number, f'check: expected one that the configuration has, got "{line.check}"')
        elif line.step not in steps[line.check]:
            faults.add(line.number, f'step: expected a step of {line.check}, got "{line.step}"')
        elif line.stratum not in strata[line.check]:
            faults.add(line.number, f'stratum: expected one of {line.check}, got "{line.stratum}"')
    faults.check()


def checks_of(lines: Iterable[Line]) -> dict[str, Check]:
    """Checks as the samples show them, for a file without a configuration. Each is its own target."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        found.setdefault(line.check, []).append(line)
    return {name: _check(name, found[name]) for name in sorted(found)}


def _check(name: str, lines: Sequence[Line]) -> Check:
    strata = sorted({line.stratum for line in lines})
    steps = dict.fromkeys(line.step for line in lines if line.step)
    return plain_check(name, every_seconds=_every(lines), steps=steps, strata=strata)


def plain_check(
    name: str, *, every_seconds: float, target: str = "", steps: Iterable[str] = (), strata: Iterable[str] = ("",)
) -> Check:
    """A check that is only looked at: its steps send nothing."""
    return Check(
        id=name,
        title=Text(name),
        target=target or name,
        every_seconds=every_seconds,
        budget_seconds=BUDGET_SECONDS,
        undo_budget_seconds=0.0,
        steps=tuple(Step(step, "http", NoRequest(), BUDGET_SECONDS) for step in steps),
        strata=tuple(Stratum(tuple(cells(label))) for label in strata) or (Stratum(),),
    )


def looked_at(check: Check) -> Check:
    """``check`` without what it sends: all that rules see of it, in a form that another process can be given."""

    def plain(step: Step) -> Step:
        return Step(step.name, step.kind, NoRequest(), step.timeout_seconds)

    steps, undo = tuple(map(plain, check.steps)), {name: plain(step) for name, step in check.undo.items()}
    return replace(check, steps=steps, undo=undo)


def cells(label: str) -> Iterator[tuple[str, str]]:
    """``brand=visa,currency=usd`` taken apart."""
    for part in label.split(",") if label else ():
        name, _, value = part.partition("=")
        yield name, value


def _every(lines: Sequence[Line]) -> float:
    """The usual time between two runs from one location."""
    by_location: dict[str, set[float]] = {}
    for line in lines:
        by_location.setdefault(line.location, set()).add(line.at)
    gaps = [later - at for instants in by_location.values() for at, later in pairwise(sorted(instants))]
    return median(gaps) if gaps else EVERY_SECONDS
