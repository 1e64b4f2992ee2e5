"""What is normal for one series: learned from its history, versioned, and explained to people."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

#: Hours of a weekday, then hours of a weekend day (UTC).
HOURS = 48


@dataclass(frozen=True, slots=True)
class Benign:
    """Short troubles that are normal here and mend themselves: how often they begin, how long they last, what they fail.

    ``rate`` per second, ``mean_seconds`` on average (exponential), ``share`` of the samples that fail meanwhile (0 to 1).
    """

    rate: float
    mean_seconds: float
    share: float


@dataclass(frozen=True, slots=True)
class Baseline:
    """Everything a sequential detector needs to know of calm times. Latencies are natural logarithms of seconds.

    ``medians``: by location, for each of ``HOURS``, at the middle of the hour. ``edges``: rising residuals that cut latency into bins.
    Laws are probabilities of the bins: ``shares`` the usual one, ``calm``, ``hiccup`` and ``detour`` one row for each level of the slow
    common load, ``altered`` one row for each alternative. Without them latency is no evidence.
    """

    since: float
    until: float
    samples: int
    failures: int
    p0: float  # upper bound of the rate of isolated failures
    answered: float  # upper bound of the share of failures that came with an answer of the gateway
    transients: Benign  # everywhere at once: a deploy, a failover
    blips: Benign  # one location's network
    medians: Mapping[str, tuple[float, ...]]
    edges: tuple[float, ...] = ()
    shares: tuple[float, ...] = ()
    calm: tuple[tuple[float, ...], ...] = ()
    hiccup: tuple[tuple[float, ...], ...] = ()
    detour: tuple[tuple[float, ...], ...] = ()
    altered: tuple[tuple[float, ...], ...] = ()
    level: float = 0.0  # standard deviation of the slow common load, natural logarithm
    level_seconds: float = 900.0  # how long it takes to change
    soft: float = math.inf  # a residual above this counts as a failure
