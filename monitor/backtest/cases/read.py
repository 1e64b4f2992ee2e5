"""A file of rule tests to cases; or every problem in it, with line and column."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.backtest.cases.grammar import AlertBlock, CaseBlock, CasesFile, SeriesBlock, TinyCheckBlock
from monitor.backtest.cases.notation import BadSeries, parse_series
from monitor.backtest.rule_files import load_rules, read_source
from monitor.backtest.runs import plain_check, results
from monitor.backtest.samples import Line, instant
from monitor.config import ConfigError, load
from monitor.config.faults import read_block
from monitor.config.problems import Problem, did_you_mean, show
from monitor.config.source import Source
from monitor.model.check import Check, Objective, Stratum
from monitor.model.result import Phases, Result
from monitor.rules import Rule

#: When a test begins that does not say: a Monday at midnight, UTC.
START = 1_767_571_200.0
_Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Expectation:
    """The alerts that stand ``at`` that instant; ``line`` is where the file says so."""

    at: float
    alerts: tuple[AlertBlock, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Case:
    """One test. ``only``: ids of the rules that are looked at; empty: all."""

    name: str
    start: float
    only: frozenset[str]
    results: tuple[Result, ...]
    expectations: tuple[Expectation, ...]


@dataclass(frozen=True, slots=True)
class Suite:
    """The tests of one file, with the rules and checks that they share."""

    file: str
    rules: tuple[Rule, ...]
    checks: Mapping[str, Check]
    cases: tuple[Case, ...]


def read_suite(path: Path) -> Suite:
    """Raises ConfigError with every problem of the file, and of the rules and the configuration that it names."""
    source = read_source(path)
    block = read_block(source, (), CasesFile, source.root.data) if source.root else None
    if block is None or source.problems:
        raise ConfigError(source.problems)
    problems: list[Problem] = []
    rules: tuple[Rule, ...] = ()
    checks: dict[str, Check] = {}
    try:
        rules = load_rules(path.parent / name for name in block.rules)
    except ConfigError as error:
        problems += error.problems
    try:
        checks |= load(path.parent / block.config, resolve_secrets=False, allow_live=True).checks if block.config else {}
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError([*source.problems, *problems])
    checks |= {name: _tiny(name, tiny) for name, tiny in block.checks.items()}
    known = {rule.id for rule in rules}
    cases = [_case(source, ("tests", index), case, checks, known) for index, case in enumerate(block.tests)]
    if source.problems:
        raise ConfigError(source.problems)
    return Suite(str(path), rules, checks, tuple(cases))


def _tiny(name: str, block: TinyCheckBlock) -> Check:
    made = plain_check(name, every_seconds=block.every, target=block.target or "", steps=block.steps)
    cells = itertools.product(*block.strata.values())
    return replace(
        made,
        strata=tuple(Stratum(tuple(zip(block.strata, cell, strict=True))) for cell in cells),
        objective=Objective(block.objective.availability, block.objective.latency),
        labels=tuple(sorted(block.labels.items())),
    )


def _case(source: Source, path: _Place, block: CaseBlock, checks: Mapping[str, Check], rules: set[str]) -> Case:
    start = _start(source, path, block.start)
    for index, rule in enumerate(block.only):
        _known(source, (*path, "only", index), rule, rules, "a rule of these files")
    lines: dict[tuple[float, str, str, str, str], Line] = {}
    for index, series in enumerate(block.series):
        _add(source, (*path, "series", index), series, start, checks, lines)
    expectations = []
    for index, expect in enumerate(block.expect):
        here = (*path, "expect", index)
        for number, alert in enumerate(expect.alerts):
            _known(source, (*here, "alerts", number, "rule"), alert.rule, rules, "a rule of these files")
            if block.only and alert.rule in rules - set(block.only):
                source.add((*here, "alerts", number, "rule"), f"expected a rule that `only` looks at, got {show(alert.rule)}")
        expectations.append(Expectation(start + expect.at, tuple(expect.alerts), source.locate(here)[0]))
    made = () if source.problems else tuple(results(lines.values(), checks))
    in_time = tuple(sorted(expectations, key=lambda one: one.at))
    return Case(block.name, start, frozenset(block.only), made, in_time)


def _start(source: Source, path: _Place, written: str | None) -> float:
    try:
        return START if written is None else instant(written)
    except ValueError as error:
        source.add((*path, "start"), str(error))
        return START


def _add(
    source: Source,
    path: _Place,
    block: SeriesBlock,
    start: float,
    checks: Mapping[str, Check],
    lines: dict[tuple[float, str, str, str, str], Line],
) -> None:
    name = block.check or (next(iter(checks)) if len(checks) == 1 else "")
    check = checks.get(name)
    if check is None:
        _known(source, (*path, "check"), name, set(checks), "a check")
        return
    _known(source, (*path, "stratum"), block.stratum, {stratum.label for stratum in check.strata}, "a stratum of the check")
    _known(source, (*path, "step"), block.step, {"", *(step.name for step in check.steps), *check.undo}, "a step of the check")
    try:
        runs = parse_series(block.runs)
    except BadSeries as error:
        source.add_inside((*path, "runs"), block.runs, error.offset, str(error))
        return
    for run in runs:
        at = start + block.after + run.at
        line = Line(at, name, block.step, block.stratum, block.location, run.outcome, run.good, run.seconds, Phases(), 0)
        if line.identity in lines:
            source.add(path, "expected series of their own, got two that give the same sample")
            return
        lines[line.identity] = line


def _known(source: Source, path: _Place, name: str, known: set[str], what: str) -> None:
    if name not in known:
        source.add(path, f"expected {what}, got {show(name)}", did_you_mean(name, known - {""}))
