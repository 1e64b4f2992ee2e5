"""One service: built from a Config, started, reloaded, stopped."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import structlog

from monitor.app import evidence
from monitor.app.edges import DATABASE, LEDGER, Edges
from monitor.app.gauges import GAUGES_SECONDS, Gauges
from monitor.app.inquiring import Inquiring
from monitor.app.kinship import TURN_SECONDS as KINSHIP_SECONDS
from monitor.app.kinship import Kinship
from monitor.app.learning import Learning
from monitor.app.mirroring import Mirroring, policies
from monitor.app.people import People
from monitor.app.probing import Probing
from monitor.app.shapes import check_shapes, status_shape
from monitor.app.suspicion import Suspicion
from monitor.app.timing import TURN_SECONDS as CLOCKS_SECONDS
from monitor.app.timing import Timing
from monitor.config import Config, ConfigError
from monitor.connectors import Access, Call, Connector
from monitor.connectors import table as connector_table
from monitor.delivery import Delivery, Sighting
from monitor.exporter import Exporter
from monitor.incidents import Book
from monitor.incidents.common_cause import common_cause
from monitor.incidents.words import Words
from monitor.model.alert import Alert
from monitor.model.batch import Restored
from monitor.model.check import Check
from monitor.model.incident import OutboxRow
from monitor.model.result import Result
from monitor.pipeline import Pipeline
from monitor.probes.governor import STATE
from monitor.rules import Blindness, RuleEngine
from monitor.scheduler import Scheduler
from monitor.stores import Retention
from monitor.watch import Heartbeat, LoopLag, Progress

log = structlog.get_logger()

#: Old rows are deleted in small steps, this often.
PRUNE_SECONDS = 3_600.0
#: On SIGTERM, runs in flight get this long before they are cancelled; their clean-ups have a budget of their own.
GRACE_SECONDS = 10.0
#: Tickets on their way get this long; what is not sent is in the outbox and goes out at the next start.
DELIVERY_GRACE_SECONDS = 5.0
#: Money still open at the end is tried once more for this long; what stays open is in the ledger for the next start.
LEDGER_GRACE_SECONDS = 5.0


class App:
    """One service. ``start``, then everything happens by itself, then ``stop``. ``loader`` reads the configuration again."""

    def __init__(self, config: Config, *, loader: Callable[[], Config] | None = None, edges: Edges | None = None) -> None:
        self.config = config
        self._loader = loader
        self._edges = edges or Edges()
        self.clock = self._edges.clock
        self.lag = LoopLag(self.clock, self._lagged)
        self.probing = Probing(config, self._edges, self.lag.stalled)
        self._tasks: set[asyncio.Task[Any]] = set()
        self._latest: dict[str, Result] = {}
        self._reloading = asyncio.Lock()
        self._started = 0.0  # monotonic
        self.listeners: list[Callable[[str, Any], None]] = []

    async def start(self) -> None:
        """Open the store, restore what was, start probing. Raises StoreError, OSError."""
        service, now = self.config.service, self.clock.wall()
        self.store = self._edges.store(service.data / DATABASE, self.clock)
        self.store.open()
        restored = self.store.restore()
        self.exporter = Exporter(self.config.checks.values(), service.location)
        budgets, rule_states = _told_apart(restored.rule_states)
        self.ledger = self.probing.open_ledger(LEDGER, self._announce, restored.alerts)
        self.probing.open(budgets)
        self.probing.governor.on_refusal = self.exporter.budget_refused
        self._client = self._edges.client(self.clock)
        self.delivery = self._build_delivery(self.config)
        engine = RuleEngine(self.config.rules, self.config.checks, service.location, self.config.targets)
        withdrawn = engine.restore(rule_states, restored.alerts, now)
        self._build_pipeline(engine, restored)
        self._build_learning(restored)
        self._build_scheduler()
        self._started = self.clock.monotonic()
        self.exporter.reload(ok=True, at=now, version=self.config.version)
        await self.pipeline.withdraw(withdrawn)
        await self.people.lay_out_windows(self.config)
        self._begin(restored)

    def _build_pipeline(self, engine: RuleEngine, restored: Restored) -> None:
        service = self.config.service
        blindness = Blindness(self.config.checks, service.location)
        blindness.restore(restored.alerts)
        self.book = Book(
            service.install,
            reopen_seconds=service.reopen_seconds,
            incidents=restored.incidents,
            windows=restored.windows,
            alerts=restored.alerts,
            depends_on=_dependencies(self.config),
            words=_words(self.config),
            routes=self.config.routes,
            common_cause=common_cause,
        )
        self.pipeline = Pipeline(
            store=self.store,
            engine=engine,
            blindness=blindness,
            book=self.book,
            metrics=self.exporter,
            desks=tuple(self.config.desks),
            wake=self._wake,
            claim=self._claim,
            clock=self.clock,
            stalled=self.lag.stalled,
            states=self.probing.governor.take_dirty,
        )
        self.pipeline.listeners.append(self._tell)
        self.kinship = Kinship(self.config, book=self.book, pipeline=self.pipeline, store=self.store, clock=self.clock)
        self.timing = Timing(self.config, self.book, self.pipeline, self.exporter, self.clock)
        self.mirroring = Mirroring(self.book, self.pipeline, self.exporter, lambda: self.probing.gate)
        self.people = People(
            self.book,
            self.pipeline,
            self.store,
            delivery=lambda: self.delivery,
            gate=lambda: self.probing.gate,
            wall=self.clock.wall,
            randomness=self._edges.randomness,
        )

    def _build_learning(self, restored: Restored) -> None:
        self.learning = Learning(self.config, self.store, self.pipeline.engine, self.book, self.clock, self._edges.aside)
        self.learning.restore(restored.learned)

    def _build_scheduler(self) -> None:
        self.scheduler = Scheduler(
            self._perform,
            self.pipeline.missed,
            clock=self.clock,
            location=self.config.service.location,
            max_in_flight=self.config.service.max_in_flight,
            admit=self.probing.governor.admit,
        )
        self.suspicion = Suspicion(
            self.config,
            scheduler=self.scheduler,
            probing=self.probing,
            pipeline=self.pipeline,
            exporter=self.exporter,
            clock=self.clock,
        )
        self.inquiring = Inquiring(
            self.config,
            probing=self.probing,
            pipeline=self.pipeline,
            book=self.book,
            store=self.store,
            exporter=self.exporter,
            clock=self.clock,
            lag=self.lag,
        )
        self._gauges = Gauges(
            self.exporter,
            book=self.book,
            store=self.store,
            probing=self.probing,
            ledger=self.ledger,
            suspicion=self.suspicion,
            evidence=evidence.EvidenceGauges(self.exporter, self.pipeline.engine, self.learning),
            clock=self.clock,
        )

    def _begin(self, restored: Restored) -> None:
        """Everything is in its place: let it run. Money left open by the last process is seen to before any new money."""
        service = self.config.service
        self.lag.start()
        self._spawn(self.delivery.run(), "delivery")
        self._spawn(self.ledger.run(), "ledger")
        last = {check: slot for (check, location), slot in restored.last_slots.items() if location == service.location}
        self.scheduler.start(self.config.checks.values(), self.config.targets, last)
        self._spawn(self.pipeline.run(), "pipeline")
        self._spawn(self.learning.run(), "learning")
        self._spawn(self.inquiring.run(), "inquiring")
        self._spawn(self._repeat(GAUGES_SECONDS, self._count), "gauges")
        self._spawn(self._repeat(PRUNE_SECONDS, self._housekeeping), "housekeeping")
        self._spawn(self.kinship.recall(), "problems of before")
        self._spawn(self._repeat(KINSHIP_SECONDS, self.kinship.turn), "kinship")
        self._spawn(self._repeat(CLOCKS_SECONDS, self.timing.turn), "clocks")
        if service.heartbeat is not None:
            self._spawn(self._heartbeat().run(), "heartbeat")

    async def stop(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """No new run, no new money; what runs ends and undoes; what was decided is stored; tickets under way are finished."""
        self.ledger.gate.stop()
        self.suspicion.stop()
        await self.inquiring.stop()
        await self.scheduler.stop(grace_seconds)
        await self.ledger.stop(LEDGER_GRACE_SECONDS)
        await self.pipeline.close()
        await self.delivery.stop(DELIVERY_GRACE_SECONDS)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self.lag.stop()
        await self.probing.close()
        await self._client.close()
        await self.ledger.close()
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

    def _build_delivery(self, config: Config) -> Delivery:
        connectors: dict[str, Connector] = {
            name: connector_table.KINDS[desk.kind](desk.options) for name, desk in config.desks.items()
        }
        return Delivery(
            self.store,
            connectors,
            self._client,
            self.clock,
            self._delivered,
            policies=policies({name: desk.options for name, desk in config.desks.items()}),
            hear=self._hear,
        )

    async def _perform(self, check: Check, slot: int, due: float, late_seconds: float) -> None:
        """One slot: run the check, hand its result on. What fails here is our own bug and stops nothing else."""
        try:
            target = self.config.targets.get(check.target)
            if target is None:
                return  # taken away by a reload while this slot waited
            result = await self.probing.run(check, target, slot, due, late_seconds)
            self._latest[check.id] = result
            await self.pipeline.take(result)
        except Exception as error:
            log.exception("run_failed", check=check.id, slot=slot, error=type(error).__name__)
        finally:
            self.probing.governor.ended(check, slot)

    def progress(self) -> Progress:
        """What readiness and heartbeat are judged by."""
        now = self.clock.monotonic()
        finished = self.scheduler.last_finished
        return Progress(
            checks=len(self.config.checks),
            last_finished_age=None if finished is None else now - finished,
            behind_seconds=self.scheduler.behind_seconds(),
            outbox_oldest_age=self._gauges.outbox_oldest_age,
            store_pending=self.store.pending,
            store_ok=self.pipeline.store_ok,
            shortest_every=min((check.every_seconds for check in self.config.checks.values()), default=None),
            up_seconds=self.up_seconds,
        )

    @property
    def up_seconds(self) -> float:
        return self.clock.monotonic() - self._started

    def status(self) -> dict[str, Any]:
        """For the API and the pages."""
        return status_shape(self)

    def check_status(self) -> list[dict[str, Any]]:
        """Every check with its latest result."""
        return check_shapes(self.config.checks, self._latest)

    async def evidence(self, check: str) -> dict[str, Any] | None:
        """Where the rules of a check stand and what is normal for it; None: there is no such check."""
        found = self.config.checks.get(check)
        if found is None:
            return None
        return await evidence.shape(self.store, self.config, found, self.clock.wall(), self.pipeline.engine.evidence(check))

    async def reload(self) -> str:
        """Read the configuration again: all of it or nothing. Gives its version. Raises ConfigError; the running one then stays.

        Streaks, open incidents and places on the schedule survive by check id.
        """
        if self._loader is None:
            raise RuntimeError("this service was built without a loader")
        async with self._reloading:
            try:
                fresh: Config = await self._edges.aside(self._loader)
            except ConfigError as error:
                self.exporter.reload(ok=False, at=self.clock.wall(), version=self.config.version)
                log.error("reload_refused", problems=len(error.problems))
                raise
            await self._adopt(fresh)
            return fresh.version

    async def _adopt(self, fresh: Config) -> None:
        old, self.config = self.config, fresh
        now = self.clock.wall()
        self.probing.adopt(fresh)
        self.exporter.configure(fresh.checks.values())
        self.pipeline.blindness.adopt(fresh.checks)
        self.book.adopt(_dependencies(fresh), _words(fresh), routes=fresh.routes)
        withdrawn = self.pipeline.engine.adopt(fresh.rules, fresh.checks, now, fresh.targets)
        self.learning.adopt(fresh)
        self.kinship.adopt(fresh)
        self.timing.adopt(fresh)
        if fresh.desks != old.desks:
            await self.delivery.stop(DELIVERY_GRACE_SECONDS)
            self.delivery = self._build_delivery(fresh)
            self._spawn(self.delivery.run(), "delivery")
            self.pipeline.desks = tuple(fresh.desks)
        self.scheduler.adopt(fresh.checks.values(), fresh.targets)
        self.suspicion.adopt(fresh)
        self.inquiring.adopt(fresh)
        self._latest = {name: result for name, result in self._latest.items() if name in fresh.checks}
        await self.pipeline.withdraw(withdrawn)
        await self.people.withdraw_windows(fresh)
        await self.people.lay_out_windows(fresh)
        self.exporter.reload(ok=True, at=now, version=fresh.version)
        log.info("reloaded", version=fresh.version, checks=len(fresh.checks))

    async def _announce(self, alerts: Sequence[Alert]) -> None:
        """Alerts of the money ledger."""
        await self.pipeline.announce(alerts)

    def _lagged(self, seconds: float) -> None:
        self.exporter.loop_lag(seconds)

    def _wake(self) -> None:
        self.delivery.wake()

    def _claim(self, rows: Sequence[OutboxRow], stored: asyncio.Future[None]) -> list[OutboxRow]:
        return self.delivery.claim(rows, stored)

    def _tell(self, kind: str, what: Any) -> None:
        for listener in self.listeners:
            listener(kind, what)

    def _delivered(self, event: str, desk: str, seconds: float | None) -> None:
        self.exporter.delivery(event, desk, seconds)
        self._tell("delivery", {"event": event, "desk": desk, "seconds": seconds})

    async def _hear(self, sighting: Sighting) -> None:
        """What people did at a desk. Delivery is built before the book is, and runs after."""
        await self.mirroring.hear(sighting)

    async def _count(self) -> None:
        await self._gauges.turn(self.config.checks, self.config.desks)

    async def _housekeeping(self) -> None:
        service = self.config.service
        keep = Retention(results_seconds=service.keep_results_seconds, evidence_seconds=service.keep_evidence_seconds)
        await self.store.prune(self.clock.wall(), keep)
        await self.people.lay_out_windows(self.config)

    def _heartbeat(self) -> Heartbeat:
        settings = self.config.service.heartbeat
        assert settings is not None  # noqa: S101 - asked for only when there is one

        async def send(body: bytes) -> bool:
            call = Call("POST", settings.url.reveal(), {"content-type": "application/json"}, body)
            answer = await self._client.perform(call, Access(allow_private=settings.allow_private))
            return answer.status is not None and answer.status < 300

        return Heartbeat(send, self.progress, every_seconds=settings.every_seconds, install=self.config.service.install)


def _words(config: Config) -> Words:
    """Compiled here, so that the first ticket does not wait for it."""
    return Words(config.words, triages=config.service.triage)


def _dependencies(config: Config) -> dict[str, tuple[str, ...]]:
    return {name: target.depends_on for name, target in config.targets.items() if target.depends_on}


def _told_apart(states: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The states of budgets, and those of rules: they are stored side by side."""
    budgets = {name: state for name, state in states.items() if name.startswith(STATE)}
    return budgets, {name: state for name, state in states.items() if name not in budgets}
