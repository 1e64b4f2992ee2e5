"""Everything that asks targets something: probes, signers, the budget governor, the money ledger, and the driver over them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

from monitor.app.edges import LEDGER, LEDGER_ONCE, Edges
from monitor.config import Config
from monitor.inquiry import Tools
from monitor.inquiry.pin import PinnedResolver
from monitor.inquiry.tools import second_signers
from monitor.janitor import Ledger, World
from monitor.model.alert import Alert
from monitor.model.check import Check, Step, Target
from monitor.model.extra import Extra
from monitor.model.outcome import NetworkReason
from monitor.model.result import Exchange, Reach, Result
from monitor.probes import Call, Signature
from monitor.probes.drive import Driver
from monitor.probes.governor import Governor
from monitor.probes.identity import reference_of
from monitor.probes.money import MoneyGate, NoLedger
from monitor.probes.patience import Patience
from monitor.redaction import Gate
from monitor.signers import table as signer_table

#: Before and after a run of `paycanary once`, money still open is tried for this long, while somebody waits.
LEDGER_ONCE_SECONDS = 10.0

Announce = Callable[[Sequence[Alert]], Awaitable[None]]


async def tell_nobody(_alerts: Sequence[Alert]) -> None:
    """A run outside the service has nobody to tell."""


class Probing:
    """``open`` before the first run; ``adopt`` a new configuration between runs; ``close`` at the end."""

    def __init__(self, config: Config, edges: Edges, stalled: Callable[[float, float], bool]) -> None:
        self._config = config
        self._edges = edges
        self._clock = edges.clock
        self._stalled = stalled
        self._money: MoneyGate = NoLedger()
        self.gate = Gate(config.secrets)
        self.patience = Patience()

    def open_ledger(self, name: str, announce: Announce, alerts: Iterable[Alert] = ()) -> Ledger:
        """The money ledger of this data directory, what it holds taken up again. Before ``open``. Raises StoreError."""
        service = self._config.service
        service.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        world = World(
            targets=lambda: self._config.targets,
            checks=lambda: self._config.checks,
            send=self._send_for_ledger,
            redact=self._redact,
            raise_alerts=announce,
            poll=self._poll,
        )
        file, prefix = self._edges.ledger(service.data / name), reference_of("", service.install)
        ledger = Ledger(file, self._clock, world, location=service.location, reference_prefix=prefix, daily=name == LEDGER)
        ledger.start(alerts)
        self._money = ledger.gate
        return ledger

    def open(self, budgets: Mapping[str, str] | None = None) -> None:
        """``budgets``: what the governor knew when the last process ended."""
        self._resolver = self._edges.resolver()
        self._probes = self._edges.probes(self._resolver)
        self._pins = PinnedResolver()
        self._pinned = self._edges.probes(self._pins)
        self.governor = Governor(self._clock, luck=self._edges.luck)
        self.governor.adopt(self._config.targets.values(), budgets)
        self._build()

    def adopt(self, config: Config) -> None:
        """Runs under way end with the driver they began with."""
        self._config = config
        self.gate = Gate(config.secrets)
        self.governor.adopt(config.targets.values())
        self._build()

    async def close(self) -> None:
        for probe in (*self._probes.values(), *self._pinned.values()):
            await probe.close()
        self._pins.close()
        self._resolver.close()

    def tools(self) -> Tools:
        """What an inquiry asks with, by today's configuration."""
        return Tools(
            clock=self._clock,
            location=self._config.service.location,
            resolver=self._resolver,
            probes=self._probes,
            pinned=self._pinned,
            pins=self._pins,
            signers=self._signers,
            second_signers=second_signers(self._config.targets.values()),
            turn=self.governor.spare,
            heard=self.governor.heard,
            clean=self._redact,
            second_resolver=self._config.service.second_resolver,
        )

    def _build(self) -> None:
        self._signers: dict[str, Signature] = {
            name: signer_table.KINDS[target.signer](target.signer_options) for name, target in self._config.targets.items()
        }
        self._driver = Driver(
            self._probes,
            self._signers,
            self._clock,
            money=self._money,
            governor=self.governor,
            gate=self.gate,
            install=self._config.service.install,
            randomness=self._edges.randomness,
            stalled=self._stalled,
            patience=self.patience,
        )

    async def run(self, check: Check, target: Target, slot: int, due: float, late_seconds: float) -> Result:
        """One run of ``check``; see ``Driver.run``."""
        return await self._driver.run(check, target, slot, due, late_seconds, self._config.service.location)

    async def run_extra(self, extra: Extra, target: Target, slot: int, number: int, due: float) -> Result:
        """One run beside the grid, the ``number``-th since ``slot``; it began when it was asked for, so it is never late."""
        location = self._config.service.location
        return await self._driver.run(extra.check, target, slot, due, 0.0, location, extra, number)

    async def alone(self, check: Check) -> Result:
        """Run one check now, without a service around it: nothing is stored, nobody is told.

        Money is written down all the same, and what an earlier such run left open is seen to first. Raises StoreError.
        """
        ledger = self.open_ledger(LEDGER_ONCE, tell_nobody) if check.moves_money else None
        self.open()
        now = self._clock.wall()
        try:
            if ledger:
                await ledger.stop(LEDGER_ONCE_SECONDS)
            result = await self.run(check, self._config.targets[check.target], int(now / check.every_seconds), now, 0.0)
            if ledger:
                await ledger.stop(LEDGER_ONCE_SECONDS)
            return result
        finally:
            await self.close()
            if ledger:
                await ledger.close()

    async def perform(self, target: Target, module: Step) -> Exchange:
        """One exchange of a ``/probe`` module with a configured target."""
        refusal = await self.governor.ask(target.id, module.timeout_seconds)
        if refusal:
            return Exchange(Reach.NOT_SENT, self._clock.wall(), 0.0, reason=NetworkReason.BUDGET, error=refusal, ours=True)
        call = Call(target, module.request.render({}), module.timeout_seconds, self._signers.get(target.id))
        return await self._probes[module.kind].run(call)

    def _poll(self, target: str, order: str) -> float:
        return self.governor.poll(target, order)

    def _redact(self, text: str) -> str:
        return self.gate.text(text)  # the gate of today's configuration

    async def _send_for_ledger(self, target: Target, options: Mapping[str, Any], key: str) -> Exchange:
        return await self._driver.ask(target, options, key)
