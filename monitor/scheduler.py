"""When checks run: a fixed grid on the monotonic clock, bounded work, and every slot accounted for.

Each check has a stable phase (a hash of its id), so that checks spread over their interval, over restarts too, and nothing
gathers at :00. Slot ``k`` of a check is due at ``phase + k * every``; the next due instant follows from the last one, never
from when a run ended. Every slot that falls due ends as exactly one of run or missed: ``planned == ran + missed + waiting``.

A slot that cannot start at once waits its turn for at most a quarter of its interval; later than that it would be the sample
of another instant, so it is shed and counted, and never caught up in a burst.
"""

import asyncio
import hashlib
import heapq
import math
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from monitor.clock import Clock
from monitor.model.check import Check, Target
from monitor.model.result import Missed, MissReason

#: A slot later than this share of its interval is no longer that slot's sample.
LATE_SHARE = 0.25
#: Timers of event loops wake up to a millisecond early: a slot this near is due.
EARLY_SECONDS = 0.001
#: How many slots one wake-up starts before other work gets its turn: a thousand starts in one go would be a stall of our own making.
STARTS_A_TURN = 64
#: A gap longer than this after a restart is recorded as one stretch; the store's retention is shorter anyway.
LONGEST_GAP_SLOTS = 10_000_000

Run = Callable[[Check, int, float, float], Awaitable[None]]
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
class _Entry:
    """One check on the grid. ``due`` is monotonic; ``slot`` is the number of the slot due then."""

    check: Check
    due: float
    slot: int
    running: int = 0
    gone: bool = False  # taken off by a reload: its heap entry is skipped

    def __lt__(self, other: "_Entry") -> bool:
        return self.due < other.due


@dataclass(slots=True)
class _Waiting:
    entry: _Entry
    slot: int
    due: float


@dataclass(slots=True)
class Tally:
    """What became of the slots so far."""

    planned: int = 0  # counted when a slot's time comes, apart from what becomes of it: ran + missed + waiting
    ran: int = 0
    missed: Counter[MissReason] = field(default_factory=Counter)


class Scheduler:
    """Starts ``run(check, slot, due, late_seconds)`` for every slot; ``due`` is an instant, ``late_seconds`` is start minus due.

    ``missed`` is told of every slot that does not run. ``targets`` bounds how many runs one target gets at once; ``max_in_flight``
    bounds them all. ``admit`` may refuse a slot whose turn it is: the budget of its gateway is spent.
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
        self._clock = clock
        self._location = location
        self._max_in_flight = max_in_flight
        self._limits: dict[str, int] = {}
        self._entries: dict[str, _Entry] = {}
        self._heap: list[_Entry] = []
        self._waiting: dict[str, deque[_Waiting]] = {}  # by target, so that a stuck target holds up only its own
        self._busy: Counter[str] = Counter()
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
        self._limits = {name: target.max_concurrency for name, target in targets.items()}
        for check in checks:
            self._add(check, (last_slots or {}).get(check.id))
        self._arm()

    def adopt(self, checks: Iterable[Check], targets: Mapping[str, Target]) -> None:
        """A reload: checks that stay keep their place on the grid, new ones join, removed ones leave after their run."""
        wanted = {check.id: check for check in checks}
        self._limits = {name: target.max_concurrency for name, target in targets.items()}
        for name, entry in list(self._entries.items()):
            fresh = wanted.get(name)
            if fresh is None or fresh.every_seconds != entry.check.every_seconds:
                entry.gone = True
                del self._entries[name]
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
        return len(self._tasks)

    @property
    def waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

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
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=grace_seconds)
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late, timeout=grace_seconds)

    def _add(self, check: Check, last: Last | None) -> None:
        wall, monotonic = self._clock.wall(), self._clock.monotonic()
        phase = phase_of(check.id, check.every_seconds)
        grid = math.ceil((wall - phase) / check.every_seconds)
        due = phase + grid * check.every_seconds
        slot, gap = resume(grid, due, check.every_seconds, last)
        if gap:
            self._miss(check, slot - gap, slot - 1, MissReason.PAUSED)
        entry = _Entry(check, monotonic + (due - wall), slot)
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

    def _advance(self, entry: _Entry, now: float) -> tuple[int, float]:
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
        return slot, due

    def _offer(self, entry: _Entry, slot: int, due: float, now: float) -> None:
        check = entry.check
        if entry.running >= check.max_in_flight:
            self._miss(check, slot, slot, MissReason.OVERLAP)
        elif now - due > check.every_seconds * LATE_SHARE:
            self._miss(check, slot, slot, MissReason.OVERLOAD)
        elif self._free(check.target) and not self._waiting.get(check.target):
            self._begin(entry, slot, due)
        else:
            self._waiting.setdefault(check.target, deque()).append(_Waiting(entry, slot, due))
            self._shed(check.target, now)

    def _free(self, target: str) -> bool:
        return len(self._tasks) < self._max_in_flight and self._busy[target] < self._limits.get(target, self._max_in_flight)

    def _shed(self, target: str, now: float) -> None:
        """Drop what has waited too long for this target."""
        queue = self._waiting[target]
        while queue and now - queue[0].due > queue[0].entry.check.every_seconds * LATE_SHARE:
            item = queue.popleft()
            self._miss(item.entry.check, item.slot, item.slot, MissReason.OVERLOAD)

    def _begin(self, entry: _Entry, slot: int, due: float) -> None:
        if not self._admit(entry.check, slot):
            self._miss(entry.check, slot, slot, MissReason.BUDGET)
            return
        entry.running += 1
        self._busy[entry.check.target] += 1
        self.tally.ran += 1
        task = asyncio.get_running_loop().create_task(self._perform(entry, slot, due))
        self._tasks.add(task)

    async def _perform(self, entry: _Entry, slot: int, due: float) -> None:
        check = entry.check
        late = max(0.0, self._clock.monotonic() - due)  # taken here: others may have begun in the same turn before this one
        try:
            # The due instant on today's wall clock: right even after that clock was stepped.
            await self._run(check, slot, self._clock.wall() - late, late)
        finally:
            entry.running -= 1
            self._busy[check.target] -= 1
            self.last_finished = self._clock.monotonic()
            task = asyncio.current_task()
            assert task is not None  # noqa: S101 - we are inside one
            self._tasks.discard(task)
            if self._waiting and not self._stopped:
                self._next(check.target)

    def _next(self, target: str) -> None:
        """A place is free: this target's queue first, then the others'."""
        now = self._clock.monotonic()
        for name in [target, *(other for other in self._waiting if other != target)]:
            queue = self._waiting.get(name)
            while queue and self._free(name):
                item = queue.popleft()
                if now - item.due > item.entry.check.every_seconds * LATE_SHARE:
                    self._miss(item.entry.check, item.slot, item.slot, MissReason.OVERLOAD)
                elif item.entry.running >= item.entry.check.max_in_flight:
                    self._miss(item.entry.check, item.slot, item.slot, MissReason.OVERLAP)
                else:
                    self._begin(item.entry, item.slot, item.due)
            if queue is not None and not queue:
                del self._waiting[name]

    def _miss(self, check: Check, first: int, last: int, reason: MissReason) -> None:
        self.tally.missed[reason] += last - first + 1
        self._on_missed(Missed(check.id, self._location, first, last, reason, self._clock.wall()))
