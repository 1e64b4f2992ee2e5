"""The monitor's own state, as far as it could be why a gateway looks ill."""

import resource
from collections.abc import Collection, Iterable
from email.utils import parsedate_to_datetime
from pathlib import Path
from statistics import median

from monitor.model.outcome import Outcome
from monitor.model.result import Exchange
from monitor.model.triage import Experiment, Observation

#: A loop this late turns quick answers into time-outs.
LAG_SECONDS = 1.0
#: Signatures and tokens are refused from about half a minute of difference on at the stricter gateways. The Date header it is read
#: from counts whole seconds (RFC 9110, section 6.6.1), so that a second of it is no difference at all.
OFFSET_SECONDS = 30.0
#: Above this share of the descriptors allowed, the next connection may be refused to us by our own kernel.
DESCRIPTORS_SHARE = 0.9
#: Of a whole second that is cut off, half on average.
DATE_MIDDLE_SECONDS = 0.5
_DESCRIPTORS = Path("/proc/self/fd")


def loop_lag(seconds: float, at: float, source: str) -> Observation:
    """``seconds``: how late the event loop was, at worst, since shortly before the trouble."""
    return Observation(Experiment.OWN, "loop_lag", at, source, seconds < LAG_SECONDS, seconds=seconds)


def descriptors(at: float, source: str) -> Observation | None:
    """Open descriptors of this process against its limit; None where the system does not tell."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        used = sum(1 for _ in _DESCRIPTORS.iterdir())
    except OSError:
        return None
    return Observation(
        Experiment.OWN, "descriptors", at, source, used < limit * DESCRIPTORS_SHARE, message=f"{used:,} / {limit:,}"
    )


def clock(exchanges: Iterable[tuple[str, Exchange]], references: Collection[str], at: float, source: str) -> Observation | None:
    """Our clock against the ``Date`` of answers: seconds, ours ahead positive.

    The references are believed where they say; a gateway whose own clock is wrong must not make ours look so. One vote a target.
    """
    by_target: dict[str, list[float]] = {}
    for target, exchange in exchanges:
        offset = _offset(exchange)
        if offset is not None:
            by_target.setdefault(target, []).append(offset)
    believed = {target: found for target, found in by_target.items() if target in references} or by_target
    if not believed:
        return None
    offset = median(median(found) for found in believed.values())
    return Observation(Experiment.OWN, "clock", at, source, abs(offset) < OFFSET_SECONDS, seconds=offset, runs=len(believed))


def _offset(exchange: Exchange) -> float | None:
    text = exchange.headers.get("date")
    if not text:
        return None
    try:
        theirs = parsedate_to_datetime(text)
    except ValueError:
        return None
    if theirs.tzinfo is None:  # "-0000": it does not say whose time it is
        return None
    return exchange.started + exchange.duration_seconds - theirs.timestamp() - DATE_MIDDLE_SECONDS


def rate(outcomes: Iterable[tuple[Outcome, bool | None]], at: float, source: str) -> Observation | None:
    """Did we send more than we promised? ``outcomes`` of the recent runs; a throttling that counts as nothing was our own doing.

    None when nobody throttled us.
    """
    throttled = [good for outcome, good in outcomes if outcome is Outcome.THROTTLED]
    if not throttled:
        return None
    ours = sum(good is None for good in throttled)
    return Observation(Experiment.OWN, "rate", at, source, ours == 0, runs=len(throttled), bad=ours)
