"""Columns of many checks, over the cores of the machine. Checks know nothing of each other, so the order of work changes nothing."""

import multiprocessing
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import starmap

from monitor.backtest.columns import Columns
from monitor.backtest.learning import HISTORY_SECONDS, Learner
from monitor.backtest.quick import can_be_quick, quick_story
from monitor.backtest.quiet import may_fire
from monitor.backtest.replay import Story, replay
from monitor.backtest.runs import EVERY_SECONDS, looked_at, plain_check, results
from monitor.backtest.score import Span
from monitor.backtest.spending import Spent
from monitor.model.check import Check
from monitor.rules import Rule

#: Fewer runs than these are played before another process has started and compiled.
WORTH_A_PROCESS = 2_000_000
#: Checks given to a process at a time.
CHUNK = 10

Work = tuple[Columns, Check, tuple[Rule, ...], float]


def column_stories(
    found: Sequence[Columns],
    rules: Sequence[Rule],
    checks: Mapping[str, Check] | None,
    since: float | None,
    until: float | None,
) -> list[Story]:
    """Every check of ``found``; without ``checks`` they are taken as the samples show them."""
    first = float("-inf") if since is None else since - HISTORY_SECONDS
    last = float("inf") if until is None else until
    cut = (one.between(first, last) for one in found)
    watched = [
        (one, check_of(whole) if checks is None else checks[one.check]) for one, whole in zip(cut, found, strict=True) if len(one)
    ]
    work = [(one, looked_at(check), tuple(rules), until or 0.0) for one, check in watched if not check.control]
    return list(_spread(work))


def check_of(columns: Columns) -> Check:
    every = columns.every_seconds()
    strata = sorted(columns.strata_seen())
    return plain_check(columns.check, every_seconds=EVERY_SECONDS if every is None else every, strata=strata)


def column_story(columns: Columns, check: Check, rules: tuple[Rule, ...], until: float) -> Story:
    """One check: rules that cannot fire are left out, the sequential kind goes the quick way, all else is played."""
    playing = may_fire(rules, check, columns, until)
    if not playing:
        span = Span(float(columns.at[0]), max(until, float(columns.arrival[-1])))
        return Story(check.id, span, len(columns), (), Spent())
    if can_be_quick(playing):
        return quick_story(columns, check, playing, until)
    return replay(check, results(columns.lines(), {check.id: check}), playing, Learner(playing, check), until)


def _spread(work: Sequence[Work]) -> Iterable[Story]:
    processes = min(os.cpu_count() or 1, len(work))
    if processes < 2 or sum(len(one[0]) for one in work) < WORTH_A_PROCESS:
        return starmap(column_story, work)
    # A fresh start: what was forked beside running threads may hang.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(_one, work, chunksize=CHUNK))


def _one(work: Work) -> Story:
    return column_story(*work)
