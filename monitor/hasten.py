"""Extra runs: what rules wish for is asked of the schedule and of the gateways' budgets, one run at a time for each check.

Event-driven: a wish that comes in is acted on in the same turn of the loop, so that the first extra run starts as soon as the
failing result has been taken. Every run asked for is one that ran or one that was refused, by reason: ``asked = ran + refused``.
"""

import asyncio
import heapq
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import structlog

from monitor.adaptive import CheckBurst
from monitor.adaptive.bucket import Bucket
from monitor.clock import Clock
from monitor.model.check import Check
from monitor.model.extra import Extra, ExtraRefusal
from monitor.model.result import Result
from monitor.model.wish import Wish

log = structlog.get_logger()

#: Extra runs begun in a second, over all checks: a run costs about a millisecond of the loop, and the grid's need it too.
STARTS_PER_SECOND = 50.0
#: After a refusal the same check asks again no sooner.
RETRY_SECONDS: Mapping[ExtraRefusal, float] = {
    ExtraRefusal.BUSY: 1.0,  # or as soon as the run under way has ended
    ExtraRefusal.PLACES: 1.0,
    ExtraRefusal.RATE: 1.0,
    ExtraRefusal.PAUSED: 5.0,
    ExtraRefusal.FAILING: 5.0,
    ExtraRefusal.DECLINES: 60.0,
}

Admit = Callable[[int, int], ExtraRefusal | None]
RunExtra = Callable[[int, int], Coroutine[Any, Any, None]]
#: Does one extra run from end to end: the run itself, its slot, its number, the instant it was due.
Perform = Callable[[Extra, int, int, float], Awaitable[None]]


class Begin(Protocol):
    """``Scheduler.begin_extra``."""

    def __call__(
        self, check_id: str, takes_seconds: float, admit: Admit, run: RunExtra, *, alone: bool = False
    ) -> ExtraRefusal | None: ...


@dataclass(slots=True)
class Asked:
    """What became of the extra runs asked for."""

    asked: int = 0
    ran: int = 0
    refused: Counter[ExtraRefusal] = field(default_factory=Counter)


