"""The kinds of signers, by the name that a target uses."""

from collections.abc import Callable
from typing import Any

from monitor.signers.basic import BasicSigner
from monitor.signers.bearer import BearerSigner
from monitor.signers.none import NoneSigner

Signer = NoneSigner | BasicSigner | BearerSigner

KINDS: dict[str, type[Signer]] = {
    "none": NoneSigner,
    "basic": BasicSigner,
    "bearer": BearerSigner,
}


def build(kind: str, options: Any = None) -> Signer:
    """A signer from its own options, already checked; ``none`` needs none. Raises KeyError for an unknown kind."""
    signer: Callable[[Any], Signer] = KINDS[kind]
    return signer(options)
