"""Every series of one ticket desk."""

from collections.abc import Iterator, Mapping

from monitor.exporter import catalogue as metric
from monitor.exporter.bounds import DELIVERY
from monitor.exporter.catalogue import Metric
from monitor.exporter.lines import Cell, Counter, Family, Gauge, Histogram
from monitor.model.incident import OutboxState
from monitor.model.mirror import DeskEventKind

#: What a delivery can come to: the outbox's states, and what happened on the way. Anything else is counted as ``other``.
EVENTS = (*(state.value for state in OutboxState), "duplicate", "fallback", "other")
#: What becomes of a request to a desk's hook.
HOOK_RESULTS = ("looked", "unknown", "refused")
DESK_SERIES = 2 * len(OutboxState) + len(EVENTS) + len(DELIVERY) + len(DeskEventKind) + len(HOOK_RESULTS) + 3


class DeskSeries:
    def __init__(self, families: Mapping[Metric, Family], desk: str) -> None:
        self._depths = {s.value: Gauge(families[metric.OUTBOX], {"desk": desk, "state": s.value}, 0) for s in OutboxState}
        self._ages = {s.value: Gauge(families[metric.OUTBOX_AGE], {"desk": desk, "state": s.value}, 0) for s in OutboxState}
        self._events = {event: Counter(families[metric.DELIVERIES], {"desk": desk, "event": event}) for event in EVENTS}
        self._seconds = Histogram(families[metric.DELIVERY_SECONDS], {"desk": desk}, DELIVERY)

        kinds = [kind.value for kind in DeskEventKind]
        self._people = {kind: Counter(families[metric.DESK_EVENTS], {"desk": desk, "kind": kind}) for kind in kinds}
        self._hooks = {result: Counter(families[metric.HOOKS], {"desk": desk, "result": result}) for result in HOOK_RESULTS}

    def outbox(self, state: OutboxState, depth: int, oldest_age_seconds: float) -> None:
        self._depths[state].set(depth)
        self._ages[state].set(round(oldest_age_seconds, 3))

    def delivery(self, event: str, seconds: float | None) -> None:
        self._events.get(event, self._events["other"]).add()
        if seconds is not None:
            self._seconds.observe(seconds)

    def people(self, kind: DeskEventKind) -> None:
        self._people[kind].add()

    def hook(self, result: str) -> None:
        self._hooks[result].add()

    def close(self) -> None:
        for cell in self._cells():
            cell.close()

    def _cells(self) -> Iterator[Cell]:
        yield from (*self._depths.values(), *self._ages.values(), *self._events.values(), self._seconds)
        yield from (*self._people.values(), *self._hooks.values())
