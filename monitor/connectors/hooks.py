"""A desk's webhook: is it really the desk's, and which ticket does it speak of? Pure.

Nothing else in a hook is believed: it says where to look, and what is seen there counts. Each kind proves itself in its vendor's way;
a desk without one of its own, whose automation can run a script, signs as Standard Webhooks has it and names the ticket: ``{"ticket": "42"}``.
"""

import base64
import hmac
import json
from collections.abc import Callable, Mapping

from monitor.connectors.reading import instant
from monitor.connectors.rest import at
from monitor.connectors.webhook import signing_key

#: A signature is good for this long, in both directions: clocks differ, and a recorded hook must not be of use tomorrow.
REPLAY_SECONDS = 300.0
#: No desk's id of a ticket is longer.
ID_MAX = 255

#: (headers by lower-case name, body, the shared secret, now in UTC seconds) -> proven or not.
Proof = Callable[[Mapping[str, str], bytes, str, float], bool]


def proven(kind: str, headers: Mapping[str, str], body: bytes, secret: str, now: float) -> bool:
    """Whether a desk of that kind sent it. ``headers`` by lower-case name."""
    return bool(secret) and _PROOFS.get(kind, standard)(headers, body, secret, now)


def ticket_of(kind: str, body: bytes) -> str:
    """The desk's id of the ticket it speaks of; "" when it names none."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    paths = (*_PATHS.get(kind, ()), "ticket")
    found = (at(told, path) for path in paths)
    named = next((one for one in found if isinstance(one, str | int) and not isinstance(one, bool)), "")
    return str(named)[:ID_MAX]


def standard(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> bool:
    """Standard Webhooks 1.0.0; several signatures, separated by blanks, while a secret is being replaced. Svix names the headers otherwise."""
    prefix = "webhook" if "webhook-id" in headers else "svix"
    stamp = headers.get(f"{prefix}-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit()) or not _is_fresh(float(stamp[:12]), now):
        return False
    content = f"{headers.get(f'{prefix}-id', '')}.{stamp}.".encode() + body
    expected = "v1," + _base64(signing_key(secret), content)
    return _any_equal(headers.get(f"{prefix}-signature", "").split(), expected)


def _zendesk(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> bool:
    """Of the instant and the body, as https://developer.zendesk.com/documentation/webhooks/verifying/ has it."""
    stamp = headers.get("x-zendesk-webhook-signature-timestamp", "")
    at_ = instant(stamp)
    if at_ is None or not _is_fresh(at_, now):
        return False
    return _any_equal([headers.get("x-zendesk-webhook-signature", "")], _base64(secret.encode(), stamp.encode() + body))


def _hexadecimal(header: str, prefix: str) -> Proof:
    """HMAC-SHA256 of the body in hexadecimal. These carry no instant: a recorded one makes us look at a ticket once more."""

    def proof(headers: Mapping[str, str], body: bytes, secret: str, _now: float) -> bool:
        given = [one.strip() for one in headers.get(header, "").split(",")]
        return _any_equal(given, prefix + hmac.new(secret.encode(), body, "sha256").hexdigest())

    return proof


def _gitlab(headers: Mapping[str, str], body: bytes, secret: str, now: float) -> bool:
    """A signing token makes Standard Webhooks signatures; the older secret token is sent as it is."""
    if "webhook-signature" in headers:
        return standard(headers, body, secret, now)
    return _any_equal([headers.get("x-gitlab-token", "")], secret)


_PROOFS: Mapping[str, Proof] = {
    "zendesk": _zendesk,
    "gitlab": _gitlab,
    "github": _hexadecimal("x-hub-signature-256", "sha256="),
    "jira": _hexadecimal("x-hub-signature", "sha256="),
    "pagerduty": _hexadecimal("x-pagerduty-signature", "v1="),  # several, with commas between, while a secret is being replaced
}
#: Where each kind's own payload has what our connector knows the ticket by, the first that is there counts.
_PATHS: Mapping[str, tuple[str, ...]] = {
    "zendesk": ("detail.id", "ticket.id", "ticket_id"),
    "github": ("issue.number",),
    "gitlab": ("issue.iid", "object_attributes.iid"),
    "jira": ("issue.key",),
    "pagerduty": ("event.data.incident_key", "event.data.incident.incident_key"),
}


def _is_fresh(stamp: float, now: float) -> bool:
    return abs(now - stamp) <= REPLAY_SECONDS


def _any_equal(given: list[str], expected: str) -> bool:
    """In constant time each; a header may hold anything, so bytes are compared."""
    return any(hmac.compare_digest(one.encode("utf-8", "replace"), expected.encode()) for one in given)


def _base64(key: bytes, content: bytes) -> str:
    return base64.b64encode(hmac.digest(key, content, "sha256")).decode()
