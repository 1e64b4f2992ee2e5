"""Which part of a check's history shows what is normal, and when it is learned: the same live and in a backtest."""

from collections.abc import Sequence

from monitor.detectors.learn import LEAST_SAMPLES, LEAST_SECONDS

DAY_SECONDS = 86_400.0
#: Trouble that nobody has noticed yet must not be learnt: what is newer than this is not read.
LAG_SECONDS = 6 * 3_600.0
#: Four weeks show every hour of the week four times; what is older tells of another gateway.
LONGEST_SECONDS = 28 * DAY_SECONDS
#: Runs read for one fit: two weeks of a check every 30 s. Beyond, more history only costs.
RUNS_MAX = 60_000
#: Trouble begins before it is noticed and ends before it is called over, but not always: a quarter of an hour on either side.
MARGIN_SECONDS = 900
#: While a check is in trouble, and while it has too little history, it is looked at again after this long.
AGAIN_SECONDS = 900.0
#: Kinds whose alarms no outcome of a run shows (a certificate that runs out, silence, another face): there is nothing to leave out.
ELSEWHERE = frozenset({"expiry", "absence", "drift"})


def ready_at(first: float) -> float:
    """When the cold start of a check ends whose history begins at ``first``."""
    return first + LEAST_SECONDS + LAG_SECONDS


def enough(at: Sequence[float]) -> bool:
    """Of runs at these instants, in order: before, the series is in its cold start."""
    return len(at) >= LEAST_SAMPLES and at[-1] - at[0] >= LEAST_SECONDS
