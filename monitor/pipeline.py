"""One path: result -> store, metrics, rules, incidents, outbox.

Decisions are made at once, in memory, in the order results arrive. What they changed is stored in the same transaction as
the results that caused it: group-committed when nothing but statistics moved, and at once, on the disk, when somebody is to be
told. Delivery is woken only after that commit, so that no ticket is ever about something we could forget.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import structlog

from monitor.clock import Clock
from monitor.incidents import Book, Change
from monitor.model.alert import Alert
from monitor.model.batch import Batch
from monitor.model.incident import OutboxRow, OutboxState, Ticket, Window
from monitor.model.mirror import Cursor
from monitor.model.result import Missed, Result
from monitor.rules import Blindness, RuleEngine
from monitor.stores import Store, StoreError

log = structlog.get_logger()

#: How often time alone is looked at: absence, ``for``, coalesced updates, ending windows.
TICK_SECONDS = 1.0
#: Statistics wait this long for company before they are handed to the store.
GATHER_SECONDS = 0.2
#: ... or for this many results.
GATHER_RESULTS = 500
#: After the store refused a batch that must not be lost, it is offered again this often.
RETRY_SECONDS = 1.0
#: Results kept while the store refuses: about ten minutes of a thousand checks at ten seconds. Beyond, the oldest go, counted.
HELD_RESULTS = 60_000


class Metrics(Protocol):
    """What the pipeline tells the exporter."""

    def result(self, result: Result) -> None: ...

    def missed(self, missed: Missed) -> None: ...


class Claim(Protocol):
    """Delivery's word on rows that are about to be stored: those that may leave with this commit come back as on their way."""

    def __call__(self, rows: Sequence[OutboxRow], stored: asyncio.Future[None], /) -> list[OutboxRow]: ...


class Listener(Protocol):
    """Somebody who watches: the terminal view."""

    def __call__(self, kind: str, what: Any) -> None: ...


