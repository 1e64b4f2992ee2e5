"""One location's monitor: its own resolver, probes, budget and clock, and the checks of a merchant."""

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from benchmarks.triage.clock import RoundClock
from benchmarks.triage.merchant import GATEWAY, PORT
from benchmarks.triage.nameserver import stub
from benchmarks.triage.world import Place
from monitor.clock import SystemClock
from monitor.config import Config
from monitor.model.result import Result
from monitor.net.contexts import TlsContexts
from monitor.net.resolver import Resolver
from monitor.probes import table as probe_table
from monitor.probes.drive import Driver
from monitor.probes.governor import Governor
from monitor.redaction import Gate
from monitor.signers import table as signer_table
from monitor.watch import LoopLag

#: Ten a second, for longer than any scenario lasts.
LAGS_KEPT = 2_000


class Station:
    """``open`` first, ``close`` last. ``adopt`` takes another configuration, as a reload does."""

    def __init__(self, place: Place, clock: RoundClock, port: int) -> None:
        self.place = place
        self.clock = clock
        self._port = port
        self._lags: deque[tuple[float, float]] = deque(maxlen=LAGS_KEPT)
        # What is skipped on the bench's clock is no lateness of the loop: that is measured on the machine's own.
        self._lag = LoopLag(SystemClock(), lambda lag: self._lags.append((self.clock.wall(), lag)))
        self.resolver = Resolver(getaddrinfo=stub(lambda: place.names.port))
        self.probes = probe_table.build(self.resolver, TlsContexts())
        self.governor = Governor(self.clock, luck=lambda: 0.5)
        self.config: Config

    def open(self, config: Config) -> None:
        self._lag.start()
        self.adopt(config)

    def adopt(self, config: Config) -> None:
        """``config`` as a merchant wrote it; where the world listens today is put in."""
        targets = {
            name: replace(target, base_url=target.base_url.replace(f":{PORT}", f":{self._port}"))
            for name, target in config.targets.items()
        }
        service = replace(config.service, location=self.place.name)
        self.config = replace(config, targets=targets, service=service)
        self.gate = Gate(config.secrets)
        self.signers = {name: signer_table.build(target.signer, target.signer_options) for name, target in targets.items()}
        self.governor.adopt(targets.values())
        self.driver = Driver(
            self.probes,
            self.signers,
            self.clock,
            governor=self.governor,
            gate=self.gate,
            install="bench",
            stalled=self._stalled,
        )

    def change_gateway(self, **changes: Any) -> None:
        """Speak to the gateway otherwise from now on: with another client certificate, say."""
        target = self.config.targets[GATEWAY]
        self.adopt(replace(self.config, targets=dict(self.config.targets) | {GATEWAY: replace(target, **changes)}))

    def _stalled(self, since: float, until: float) -> bool:
        return self._lag.stalled(self.clock.really(since), self.clock.really(until))

    def worst_lag(self, since: float) -> float:
        """How late the event loop was at worst since an instant, in seconds."""
        return max((lag for at, lag in self._lags if at >= since), default=0.0)

    async def close(self) -> None:
        self._lag.stop()
        for probe in self.probes.values():
            await probe.close()
        self.resolver.close()

    async def round(self, number: int, checks: Iterable[str]) -> list[Result]:
        """Every one of ``checks`` once, at the same time."""
        due = self.clock.wall()
        runs = []
        for name in checks:
            check = self.config.checks[name]
            target = self.config.targets[check.target]
            runs.append(self.driver.run(check, target, number, due, 0.0, self.place.name))
        return await asyncio.gather(*runs)
