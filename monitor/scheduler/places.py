"""How many runs there may be at once: of the grid, and beside it."""

from collections import Counter
from collections.abc import Mapping

#: At most this share of the places there are, in all and at one target, is used again for extra runs; one is always granted.
EXTRA_SHARE = 0.25


class Places:
    """Counts runs under way. Those beside the grid have places of their own, so that the grid never waits for one of theirs."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._limits: dict[str, int] = {}
        self._grid: Counter[str] = Counter()  # by target
        self._beside: Counter[str] = Counter()
        self.of_grid = 0
        self.of_extras = 0

    def adopt(self, limits: Mapping[str, int]) -> None:
        """How many runs each target gets at once."""
        self._limits = dict(limits)

    def free(self, target: str) -> bool:
        return self.of_grid < self._most and self._grid[target] < self._limit(target)

    def free_beside(self, target: str) -> bool:
        """A target is never asked more at once than it may be, whoever asks."""
        limit = self._limit(target)
        room = self.free(target) and self._grid[target] + self._beside[target] < limit
        return room and self.of_extras < _share(self._most) and self._beside[target] < _share(limit)

    def take(self, target: str) -> None:
        self.of_grid += 1
        self._grid[target] += 1

    def give(self, target: str) -> None:
        self.of_grid -= 1
        self._grid[target] -= 1

    def take_beside(self, target: str) -> None:
        self.of_extras += 1
        self._beside[target] += 1

    def give_beside(self, target: str) -> None:
        self.of_extras -= 1
        self._beside[target] -= 1

    def _limit(self, target: str) -> int:
        return self._limits.get(target, self._most)


def _share(places: int) -> int:
    return max(1, int(places * EXTRA_SHARE))
