"""Results from a service's own store, read while it may be running: nothing is locked, nothing is changed.

The store keeps runs, not their steps: rules on steps see nothing of it, and the report says so. Extra runs that suspicion asked
for are in it, and are replayed as what they were.
"""

from collections.abc import AsyncIterator, Iterable

from monitor.model.check import Check
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Result
from monitor.stores import Slim, Store

#: One read: a check a second makes 86,400 runs a day, within one read's limit.
READ_SECONDS = 86_400.0


async def stored_results(store: Store, check: Check, since: float, until: float) -> list[Result]:
    """Runs of ``check`` due in [since, until), in order of arrival."""
    found = [_result(slim, check) async for slim in _slims(store, check.id, since, until)]
    return sorted(found, key=lambda one: (one.finished, one.due, one.location, one.slot, one.extra))


async def _slims(store: Store, check: str, since: float, until: float) -> AsyncIterator[Slim]:
    at = since
    while at < until:
        end = min(at + READ_SECONDS, until)
        for slim in await store.results(check, since=at, until=end):
            yield slim
        for slim in await store.extras(check, since=at, until=end):
            yield slim
        at = end


def _result(slim: Slim, check: Check) -> Result:
    latency = slim.latency_seconds
    finished = slim.started + slim.duration_seconds
    # A result's latency is its duration here, where it has no steps; its clean-ups count as time before it. When it was in stays.
    duration = slim.duration_seconds if latency is None else latency
    return Result(
        run_id=slim.run_id,
        check=slim.check,
        target=check.target,
        location=slim.location,
        slot=slim.slot,
        stratum=slim.stratum,
        due=slim.due,
        started=finished - duration,
        late_seconds=slim.late_seconds,
        duration_seconds=duration,
        outcome=Outcome(slim.outcome),
        good=slim.good,
        steps=(),
        reason=NetworkReason(slim.reason),
        failed_step=slim.failed_step,
        suspect=bool(slim.good) and latency is None,
        control=check.control,
        extra=slim.extra,
        covers=slim.covers,
    )


def watched(checks: Iterable[Check]) -> list[Check]:
    """Those that rules look at: control checks tell of ourselves."""
    return [check for check in checks if not check.control]
