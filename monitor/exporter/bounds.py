"""Where the buckets of histograms begin and end."""

#: Latency of runs and steps. One ladder for every check, so that their buckets can be added up.
LATENCY = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
#: Our own delays: from what nobody notices to what spoils a measurement.
DELAY = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
#: From a decision to a ticket: under a tenth of a second when all is well, minutes when a desk is down.
DELIVERY = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0)


def latency_bounds(objective_seconds: float | None) -> tuple[float, ...]:
    """The ladder with the objective as one of its bounds: the share of runs within it is then counted, not interpolated."""
    return tuple(sorted({*LATENCY, objective_seconds} if objective_seconds else LATENCY))
