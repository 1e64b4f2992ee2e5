"""The schedule at work. See the room's head for what it promises."""

import asyncio
import heapq
import math
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Any

from monitor.clock import Clock
from monitor.model.check import Check, Target
from monitor.model.extra import ExtraRefusal
from monitor.model.result import Missed, MissReason
from monitor.scheduler.grid import Entry, Last, Tally, Waiting, phase_of, resume
from monitor.scheduler.places import Places

#: A slot later than this share of its interval is no longer that slot's sample.
LATE_SHARE = 0.25
#: Timers of event loops wake up to a millisecond early: a slot this near is due.
EARLY_SECONDS = 0.001
#: How many slots one wake-up starts before other work gets its turn: a thousand starts in one go would be a stall of our own making.
STARTS_A_TURN = 64
#: An extra run may expect to end so long before its check's next slot, or it waits until after it; at most this share of the interval.
CLEAR_SHARE = 0.5
#: Runs of a check that linger: under way, and so late that no extra run waits for them. More at once would be a load of our own.
LINGERING_MAX = 3

Run = Callable[[Check, int, float, float], Awaitable[None]]
#: An extra run: the latest slot of its check, and its number since.
RunExtra = Callable[[int, int], Coroutine[Any, Any, None]]


class Scheduler:
    """Starts ``run(check, slot, due, late_seconds)`` for every slot; ``due`` is an instant, ``late_seconds`` is start minus due.

    ``missed`` is told of every slot that does not run. ``targets`` bounds how many runs one target gets at once; ``max_in_flight``
    bounds them all. ``admit`` may refuse a slot whose turn it is: the budget of its gateway is spent. ``on_ended(check)`` is told
    when a run of the grid is over.
    """

    def __init__(
        self,
        run: Run,
        missed: Callable[[Missed], None],
        *,
        clock: Clock,
        location: str,
        max_in_flight: int = 256,
        admit: Callable[[Check, int], bool] = lambda _check, _slot: True,
    ) -> None:
        self._run = run
        self._admit = admit
        self._on_missed = missed
        self.on_ended: Callable[[str], None] = lambda _check: None
        self._clock = clock
        self._location = location
        self._places = Places(max_in_flight)
        self._entries: dict[str, Entry] = {}
        self._heap: list[Entry] = []
        self._waiting: dict[str, deque[Waiting]] = {}  # by target, so that a stuck target holds up only its own
        self._lingering: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)  # by check: slot and number; 0 is the grid's
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = True
        self._wheel_turned = 0.0  # monotonic: when the grid was last looked at
        self.tally = Tally()
        self.last_finished: float | None = None  # monotonic

    def start(self, checks: Iterable[Check], targets: Mapping[str, Target], last_slots: Mapping[str, Last] | None = None) -> None:
        """Put ``checks`` on the grid. Slots between ``last_slots`` and now were missed while we were away, and are said so."""
        self._stopped = False
        self._wheel_turned = self._clock.monotonic()
        self._places.adopt({name: target.max_concurrency for name, target in targets.items()})
        for check in checks:
            self._add(check, (last_slots or {}).get(check.id))
        self._arm()

    def adopt(self, checks: Iterable[Check], targets: Mapping[str, Target]) -> None:
        """A reload: checks that stay keep their place on the grid, new ones join, removed ones leave after their run."""
        wanted = {check.id: check for check in checks}
        self._places.adopt({name: target.max_concurrency for name, target in targets.items()})
        for name, entry in list(self._entries.items()):
            fresh = wanted.get(name)
            if fresh is None or fresh.every_seconds != entry.check.every_seconds:
                entry.gone = True
                del self._entries[name]
                self._drop_held(entry, MissReason.OVERLAP)
                if fresh is not None:
                    self._add(fresh, (entry.slot - 1, self._clock.wall()))
            else:
                entry.check = fresh
        for name, check in wanted.items():
            if name not in self._entries:
                self._add(check, None)
        self._arm()

    @property
    def in_flight(self) -> int:
        """Of the grid."""
        return self._places.of_grid

    @property
    def extra_in_flight(self) -> int:
        return self._places.of_extras

    @property
    def waiting(self) -> int:
        return sum(map(len, self._waiting.values())) + sum(1 for entry in self._entries.values() if entry.held)

    def behind_seconds(self) -> float:
        """How long the most overdue slot has gone unlooked at; 0 when the wheel turns. A frozen scheduler shows here."""
        if self._stopped or not self._heap:
            return 0.0
        return max(0.0, self._clock.monotonic() - max(self._heap[0].due, self._wheel_turned))

    async def stop(self, grace_seconds: float) -> None:
        """No new run; what runs gets ``grace_seconds`` to end, then is cancelled (clean-ups have their own shield)."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        for queue in self._waiting.values():
            for item in queue:
                self._miss(item.entry.check, item.slot, item.slot, MissReason.SHUTDOWN)
        self._waiting.clear()
        for entry in self._entries.values():
            self._drop_held(entry, MissReason.SHUTDOWN)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace_seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=grace_seconds)

    def begin_extra(
        self,
        check_id: str,
        takes_seconds: float,
        admit: Callable[[int, int], ExtraRefusal | None],
        run: RunExtra,
        *,
        alone: bool = False,
    ) -> ExtraRefusal | None:
        """Start ``run(slot, number)`` now, beside the grid. None: it has begun; else why not. Never raises.

        ``takes_seconds`` is how long it is expected to be in the way. ``admit(slot, number)`` is asked last, when everything else
        allows it. ``alone``: it waits for runs that linger too.
        """
        entry = self._entries.get(check_id)
        if entry is None or self._stopped or self._is_busy(entry, takes_seconds, alone=alone):
            return ExtraRefusal.BUSY
        target = entry.check.target
        if self._waiting.get(target) or not self._places.free_beside(target):
            return ExtraRefusal.PLACES
        slot, number = entry.slot - 1, entry.extras + 1
        refusal = admit(slot, number)
        if refusal is None:
            entry.beside, entry.extras = (slot, number), number
            self._places.take_beside(target)
            work = self._perform_extra(entry, (slot, number), run(slot, number))
            self._tasks.add(asyncio.get_running_loop().create_task(work))
        return refusal

    def lingers(self, check_id: str, slot: int, number: int) -> None:
        """A run under way (``number`` 0: of the grid) is so late that no extra run of its check needs to wait for it any more.

        It keeps its place at the target, and at most ``LINGERING_MAX`` of a check are let linger: then its extra runs wait.
        """
        self._lingering[check_id].add((slot, number))
        entry = self._entries.get(check_id)
        if entry is not None:
            self._out_of_the_way(entry, (slot, number))

    def ahead(self, targets: frozenset[str], seconds: float) -> list[tuple[float, Check]]:
        """The slots of ``targets`` whose turn comes within ``seconds``, those that wait among them: in how long, and the check."""
        now = self._clock.monotonic()
        found = [(0.0, item.entry.check) for target in targets for item in self._waiting.get(target, ())]
        for entry in self._entries.values():
            if entry.check.target not in targets:
                continue
            if entry.held:
                found.append((0.0, entry.check))
            due = entry.due
            while due <= now + seconds:
                found.append((max(0.0, due - now), entry.check))
                due += entry.check.every_seconds
        found.sort(key=lambda one: one[0])
        return found

    def _is_busy(self, entry: Entry, takes_seconds: float, *, alone: bool) -> bool:
        check = entry.check
        lingering = self._lingering.get(check.id, set())
        if entry.beside or entry.held or len(lingering) >= (1 if alone else LINGERING_MAX):
            return True
        running = entry.running - sum(1 for _, number in lingering if not number)
        if running >= check.max_in_flight:
            return True
        clear = min(takes_seconds, check.every_seconds * CLEAR_SHARE)
        return running + 1 >= check.max_in_flight and entry.due - self._clock.monotonic() < clear

    async def _perform_extra(self, entry: Entry, name: tuple[int, int], run: Coroutine[Any, Any, None]) -> None:
        target = entry.check.target
        try:
            await run
        finally:
            self._lingers_no_more(entry.check.id, name)
            self._places.give_beside(target)
            self._forget_task()
            self._out_of_the_way(entry, name)

    def _lingers_no_more(self, check_id: str, name: tuple[int, int]) -> None:
        lingering = self._lingering.get(check_id)
        if lingering is not None:
            lingering.discard(name)
            if not lingering:
                del self._lingering[check_id]

    def _out_of_the_way(self, entry: Entry, extra: tuple[int, int]) -> None:
        if entry.beside != extra:
            return
        entry.beside = None
        if entry.held and not self._stopped:
            (slot, due), entry.held = entry.held, None
            self._offer(entry, slot, due, self._clock.monotonic())

    def _add(self, check: Check, last: Last | None) -> None:
        wall, monotonic = self._clock.wall(), self._clock.monotonic()
        phase = phase_of(check.id, check.every_seconds)
        grid = math.ceil((wall - phase) / check.every_seconds)
        due = phase + grid * check.every_seconds
        slot, gap = resume(grid, due, check.every_seconds, last)
        if gap:
            self._miss(check, slot - gap, slot - 1, MissReason.PAUSED)
        entry = Entry(check, monotonic + (due - wall), slot)
        self._entries[check.id] = entry
        heapq.heappush(self._heap, entry)

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._heap and not self._stopped:
            delay = max(0.0, self._heap[0].due - self._clock.monotonic())
            self._timer = asyncio.get_running_loop().call_later(delay, self._turn)

    def _turn(self) -> None:
        """Take everything that is due, or the first part of it when it is much."""
        now = self._clock.monotonic()
        started = 0
        while self._heap and self._heap[0].due <= now + EARLY_SECONDS and started < STARTS_A_TURN:
            entry = self._heap[0]
            if entry.gone:
                heapq.heappop(self._heap)
                continue
            slot, due = self._advance(entry, now)
            heapq.heapreplace(self._heap, entry)
            self._offer(entry, slot, due, now)
            started += 1
        self._wheel_turned = now
        self._arm()

    def _advance(self, entry: Entry, now: float) -> tuple[int, float]:
        """Move an entry to its next slot; gives the slot to run now. Whole slots slept through are missed, not caught up."""
        every = entry.check.every_seconds
        behind = int((now - entry.due) / every)
        if behind > 0:
            self.tally.planned += behind
            self._miss(entry.check, entry.slot, entry.slot + behind - 1, MissReason.PAUSED)
            entry.slot += behind
            entry.due += behind * every
        slot, due = entry.slot, entry.due
        self.tally.planned += 1
        entry.slot += 1
        entry.due += every
        entry.extras = 0
        return slot, due

    def _offer(self, entry: Entry, slot: int, due: float, now: float) -> None:
        check = entry.check
        if entry.running >= check.max_in_flight:
            self._miss(check, slot, slot, MissReason.OVERLAP)
        elif entry.full:
            self._hold(entry, slot, due)
        elif now - due > check.every_seconds * LATE_SHARE:
            self._miss(check, slot, slot, MissReason.OVERLOAD)
        elif self._places.free(check.target) and not self._waiting.get(check.target):
            self._begin(entry, slot, due)
        else:
            self._waiting.setdefault(check.target, deque()).append(Waiting(entry, slot, due))
            self._shed(check.target, now)

    def _hold(self, entry: Entry, slot: int, due: float) -> None:
        """Until the extra run has ended. A slot that still waits when the next one comes was overlapped."""
        self._drop_held(entry, MissReason.OVERLAP)
        entry.held = slot, due

    def _drop_held(self, entry: Entry, reason: MissReason) -> None:
        if entry.held:
            self._miss(entry.check, entry.held[0], entry.held[0], reason)
            entry.held = None

    def _shed(self, target: str, now: float) -> None:
        """Drop what has waited too long for this target."""
        queue = self._waiting[target]
        while queue and now - queue[0].due > queue[0].entry.check.every_seconds * LATE_SHARE:
            item = queue.popleft()
            self._miss(item.entry.check, item.slot, item.slot, MissReason.OVERLOAD)

    def _begin(self, entry: Entry, slot: int, due: float) -> None:
        if not self._admit(entry.check, slot):
            self._miss(entry.check, slot, slot, MissReason.BUDGET)
            return
        entry.running += 1
        self._places.take(entry.check.target)
        self.tally.ran += 1
        task = asyncio.get_running_loop().create_task(self._perform(entry, slot, due))
        self._tasks.add(task)

    async def _perform(self, entry: Entry, slot: int, due: float) -> None:
        check = entry.check
        late = max(0.0, self._clock.monotonic() - due)  # taken here: others may have begun in the same turn before this one
        try:
            # The due instant on today's wall clock: right even after that clock was stepped.
            await self._run(check, slot, self._clock.wall() - late, late)
        finally:
            self._lingers_no_more(check.id, (slot, 0))
            entry.running -= 1
            self._places.give(check.target)
            self.last_finished = self._clock.monotonic()
            self._forget_task()
            if self._waiting and not self._stopped:
                self._next(check.target)
            self.on_ended(check.id)

    def _forget_task(self) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - we are inside one
        self._tasks.discard(task)

    def _next(self, target: str) -> None:
        """A place is free: this target's queue first, then the others'."""
        now = self._clock.monotonic()
        for name in [target, *(other for other in self._waiting if other != target)]:
            queue = self._waiting.get(name)
            while queue and self._places.free(name):
                item = queue.popleft()
                if now - item.due > item.entry.check.every_seconds * LATE_SHARE:
                    self._miss(item.entry.check, item.slot, item.slot, MissReason.OVERLOAD)
                elif item.entry.running >= item.entry.check.max_in_flight:
                    self._miss(item.entry.check, item.slot, item.slot, MissReason.OVERLAP)
                elif item.entry.full:
                    self._hold(item.entry, item.slot, item.due)
                else:
                    self._begin(item.entry, item.slot, item.due)
            if queue is not None and not queue:
                del self._waiting[name]

    def _miss(self, check: Check, first: int, last: int, reason: MissReason) -> None:
        self.tally.missed[reason] += last - first + 1
        self._on_missed(Missed(check.id, self._location, first, last, reason, self._clock.wall()))
