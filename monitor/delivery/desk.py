"""One desk's sender: takes what is due, a few incidents at a time, each incident strictly in order."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Protocol, TypeVar

import structlog

from monitor.clock import Clock
from monitor.connectors import Access, Answer, Call, Connector, Delivered, Found, Gone, Rejected, Unsure
from monitor.connectors.client import play
from monitor.delivery.chores import Chore, ChoreKind, Chores
from monitor.delivery.looking import LOOKS_MAX, Around, Looking, Policy
from monitor.delivery.moves import UNSENT, Move, Verdict, after, choose, coalesce, left_behind, sending
from monitor.delivery.pace import LONGEST_WAIT_SECONDS, Pace, back_off
from monitor.delivery.policy import Hear, is_pointless, superseded
from monitor.delivery.words import as_double, timeline
from monitor.model.batch import Batch
from monitor.model.incident import CommandKind, OutboxRow, OutboxState, TimelineEntry
from monitor.stores import Store, StoreError

log = structlog.get_logger(__name__)

#: Rows of one incident at one desk, and of one desk at the start: more than months of updates at one a minute at most.
ROWS_MAX = 10_000
#: Looked again after this long even when nothing was due: the wall clock may have been moved.
IDLE_SECONDS = 30.0
#: Waiting for a full disk or a locked file to get better.
STORE_WAIT_SECONDS = 2.0
#: A row that failed this often is reported once to the fallback: by then some 15 s have gone.
FALLBACK_ATTEMPTS = 5

T = TypeVar("T")
#: (event, desk, seconds from the command to the desk's answer where that is meant).
OnEvent = Callable[[str, str, float | None], None]


class Client(Protocol):
    async def perform(self, call: Call, access: Access) -> Answer: ...


@dataclass(frozen=True, slots=True)
class Settings:
    """``parallel`` incidents at once, so that one slow answer does not hold up the next incident."""

    parallel: int = 4
    requests_per_second: float = 10.0
    sweep_after_seconds: float = 900.0


class Desk:
    """``run`` until ``stop``. Nothing here outlives a crash but what the store holds."""

    def __init__(
        self,
        name: str,
        connector: Connector,
        *,
        store: Store,
        client: Client,
        clock: Clock,
        on_event: OnEvent,
        settings: Settings,
        policy: Policy,
        hear: Hear,
    ) -> None:
        self._name, self._connector, self._store, self._client, self._clock = name, connector, store, client, clock
        self._on_event, self._parallel = on_event, settings.parallel
        self._pace = Pace(settings.requests_per_second, clock)
        self._chores = Chores(connector.capabilities, settings.sweep_after_seconds)
        around = Around(self._ask, self._rows, hear, self._leave_alone, self.wake)
        self._looking = Looking(name, connector, policy, clock, around)
        self._wake = asyncio.Event()
        self._stopping = False
        self._paused_until = float("-inf")
        self._answered = clock.monotonic()
        self._jobs: dict[str, asyncio.Task[None]] = {}
        self._picked_up = False

    def wake(self) -> None:
        self._wake.set()

    def claim(self, row: OutboxRow, stored: asyncio.Future[None]) -> OutboxRow:
        """``row`` as on its way, if it begins an incident and can leave as soon as it is ``stored``; else as it is."""
        incident = row.ticket.incident
        begins = row.state is OutboxState.NEW and row.ticket.kind is CommandKind.OPEN and row.ticket.revision == 1
        free = self._picked_up and self._has_room() and self._paused_until <= self._clock.monotonic()
        if not begins or not free or incident in self._jobs:
            return row
        row = sending(row, self._clock.wall())
        self._start(incident, self._begin(row, stored))
        return row

    def look(self, remote_id: str) -> bool:
        """A hook says that something was done to that ticket. False when it is none of those that are looked at."""
        known = self._looking.mirror.hint(remote_id, self._clock.wall())
        self.wake()
        return known

    async def run(self) -> None:
        await self._patiently(self._pick_up)
        while not self._stopping:
            self._wake.clear()
            delay = await self._patiently(self._start_due)
            try:
                async with asyncio.timeout(delay):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def stop(self, grace: float) -> None:
        """What is on its way gets ``grace`` seconds to come back; the rest is looked up after the next start."""
        self._stopping = True
        self.wake()
        await self._looking.stop()
        jobs = list(self._jobs.values())
        if jobs:
            _, late = await asyncio.wait(jobs, timeout=grace)
            for job in late:
                job.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _begin(self, row: OutboxRow, stored: asyncio.Future[None]) -> None:
        """What was claimed. A store that refused it cancels ``stored``, and so this."""
        await asyncio.shield(stored)
        await self._conclude(row, Move.CREATE, await self._perform(Move.CREATE, row, ""))

    async def _pick_up(self) -> None:
        """Where the last process left off."""
        now = self._clock.wall()
        rows = await self._store.outbox_rows(desk=self._name, limit=ROWS_MAX)
        at_work = [row for row in rows if row.state is OutboxState.SENDING]
        await self._commit(*(left_behind(row, now, self._connector.capabilities) for row in at_work))
        self._chores.restore(reversed(rows), now)
        self._looking.mirror.restore(reversed(rows), await self._store.cursors(self._name), now)
        self._picked_up = True

    async def _start_due(self) -> float:
        """Start what can be started now; the seconds until there is something to look at again, unless woken."""
        now = self._clock.wall()
        pause = self._paused_until - self._clock.monotonic()
        if pause > 0:
            return min(pause, IDLE_SECONDS)
        if not self._has_room():
            return IDLE_SECONDS  # the end of a job wakes us
        # Enough to fill every place: of these, others than the jobs' and the looks' incidents are left.
        rows = await self._store.outbox_due(self._name, now, self._parallel + LOOKS_MAX)
        for row in rows:
            if self._has_room() and row.ticket.incident not in self._jobs and not self._looking.in_the_way(row.ticket.incident):
                self._start(row.ticket.incident, self._advance(row.ticket.incident))
        while self._has_room() and (chore := self._chores.take(now, self._jobs)):
            self._start(chore.row.ticket.incident, self._do(chore))
        if not rows and not self._stopping:
            self._looking.start_due(now, self._jobs)
        next_row, next_chore = await self._store.outbox_next(self._name), self._chores.next_at(self._jobs)
        next_look = None if rows else self._looking.next_at(self._jobs)  # the end of what is under way wakes us
        coming = (next_row, next_chore, next_look)
        # What is due by now and was not started waits for a job to end, and that wakes us.
        waits = [at - now for at in coming if at is not None and at > now]
        return min([*waits, IDLE_SECONDS])

    def _has_room(self) -> bool:
        return len(self._jobs) < self._parallel and not self._stopping

    def _start(self, incident: str, work: Coroutine[Any, Any, None]) -> None:
        self._jobs[incident] = asyncio.create_task(self._guarded(incident, work))

    async def _guarded(self, incident: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except StoreError as error:
            log.error("the outbox cannot be written", desk=self._name, incident=incident, error=str(error))
            await asyncio.sleep(STORE_WAIT_SECONDS)
        except Exception:  # a fault of ours in one incident must not stop the others
            log.exception("delivery failed", desk=self._name, incident=incident)
            await asyncio.sleep(STORE_WAIT_SECONDS)
        finally:
            self._jobs.pop(incident, None)
            self.wake()

    async def _advance(self, incident: str) -> None:
        """One step of one incident: choose, commit, act, commit."""
        rows = await self._rows(incident)
        waiting = [row for row in rows if row.state in UNSENT]
        if not waiting:
            return
        now = self._clock.wall()
        superseded_rows, row = coalesce(waiting)
        if row.state is OutboxState.SENDING:
            row = left_behind(row, now, self._connector.capabilities)
        if row.next_at > now:
            await self._commit(*superseded_rows, row)
            return
        remote_id, theirs = self._looking.ticket_of(row, rows)
        if is_pointless(row, remote_id, self._looking.mirror.lost):
            await self._commit(*superseded_rows, superseded(row, "the ticket is gone, and is left at that (when_gone)"))
            return
        move = choose(row, remote_id, self._connector.capabilities, theirs=theirs)
        row = sending(replace(row, remote_id=remote_id), now)
        await self._commit(*superseded_rows, row)
        self.wake()  # this row is no longer due: others may now be seen
        await self._conclude(row, move, await self._perform(move, row, remote_id))

    async def _conclude(self, row: OutboxRow, move: Move, verdict: Verdict) -> None:
        if isinstance(verdict, Gone):
            self._report(await self._looking.lost(row, verdict), move)
            return
        now = self._clock.wall()
        done = after(row, move, verdict, now=now, wait=back_off(row.attempts), capabilities=self._connector.capabilities)
        # The answer is in hand and must not be forgotten: a full disk delays it and everything behind it.
        await self._patiently(lambda: self._commit(done, entries=timeline(done, move, now)))
        self._leave_alone(getattr(verdict, "after_seconds", None))
        if done.state is OutboxState.SENT:
            self._chores.sent(done, now, created=move in (Move.CREATE, Move.FIND))
            self._looking.mirror.sent(done, now)
        self._report(done, move)
        if done.state is OutboxState.SENT:
            await self._patiently(self._catch_up)

    async def _catch_up(self) -> None:
        """A desk that answers after a long silence is there for every row that waits: the worst is told first, not who woke up first."""
        silent, self._answered = self._clock.monotonic() - self._answered, self._clock.monotonic()
        if silent <= LONGEST_WAIT_SECONDS:
            return
        now = self._clock.wall()
        rows = await self._store.outbox_due(self._name, math.inf, ROWS_MAX)
        waiting = (row for row in rows if row.state is OutboxState.RETRY and row.next_at > now)
        await self._commit(*(replace(row, next_at=now) for row in waiting if row.ticket.incident not in self._jobs))
        self.wake()

    def _report(self, row: OutboxRow, move: Move) -> None:
        sent = row.state is OutboxState.SENT
        self._on_event(row.state.value, self._name, row.sent - row.created if sent and row.sent else None)
        write = log.info if sent else log.error if row.state is OutboxState.DEAD else log.warning
        write(
            "ticket command",
            desk=self._name,
            row=row.id,
            did=move.value,
            state=row.state.value,
            remote=row.remote_id,
            why=row.error,
        )
        if not sent and row.attempts == FALLBACK_ATTEMPTS:
            self._on_event("fallback", self._name, None)

    async def _perform(self, move: Move, row: OutboxRow, remote_id: str) -> Verdict:
        connector, ticket = self._connector, row.ticket
        flows: dict[Move, Callable[[], Any]] = {
            Move.CREATE: lambda: connector.create(ticket),
            Move.FIND: lambda: connector.find(ticket.external_id),
            Move.UPDATE: lambda: connector.update(ticket, remote_id),
            Move.RESOLVE: lambda: connector.resolve(ticket, remote_id),
            Move.REOPEN: lambda: connector.reopen(ticket, remote_id),
        }
        try:
            verdict: Verdict = await play(flows[move](), self._call)
        except Exception as error:
            log.exception("a connector failed", desk=self._name, row=row.id)
            return Unsure(f"a fault of paycanary's own: {type(error).__name__}")
        return verdict

    def _leave_alone(self, seconds: float | None) -> None:
        if seconds:
            self._paused_until = self._clock.monotonic() + seconds

    async def _ask(self, call: Call) -> Answer:
        """A question that can wait behind what is to be sent."""
        await self._pace.spare()
        return await self._client.perform(call, self._connector.access)

    async def _call(self, call: Call) -> Answer:
        await self._pace.turn()
        return await self._client.perform(call, self._connector.access)

    async def _do(self, chore: Chore) -> None:
        if chore.kind is ChoreKind.REFRESH:
            verdict = await self._perform(Move.UPDATE, chore.row, chore.row.remote_id)
            if not isinstance(verdict, Delivered):
                log.warning(
                    "an open incident could not be repeated",
                    desk=self._name,
                    row=chore.row.id,
                    why=getattr(verdict, "reason", ""),
                )
        elif not await self._swept(chore.row):
            self._chores.again(chore, self._clock.wall())

    async def _swept(self, row: OutboxRow) -> bool:
        """Look for doubles of a created ticket; keep the oldest, close the others. False: not finished."""
        found = await self._perform(Move.FIND, row, "")
        if not isinstance(found, Found):
            return False
        if len(found.remote_ids) < 2:
            return True
        *doubles, kept = found.remote_ids
        closing = replace(row, ticket=as_double(row.ticket, kept))
        for double in doubles:
            if not isinstance(await self._perform(Move.RESOLVE, closing, double), Delivered):
                return False
            self._on_event("duplicate", self._name, None)
            log.warning("a double ticket was closed", desk=self._name, row=row.id, kept=kept, closed=double)
        return await self._rebind(row, kept)

    async def _rebind(self, row: OutboxRow, kept: str) -> bool:
        """Go on with the ticket that is kept, and bring it up to date when we had worked on another."""
        rows = await self._rows(row.ticket.incident)
        told = [one for one in rows if one.state is OutboxState.SENT and one.ticket.external_id == row.ticket.external_id]
        if not told or told[-1].remote_id == kept:
            return True
        last = replace(told[-1], remote_id=kept)
        verdict = await self._perform(choose(last, kept, self._connector.capabilities), last, kept)
        if isinstance(verdict, Delivered):
            await self._commit(*(replace(one, remote_id=kept) for one in told))
        return isinstance(verdict, Delivered | Rejected)

    async def _rows(self, incident: str) -> list[OutboxRow]:
        rows = await self._store.outbox_rows(desk=self._name, incident=incident, limit=ROWS_MAX)
        return sorted(rows, key=lambda row: row.ticket.revision)

    async def _commit(self, *rows: OutboxRow, entries: list[TimelineEntry] | None = None) -> None:
        if rows:
            await self._store.commit(Batch(outbox=list(rows), timeline=entries or [], durable=True))

    async def _patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Until the store can do it."""
        while True:
            try:
                return await work()
            except StoreError as error:
                log.error("the outbox cannot be read or written", desk=self._name, error=str(error))
                await asyncio.sleep(STORE_WAIT_SECONDS)
