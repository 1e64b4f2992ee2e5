"""A gateway nobody has taught the ledger to read.

It cannot be asked, so the plan is all there is: the undo requests as they were written down, each under a key of its own that stays
the same. That is safe only where the gateway takes one key for one deed; the configuration refuses money elsewhere.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from monitor.ledger.gateways.flow import Flow, Listed, NoAnswerError, Shown, Undo, Window

_CANNOT = "nobody has taught the ledger to ask this gateway"


class Plain:
    """See ``Gateway``."""

    reads = lists = False

    def handle(self, options: Mapping[str, Any], reference: str) -> str:
        return reference

    def root(self, line: str) -> str | None:
        return None

    def look(self, handle: str) -> Flow[Shown]:
        raise NoAnswerError(_CANNOT)

    def undo(self, shown: Shown, refused: Iterable[str], tag: str) -> Undo | None:
        return None

    def listing(self, window: Window) -> Flow[list[Listed]]:
        raise NoAnswerError(_CANNOT)
