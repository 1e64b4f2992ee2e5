"""The family of probes: code that performs one kind of exchange and measures its phases.

Adding a kind: one file with its ``Options`` at the top and a class keeping ``Probe``; one line in ``KINDS``; it inherits
``tests/probes/contract.py``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel

from monitor.model.check import Target
from monitor.model.result import Exchange


class Signature(Protocol):
    """Puts credentials on a request. Kinds live in ``monitor/signers``; a probe only calls them."""

    async def prepare(self) -> bool:
        """Fetch or refresh a token when one is needed. True when somebody was asked: that time is the ``auth`` phase. May raise ``OSError``."""

    def headers(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        """Headers to add. Never logged."""


@dataclass(slots=True)
class Call:
    """One rendered request to one target."""

    target: Target
    options: Mapping[str, Any]  # the kind's own, rendered; see its Options
    timeout_seconds: float  # a total deadline: nothing a server does makes a probe outlive it
    signature: Signature | None = None
    headers: Mapping[str, str] | None = None  # added by the driver: idempotency key, user agent


class Probe(Protocol):
    """Performs calls of one kind. One instance a process; ``close`` frees what it holds.

    ``run`` never raises for what a target does: that is an ``Exchange``. It raises only ``asyncio.CancelledError``, and
    what is our own bug.
    """

    Options: type[BaseModel]

    async def run(self, call: Call) -> Exchange: ...

    async def close(self) -> None: ...
