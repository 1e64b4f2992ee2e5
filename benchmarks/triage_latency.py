"""From the end of the deciding probe to the ticket's request on the wire, with triage running beside it.

    python benchmarks/triage_latency.py             INCIDENTS=250

A service of its own process watches as many gateways as there are to be incidents, over TLS, every ten seconds. Some tenths of a second
after one another they begin to fail, and each opens a ticket; so there is always an inquiry into some of them under way. The other end, a process
too, notes when each ticket arrives. The end of the deciding probe is the service's own, by the same clock.
"""

import argparse
import asyncio
import json
import os
import ssl
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web

from monitor.sandbox import certificates

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "tests" / "endtoend")]

import world  # noqa: E402
from service_process import Process, free_port  # noqa: E402

EVERY_SECONDS = 10
APART_SECONDS = 0.5
#: Every check has run some times: caches are filled, contexts built.
WARM_SECONDS = 25.0
FAILS_SECONDS = 25.0
SECRET = "whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtMzItYnl0ZXM="


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--incidents", type=int, default=int(os.environ.get("INCIDENTS", "250")))
    parser.add_argument("--triage", choices=("on", "off"), default="on")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--other-end", nargs=3, metavar=("PORT", "DESK", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.other_end:
        asyncio.run(_other_end(int(asked.other_end[0]), int(asked.other_end[1]), Path(asked.other_end[2])))
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), asked.incidents, triage=asked.triage == "on")
    print(json.dumps(figures, indent=1))
    if asked.out:
        asked.out.write_text(json.dumps(figures, indent=1))


def measure(folder: Path, incidents: int, *, triage: bool) -> dict[str, Any]:
    gateway, desk, port = free_port(), free_port(), free_port()
    files = certificates.ensure(folder, time.time())
    certificates.issue(files, days=30, now=time.time())
    configure(folder, gateway, desk, port, incidents, triage=triage)
    other = (sys.executable, str(Path(__file__)), "--other-end", str(gateway), str(desk), str(folder))
    service = Process(folder, "service", "run", "--config", "paycanary.yaml")
    with world.process(*other, core=world.SERVER_CORE, log=folder / "other.log"):
        world.wait_for(f"http://127.0.0.1:{desk}/arrivals")
        with service:
            world.wait_for(f"http://127.0.0.1:{port}/-/healthy", 60)
            time.sleep(WARM_SECONDS)
            begin = urllib.request.Request(f"http://127.0.0.1:{desk}/begin", method="POST")
            urllib.request.urlopen(begin).read()
            time.sleep(incidents * APART_SECONDS + 3 * EVERY_SECONDS + 10)
            arrivals = json.loads(world.wait_for(f"http://127.0.0.1:{desk}/arrivals"))
            return summary(f"http://127.0.0.1:{port}", arrivals, incidents)


