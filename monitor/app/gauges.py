"""The gauges that are counted rather than told: incidents, queues, budgets, money."""

from collections import Counter
from collections.abc import Mapping

from monitor.app.evidence import EvidenceGauges
from monitor.app.probing import Probing
from monitor.app.suspicion import Suspicion
from monitor.clock import Clock
from monitor.exporter import Exporter
from monitor.incidents import Book
from monitor.janitor import Ledger
from monitor.model.check import Check
from monitor.model.incident import OutboxState
from monitor.stores import Store

#: How often they are counted.
GAUGES_SECONDS = 5.0
#: States in which a row of the outbox still wants something.
UNDONE = (OutboxState.NEW, OutboxState.SENDING, OutboxState.RETRY, OutboxState.UNSURE, OutboxState.DEAD)


class Gauges:
    """``outbox_oldest_age``: seconds since the oldest command that still waits was given, as counted last; None: none waits."""

    def __init__(
        self,
        exporter: Exporter,
        *,
        book: Book,
        store: Store,
        probing: Probing,
        ledger: Ledger,
        suspicion: Suspicion,
        evidence: EvidenceGauges,
        clock: Clock,
    ) -> None:
        self._exporter, self._book, self._store, self._clock = exporter, book, store, clock
        self._probing, self._ledger, self._suspicion, self._evidence = probing, ledger, suspicion, evidence
        self.outbox_oldest_age: float | None = None

    async def turn(self, checks: Mapping[str, Check], desks: Mapping[str, object]) -> None:
        self._exporter.incidents(Counter(one.severity for one in self._book.open()))
        self._exporter.store(self._store.pending)
        for target, level in self._probing.governor.levels().items():
            self._exporter.budget(target, level.tokens, level.declines_used, level.paused_seconds)
        self._exporter.ledger(self._ledger.figures())
        self._suspicion.gauges()
        await self._evidence.turn(checks)
        await self._outbox(desks)

    async def _outbox(self, desks: Mapping[str, object]) -> None:
        now = self._clock.wall()
        waiting = await self._store.outbox_waiting()
        self.outbox_oldest_age = max((now - oldest for _, _, _, oldest in waiting), default=None)
        told = {(desk, state): (depth, now - oldest) for desk, state, depth, oldest in waiting}
        for desk in desks:
            for state in UNDONE:
                self._exporter.outbox(desk, state, *told.get((desk, state), (0, 0.0)))
