"""The sandbox's credentials: made once, at random, readable by their owner only."""

import base64
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from monitor.model.secret import Secret

PRIVATE = 0o600


@dataclass(frozen=True, slots=True)
class Credentials:
    mastercard_password: Secret
    stripe_key: Secret
    second_password: Secret  # gateways let a merchant have two, to change one while the other works
    second_key: Secret
    desk_secret: Secret


def ensure(directory: Path) -> Credentials:
    """Read the credentials from ``directory``, making those that are missing."""
    directory.mkdir(parents=True, exist_ok=True)
    return Credentials(
        _kept(directory / "mastercard.password", lambda: secrets.token_hex(16)),
        _kept(directory / "stripe.key", lambda: f"sk_test_{secrets.token_hex(16)}"),
        _kept(directory / "mastercard.second-password", lambda: secrets.token_hex(16)),
        _kept(directory / "stripe.second-key", lambda: f"sk_test_{secrets.token_hex(16)}"),
        # Standard Webhooks: the prefix, then the key's bytes in base64.
        _kept(directory / "desk.secret", lambda: f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"),
    )


def write_private(path: Path, content: bytes) -> None:
    """Whole or not at all, and never for a moment readable by others."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _kept(path: Path, make: Callable[[], str]) -> Secret:
    if not path.exists():
        write_private(path, make().encode())
    return Secret(path.read_text().strip(), reference=path.name)
