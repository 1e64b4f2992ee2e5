"""Columns of many checks, over the cores of the machine. Checks know nothing of each other, so the order of work changes nothing."""

import multiprocessing
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import starmap

from monitor.backtest.columns import Columns
from monitor.backtest.quick import quick_story
from monitor.backtest.replay import Story
from monitor.backtest.runs import EVERY_SECONDS, looked_at, plain_check
from monitor.detectors.calm import LONGEST_SECONDS
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
    first = float("-inf") if since is None else since - LONGEST_SECONDS
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


def _spread(work: Sequence[Work]) -> Iterable[Story]:
    processes = min(os.cpu_count() or 1, len(work))
    if processes < 2 or sum(len(one[0]) for one in work) < WORTH_A_PROCESS:
        return starmap(quick_story, work)
    # A fresh start: what was forked beside running threads may hang.
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(_one, work, chunksize=CHUNK))


def _one(work: Work) -> Story:
    return quick_story(*work)