def summary(url: str, arrivals: list[dict[str, Any]], incidents: int) -> dict[str, Any]:
    """The run that decided is the first bad one of its check: one failure is enough for the rule."""
    opened = {one["target"]: one["at"] for one in reversed(arrivals) if one["type"] == "incident.open"}
    enriched = {one["target"]: one["at"] for one in reversed(arrivals) if one["type"] == "incident.update"}
    waits, answers = [], []
    for target, at in opened.items():
        results = json.loads(world.wait_for(f"{url}/api/v1/checks/check-{target}/results?limit=100"))["results"]
        bad = min((one for one in results if one["good"] is False), key=lambda one: one["due"], default=None)
        if bad is not None:
            waits.append(at - (bad["due"] + bad["late_seconds"] + bad["duration_seconds"]))
            if target in enriched:
                answers.append(enriched[target] - at)
    metrics = world.wait_for(f"{url}/metrics").decode()
    return {
        "incidents": incidents,
        "tickets": len(opened),
        "enriched": len(answers),
        "wire_ms": quantiles(waits),
        "enriched_after_seconds": {name: round(value / 1000, 2) for name, value in quantiles(answers).items()},
        "verdicts": sum(_value(line) for line in metrics.splitlines() if line.startswith("paycanary_triage_verdicts_total{")),
        "slowest_ms": [round(1000 * wait, 1) for wait in sorted(waits)[-8:]],
        "load": os.getloadavg()[0],
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _value(line: str) -> float:
    return float(line.rpartition(" ")[2])


def quantiles(seconds: list[float]) -> dict[str, float]:
    """Nearest rank, in milliseconds."""
    ordered = sorted(seconds)
    if not ordered:
        return {}
    return {name: round(1000 * ordered[min(len(ordered) - 1, int(q * len(ordered)))], 1) for name, q in
            (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("max", 1.0))}  # fmt: skip


def configure(folder: Path, gateway: int, desk: int, port: int, incidents: int, *, triage: bool) -> None:
    names = [f"t{number:03d}" for number in range(incidents)]
    (folder / "checks").mkdir()
    (folder / "rules").mkdir()
    (folder / "desk.secret").write_text(SECRET)
    (folder / "desk.secret").chmod(0o600)
    common = "allow_private: [127.0.0.0/8], tls: {ca_file: ca.pem}, timeout: 2s, budget: {requests_per_second: 20}"
    (folder / "paycanary.yaml").write_text(
        f"service: {{install: bench, data: data, listen: '127.0.0.1:{port}', triage: {{enabled: {str(triage).lower()}}}}}\n"
        "include: {checks: ['checks/*.yaml'], rules: ['rules/*.yaml']}\ntargets:\n"
        + "".join(f"  {name}: {{base_url: 'https://127.0.0.1:{gateway}/{name}', {common}}}\n" for name in names)
        + f"desks: {{desk: {{webhook: {{url: 'http://127.0.0.1:{desk}/hook', secret: '${{file:desk.secret}}', allow_private: [127.0.0.0/8]}}}}}}\n"
    )
    (folder / "checks" / "all.yaml").write_text(
        "checks:\n"
        + "".join(
            f"  check-{name}: {{title: {name}, target: {name}, every: {EVERY_SECONDS}s, budget: 1500ms, "
            "steps: [{name: read, get: /read, expect: 'status == 200'}]}\n"
            for name in names
        )
    )
    (folder / "rules" / "all.yaml").write_text(
        "rules: {failing: {title: {en: failing, zh: 交易失败}, consecutive: {failures: 1, successes: 2}, severity: p1}}\n"
    )


async def _other_end(gateway: int, desk: int, folder: Path) -> None:
    """The gateways, which fail in turn, and the desk, which notes what arrives."""
    arrivals: list[dict[str, Any]] = []
    began: list[float] = []

    async def answer(request: web.Request) -> web.Response:
        since = time.time() - (began[0] + int(request.match_info["name"][1:]) * APART_SECONDS) if began else -1.0
        status = 503 if 0 <= since < FAILS_SECONDS else 200
        return web.json_response({"status": "ok" if status == 200 else "down"}, status=status)

    async def begin(_request: web.Request) -> web.Response:
        began.append(time.time())
        return web.Response()

    async def hook(request: web.Request) -> web.Response:
        at = time.time()
        event = await request.json()
        arrivals.append({"at": at, "type": event["type"], "target": event["target"]})
        return web.json_response({})

    async def told(_request: web.Request) -> web.Response:
        return web.json_response(arrivals)

    context: ssl.SSLContext = certificates.server_context(certificates.ensure(folder, time.time()))
    gateways, desks = web.Application(), web.Application()
    gateways.router.add_get("/{name}/{rest:.*}", answer)
    desks.router.add_post("/hook", hook)
    desks.router.add_post("/begin", begin)
    desks.router.add_get("/arrivals", told)
    for app, port, tls in ((gateways, gateway, context), (desks, desk, None)):
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    main()