class Pipeline:
    """Takes results; everything after them follows from here. All methods run on the loop."""

    def __init__(
        self,
        *,
        store: Store,
        engine: RuleEngine,
        blindness: Blindness,
        book: Book,
        metrics: Metrics,
        desks: Sequence[str],
        wake: Callable[[], None],
        claim: Claim = lambda rows, _stored: list(rows),
        clock: Clock,
        stalled: Callable[[float, float], bool] = lambda _since, _until: False,
        states: Callable[[], dict[str, str]] = dict,
    ) -> None:
        """``states`` gives what others want kept beside the states of rules: those that changed since the last call."""
        self._store = store
        self.engine = engine
        self.blindness = blindness
        self.book = book
        self._metrics = metrics
        self.desks = tuple(desks)
        self._wake = wake
        self._claim = claim
        self._clock = clock
        self._stalled = stalled
        self._states = states
        self._gathered = Batch()
        self._committing = asyncio.Lock()
        self._flush_timer: asyncio.TimerHandle | None = None
        self._background: set[asyncio.Task[None]] = set()
        self.listeners: list[Listener] = []
        self.store_ok = True
        self.dropped_results = 0

    async def take(self, result: Result) -> None:
        """One result, end to end. Returns when whatever somebody must be told is durable."""
        now = self._clock.monotonic()
        if self._stalled(now - result.duration_seconds, now):
            result.suspect = True
        for judged in self.blindness.judge(result, self._clock.wall()):
            alerts = self._believe(judged)
            if alerts:
                await self._alerts(alerts)
        self._gather()

    def pending(self, result: Result) -> None:
        """A run still under way, later than in calm times: told to the rules that can use it, before its end can be.

        Everything else sees how it ends, and that alone.
        """
        self._tell("pending", result)
        alerts = [alert for judged in self.blindness.judge(result, self._clock.wall()) for alert in self._believe(judged)]
        self._gather()
        if alerts:
            task = asyncio.get_running_loop().create_task(self._alerts(alerts), name="alerts of a pending run")
            self._background.add(task)
            task.add_done_callback(self._background.discard)

    def _believe(self, judged: Result) -> list[Alert]:
        if not judged.pending:
            self._metrics.result(judged)
            self._gathered.results.append(judged)
            self._tell("result", judged)
        return self.engine.feed(judged)

    def missed(self, missed: Missed) -> None:
        self._metrics.missed(missed)
        self._gathered.missed.append(missed)
        self._gather()

    async def tick(self) -> None:
        """Let time pass: what samples alone cannot decide."""
        at = self._clock.wall()
        released = self.blindness.tick(at)
        for result in released:
            await self.take(result)
        alerts = self.engine.tick(at) + self.blindness.alerts(at)
        if alerts:
            await self._alerts(alerts)
        change = self.book.tick(at)
        if change:
            await self.change(change)

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                await self.tick()
            except Exception as error:  # our own bug, caught at this edge: probing must go on
                log.exception("tick_failed", error=type(error).__name__)

    async def _alerts(self, alerts: Sequence[Alert]) -> None:
        self._gathered.alerts.extend(alerts)
        for alert in alerts:
            self._tell("alert", alert)
        await self.change(self.book.alerts(alerts, self._clock.wall()))

    async def change(self, change: Change) -> None:
        """Store what happened to incidents, with its outbox rows, and wake delivery once it is durable."""
        self._add(change)
        self._gathered.durable = self._gathered.durable or bool(change)
        if self._gathered.durable:
            await self.commit()

    def keep(self, change: Change) -> None:
        """What nobody is told of and nobody waits for: stored with the next results, without a commit of its own."""
        self._add(change)
        self._gather()

    def _add(self, change: Change) -> None:
        gathered, newer = self._gathered, {incident.id for incident in change.incidents}
        # While the store refuses, what is measured again and again must not pile up.
        gathered.incidents = [one for one in gathered.incidents if one.id not in newer] + change.incidents
        gathered.timeline.extend(change.timeline)
        gathered.outbox.extend(self._fan_out(change.tickets))
        for incident in change.incidents:
            self._tell("incident", incident)
        for ticket in change.tickets:
            self._tell("ticket", ticket)

    async def announce(self, alerts: Sequence[Alert]) -> None:
        """Alerts that no rule raises: the money ledger's."""
        await self._alerts(alerts)

    async def withdraw(self, alerts: Sequence[Alert]) -> None:
        """Alerts of what is no longer configured."""
        if alerts:
            await self._alerts(alerts)

    async def windows(self, windows: Sequence[Window], change: Change) -> None:
        """Windows that were added or ended: stored with what that changed."""
        self._gathered.windows.extend(windows)
        self._gathered.durable = True
        await self.change(change)

    async def mirrored(self, cursors: Sequence[Cursor], rows: Sequence[OutboxRow], change: Change) -> None:
        """What people did at a desk, what that changed, and how far it has been heard: all of it or nothing."""
        self._gathered.cursors.extend(cursors)
        self._gathered.outbox.extend(rows)
        self._gathered.durable = True
        await self.change(change)

    def _fan_out(self, tickets: Sequence[Ticket]) -> list[OutboxRow]:
        now = self._clock.wall()
        return [
            OutboxRow(f"{desk}:{ticket.external_id}:{ticket.revision}", desk, ticket, OutboxState.NEW, now, now)
            for ticket in tickets
            for desk in self.desks
            if ticket.desks is None or desk in ticket.desks
        ]

    async def commit(self) -> None:
        """Make everything gathered durable. A store that refuses is asked again until it takes it: nothing told is forgotten."""
        async with self._committing:
            batch, self._gathered = self._take_gathered()
            if not batch:
                return
            while True:
                try:
                    await self._store_and_let_go(batch)
                    break
                except StoreError as error:
                    if self.store_ok:
                        log.error("store_refuses", error=str(error))
                    self.store_ok = False
                    await asyncio.sleep(RETRY_SECONDS)
            self.store_ok = True
        if batch.outbox:
            self._wake()

    async def _store_and_let_go(self, batch: Batch) -> None:
        """A ticket that can leave at once is stored as on its way: it waits for the disk once, not twice.

        It leaves when the store has taken it, whether or not anybody still waits for that here.
        """
        rows, stored = batch.outbox, asyncio.get_running_loop().create_future()

        def settle(commit: asyncio.Task[None]) -> None:
            if commit.cancelled() or commit.exception():
                stored.cancel()
            else:
                stored.set_result(None)

        batch.outbox = self._claim(rows, stored)
        commit = asyncio.create_task(self._store.commit(batch))
        commit.add_done_callback(settle)
        try:
            await asyncio.shield(commit)
        except StoreError:
            batch.outbox = rows
            raise

    def _take_gathered(self) -> tuple[Batch, Batch]:
        batch = self._gathered
        batch.rule_states.update(self.engine.take_dirty())
        batch.rule_states.update(self._states())
        return batch, Batch()

    def _gather(self) -> None:
        if len(self._gathered.results) >= GATHER_RESULTS:
            self._flush()
        elif self._flush_timer is None:
            self._flush_timer = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._flush)

    def _flush(self) -> None:
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        if self._gathered.durable:
            return  # a commit is on its way and takes all of it
        if self._committing.locked():
            self._gather()  # behind that commit, or an older rule state would overwrite a newer one
            return
        batch, empty = self._take_gathered()
        if not batch:
            return
        if self._store.record(batch):
            self._gathered = empty
            return
        excess = len(batch.results) - HELD_RESULTS
        if excess > 0:
            del batch.results[:excess]
            self.dropped_results += excess

    def _tell(self, kind: str, what: Any) -> None:
        for listener in self.listeners:
            listener(kind, what)

    async def close(self) -> None:
        """Everything known goes to the store, also what may wait while the process lives."""
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None
        for result in self.blindness.flush(self._clock.wall()):
            await self.take(result)
        await asyncio.gather(*self._background)
        self._gathered.rule_states.update(self.engine.take_dirty(everything=True))
        self._gathered.durable = True
        await self.commit()
