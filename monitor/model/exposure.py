"""Where the synthetic money of one gateway stands."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LedgerFigures:
    """``exposure_minor`` by currency: the most that can be open. Counts are since the start."""

    target: str
    exposure_minor: Mapping[str, int] = field(default_factory=dict)
    open_transactions: int = 0
    oldest_open_seconds: float = 0.0
    undo_failures: int = 0
    strays: int = 0
    stopped: bool = False
