"""The shipped checks with real probes, against a gateway on loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from monitor.clock import SystemClock
from monitor.config import Config, load
from monitor.model.result import Result
from monitor.net.contexts import TlsContexts
from monitor.net.resolver import Resolver
from monitor.probes.drive import Driver
from monitor.probes.table import build as build_probes
from monitor.signers.table import build as build_signer

ROOT = Path(__file__).parents[2]


def shipped(directory: Path, targets: str) -> Config:
    """The configuration of the shipped checks with ``targets`` (YAML) to run them against."""
    (directory / "paycanary.yaml").write_text(
        f"service: {{install: test, data: data}}\ninclude: {{checks: [checks/*.yaml]}}\n{targets}"
    )
    (directory / "checks").symlink_to(ROOT / "checks")
    return load(directory / "paycanary.yaml")


@asynccontextmanager
async def driving(config: Config, **options: Any) -> AsyncIterator[Driver]:
    resolver = Resolver()
    probes = build_probes(resolver, TlsContexts())
    signers = {name: build_signer(target.signer, target.signer_options) for name, target in config.targets.items()}
    try:
        yield Driver(probes, signers, SystemClock(), install="test", **options)
    finally:
        for probe in probes.values():
            await probe.close()
        resolver.close()


async def once(driver: Driver, config: Config, check: str, slot: int = 0) -> Result:
    found = config.checks[check]
    return await driver.run(found, config.targets[found.target], slot, 0.0, 0.0, "local")
