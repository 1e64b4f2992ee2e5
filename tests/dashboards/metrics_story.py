"""An exporter that lives through an outage, served for a real Prometheus to scrape."""

import asyncio
import contextlib
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from aiohttp import web

from monitor.exporter import Exporter
from monitor.model.alert import Severity
from monitor.model.check import Check, Objective, Step, Stratum
from monitor.model.incident import OutboxState
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Missed, MissReason, Phases, Result, StepResult, TlsFacts
from monitor.model.text import Text

BRANDS = ("visa", "mastercard")
PHASES = Phases(resolve=0.001, connect=0.004, tls=0.02, send=0.0002, wait=0.15, receive=0.002)


@dataclass(frozen=True)
class _Nothing:
    constant: bool = True

    def render(self, _scope):
        return {}


def _step(name):
    return Step(name, "http", _Nothing(), 5.0)


def checks():
    strata = tuple(Stratum((("brand", brand),)) for brand in BRANDS)
    payment = Check(
        "card-payment", Text("Card payment"), "gateway", 1.0, 5.0, 5.0, (_step("authorise"), _step("capture")),
        undo={"refund": _step("refund")}, strata=strata, objective=Objective(0.999, 0.8),
    )  # fmt: skip
    return [payment, Check("liveness", Text("Liveness"), "gateway", 1.0, 5.0, 5.0, (_step("status"),))]


def _good(check, slot, now):
    stratum = check.strata[slot % len(check.strata)].label
    tls = TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", now + 9e5, now + 9e5, "CN=test", "CN=gateway")
    names = [*(step.name for step in check.steps), *check.undo]
    steps = tuple(StepResult(name, Outcome.OK, True, 0.18, PHASES, tls=tls) for name in names)
    return Result(
        f"01J{check.id[:4].upper()}{slot:019d}", check.id, "gateway", "local", slot, stratum, now, now, 0.001, 0.2 + slot % 7 / 10,
        Outcome.APPROVED, True, steps,
    )  # fmt: skip


def _bad(run, slot):
    outcome, reason = [(Outcome.TECH_GATEWAY, NetworkReason.NONE), (Outcome.NETWORK_ERROR, NetworkReason.TCP_TIMEOUT)][slot % 2]
    first = replace(run.steps[0], outcome=outcome, good=False, reason=reason)
    return replace(run, outcome=outcome, good=False, reason=reason, steps=(first,), open_undo=("refund",))


def _live(exporter, slot, now):
    """One second: every third run fails; one in ten is our own fault."""
    for check in checks():
        run = _good(check, slot, now)
        if slot % 10 == 9:
            run = replace(run, outcome=Outcome.AGENT_FAULT, good=None, reason=NetworkReason.OUT_OF_FILES, steps=())
        elif slot % 3 == 2:
            run = _bad(run, slot)
        exporter.result(run)
        exporter.evidence(check, {"failing": (3.0 + slot % 5, 16.6)}, learned_at=now - 3_600.0, failure_ratio=0.002)
    exporter.missed(Missed("card-payment", "local", slot, slot, MissReason.OVERLOAD, now))
    exporter.incidents({Severity.P1: 1, Severity.P2: slot % 2})
    exporter.outbox("desk", OutboxState.RETRY, slot % 3, 4.0)
    exporter.delivery("sent", "desk", 0.08)
    exporter.loop_lag(0.001)
    exporter.store(slot % 5)


@contextlib.asynccontextmanager
async def telling(clock):
    """Yields the port of ``/metrics``. ``clock`` gives the time of day; results arrive ten times a second."""
    exporter = Exporter(checks(), "local")
    exporter.reload(ok=True, at=clock(), version="0123456789ab")
    site = web.Application()

    async def metrics(request):
        scrape = await exporter.scrape(request.headers.get("Accept", ""), request.headers.get("Accept-Encoding", ""))
        return web.Response(body=scrape.body, headers=scrape.headers)

    async def live():
        for slot in range(1_000_000):
            _live(exporter, slot, clock())
            await asyncio.sleep(0.1)

    site.router.add_get("/metrics", metrics)
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    life = asyncio.create_task(live())
    try:
        yield runner.addresses[0][1]
    finally:
        life.cancel()
        await runner.cleanup()


@contextlib.contextmanager
def prometheus(folder: Path, scraped_port: int, port: int):
    """A real one, scraping every second. Yields its URL at once; it answers a moment later."""
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 1s}\n"
        "scrape_configs:\n"
        f"  - {{job_name: paycanary, static_configs: [{{targets: ['127.0.0.1:{scraped_port}']}}]}}\n"
    )
    command = [
        "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data", f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=exemplar-storage", "--log.level=error",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
