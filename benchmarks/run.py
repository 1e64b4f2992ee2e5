"""Figures beside blackbox_exporter, in one run, on this machine: read the ratios, not the wall times.

    make bench                     everything, about eight minutes
    benchmarks/run.py --quick      the same with shorter windows

Writes benchmarks/out/bench.json and prints one table a scenario.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import world

from monitor.clock import SystemClock
from monitor.model.units import parse_duration
from monitor.stores import Slim
from monitor.stores.sqlite import SqliteStore

OUT = Path(__file__).parent / "out"
EVERY_SECONDS = 10.0
#: Slots of the first seconds belong to the start: caches, contexts, the first hand-shakes.
WARM_SECONDS = 5.0
#: Every second: several times what one core can do.
OVERLOAD_CHECKS = 6_000
#: Each check shows about fifty series.
SCRAPE_CHECKS = 1_000
CHECK_NAMES = tuple(f"c{n:05d}" for n in range(10_000))


def configuration(folder: Path, *, url: str, checks: int, every: str, max_in_flight: int, strata: int = 1) -> Path:
    """A service watching ``checks`` endpoints, with the rules every installation has."""
    (folder / "checks").mkdir(parents=True)
    (folder / "rules").mkdir()
    port = world.free_port()
    tls = f", tls: {{ca_file: {folder.parent}/ca.pem}}" if url.startswith("https") else ""
    (folder / "paycanary.yaml").write_text(
        f"service: {{install: bench, data: data, listen: '127.0.0.1:{port}', max_in_flight: {max_in_flight}}}\n"
        "include: {checks: ['checks/*.yaml'], rules: ['rules/*.yaml']}\n"
        f"targets: {{web: {{title: web, base_url: '{url}', allow_private: [127.0.0.0/8], max_concurrency: {max_in_flight}, timeout: 5s{tls}}}}}\n"
    )
    rows = ["checks:"]
    values = ", ".join(f"v{n}" for n in range(strata))
    extra = f", strata: {{brand: [{values}]}}" if strata > 1 else ""
    budget = min(every, "5s", key=parse_duration)
    for n in range(checks):
        rows.append(
            f"  c{n:05d}: {{title: c{n}, target: web, every: {every}, budget: {budget}{extra}, "
            "steps: [{name: read, get: /, expect: 'status == 200 && body.status == \"ok\"'}]}"
        )
    (folder / "checks" / "all.yaml").write_text("\n".join(rows) + "\n")
    (folder / "rules" / "all.yaml").write_text(
        "rules:\n"
        "  failing: {title: failing, consecutive: {failures: 3, successes: 3}, severity: p1}\n"
        "  partial: {title: partial, k_of_n: {bad: 5, of: 60}, severity: p2}\n"
        "  silent: {title: silent, absence: {after: 5m}, severity: p3}\n"
    )
    return folder / "paycanary.yaml"


def ours(
    folder: Path, name: str, *, url: str, checks: int, seconds: float, every: str = "10s", max_in_flight: int = 512
) -> dict[str, Any]:
    """Run the service for ``seconds``; CPU, lateness and outcomes of what it did in that time."""
    home = folder / name
    config = configuration(home, url=url, checks=checks, every=every, max_in_flight=max_in_flight)
    listen = config.read_text().split("listen: '")[1].split("'")[0]
    command = (sys.executable, "-m", "monitor", "run", "--config", str(config))
    with world.process(*command, core=world.PROBER_CORE, cwd=home, log=home / "run.log") as running:
        world.wait_for(f"http://{listen}/-/healthy", 60)
        time.sleep(WARM_SECONDS)
        began, before = time.time(), world.cpu_seconds(running.pid)
        time.sleep(seconds)
        ended, after = time.time(), world.cpu_seconds(running.pid)
        rss = world.rss_mib(running.pid)
        status = json.loads(world.wait_for(f"http://{listen}/api/v1/status"))
    return {**measured(home / "data", began, ended), "cpu_s": after - before, "rss_mib": round(rss, 1), "slots": status["slots"]}


def measured(data: Path, began: float, ended: float) -> dict[str, Any]:
    """What the store holds of a stretch of time: one row a run, none of them sampled."""
    store = SqliteStore(next(data.glob("*.db")), clock=SystemClock(), threaded=False, read_only=True)
    store.open()
    rows = asyncio.run(read_results(store, began, ended))
    late = sorted(row.late_seconds for row in rows)
    took = sorted(row.duration_seconds for row in rows)
    return {
        "runs": len(rows),
        "failed": sum(row.good is False for row in rows),
        "unmeasured": sum(row.good is None for row in rows),
        "late_p50_ms": at(late, 0.5),
        "late_p99_ms": at(late, 0.99),
        "late_max_ms": at(late, 1),
        "took_p50_ms": at(took, 0.5),
        "took_p99_ms": at(took, 0.99),
    }


def at(ordered: list[float], q: float) -> float | None:
    """Nearest rank, in milliseconds."""
    return round(1000 * ordered[min(len(ordered) - 1, int(q * len(ordered)))], 3) if ordered else None


async def read_results(store: SqliteStore, began: float, ended: float) -> list[Slim]:
    """All results that were due in [began, ended)."""
    found: list[Slim] = []
    for rollup in {one.check for one in await store.rollups(CHECK_NAMES, seconds=86_400, since=began - 86_400, until=ended)}:
        found += await store.results(rollup, since=began, until=ended)
    return found


def theirs(folder: Path, *, url: str, rate: float, seconds: float) -> dict[str, Any]:
    """blackbox_exporter probing the same server at the same rate, asked by a driver on the other core."""
    with world.blackbox(folder) as (port, running):
        probe = f"http://127.0.0.1:{port}/probe?module=http_2xx&target={url}"
        asyncio.run(world.paced([probe], each_seconds=1 / rate, seconds=WARM_SECONDS, accept=b"probe_success 1"))
        before = world.cpu_seconds(running.pid)
        good, bad = asyncio.run(world.paced([probe] * 100, each_seconds=100 / rate, seconds=seconds, accept=b"probe_success 1"))
        after = world.cpu_seconds(running.pid)
    return {"runs": good + bad, "failed": bad, "cpu_s": round(after - before, 3)}


def beside(folder: Path, urls: dict[str, str], *, checks: int, seconds: float) -> list[dict[str, Any]]:
    """The same load on both, one after the other, on the same core."""
    rows = []
    for scheme, url in urls.items():
        mine = ours(folder, f"{scheme}-{checks}", url=url, checks=checks, seconds=seconds)
        other = theirs(folder, url=url, rate=checks / EVERY_SECONDS, seconds=seconds)
        mine_ms, other_ms = 1000 * mine["cpu_s"] / mine["runs"], 1000 * other["cpu_s"] / other["runs"]
        row = {"scheme": scheme, "checks": checks, "paycanary": mine, "blackbox": other}
        row |= {"cpu_ms": round(mine_ms, 3), "blackbox_cpu_ms": round(other_ms, 3), "ratio": round(mine_ms / other_ms, 2)}
        print(
            f"{scheme:5} {checks:5} checks @ 10 s: {mine['runs']} runs, {mine['failed']} failed, late p99 {mine['late_p99_ms']} ms; "
            f"CPU per run {row['cpu_ms']} ms, blackbox_exporter {row['blackbox_cpu_ms']} ms: ratio {row['ratio']}",
            flush=True,
        )
        rows.append(row)
    return rows


def overload(folder: Path, url: str, *, seconds: float) -> dict[str, Any]:
    """More slots than one core can run: nothing healthy is called down, and every slot is accounted for."""
    row = ours(folder, "overload", url=url, checks=OVERLOAD_CHECKS, seconds=seconds, every="1s", max_in_flight=64)
    slots = row["slots"]
    missed = sum(slots["missed"].values())
    row["accounted"] = slots["planned"] == slots["ran"] + missed
    print(
        f"overload: {OVERLOAD_CHECKS} checks @ 1 s: ran {slots['ran']}, missed {missed}, planned {slots['planned']} "
        f"(accounted for: {row['accounted']}); false failures {row['failed']}",
        flush=True,
    )
    return row


def scrape(folder: Path, url: str) -> dict[str, Any]:
    """A page of some 50,000 series: how long a scrape takes, and what it does to the lateness of runs."""
    home = folder / "scrape"
    config = configuration(home, url=url, checks=SCRAPE_CHECKS, every="10s", max_in_flight=512)
    listen = config.read_text().split("listen: '")[1].split("'")[0]
    command = (sys.executable, "-m", "monitor", "run", "--config", str(config))
    with world.process(*command, core=world.PROBER_CORE, cwd=home, log=home / "run.log"):
        world.wait_for(f"http://{listen}/-/healthy", 60)
        time.sleep(EVERY_SECONDS + WARM_SECONDS)
        quiet = (time.time(), time.time() + EVERY_SECONDS)
        time.sleep(EVERY_SECONDS)
        busy_from, took = time.time(), []
        while time.time() < busy_from + EVERY_SECONDS:
            began = time.perf_counter()
            body = world.wait_for(f"http://{listen}/metrics")
            took.append(time.perf_counter() - began)
            time.sleep(1.0)
        busy = (busy_from, time.time())
        series = sum(1 for line in body.splitlines() if line and not line.startswith(b"#"))
    calm, loaded = measured(home / "data", *quiet), measured(home / "data", *busy)
    row = {"series": series, "bytes": len(body), "took_p50_ms": at(sorted(took), 0.5), "took_max_ms": at(sorted(took), 1)}
    row |= {"late_p99_ms_quiet": calm["late_p99_ms"], "late_p99_ms_scraped": loaded["late_p99_ms"]}
    row |= {"late_max_ms_quiet": calm["late_max_ms"], "late_max_ms_scraped": loaded["late_max_ms"]}
    print(
        f"scrape: {series} series, {len(body) / 1e6:.1f} MB: p50 {row['took_p50_ms']} ms, max {row['took_max_ms']} ms; late p99 "
        f"{row['late_p99_ms_quiet']} -> {row['late_p99_ms_scraped']} ms, max {row['late_max_ms_quiet']} -> {row['late_max_ms_scraped']} ms",
        flush=True,
    )
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="shorter windows: for looking, not for quoting")
    parser.add_argument("--only", choices=("beside", "overload", "scrape"), help="one part")
    arguments = parser.parse_args()
    seconds = 10.0 if arguments.quick else 30.0
    OUT.mkdir(exist_ok=True)
    report: dict[str, Any] = {"when": time.strftime("%Y-%m-%d"), "seconds": seconds}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world.make_certificates(folder)
        with world.nginx(folder) as (plain, tls):
            urls = {"http": f"http://127.0.0.1:{plain}", "https": f"https://127.0.0.1:{tls}"}
            if arguments.only in (None, "beside"):
                report["beside"] = [row for n in (1_000, 5_000) for row in beside(folder, urls, checks=n, seconds=seconds)]
            if arguments.only in (None, "overload"):
                report["overload"] = overload(folder, urls["http"], seconds=seconds)
            if arguments.only in (None, "scrape"):
                report["scrape"] = scrape(folder, urls["http"])
    (OUT / "bench.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
