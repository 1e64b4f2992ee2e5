"""A ledger with its driver and the shipped checks, against a sandbox anywhere: for the kill harness and the tests of recovery."""

import json
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from monitor.clock import SystemClock
from monitor.config import Config, load
from monitor.janitor import Ledger, World
from monitor.model.result import Result
from monitor.net.contexts import TlsContexts
from monitor.net.resolver import Resolver
from monitor.probes.drive import Driver
from monitor.probes.table import build as build_probes
from monitor.signers.table import build as build_signer
from monitor.stores.ledger import LedgerFile

ROOT = Path(__file__).parents[2]
INSTALL = "test"
PREFIX = f"pc-{INSTALL}-"
LEDGER = "ledger.db"

MAIN = """service: {{install: test, data: data}}
include: {{checks: [checks/*.yaml]}}
targets:
  mastercard:
    title: {{en: M, zh: M}}
    base_url: "{url}"
    dialect: mastercard
    timeout: {timeout}
    settle: {settle}
    signer: {{basic: {{username: merchant.TESTCANARY, password: "${{file:{sandbox}/mastercard.password}}"}}}}
    allow_private: [127.0.0.0/8]
    tls: {{ca_file: {sandbox}/ca.pem}}
    caps: {{open_at_once: 500}}
  stripe:
    title: {{en: S, zh: S}}
    base_url: "{url}"
    dialect: stripe
    timeout: {timeout}
    settle: {settle}
    signer: {{bearer: {{token: "${{file:{sandbox}/stripe.key}}"}}}}
    idempotency: {{header: Idempotency-Key, keep: 24h}}
    allow_private: [127.0.0.0/8]
    tls: {{ca_file: {sandbox}/ca.pem}}
    caps: {{open_at_once: 500}}
"""
#: Created and confirmed in one request: when its answer is lost, so is the id, and only the search finds the payment.
ONE_REQUEST = """checks:
  stripe-one-request:
    title: {en: one, zh: one}
    target: stripe
    every: 5s
    max_in_flight: 4
    steps:
      - name: pay
        post: /v1/payment_intents
        form:
          amount: 100
          currency: usd
          confirm: true
          "payment_method_types[]": card
          payment_method: pm_card_visa
          metadata: {canary: "${run.reference}"}
        moves: {charge: "1.00 USD", undo: refund, reference: "${run.reference}"}
        expect: body.status == "succeeded"
        save: {intent: body.id}
    undo:
      refund: {post: /v1/refunds, form: {payment_intent: "${intent}"}}
"""
CHECKS = ("mastercard-authorise-void", "mastercard-pay-refund", "stripe-payment", "stripe-brands", "stripe-one-request")


def write_config(folder: Path, url: str, sandbox: Path, *, settle: str = "300ms", timeout: str = "1s") -> None:
    (folder / "checks").mkdir(parents=True, exist_ok=True)
    (folder / "paycanary.yaml").write_text(MAIN.format(url=url, sandbox=sandbox.resolve(), settle=settle, timeout=timeout))
    for name in ("mastercard-gateway.yaml", "stripe.yaml"):
        (folder / "checks" / name).write_text((ROOT / "checks" / name).read_text())
    (folder / "checks" / "one_request.yaml").write_text(ONE_REQUEST)


class Canary:
    """Config, driver and ledger together. ``alerts`` are those raised."""

    def __init__(self, config: Config, driver: Driver, ledger: Ledger, alerts: list[Any]) -> None:
        self.config, self.driver, self.ledger, self.alerts = config, driver, ledger, alerts

    async def once(self, check: str, slot: int = 0) -> Result:
        found = self.config.checks[check]
        return await self.driver.run(found, self.config.targets[found.target], slot, 0.0, 0.0, "local")


@asynccontextmanager
async def canary(
    folder: Path, *, file: LedgerFile | None = None, clock: Any = None, gate: Any = None, probes: Any = None
) -> AsyncIterator[Canary]:
    """A process's worth of it: opened, and closed at the end without trying anything again. ``gate`` and ``probes`` wrap the real ones."""
    config, clock, alerts = load(folder / "paycanary.yaml"), clock or SystemClock(), []
    resolver = Resolver()
    kinds = build_probes(resolver, TlsContexts())
    if probes:
        kinds = probes(kinds)
    signers = {name: build_signer(target.signer, target.signer_options) for name, target in config.targets.items()}
    driver: Driver

    async def send(target: Any, options: Any, key: str) -> Any:
        return await driver.ask(target, options, key)

    async def raise_alerts(raised: Any) -> None:
        alerts.extend(raised)

    world = World(
        targets=lambda: config.targets,
        checks=lambda: config.checks,
        send=send,
        redact=lambda text: text,
        raise_alerts=raise_alerts,
    )
    (folder / "data").mkdir(exist_ok=True)
    ledger = Ledger(file or LedgerFile(folder / "data" / LEDGER), clock, world, location="local", reference_prefix=PREFIX)
    driver = Driver(kinds, signers, clock, install=INSTALL, money=gate(ledger) if gate else ledger.gate)
    ledger.start()
    try:
        yield Canary(config, driver, ledger, alerts)
    finally:
        await ledger.close()
        for probe in kinds.values():
            await probe.close()
        resolver.close()


class Books:
    """The gateway's own books, over the sandbox's fault API."""

    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, name: str) -> Any:
        with urllib.request.urlopen(f"{self._url}/_sandbox/{name}", timeout=10) as answer:
            return json.load(answer)

    def open(self) -> list[dict[str, Any]]:
        return self.get("open")["open"]

    def charges(self) -> dict[str, int]:
        return self.get("charges")["charges"]

    def break_(self, *faults: dict[str, Any]) -> None:
        data = json.dumps({"faults": list(faults)}).encode()
        request = urllib.request.Request(f"{self._url}/_sandbox/faults", data=data, method="PUT")
        urllib.request.urlopen(request, timeout=10).close()