class Hasten:
    """Tell ``wishes`` what is wished for now, ``heard`` every result, ``ended`` when a run of the grid is over. All on the loop.

    ``on_refused(check, reason)`` is told of what was asked for and not made.
    """

    def __init__(
        self,
        checks: Iterable[Check],
        *,
        begin: Begin,
        admit: Callable[[Extra, int, int], ExtraRefusal | None],
        perform: Perform,
        clock: Clock,
        on_refused: Callable[[Check, ExtraRefusal], None] = lambda _check, _reason: None,
    ) -> None:
        self._begin = begin
        self._admit = admit
        self._perform = perform
        self._clock = clock
        self._on_refused = on_refused
        self._bursts: dict[str, CheckBurst] = {}  # of checks that were ever suspected
        self._wished: tuple[Wish, ...] = ()
        self._by_check: dict[str, list[Wish]] = {}
        self._heap: list[tuple[float, str]] = []  # when a check's next extra run is due; a later entry makes an earlier one stale
        self._due: dict[str, float] = {}
        self._starts = Bucket.full(STARTS_PER_SECOND, STARTS_PER_SECOND, clock.monotonic())
        self._timer: asyncio.TimerHandle | None = None
        self._checks: dict[str, Check] = {}
        self._behind_runs: set[str] = set()  # refused because a run was under way, or its turn near
        self._lingering: set[tuple[str, int, int]] = set()  # extra runs under way that the next did not wait for
        self._stopped = False
        self.tally = Asked()
        self.adopt(checks)

    def adopt(self, checks: Iterable[Check]) -> None:
        """Another configuration: bursts of checks that stay go on, with what they have spent."""
        self._checks = {check.id: check for check in checks}
        self._bursts = {name: burst for name, burst in self._bursts.items() if name in self._checks}
        self._due = {name: due for name, due in self._due.items() if name in self._checks}
        self._behind_runs &= self._checks.keys()
        for name, burst in self._bursts.items():
            burst.adopt(self._checks[name])

    def wishes(self, wishes: Sequence[Wish]) -> None:
        """All wishes that stand now, of all rules and checks. What is no longer wished for ends."""
        if tuple(wishes) == self._wished:
            return
        self._wished = tuple(wishes)
        by_check: defaultdict[str, list[Wish]] = defaultdict(list)
        for wish in self._wished:
            if wish.check in self._checks:
                by_check[wish.check].append(wish)
        former, self._by_check = self._by_check, dict(by_check)
        for name in {*former, *by_check}:
            if former.get(name) != self._by_check.get(name):
                self._burst(name).wish(self._by_check.get(name, ()))
                self._plan(name)
        self._turn()

    def heard(self, result: Result) -> None:
        """What a run came to: how long runs take, and which strata are healthy enough to be held against others."""
        burst = self._bursts.get(result.check)
        if burst is not None:
            burst.heard(result.stratum, result.good, result.duration_seconds)

    def ended(self, check: str) -> None:
        """A run of the grid is over: what had to wait for it goes now."""
        if check in self._behind_runs:
            self._behind_runs.discard(check)
            self._bursts[check].put_off(self._clock.monotonic())
            self._plan(check)
            self._turn()

    def lingers(self, check: str, slot: int, number: int, seconds: float) -> None:
        """A run (``number`` 0: of the grid) is under way for ``seconds``, and so late that the next extra one goes beside it."""
        burst = self._bursts.get(check)
        if burst is None:
            return
        burst.lingered(seconds)
        if number:
            self._lingering.add((check, slot, number))
            burst.ended()
            self._plan(check)
            self._turn()
        self.ended(check)

    def levels(self) -> Iterator[tuple[str, bool, float]]:
        """Of every check that was ever suspected: its id, whether a burst is on, and extra runs saved up."""
        now = self._clock.monotonic()
        for name, burst in self._bursts.items():
            yield name, burst.bursting, burst.tokens(now)

    def stop(self) -> None:
        """Begin no more. What runs is the schedule's to end."""
        self._stopped = True
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _burst(self, name: str) -> CheckBurst:
        if name not in self._bursts:
            self._bursts[name] = CheckBurst(self._checks[name], self._clock.monotonic())
        return self._bursts[name]

    def _plan(self, name: str) -> None:
        """Note when the check's next extra run is due."""
        burst = self._bursts.get(name)
        due = burst.due(self._clock.monotonic()) if burst else None
        if due is None:
            self._due.pop(name, None)
        elif self._due.get(name) != due:
            self._due[name] = due
            heapq.heappush(self._heap, (due, name))

    def _turn(self) -> None:
        """Ask for everything that is due."""
        now = self._clock.monotonic()
        while self._heap and not self._stopped and self._heap[0][0] <= now:
            due, name = heapq.heappop(self._heap)
            if self._due.get(name) == due:
                del self._due[name]
                self._ask(name, now)
                self._plan(name)
        self._arm(now)

    def _arm(self, now: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._heap and not self._stopped:
            self._timer = asyncio.get_running_loop().call_later(max(0.0, self._heap[0][0] - now), self._turn)

    def _ask(self, name: str, now: float) -> None:
        burst = self._bursts[name]
        extra = burst.next(now)
        if extra is None:
            return
        self.tally.asked += 1
        refusal = self._start(name, burst, extra, now)
        if refusal is None:
            self.tally.ran += 1
            self._starts.take(now)
            burst.started(now)
        else:
            self.tally.refused[refusal] += 1
            burst.put_off(now + RETRY_SECONDS[refusal])
            if refusal is ExtraRefusal.BUSY:
                self._behind_runs.add(name)
            self._on_refused(self._checks[name], refusal)

    def _start(self, name: str, burst: CheckBurst, extra: Extra, now: float) -> ExtraRefusal | None:
        if self._starts.level(now) < 1.0:
            return ExtraRefusal.PLACES

        def admit(slot: int, number: int) -> ExtraRefusal | None:
            return self._admit(extra, slot, number)

        async def run(slot: int, number: int) -> None:
            try:
                await self._perform(extra, slot, number, self._clock.wall())
            except Exception as error:  # our own bug, at this edge: the grid goes on
                log.exception("extra_run_failed", check=name, error=type(error).__name__)
            finally:
                if (name, slot, number) in self._lingering:
                    self._lingering.discard((name, slot, number))
                else:
                    burst.ended()
                self._plan(name)
                asyncio.get_running_loop().call_soon(self._turn)

        # Money that may be on its way is not joined by more: a run that moves some waits for all others.
        return self._begin(name, burst.takes_seconds, admit, run, alone=extra.money)
