"""So many in so long, for each of many names."""

from collections.abc import Mapping


class Quota:
    """At most ``most`` uses of a name within ``within_seconds``, and ``apart_seconds`` between two.

    Bounded: of more than ``names_max`` names the one unused for longest is forgotten.
    """

    def __init__(self, most: int, within_seconds: float, *, apart_seconds: float = 0.0, names_max: int = 1_000) -> None:
        self._most = most
        self._within = within_seconds
        self._apart = apart_seconds
        self._names_max = names_max
        self._uses: dict[str, list[float]] = {}  # the latest used name last

    def used(self, name: str, now: float) -> int:
        return len(self._recent(name, now))

    def opens(self, name: str, now: float) -> float:
        """When the name may next be used: ``now`` or later."""
        recent = self._recent(name, now)
        if not recent:
            return now
        opens = max(now, recent[-1] + self._apart)
        return max(opens, recent[-self._most] + self._within) if len(recent) >= self._most else opens

    def use(self, name: str, now: float) -> None:
        recent = [*self._recent(name, now), now]
        self._uses.pop(name, None)
        self._uses[name] = recent[-self._most :]  # older ones decide nothing
        if len(self._uses) > self._names_max:
            del self._uses[next(iter(self._uses))]

    def most_used(self, now: float) -> int:
        return max((self.used(name, now) for name in self._uses), default=0)

    def _recent(self, name: str, now: float) -> list[float]:
        return [at for at in self._uses.get(name, ()) if now - at < self._within]

    def dump(self, now: float, shift: float) -> dict[str, list[float]]:
        """Uses that still count, their instants moved by ``shift``."""
        kept = {name: [round(at + shift, 3) for at in self._recent(name, now)] for name in self._uses}
        return {name: uses for name, uses in kept.items() if uses}

    def load(self, uses: Mapping[str, list[float]], now: float, shift: float) -> None:
        """What ``dump`` gave. A use in the future, after a step of the clock, counts as one of now: it would never end otherwise."""
        self._uses = {name: sorted(min(at + shift, now) for at in found)[-self._most :] for name, found in uses.items()}
