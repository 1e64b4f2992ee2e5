"""Names of incidents and tickets: made from facts alone, so that a replay after a crash makes the same ones."""

import hashlib

from monitor.model.incident import Incident

#: Crockford's base 32: no letters that look like digits, and text order is number order.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
#: Milliseconds since the epoch in nine digits of five bits last until the year 3084, and sort as text.
_TIME_DIGITS = 9
#: 40 bits beside the millisecond: two groups that open in the same one get different names.
_HASH_DIGITS = 8


def incident_id(install: str, group: str, opened: float) -> str:
    """``inc_`` + sortable time + hash of what makes it this incident and no other."""
    stamp = round(opened * 1000)
    digest = hashlib.sha256(f"{install}|{group}|{stamp}".encode()).digest()
    return f"inc_{_base32(stamp, _TIME_DIGITS)}{_base32(int.from_bytes(digest[:5], 'big'), _HASH_DIGITS)}"


def external_id(install: str, incident: Incident) -> str:
    """What the desk knows the ticket by. The episode is in it: a desk that cannot reopen gets a ticket of its own for each."""
    return f"paycanary-{install}-{incident.id}-{incident.episode}"


def _base32(number: int, digits: int) -> str:
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(digits)))
