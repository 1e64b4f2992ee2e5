"""What suspicion would have cost: the probes that bursts would have asked for beyond the grid.

History holds the grid's samples only, so a burst itself cannot be replayed. One that finds nothing ends after a known number of good
probes; every failure while it lasts starts that count again. That is what is counted here, before the governor's own limits.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from monitor.detectors.sequential.control import QUIET_RUN
from monitor.model.result import Result
from monitor.model.wish import Wish


@dataclass(frozen=True, slots=True)
class Spent:
    """``suspected``: samples after which more were wished for. ``bursts``: times a burst began, or began again."""

    suspected: int = 0
    bursts: int = 0

    @property
    def extra(self) -> int:
        """Probes that these bursts would have sent."""
        return self.bursts * int(QUIET_RUN)

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.suspected + other.suspected, self.bursts + other.bursts)


class Spending:
    """Counts for one check."""

    def __init__(self) -> None:
        self._spent = Spent()
        self._stood = False

    def note(self, wishes: Sequence[Wish], result: Result) -> None:
        stands = bool(wishes)
        if stands and result.good is not None:
            self._spent += Spent(1, int(not self._stood or result.good is False))
        self._stood = stands

    def spent(self) -> Spent:
        return self._spent
