"""What an answer says about whether something was done. The one question that decides between a lost and a double ticket.

Only an answer that proves that nothing was done may be repeated at once. A 5xx proves nothing: desks answer it before the
work, after the work and in the middle of it.
"""

import base64
import json
from typing import Any

from monitor.connectors import Answer, Rejected, TryAgain, Unsure
from monitor.connectors.clip import clip_bytes
from monitor.model.secret import Secret
from monitor.redaction import Gate

#: The desk's own words about a refusal: enough to act on, too little to carry a body away.
SAID_MAX_BYTES = 200

Refusal = TryAgain | Unsure | Rejected

# Nothing was done, and the same request can succeed later. 401, 403 and 407 are among them on purpose: people repair
# credentials and permissions, and a ticket must still be there when they have.
_LATER = frozenset({401, 403, 407, 408, 412, 421, 423, 425, 429})
# A conflict may be with our own earlier request.
_CONFLICT = 409


def refusal(answer: Answer, desk: str, said: str = "", *, read: bool = False) -> Refusal | None:
    """None when the answer is a success. ``said`` is what the desk gave as its reason, already free of secrets.

    ``read``: the request only asked. Then nothing was done, whatever became of it.
    """
    problem = _problem(answer, desk, said)
    if read and isinstance(problem, Unsure):
        return TryAgain(problem.reason, problem.after_seconds)
    return problem


def _problem(answer: Answer, desk: str, said: str) -> Refusal | None:
    if answer.status is None:
        return Unsure(f"{desk}: {answer.error}") if answer.sent else TryAgain(f"{desk}: {answer.error}")
    if 200 <= answer.status < 300:
        return None
    reason = f"{desk} answered {answer.status}" + (f": {said}" if said else "")
    if answer.status in _LATER:
        return TryAgain(reason, answer.retry_after)
    if answer.status < 200 or answer.status == _CONFLICT or answer.status >= 500:
        return Unsure(reason, answer.retry_after)
    return Rejected(reason)


def said(message: object, secrets: tuple[Secret, ...]) -> str:
    """A desk's error message as we may repeat it: one short line without secrets or card numbers."""
    if not isinstance(message, str):
        return ""
    return clip_bytes(Gate(secrets).text(" ".join(message.split())), SAID_MAX_BYTES)


def body_of(answer: Answer) -> Any:
    """The parsed JSON body, or None when there is none."""
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def basic(user: str, password: Secret) -> Secret:
    """The value of an Authorization header."""
    token = base64.b64encode(f"{user}:{password.reveal()}".encode()).decode()
    return Secret(f"Basic {token}", password.reference)
