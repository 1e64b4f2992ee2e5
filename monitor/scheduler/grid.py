"""The arithmetic of the grid, and what is known of a check that stands on it."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from monitor.model.check import Check
from monitor.model.result import MissReason

#: A gap longer than this after a restart is recorded as one stretch; the store's retention is shorter anyway.
LONGEST_GAP_SLOTS = 10_000_000

#: The highest slot accounted for, and the instant it was due (or noted as missed); None: not known.
Last = tuple[int, float | None]


def phase_of(check_id: str, every_seconds: float) -> float:
    """Where in its interval a check runs: stable for an id, spread evenly over ids. Seconds in [0, every)."""
    digest = hashlib.sha256(check_id.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64 * every_seconds


def resume(grid: int, due: float, every_seconds: float, last: Last | None) -> tuple[int, int]:
    """The slot number to go on with, and how many slots before it were missed.

    ``grid`` is the number that the wall clock gives the slot at ``due``. It holds while interval and clock are what they were;
    when either has changed, numbers still only go forward, and the gap is counted in time.
    """
    if last is None:
        return grid, 0
    number, at = last
    behind = grid - number - 1
    gap = behind if at is None else max(0, round((due - at) / every_seconds) - 1)
    if behind >= 0 and abs(behind - gap) <= 1:
        return grid, min(behind, LONGEST_GAP_SLOTS)
    gap = min(max(0, gap), LONGEST_GAP_SLOTS)
    return max(grid, number + 1 + gap), gap


@dataclass(slots=True)
class Entry:
    """One check on the grid. ``due`` is monotonic; ``slot`` is the number of the slot due then."""

    check: Check
    due: float
    slot: int
    running: int = 0
    gone: bool = False  # taken off by a reload: its heap entry is skipped
    beside: tuple[int, int] | None = None  # the extra run under way that others wait for: its slot and number
    extras: int = 0  # since the latest slot
    held: tuple[int, float] | None = None  # the slot that waits for the extra run to end, and when it was due

    def __lt__(self, other: "Entry") -> bool:
        return self.due < other.due

    @property
    def full(self) -> bool:
        """Another run of it would be one more than may be under way at once, an extra one counted."""
        return self.running + (self.beside is not None) >= self.check.max_in_flight


@dataclass(slots=True)
class Waiting:
    entry: Entry
    slot: int
    due: float


@dataclass(slots=True)
class Tally:
    """What became of the slots so far."""

    planned: int = 0  # counted when a slot's time comes, apart from what becomes of it: ran + missed + waiting
    ran: int = 0
    missed: Counter[MissReason] = field(default_factory=Counter)
