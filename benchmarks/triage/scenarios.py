"""The whole bench: every labelled scenario, in the order a request meets the layers."""

from benchmarks.triage import at_the_gateway, before_the_gateway, behind_the_gateway, nothing_to_do, second_batch, written_later
from benchmarks.triage.scenario import Scenario

SCENARIOS: tuple[Scenario, ...] = (
    *before_the_gateway.SCENARIOS,
    *at_the_gateway.SCENARIOS,
    *behind_the_gateway.SCENARIOS,
    *nothing_to_do.SCENARIOS,
    *written_later.SCENARIOS,
    *second_batch.SCENARIOS,
)

#: One of each kind, chosen to be over soon: what the test suite plays.
QUICK = (
    "us-egress-refused",
    "net-one-place-refuses",
    "dns-nxdomain",
    "tls-expired",
    "edge-denied",
    "auth-key-rotated",
    "gw-503",
    "acq-system-error",
    "scheme-mastercard-down",
    "quiet-blip",
)


def named(names: tuple[str, ...]) -> tuple[Scenario, ...]:
    """Raises KeyError for a name that is none."""
    known = {one.id: one for one in SCENARIOS}
    return tuple(known[name] for name in names)
