"""Runs a transaction for real: takes the script's requests to the probes and their answers back.

What this adds to the script is what only the edge can know: the clock, the target's concurrency limit, the money ledger, our own
faults, and being told to stop. A run always ends as a ``Result``: when it is cancelled, and when a bug of ours ends it.
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import version
from typing import Any

import structlog

from monitor.clock import Clock
from monitor.model.check import Check, Stratum, Target
from monitor.model.extra import Extra
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Exchange, Reach, Result
from monitor.model.units import show_seconds
from monitor.probes import Call, Probe, Signature, evidence
from monitor.probes.governor import Governor
from monitor.probes.identity import new_run_id, reference_of
from monitor.probes.money import MoneyGate, MoneyPaused, MoneyRefused, NoLedger
from monitor.probes.patience import Patience, Waiting
from monitor.redaction import Gate
from monitor.transactions import script
from monitor.transactions.dialects import DIALECTS
from monitor.transactions.script import Cancelled, Do, Done, Event, RunFacts, Transaction, Verdict

log = structlog.get_logger()

USER_AGENT: Mapping[str, str] = {"User-Agent": f"paycanary/{version('paycanary')}"}
#: Evidence of one in so many good runs is kept: to compare a failure with.
GOOD_SAMPLE = 200
#: A money step under way when we are told to stop may take this long: its answer is worth more than our haste.
LAST_ANSWER_SECONDS = 10.0
#: A loop that stood still within this long of a deadline may have had the answer and not looked.
DEADLINE_SECONDS = 0.25

_TIMEOUTS = frozenset({reason for reason in NetworkReason if reason.value.endswith("timeout")})


def _never(_since: float, _until: float) -> bool:
    return False


@dataclass(slots=True)
class _Course:
    """One run under way."""

    check: Check
    target: Target
    facts: RunFacts
    began: float  # monotonic
    queued_seconds: float = 0.0
    script_seconds: float = 0.0  # until the last step's answer, clean-ups not counted
    exchanges: list[tuple[Do, Exchange]] = field(default_factory=list)
    current: Do | None = None
    sending: bool = False  # the current request was handed to its probe: something may have left
    stopping: bool = False
    waiting: Waiting | None = None  # where it is known how long is too long


class Driver:
    """``probes`` by kind, ``signers`` by target id. Runs are concurrent; what bounds them per target is counted here."""

    def __init__(
        self,
        probes: Mapping[str, Probe],
        signers: Mapping[str, Signature],
        clock: Clock,
        *,
        money: MoneyGate | None = None,
        governor: Governor | None = None,
        gate: Gate | None = None,
        install: str = "local",
        randomness: Callable[[int], bytes] = os.urandom,
        stalled: Callable[[float, float], bool] = _never,
        patience: Patience | None = None,
        good_sample: int = GOOD_SAMPLE,
    ) -> None:
        """``stalled(since, until)`` says whether the event loop stood still between two monotonic instants."""
        self._probes = probes
        self._signers = signers
        self._clock = clock
        self._money = money or NoLedger()
        self._governor = governor or Governor(clock)
        self._gate = gate or Gate()
        self._install = install
        self._randomness = randomness
        self._stalled = stalled
        self._patience = patience or Patience()
        self._good_sample = good_sample
        self._good_runs = 0
        self._limits: dict[tuple[str, int], asyncio.Semaphore] = {}
        self._tasks: set[asyncio.Task[Verdict]] = set()
        # Remembered: the names of headers and fields are the same run after run, and looking through them costs more than the run.
        self._clean_traits = lru_cache(maxsize=1024)(self._cleaned)

    async def run(
        self,
        check: Check,
        target: Target,
        slot: int,
        due: float,
        late_seconds: float,
        location: str,
        extra: Extra | None = None,
        number: int = 0,
    ) -> Result:
        """One run of ``check``. ``due`` is an instant. Cancelled, it still ends as a result, after taking back what money it moved.

        ``extra``, the ``number``-th since that slot, is run in place of the whole check, and beside the grid.

        The result's duration is that of the steps: neither clean-ups nor waiting on ourselves are the service's latency.
        """
        started, began = self._clock.wall(), self._clock.monotonic()
        check, covers = (extra.check, extra.covers) if extra else (check, "")
        stratum = extra.stratum if extra else script.stratum_of(check, slot)
        course = _Course(check, target, self._facts(slot, stratum, number, started), began)
        patience = self._patience.seconds(check.id, stratum.label, due)
        if patience is not None:
            course.waiting = Waiting(patience, lambda: self._late(course, started, due, late_seconds, location, covers))
        try:
            verdict = await (self._guarded(course) if check.moves_money else self._drive(course))
        except Exception as error:
            log.exception("run_failed", check=check.id, run=course.facts.run_id)
            message = f"an error inside the monitor: {type(error).__name__}"
            verdict = Verdict((), Outcome.AGENT_FAULT, None, NetworkReason.INTERNAL, message)
        finally:
            if check.moves_money:
                await self._money.ended(course.facts)
        result = self._result(course, verdict, started, due, late_seconds, location)
        result.covers = covers
        if self._worth_keeping(result):
            result.evidence = evidence.pack(result, course.exchanges, self._gate)
        return result

    async def ask(self, target: Target, options: Mapping[str, Any], idempotency_key: str = "") -> Exchange:
        """One HTTP request that belongs to no run, in its turn: the money ledger's."""
        headers = dict(USER_AGENT)
        if idempotency_key and target.idempotency_header is not None:
            headers[target.idempotency_header] = idempotency_key
        call = Call(target, options, target.timeout_seconds, self._signers.get(target.id), headers)
        async with self._limit(target):
            refusal = await self._governor.ask(target.id, target.timeout_seconds)
            if refusal:
                return self._fault(Reach.NOT_SENT, refusal, NetworkReason.BUDGET)
            exchange = await self._probes["http"].run(call)
        self._governor.heard(target.id, exchange)
        return exchange

    def _result(
        self, course: _Course, verdict: Verdict, started: float, due: float, late_seconds: float, location: str
    ) -> Result:
        check, facts = course.check, course.facts
        for step in verdict.steps:
            # The gateway chose all three; its request ids and codes are quoted in tickets.
            step.message, step.code, step.correlation = map(self._clean, (step.message, step.code, step.correlation))
            step.traits = self._clean_traits(step.traits)
        return Result(
            run_id=facts.run_id,
            check=check.id,
            target=course.target.id,
            location=location,
            slot=facts.slot,
            stratum=facts.stratum.label,
            due=due,
            started=started,
            late_seconds=late_seconds,
            duration_seconds=course.script_seconds,
            outcome=verdict.outcome,
            good=verdict.good,
            steps=verdict.steps,
            reason=verdict.reason,
            message=self._clean(verdict.message),
            failed_step=verdict.failed_step,
            suspect=self._stalled(course.began, self._clock.monotonic()),
            control=check.control,
            open_undo=verdict.open_undo,
            extra=facts.extra,
        )

    def _late(self, course: _Course, started: float, due: float, late_seconds: float, location: str, covers: str) -> None:
        """It takes longer than in calm times. When that may be our own doing, only its end is told."""
        do, now = course.current, self._clock.monotonic()
        if do is None or course.stopping or self._stalled(course.began, now):
            return
        course.script_seconds = self._elapsed(course)
        message = f"no answer yet after {show_seconds(course.script_seconds)}, and longer than in calm times"
        verdict = Verdict((), Outcome.TIMEOUT_UNKNOWN, False, NetworkReason.ANSWER_TIMEOUT, message, do.step.name)
        result = self._result(course, verdict, started, due, late_seconds, location)
        result.covers, result.pending = covers, True
        self._patience.over(result)

    def _facts(self, slot: int, stratum: Stratum, extra: int, started: float) -> RunFacts:
        run_id = new_run_id(started, self._randomness)
        return RunFacts(run_id, reference_of(run_id, self._install), slot, stratum, _stamp(int(started)), extra)

    def _clean(self, message: str) -> str:
        """The script masks cards; only here the installation's own secrets are known, should a gateway echo one."""
        return self._gate.text(message) if message else ""

    def _cleaned(self, traits: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
        return tuple((name, self._clean(text)) for name, text in traits)

    def _worth_keeping(self, result: Result) -> bool:
        if not result.good or result.open_undo:
            return True
        self._good_runs += 1
        return self._good_runs % self._good_sample == 0

    async def _guarded(self, course: _Course) -> Verdict:
        """Drive in a task of its own: cancelling whoever waits here stops the steps, and never the undo."""
        task = asyncio.get_running_loop().create_task(self._drive(course))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        while not task.done():
            try:
                await asyncio.shield(task)
            except asyncio.CancelledError:
                self._stop(course, task)
        return task.result()

    def _stop(self, course: _Course, task: asyncio.Task[Verdict]) -> None:
        if course.stopping or task.done():
            return
        course.stopping = True
        do = course.current
        if do is None or do.undo:
            return
        if do.moves is None:
            task.cancel()
        else:
            asyncio.get_running_loop().call_later(LAST_ANSWER_SECONDS, self._cut_off, course, do, task)

    @staticmethod
    def _cut_off(course: _Course, do: Do, task: asyncio.Task[Verdict]) -> None:
        if course.current is do:
            task.cancel()

    async def _drive(self, course: _Course) -> Verdict:
        transaction = script.run(course.check, course.facts, DIALECTS[course.target.dialect])
        step = _advance(transaction, None)
        while isinstance(step, Do):
            event = await self._perform(course, step)
            if not step.undo:
                course.script_seconds = event.elapsed_seconds
            following = _advance(transaction, event)
            self._learn(course, step, event)
            await self._settle(step, event)
            step = following
        return step

    async def _perform(self, course: _Course, do: Do) -> Event:
        if course.stopping and not do.undo:
            return Cancelled(self._elapsed(course), sent=False)
        course.current, course.sending = do, False
        try:
            exchange = await self._exchange(course, do)
        except asyncio.CancelledError:
            course.stopping = True
            return Cancelled(self._elapsed(course), sent=course.sending)
        finally:
            course.current = None
        course.exchanges.append((do, exchange))
        return Done(exchange, self._elapsed(course))

    def _elapsed(self, course: _Course) -> float:
        return self._clock.monotonic() - course.began - course.queued_seconds

    async def _exchange(self, course: _Course, do: Do) -> Exchange:
        """One request in its turn. What happens before it is sent is our time and our fault."""
        limit, since = self._limit(course.target), self._clock.monotonic()
        if not await _acquire(limit, do.timeout_seconds):
            course.queued_seconds += self._clock.monotonic() - since
            return self._not_sent("too many of our own requests to this target were under way")
        try:
            refusal = await self._turn(course, do) or await self._refusal(course, do)
            queued = self._clock.monotonic() - since
            course.queued_seconds += queued
            if refusal is not None:
                return refusal
            exchange = await self._send(course, do)
        finally:
            limit.release()
        exchange.queued_seconds += queued
        return exchange

    def _limit(self, target: Target) -> asyncio.Semaphore:
        key = (target.id, target.max_concurrency)  # a reload that changes the number begins a new one
        limit = self._limits.get(key)
        if limit is None:
            limit = self._limits[key] = asyncio.Semaphore(target.max_concurrency)
        return limit

    async def _turn(self, course: _Course, do: Do) -> Exchange | None:
        """Wait until the gateway's budget lets this request go; it is refused when that is too long."""
        refusal = await self._governor.turn(course.check, course.facts, do)
        return self._fault(Reach.NOT_SENT, refusal, NetworkReason.BUDGET) if refusal else None

    def _learn(self, course: _Course, do: Do, event: Event) -> None:
        if isinstance(event, Done) and event.judged is not None:
            outcome = event.judged.result.outcome
            self._governor.answered(course.check, course.facts, do, event.exchange, outcome)

    async def _refusal(self, course: _Course, do: Do) -> Exchange | None:
        """Write a money step down. No durable intent, no request."""
        if not (do.moves or do.undo):
            return None
        try:
            await self._money.intend(do, course.check, course.facts)
        except MoneyRefused as error:
            reason = NetworkReason.MONEY if isinstance(error, MoneyPaused) else NetworkReason.INTERNAL
            return self._fault(Reach.NOT_SENT, f"not sent: {error}", reason)
        except Exception as error:
            log.exception("intent_failed", check=course.check.id, run=course.facts.run_id, step=do.step.name)
            return self._not_sent(f"not sent: it could not be written down ({type(error).__name__})")
        return None

    async def _send(self, course: _Course, do: Do) -> Exchange:
        target = course.target
        call = Call(target, do.options, do.timeout_seconds, self._signers.get(target.id), _headers(target, do))
        course.sending = True
        over_budget = self._governor.sent(course.check, course.facts, do)
        waiting = None if do.undo else course.waiting
        sent = self._clock.monotonic()
        try:
            if waiting is not None:
                waiting.sent()
            exchange = await self._probes[do.step.kind].run(call)
        except Exception as error:
            log.exception("probe_failed", check=course.check.id, run=course.facts.run_id, step=do.step.name)
            return self._fault(Reach.SENT, f"an error inside the monitor: {type(error).__name__}")
        finally:
            if waiting is not None:
                waiting.ended(self._clock.monotonic() - sent)
        exchange.over_budget = over_budget
        if exchange.reason in _TIMEOUTS and not exchange.ours:
            self._excuse(exchange)
        return exchange

    def _excuse(self, exchange: Exchange) -> None:
        """A deadline that passed while our own loop stood still proves nothing about the target."""
        now = self._clock.monotonic()
        if self._stalled(now - DEADLINE_SECONDS, now):
            exchange.ours, exchange.reason = True, NetworkReason.LOOP_STALL
            exchange.error = "the monitor itself stood still when the time ran out"

    def _not_sent(self, message: str) -> Exchange:
        return self._fault(Reach.NOT_SENT, message)

    def _fault(self, reach: Reach, message: str, reason: NetworkReason = NetworkReason.INTERNAL) -> Exchange:
        return Exchange(reach, self._clock.wall(), 0.0, reason=reason, error=message, ours=True)

    async def _settle(self, do: Do, event: Event) -> None:
        if not (do.moves or do.undo) or not isinstance(event, Done) or event.judged is None:
            return
        try:
            await self._money.settle(do, event.exchange, event.judged)
        except Exception:
            log.exception("settle_failed", step=do.step.name, reference=do.reference)


async def _acquire(limit: asyncio.Semaphore, timeout_seconds: float) -> bool:
    if not limit.locked():
        return await limit.acquire()  # at once: a timer for it would cost more than all of it
    try:
        async with asyncio.timeout(timeout_seconds):
            return await limit.acquire()
    except TimeoutError:
        return False


def _advance(transaction: Transaction, event: Event | None) -> Do | Verdict:
    try:
        return next(transaction) if event is None else transaction.send(event)
    except StopIteration as end:
        verdict: Verdict = end.value
        return verdict


@lru_cache(maxsize=4)
def _stamp(second: int) -> str:
    """Thousands of runs begin within one second."""
    return datetime.fromtimestamp(second, UTC).strftime("%Y%m%dT%H%M%SZ")


def _headers(target: Target, do: Do) -> Mapping[str, str]:
    if target.idempotency_header is None or do.reads:
        return USER_AGENT
    return {**USER_AGENT, target.idempotency_header: do.idempotency_key}
