"""From what rules suspect to extra runs: the schedule, the budgets and the probes behind ``Hasten``."""

import asyncio
from collections.abc import Iterator
from typing import Any

from monitor.app.probing import Probing
from monitor.clock import Clock
from monitor.config import Config
from monitor.exporter import Exporter
from monitor.hasten import Hasten
from monitor.model.extra import Extra, ExtraRefusal
from monitor.model.result import Result
from monitor.model.wish import Wish
from monitor.pipeline import Pipeline
from monitor.probes.patience import nobody
from monitor.rules.monitor_alerts import BLIND
from monitor.scheduler import Scheduler

#: References are other people's: a second of waiting costs less than their goodwill.
CONTROL_SPACING_SECONDS = 1.0


class Suspicion:
    """Listens to the pipeline; everything follows from there. ``adopt`` after the other rooms have taken a new configuration."""

    def __init__(
        self, config: Config, *, scheduler: Scheduler, probing: Probing, pipeline: Pipeline, exporter: Exporter, clock: Clock
    ) -> None:
        self._config = config
        self._scheduler = scheduler
        self._probing = probing
        self._pipeline = pipeline
        self._exporter = exporter
        self._looking: asyncio.Handle | None = None
        self.hasten = Hasten(
            config.checks.values(),
            begin=scheduler.begin_extra,
            admit=self._admit,
            perform=self._perform,
            clock=clock,
            on_refused=exporter.extra_refused,
        )
        scheduler.on_ended = self._ended
        probing.patience.seconds = self._patience
        probing.patience.over = pipeline.pending
        pipeline.listeners.append(self._hear)

    def adopt(self, config: Config) -> None:
        self._config = config
        self.hasten.adopt(config.checks.values())
        self._look()

    def stop(self) -> None:
        """Before the schedule is: no extra run begins any more."""
        if self._looking is not None:
            self._looking.cancel()
        self._probing.patience.over = nobody
        self.hasten.stop()

    def gauges(self) -> None:
        for check, bursting, saved in self.hasten.levels():
            self._exporter.extra_level(self._config.checks[check], bursting=bursting, saved=saved)

    def _hear(self, kind: str, what: Any) -> None:
        """Rules are fed in the same turn of the loop as this is told: what they wish for is known in the next."""
        if kind == "result":
            self.hasten.heard(what)
            self._look_soon()
        elif kind == "pending":
            self._scheduler.lingers(what.check, what.slot, what.extra)
            self.hasten.lingers(what.check, what.slot, what.extra, what.duration_seconds)
            self._look_soon()

    def _ended(self, check: str) -> None:
        """Of a result that is held back nobody is told: only the end of its run shows that it is there."""
        self.hasten.ended(check)
        self._look_soon()

    def _look_soon(self) -> None:
        if self._looking is None:
            self._looking = asyncio.get_running_loop().call_soon(self._look)

    def _look(self) -> None:
        self._looking = None
        self.hasten.wishes((*self._pipeline.engine.wishes(), *self._controls_wanted()))

    def _controls_wanted(self) -> Iterator[Wish]:
        """While failures wait for word of whether we can see at all, the references are asked without waiting for their turn."""
        if self._pipeline.blindness.next_tick() is not None:
            for check in self._config.checks.values():
                if check.control:
                    yield Wish(BLIND, check.id, "", "", CONTROL_SPACING_SECONDS)

    def _patience(self, check: str, stratum: str, due: float) -> float | None:
        return self._pipeline.engine.patience(check, stratum, self._config.service.location, due)

    def _admit(self, extra: Extra, slot: int, number: int) -> ExtraRefusal | None:
        return self._probing.governor.admit_extra(extra, slot, number, self._scheduler.ahead)

    async def _perform(self, extra: Extra, slot: int, number: int, due: float) -> None:
        try:
            target = self._config.targets.get(extra.check.target)
            if target is not None:
                result: Result = await self._probing.run_extra(extra, target, slot, number, due)
                await self._pipeline.take(result)
        finally:
            self._probing.governor.ended(extra.check, slot, number)
