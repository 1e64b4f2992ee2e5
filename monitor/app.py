"""Builds everything from a Config; starts, stops, reloads, runs.

What reaches outside comes in through ``Edges``: tests hand over a simulated clock, scripted probes, a store on the loop and a
client without a network, and drive the same lines.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog

from monitor.clock import Clock, SystemClock
from monitor.config import AUTHOR, Config, ConfigError
from monitor.connectors import Access, Call, Connector
from monitor.connectors import table as connector_table
from monitor.connectors.client import Client
from monitor.delivery import Delivery
from monitor.exporter import Exporter
from monitor.incidents import Book
from monitor.model.check import Check, Step, Target
from monitor.model.incident import OutboxState, Status, Window, WindowKind
from monitor.model.outcome import NetworkReason
from monitor.model.result import Exchange, Reach, Result
from monitor.net.contexts import TlsContexts
from monitor.net.resolver import Resolver
from monitor.pipeline import Pipeline
from monitor.probes import Call as ProbeCall
from monitor.probes import Probe, Signature
from monitor.probes import table as probe_table
from monitor.probes.drive import Driver
from monitor.probes.governor import STATE, Governor
from monitor.redaction import Gate
from monitor.rules import Blindness, RuleEngine
from monitor.scheduler import Scheduler
from monitor.signers import table as signer_table
from monitor.stores import Retention, Store
from monitor.stores import table as store_table
from monitor.watch import Heartbeat, LoopLag, Progress

log = structlog.get_logger()

DATABASE = "paycanary.db"
#: Gauges that are counted, not told: outbox, incidents, store queue.
GAUGES_SECONDS = 5.0
#: Old rows are deleted in small steps, this often.
PRUNE_SECONDS = 3_600.0
#: Recurring maintenance is laid out this far ahead, and again every hour.
WINDOWS_AHEAD_SECONDS = 8 * 86_400.0
#: On SIGTERM, runs in flight get this long before they are cancelled; their clean-ups have a budget of their own.
GRACE_SECONDS = 10.0
#: Tickets on their way get this long; what is not sent is in the outbox and goes out at the next start.
DELIVERY_GRACE_SECONDS = 5.0
#: A window set by hand is at most this long: silence is how an attacker would hide.
WINDOW_MAX_SECONDS = 86_400.0
OUTBOX_COUNTED = 10_000


class NotThere(LookupError):  # noqa: N818 - reads as a fact
    """A command names something that does not exist."""


@dataclass(slots=True)
class Edges:
    """What touches the world. The defaults are the real ones."""

    clock: Clock = field(default_factory=SystemClock)
    store: Callable[[Path, Clock], Store] = lambda path, clock: store_table.KINDS["sqlite"](path, clock=clock)
    probes: Callable[[Resolver], Mapping[str, Probe]] = lambda resolver: probe_table.build(resolver, TlsContexts())
    client: Callable[[Clock], Any] = Client
    randomness: Callable[[int], bytes] = os.urandom
    luck: Callable[[], float] = random.random


class App:
    """One service. ``start``, then everything happens by itself, then ``stop``. ``loader`` reads the configuration again."""

    def __init__(self, config: Config, *, loader: Callable[[], Config] | None = None, edges: Edges | None = None) -> None:
        self.config = config
        self._loader = loader
        self._edges = edges or Edges()
        self.clock = self._edges.clock
        self.lag = LoopLag(self.clock, self._lagged)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._latest: dict[str, Result] = {}
        self._reloading = asyncio.Lock()
        self.started_monotonic = 0.0
        self._outbox_age: float | None = None
        self.listeners: list[Callable[[str, Any], None]] = []

    # --- building and starting

    async def start(self) -> None:
        """Open the store, restore what was, start probing. Raises StoreError, OSError."""
        service = self.config.service
        self.store = self._edges.store(service.data / DATABASE, self.clock)
        self.store.open()
        restored = self.store.restore()
        checks, now = self.config.checks, self.clock.wall()
        self.exporter = Exporter(checks.values(), service.location)
        budgets, rule_states = _told_apart(restored.rule_states)
        self._open_probes(budgets)
        self.governor.on_refusal = self.exporter.budget_refused
        engine = RuleEngine(self.config.rules, checks, service.location)
        blindness = Blindness(checks, service.location)
        self.book = Book(
            service.install,
            reopen_seconds=service.reopen_seconds,
            incidents=restored.incidents,
            windows=restored.windows,
            alerts=restored.alerts,
        )
        withdrawn = engine.restore(rule_states, restored.alerts, now)
        blindness.restore(restored.alerts)
        self._client = self._edges.client(self.clock)
        self.delivery = self._build_delivery(self.config)
        self.pipeline = Pipeline(
            store=self.store,
            engine=engine,
            blindness=blindness,
            book=self.book,
            metrics=self.exporter,
            desks=tuple(self.config.desks),
            wake=self._wake,
            clock=self.clock,
            stalled=self.lag.stalled,
            states=self.governor.take_dirty,
        )
        self.pipeline.listeners.append(self._tell)
        self.scheduler = Scheduler(
            self._perform,
            self.pipeline.missed,
            clock=self.clock,
            location=service.location,
            max_in_flight=service.max_in_flight,
            admit=self.governor.admit,
        )
        self.started_monotonic = self.clock.monotonic()
        self.exporter.reload(ok=True, at=now, version=self.config.version)
        await self.pipeline.withdraw(withdrawn)
        await self._lay_out_windows()
        self.lag.start()
        self._delivering = self._spawn(self.delivery.run(), "delivery")
        last = {check: slot for (check, location), slot in restored.last_slots.items() if location == service.location}
        self.scheduler.start(checks.values(), self.config.targets, last)
        self._spawn(self.pipeline.run(), "pipeline")
        self._spawn(self._repeat(GAUGES_SECONDS, self._count), "gauges")
        self._spawn(self._repeat(PRUNE_SECONDS, self._housekeeping), "housekeeping")
        if service.heartbeat is not None:
            self._spawn(self._heartbeat().run(), "heartbeat")

    async def stop(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """No new run; what runs ends and undoes; what was decided is stored; tickets under way are finished."""
        await self.scheduler.stop(grace_seconds)
        await self.pipeline.close()
        await self.delivery.stop(DELIVERY_GRACE_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.lag.stop()
        await self._close_probes()
        await self._client.close()
        await self.store.close()

    def _spawn(self, work: Coroutine[Any, Any, Any], name: str) -> asyncio.Task[Any]:
        """A task of the service itself. One that ends is our own bug: told once, and readiness shows what stands still."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("task_ended", task=task.get_name(), exc_info=task.exception())

    async def _repeat(self, seconds: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await work()
            except Exception as error:  # our own bug, at this edge: the next turn may do better
                log.exception("chore_failed", chore=work.__name__, error=type(error).__name__)
            await asyncio.sleep(seconds)

    def _open_probes(self, budgets: Mapping[str, str] | None = None) -> None:
        self._resolver = Resolver()
        self.probes = self._edges.probes(self._resolver)
        self.governor = Governor(self.clock, luck=self._edges.luck)
        self.governor.adopt(self.config.targets.values(), budgets)
        self._build_driver()

    async def _close_probes(self) -> None:
        for probe in self.probes.values():
            await probe.close()
        self._resolver.close()

    def _build_driver(self) -> None:
        """Again after a reload: runs under way end with the driver they began with."""
        self.gate = Gate(self.config.secrets)
        self._signers: dict[str, Signature] = {
            name: signer_table.KINDS[target.signer](target.signer_options) for name, target in self.config.targets.items()
        }
        self.driver = Driver(
            self.probes,
            self._signers,
            self.clock,
            governor=self.governor,
            gate=self.gate,
            install=self.config.service.install,
            randomness=self._edges.randomness,
            stalled=self.lag.stalled,
        )

    def _build_delivery(self, config: Config) -> Delivery:
        connectors: dict[str, Connector] = {
            name: connector_table.KINDS[desk.kind](desk.options) for name, desk in config.desks.items()
        }
        return Delivery(self.store, connectors, self._client, self.clock, self._delivered)

    # --- one run

    async def _perform(self, check: Check, slot: int, due: float, late_seconds: float) -> None:
        """One slot: run the check, hand its result on. What fails here is our own bug and stops nothing else."""
        try:
            target = self.config.targets.get(check.target)
            if target is None:
                return  # taken away by a reload while this slot waited
            result = await self.driver.run(check, target, slot, due, late_seconds, self.config.service.location)
            self._latest[check.id] = result
            await self.pipeline.take(result)
        except Exception as error:
            log.exception("run_failed", check=check.id, slot=slot, error=type(error).__name__)
        finally:
            self.governor.ended(check, slot)

    async def alone(self, check: Check) -> Result:
        """Run one check now, without a service around it: nothing is stored, nobody is told."""
        self._open_probes()
        now = self.clock.wall()
        slot = int(now / check.every_seconds)
        try:
            return await self.driver.run(check, self.config.targets[check.target], slot, now, 0.0, self.config.service.location)
        finally:
            await self._close_probes()

    async def perform(self, target: Target, module: Step) -> Exchange:
        """One exchange of a ``/probe`` module with a configured target."""
        refusal = await self.governor.ask(target.id, module.timeout_seconds)
        if refusal:
            return Exchange(Reach.NOT_SENT, self.clock.wall(), 0.0, reason=NetworkReason.BUDGET, error=refusal, ours=True)
        call = ProbeCall(target, module.request.render({}), module.timeout_seconds, self._signers.get(target.id))
        return await self.probes[module.kind].run(call)

    # --- what people and machines ask

    def progress(self) -> Progress:
        """What readiness and heartbeat are judged by."""
        now = self.clock.monotonic()
        finished = self.scheduler.last_finished
        return Progress(
            checks=len(self.config.checks),
            last_finished_age=None if finished is None else now - finished,
            behind_seconds=self.scheduler.behind_seconds(),
            outbox_oldest_age=self._outbox_age,
            store_pending=self.store.pending,
            store_ok=self.pipeline.store_ok,
            shortest_every=min((check.every_seconds for check in self.config.checks.values()), default=None),
            up_seconds=now - self.started_monotonic,
        )

    def status(self) -> dict[str, Any]:
        """For the API and the pages."""
        tally = self.scheduler.tally
        return {
            "install": self.config.service.install,
            "location": self.config.service.location,
            "config_version": self.config.version,
            "up_seconds": round(self.clock.monotonic() - self.started_monotonic, 3),
            "checks": len(self.config.checks),
            "slots": {
                "planned": tally.planned,
                "ran": tally.ran,
                "missed": {reason.value: count for reason, count in tally.missed.items()},
                "waiting": self.scheduler.waiting,
            },
            "in_flight": self.scheduler.in_flight,
            "loop_lag_seconds": round(self.lag.latest, 6),
            "blind": self.pipeline.blindness.blind,
            "problems": self.progress().problems(),
        }

    def check_status(self) -> list[dict[str, Any]]:
        """Every check with its latest result."""
        return [
            {
                "id": check.id,
                "title": {"en": check.title.en, "zh": check.title.zh or check.title.en},
                "target": check.target,
                "every_seconds": check.every_seconds,
                "moves_money": check.moves_money,
                "latest": _latest_shape(self._latest.get(check.id)),
            }
            for check in self.config.checks.values()
        ]

    # --- what people do

    async def acknowledge(self, incident: str, by: str) -> None:
        """Raises NotThere, and Refused when it is not open."""
        self._known(incident)
        await self.pipeline.change(self.book.acknowledge(incident, by, self.clock.wall()))

    async def note(self, incident: str, by: str, text: str) -> None:
        """Raises NotThere, Refused."""
        self._known(incident)
        await self.pipeline.change(self.book.note(incident, by, self.gate.text(text), self.clock.wall()))

    async def resolve(self, incident: str, by: str) -> None:
        """Raises NotThere, and Refused when it is resolved already."""
        self._known(incident)
        await self.pipeline.change(self.book.resolve(incident, by, self.clock.wall()))

    def _known(self, incident: str) -> None:
        if incident not in self.book.incidents:
            raise NotThere(f"there is no incident {incident} that can still change")

    async def retry(self, row: str) -> None:
        try:
            await self.delivery.retry(row)
        except LookupError as error:
            raise NotThere(str(error)) from None

    async def add_window(
        self, *, kind: str, starts: float, ends: float, author: str, reason: str, checks: list[str], targets: list[str]
    ) -> Window:
        """Raises ValueError when it covers nothing that exists, ends before it starts, or lasts longer than a day."""
        unknown = [name for name in checks if name not in self.config.checks]
        unknown += [name for name in targets if name not in self.config.targets]
        if unknown:
            raise ValueError(f"there is no check or target called {', '.join(unknown)}")
        if not 0 < ends - starts <= WINDOW_MAX_SECONDS:
            raise ValueError("a window ends after it starts and lasts at most 24 h")
        now = self.clock.wall()
        name = f"win_{int(now * 1000):x}{self._edges.randomness(3).hex()}"
        window = Window(
            name, WindowKind(kind), starts, ends, author, self.gate.text(reason), tuple(checks), tuple(targets), created=now
        )
        await self.pipeline.windows([window], self.book.window_added(window, now))
        return window

    async def end_window(self, window: str, by: str) -> None:
        """Raises NotThere when it is over already, or never was."""
        try:
            ended, change = self.book.window_ended(window, by, self.clock.wall())
        except LookupError as error:
            raise NotThere(str(error)) from None
        await self.pipeline.windows([ended], change)

    # --- reload

    async def reload(self) -> str:
        """Read the configuration again: all of it or nothing. Gives its version. Raises ConfigError; the running one then stays.

        Streaks, open incidents and places on the schedule survive by check id.
        """
        if self._loader is None:
            raise RuntimeError("this service was built without a loader")
        async with self._reloading:
            try:
                fresh = await asyncio.to_thread(self._loader)
            except ConfigError as error:
                self.exporter.reload(ok=False, at=self.clock.wall(), version=self.config.version)
                log.error("reload_refused", problems=len(error.problems))
                raise
            await self._adopt(fresh)
            return fresh.version

    async def _adopt(self, fresh: Config) -> None:
        old, self.config = self.config, fresh
        now = self.clock.wall()
        self.governor.adopt(fresh.targets.values())
        self._build_driver()
        self.exporter.configure(fresh.checks.values())
        self.pipeline.blindness.adopt(fresh.checks)
        withdrawn = self.pipeline.engine.adopt(fresh.rules, fresh.checks, now)
        if fresh.desks != old.desks:
            await self.delivery.stop(DELIVERY_GRACE_SECONDS)
            self.delivery = self._build_delivery(fresh)
            self._delivering = self._spawn(self.delivery.run(), "delivery")
            self.pipeline.desks = tuple(fresh.desks)
        self.scheduler.adopt(fresh.checks.values(), fresh.targets)
        self._latest = {name: result for name, result in self._latest.items() if name in fresh.checks}
        await self.pipeline.withdraw(withdrawn)
        await self._withdraw_windows()
        await self._lay_out_windows()
        self.exporter.reload(ok=True, at=now, version=fresh.version)
        log.info("reloaded", version=fresh.version, checks=len(fresh.checks))

    # --- what goes on beside

    def _lagged(self, seconds: float) -> None:
        self.exporter.loop_lag(seconds)

    def _wake(self) -> None:
        self.delivery.wake()

    def _tell(self, kind: str, what: Any) -> None:
        for listener in self.listeners:
            listener(kind, what)

    def _delivered(self, event: str, desk: str, seconds: float | None) -> None:
        self.exporter.delivery(event, desk, seconds)
        self._tell("delivery", {"event": event, "desk": desk, "seconds": seconds})

    async def _count(self) -> None:
        """The gauges that are counted rather than told."""
        now = self.clock.wall()
        open_ones = await self.store.incidents(statuses=(Status.OPEN, Status.ACKNOWLEDGED), limit=OUTBOX_COUNTED)
        self.exporter.incidents(Counter(one.severity for one in open_ones))
        self.exporter.store(self.store.pending)
        for target, level in self.governor.levels().items():
            self.exporter.budget(target, level.tokens, level.declines_used, level.paused_seconds)
        waiting = await self.store.outbox_waiting()
        self._outbox_age = max((now - oldest for _, _, _, oldest in waiting), default=None)
        told = {(desk, state): (depth, now - oldest) for desk, state, depth, oldest in waiting}
        for desk in self.config.desks:
            for state in (OutboxState.NEW, OutboxState.SENDING, OutboxState.RETRY, OutboxState.UNSURE, OutboxState.DEAD):
                self.exporter.outbox(desk, state, *told.get((desk, state), (0, 0.0)))

    async def _housekeeping(self) -> None:
        service = self.config.service
        keep = Retention(results_seconds=service.keep_results_seconds, evidence_seconds=service.keep_evidence_seconds)
        await self.store.prune(self.clock.wall(), keep)
        await self._lay_out_windows()

    async def _lay_out_windows(self) -> None:
        """Configured maintenance of the coming days, as windows like those set by hand. One ended early stays ended."""
        now = self.clock.wall()
        configured = self.config.windows(now, now + WINDOWS_AHEAD_SECONDS)
        stored = await self.store.windows(since=min((one.starts for one in configured), default=now))
        known = {window.id for window in stored}
        for window in configured:
            if window.id not in known:
                await self.pipeline.windows([window], self.book.window_added(window, now))

    async def _withdraw_windows(self) -> None:
        """After a reload: maintenance that the configuration no longer names ends now."""
        now = self.clock.wall()
        named = {window.id for window in self.config.windows(now, now + WINDOWS_AHEAD_SECONDS)}
        for window in await self.store.windows(since=now):
            if window.author == AUTHOR and window.id not in named:
                await self.end_window(window.id, AUTHOR)

    def _heartbeat(self) -> Heartbeat:
        settings = self.config.service.heartbeat
        assert settings is not None  # noqa: S101 - asked for only when there is one

        async def send(body: bytes) -> bool:
            call = Call("POST", settings.url.reveal(), {"content-type": "application/json"}, body)
            answer = await self._client.perform(call, Access(allow_private=settings.allow_private))
            return answer.status is not None and answer.status < 300

        return Heartbeat(send, self.progress, every_seconds=settings.every_seconds, install=self.config.service.install)


def _told_apart(states: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The states of budgets, and those of rules: they are stored side by side."""
    budgets = {name: state for name, state in states.items() if name.startswith(STATE)}
    return budgets, {name: state for name, state in states.items() if name not in budgets}


def _latest_shape(result: Result | None) -> dict[str, Any] | None:
    if result is None:
        return None
    names = ("slot", "stratum", "due", "duration_seconds", "outcome", "good", "failed_step", "message", "run_id")
    return {name: getattr(result, name) for name in names}
