"""Names of runs: sortable by time, unique without asking anybody, short enough for a gateway's reference field."""

from collections.abc import Callable

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: Two characters at a time: 26 of them are asked for at every run.
_PAIRS = tuple(high + low for high in _CROCKFORD for low in _CROCKFORD)
#: Gateways allow at least 40 characters in an order id; 26 of them are the run id and 4 our mark.
_INSTALL_CHARACTERS = 8


def new_run_id(at: float, randomness: Callable[[int], bytes]) -> str:
    """A ULID: 48 bits of milliseconds since the epoch, 80 random bits, in Crockford's base 32 (github.com/ulid/spec)."""
    number = int(at * 1000) << 80 | int.from_bytes(randomness(10), "big")
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def reference_of(run_id: str, install: str) -> str:
    """What the gateway knows a run by, at most 38 characters: whose it is can be told from it, when ours has to be found there."""
    return f"pc-{install[:_INSTALL_CHARACTERS]}-{run_id.lower()}"
