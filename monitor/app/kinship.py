"""What targets stand on, as far as it is declared or seen; and incidents that are one more case of a problem that comes back.

The book looks for a common cause whenever something opens: it only has to be told what targets share. Of a problem it is told within a
second of the verdict that names it, beside the ticket's way.
"""

from collections.abc import Iterable
from typing import Any

from monitor.clock import Clock
from monitor.config import Config
from monitor.incidents import Book, Refused, Unknown
from monitor.incidents.common_cause import EDGE_MARKS, ground_of, network_of
from monitor.incidents.recurrence import LOOK_BACK_SECONDS, Episode, Recurrence, episode_of, problem_id, recurrence
from monitor.model.incident import Incident
from monitor.model.result import Result, StepResult
from monitor.model.traits import Trait
from monitor.pipeline import Pipeline
from monitor.stores import Store

#: How often incidents with a new verdict are looked at.
TURN_SECONDS = 1.0
#: Networks remembered of one target, the latest seen: a gateway with more addresses than that moves among them anyway.
NETWORKS_MAX = 8
#: Incidents remembered for their fingerprints, the newest: fifty a day, and half a second of a thread to read at a start.
EPISODES_MAX = 5_000


class Kinship:
    """``hear`` listens to the pipeline; ``recall`` once at start, ``turn`` every second. ``adopt`` takes another configuration."""

    def __init__(self, config: Config, *, book: Book, pipeline: Pipeline, store: Store, clock: Clock) -> None:
        self._config = config
        self._book = book
        self._pipeline = pipeline
        self._store = store
        self._clock = clock
        self._seen: dict[str, _Seen] = {}
        self._episodes: dict[str, Episode] = {}  # by incident
        self._cases: dict[str, dict[str, Episode]] = {}  # by fingerprint, then by incident
        self._wanted: dict[str, None] = {}
        self._ground: dict[str, frozenset[str]] = {}
        self.adopt(config)
        pipeline.listeners.append(self.hear)

    def adopt(self, config: Config) -> None:
        self._config = config
        self._seen = {name: self._seen.get(name) or _Seen() for name in config.targets}
        self._ground = {name: self._ground_of(name) for name in config.targets}
        self._book.stands_on(self._ground)

    def hear(self, kind: str, what: Any) -> None:
        """Of every result and every change of an incident. Cheap: what is new is rare."""
        if kind == "result":
            self._look_at(what)
        elif kind == "incident":
            self._remember(what)

    async def recall(self) -> None:
        """The incidents of before this start: their problems go on."""
        since = self._clock.wall() - LOOK_BACK_SECONDS
        for incident in reversed(await self._store.incidents(since=since, limit=EPISODES_MAX)):
            if incident.id not in self._episodes:
                self._remember(incident)

    async def turn(self) -> None:
        """Tell the book of what came back."""
        wanted, self._wanted = self._wanted, {}
        for name in wanted:
            await self._recurs(name)

    async def _recurs(self, name: str) -> None:
        episode, now = self._episodes.get(name), self._clock.wall()
        found = self._recurrence(episode, now) if episode else None
        if found is None:
            return
        try:
            change = self._book.recurring(name, found.problem, found.said, now)
        except (Unknown, Refused):
            return  # it was let go meanwhile: nothing is told of it any more
        if change:
            await self._pipeline.change(change)

    def _recurrence(self, episode: Episode, now: float) -> Recurrence | None:
        return recurrence(self._config.service.install, episode, self._cases[episode.fingerprint].values(), now)

    def _remember(self, incident: Incident) -> None:
        episode, before = episode_of(incident), self._episodes.get(incident.id)
        if episode is None or episode == before:
            return
        self._forget(incident.id)
        self._episodes[incident.id] = episode
        self._cases.setdefault(episode.fingerprint, {})[incident.id] = episode
        while len(self._episodes) > EPISODES_MAX:
            self._forget(next(iter(self._episodes)))
        named = incident.problem == problem_id(self._config.service.install, episode.fingerprint)
        if not named and incident.id in self._book.incidents:
            self._wanted[incident.id] = None

    def _forget(self, name: str) -> None:
        episode = self._episodes.pop(name, None)
        if episode is None:
            return
        cases = self._cases[episode.fingerprint]
        del cases[name]
        if not cases:
            del self._cases[episode.fingerprint]

    def _look_at(self, result: Result) -> None:
        seen = self._seen.get(result.target)  # None: taken away by a reload while it ran
        if seen is not None and seen.take(result.steps):
            self._ground[result.target] = self._ground_of(result.target)

    def _ground_of(self, target: str) -> frozenset[str]:
        seen = self._seen[target]
        return ground_of(self._config.targets[target].shares, seen.marks, seen.networks)


class _Seen:
    """Of one target: the edge marks among its headers, and a first address in each of its latest networks."""

    __slots__ = ("_addresses", "_headers", "marks", "networks")

    def __init__(self) -> None:
        self.marks: frozenset[str] = frozenset()
        self.networks: tuple[str, ...] = ()
        self._headers = ""
        self._addresses: frozenset[str] = frozenset()

    def take(self, steps: Iterable[StepResult]) -> bool:
        """Whether something new was seen. An address or a set of headers that was the last one too costs a comparison."""
        changed = False
        for step in steps:
            if step.address and step.address not in self._addresses:
                changed |= self._see_address(step.address)
            for trait, value in step.traits:
                if trait == Trait.HEADERS and value != self._headers:
                    changed |= self._see_headers(value)
        return changed

    def _see_address(self, address: str) -> bool:
        known = {network_of(one) for one in self.networks}
        self._addresses = frozenset({*list(self._addresses)[-NETWORKS_MAX:], address})
        network = network_of(address)
        if not network or network in known:
            return False
        self.networks = (*self.networks, address)[-NETWORKS_MAX:]
        return True

    def _see_headers(self, value: str) -> bool:
        self._headers = value
        marks = self.marks | (EDGE_MARKS.keys() & value.split())
        changed, self.marks = marks != self.marks, frozenset(marks)
        return changed
