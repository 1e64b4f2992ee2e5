"""A whole backtest: history from a file or a store, every check replayed, the report made."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from monitor.backtest.columns import Columns, available, read_columns
from monitor.backtest.learning import Learner
from monitor.backtest.replay import Story, replay
from monitor.backtest.runs import checks_of, refuse_strangers, results
from monitor.backtest.samples import Line, read_samples
from monitor.backtest.spread import column_stories
from monitor.backtest.stored import stored_results, watched
from monitor.detectors.calm import LONGEST_SECONDS
from monitor.model.check import Check
from monitor.model.result import Result
from monitor.rules import Rule
from monitor.stores import Store

#: From about 300,000 lines on, compiling the kernel first (some ten seconds) is soon made good.
LARGE_BYTES, LARGE_GZIP_BYTES = 30 << 20, 3 << 20
SLOW = (
    "this file is played line by line: some 15,000 samples a second, a month of one check at a run a minute in 3 s; "
    "pip install 'paycanary[backtest]' plays plain files of whole runs ten times and more as fast"
)


def file_stories(
    path: Path,
    rules: Sequence[Rule],
    checks: Mapping[str, Check] | None,
    since: float | None = None,
    until: float | None = None,
    *,
    quick: bool | None = None,
    warn: Callable[[str], None] = lambda _: None,
) -> list[Story]:
    """Every check of a file of samples. Samples before ``since`` only teach what is normal. Raises BadSamples.

    ``quick``: compiled or not, which gives the same; None: as the size of the file suggests. ``warn`` is told when it will take long.
    """
    large = path.exists() and path.stat().st_size > (LARGE_GZIP_BYTES if path.suffix == ".gz" else LARGE_BYTES)
    if quick is True or (quick is None and large and available()):
        found = read_columns(path)
        if found is not None and (checks is None or _known(found, checks)):
            return column_stories(found, rules, checks, since, until)
    if large and quick is None:
        warn(SLOW)
    lines = read_samples(path)
    if checks is None:
        checks = checks_of(lines)
    else:
        refuse_strangers(lines, checks, str(path))
    return lines_stories(lines, rules, checks, since, until)


def _known(found: Iterable[Columns], checks: Mapping[str, Check]) -> bool:
    """Nothing in it is a stranger to the configuration; else reading line by line says what."""
    return all(
        one.check in checks and one.strata_seen() <= {stratum.label for stratum in checks[one.check].strata} for one in found
    )


def lines_stories(
    lines: Iterable[Line], rules: Sequence[Rule], checks: Mapping[str, Check], since: float | None, until: float | None
) -> list[Story]:
    """Every check of ``lines``, which are in order of arrival, by the engine alone."""
    first, last = read_from(since), float("inf") if until is None else until
    by_check: dict[str, list[Line]] = {}
    for line in lines:
        if first <= line.at < last:
            by_check.setdefault(line.check, []).append(line)
    return [
        replay(checks[name], results(by_check[name], checks), rules, Learner(rules, checks[name]), until)
        for name in sorted(by_check)
        if not checks[name].control
    ]


def store_stories(store: Store, rules: Sequence[Rule], checks: Iterable[Check], since: float, until: float) -> list[Story]:
    """Every check that has runs in the store. Opens and closes it. Raises StoreError."""
    return asyncio.run(_store_stories(store, rules, watched(checks), since, until))


async def _store_stories(store: Store, rules: Sequence[Rule], checks: Iterable[Check], since: float, until: float) -> list[Story]:
    store.open()
    try:
        found = []
        for check in checks:
            past = await stored_results(store, check, since - LONGEST_SECONDS, until)
            if past:
                found.append(_story(check, past, rules))
        return found
    finally:
        await store.close()


def read_from(since: float | None) -> float:
    return float("-inf") if since is None else since - LONGEST_SECONDS


def _story(check: Check, past: Sequence[Result], rules: Sequence[Rule]) -> Story:
    return replay(check, past, rules, Learner(rules, check))
