"""The bundled gateway over TLS, its checks run by the real driver into a memory, and an inquiry beside it."""

import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from drive_world import ROOT, driving
from sandbox_world import Caller, running

from monitor.clock import SystemClock
from monitor.config import Config, load
from monitor.inquiry import Inquiry, Recent, tools_of
from monitor.model.triage import Case, Diagnosis, Experiment, Observation, Symptom
from monitor.net.resolver import Resolver
from monitor.probes.drive import Driver
from monitor.probes.governor import Governor
from monitor.redaction import Gate

CALM_RUNS, TROUBLED_RUNS = 3, 6
CHECKS = ("mastercard-liveness", "mastercard-history", "mastercard-authorise-void")


@dataclass
class Bench:
    """``troubled_by`` runs the checks in peace, then with the faults, and looks into it."""

    caller: Caller
    config: Config
    driver: Driver
    governor: Governor
    resolver: Resolver
    recent: Recent

    async def troubled_by(self, *faults: dict[str, Any], symptom: Symptom = Symptom.FAILING) -> tuple[Case, Diagnosis]:
        await self.run(range(CALM_RUNS))
        since = time.time()
        await self.caller.faults(*faults)
        await self.run(range(CALM_RUNS, CALM_RUNS + TROUBLED_RUNS))
        return await self.look(since, symptom)

    async def run(self, slots: Sequence[int]) -> None:
        for slot in slots:
            for name in CHECKS:
                check = self.config.checks[name]
                target = self.config.targets[check.target]
                self.recent.hear(await self.driver.run(check, target, slot, time.time(), 0.0, "here"))

    async def look(
        self, since: float, symptom: Symptom = Symptom.FAILING, *, second_resolver: str = ""
    ) -> tuple[Case, Diagnosis]:
        async with tools_of(
            self.config.targets,
            clock=SystemClock(),
            location="here",
            governor=self.governor,
            resolver=self.resolver,
            clean=Gate(self.config.secrets).text,
            second_resolver=second_resolver,
        ) as tools:
            inquiry = Inquiry(targets=self.config.targets, checks=self.config.checks, recent=self.recent, tools=tools)
            return await inquiry.investigate("mastercard", symptom, since)


@asynccontextmanager
async def bench(folder: Path, *, host: str = "127.0.0.1", addresses: Sequence[str] = (), more: str = "") -> AsyncIterator[Bench]:
    """``more``: lines of YAML of the target. ``addresses``: what ``host`` resolves to."""
    async with running(folder / "sandbox") as caller:
        port = caller.sandbox.base_url.rpartition(":")[2]
        (folder / "checks").symlink_to(ROOT / "checks")
        (folder / "paycanary.yaml").write_text(
            f"""service: {{install: test, location: here, data: data}}
include: {{checks: [checks/mastercard*.yaml]}}
targets:
  mastercard:
    base_url: https://{host}:{port}
    dialect: mastercard
    signer: {{basic: {{username: merchant.TESTCANARY, password: "${{file:sandbox/mastercard.password}}"}}}}
    allow_private: [127.0.0.0/8]
    tls: {{ca_file: sandbox/ca.pem}}
{more}"""
        )
        config = load(folder / "paycanary.yaml")
        governor = Governor(SystemClock())
        governor.adopt(config.targets.values())
        resolver = Resolver(getaddrinfo=_leading_to(addresses)) if addresses else Resolver()
        async with driving(config) as driver:
            yield Bench(caller, config, driver, governor, resolver, Recent(config.checks))
        resolver.close()


def _leading_to(addresses: Sequence[str]) -> Any:
    infos = [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, 0)) for address in addresses]
    return lambda *_args, **_options: infos


def tried(case: Case, experiment: Experiment) -> list[Observation]:
    return [one for one in case.tried if one.experiment is experiment]


def recent(case: Case, experiment: Experiment, subject: str) -> Observation:
    [found] = [one for one in case.recent if one.experiment is experiment and one.subject == subject]
    return found
