"""Figures beside blackbox_exporter, in one run, on this machine: read the ratios, not the wall times.

    make bench                     everything, about nine minutes
    benchmarks/run.py --quick      the same with fewer and shorter rounds

Both sides probe the same nginx at the same pace, taking turns on the same core: while one is measured the other is stopped or idle.
The figure of a scenario is the median of its rounds' ratios, with the lowest and the highest beside it. Writes benchmarks/out/bench.json.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import service
import world

OUT = Path(__file__).parent / "out"
EVERY_SECONDS = 10.0
#: Caches and pools are cold at the beginning.
SETTLE_SECONDS = 1.5
#: After a stop, the slots of a quarter of an interval are still worth running, and the older ones are written off: that takes its time.
RESUME_SECONDS = 4.0
#: Runs that were due in a turn begin and end before our process is stopped.
ENDING_SECONDS = 0.5
#: Every second: several times what one core can do.
OVERLOAD_CHECKS = 6_000
#: A check without strata shows some seventy series.
SCRAPE_CHECKS = 720
SCRAPES = 20


class Size(NamedTuple):
    """How much is measured."""

    rounds: int
    window_seconds: float
    overload_seconds: float


FULL = Size(rounds=5, window_seconds=6.0, overload_seconds=30.0)
QUICK = Size(rounds=3, window_seconds=4.0, overload_seconds=10.0)


class Turn(NamedTuple):
    """One side's part of a round. Instants are wall clock."""

    began: float
    ended: float
    cpu_seconds: float
    runs: int = 0
    failed: int = 0

    @property
    def cpu_ms(self) -> float:
        return 1000 * self.cpu_seconds / max(1, self.runs)


def beside(folder: Path, url: str, checks: int, size: Size) -> dict[str, Any]:
    """The same load on both, in turns."""
    scheme = url.partition(":")[0]
    with service.running(folder / f"{scheme}-{checks}", url=url, checks=checks, every="10s", max_in_flight=512) as ours:
        with world.blackbox(folder) as (port, theirs):
            probe = f"http://127.0.0.1:{port}/probe?module=http_2xx&target={url}"
            rounds = [
                (our_turn(ours.pid, size), their_turn(ours.pid, theirs.pid, probe, checks, size)) for _ in range(size.rounds)
            ]
        memory = world.rss_mib(ours.pid)
    results = service.results(ours.data, [(turn.began, turn.ended) for turn, _ in rounds])
    pairs = [(turn._replace(runs=len(rows)), other) for (turn, other), rows in zip(rounds, results, strict=True)]
    row = {"scheme": scheme, "checks": checks, "rss_mib": round(memory, 1)} | compared(pairs)
    row |= service.summary([one for rows in results for one in rows])
    print(
        f"{scheme:5} {checks:5} checks @ 10 s: CPU per run {row['cpu_ms']} ms, blackbox_exporter {row['blackbox_cpu_ms']} ms, ratio "
        f"{row['ratio']} [{row['ratio_low']} .. {row['ratio_high']}]; {row['runs']} runs, {row['failed']} failed, "
        f"late p50 {row['late_p50_ms']} p99 {row['late_p99_ms']} ms",
        flush=True,
    )
    return row


def our_turn(pid: int, size: Size) -> Turn:
    time.sleep(RESUME_SECONDS)
    began, before = time.time(), world.cpu_seconds(pid)
    time.sleep(size.window_seconds)
    turn = Turn(began, time.time(), world.cpu_seconds(pid) - before)
    time.sleep(ENDING_SECONDS)
    return turn


def their_turn(ours: int, theirs: int, probe: str, checks: int, size: Size) -> Turn:
    """Asked by a driver on the other core, while our process is stopped."""
    each = EVERY_SECONDS / checks
    with world.stopped(ours):
        asyncio.run(world.paced(probe, each_seconds=each, seconds=SETTLE_SECONDS, accept=b"probe_success 1"))
        began, before = time.time(), world.cpu_seconds(theirs)
        good, bad = asyncio.run(world.paced(probe, each_seconds=each, seconds=size.window_seconds, accept=b"probe_success 1"))
        return Turn(began, time.time(), world.cpu_seconds(theirs) - before, good + bad, bad)


def compared(pairs: list[tuple[Turn, Turn]]) -> dict[str, Any]:
    ratios = sorted(ours.cpu_ms / theirs.cpu_ms for ours, theirs in pairs)
    return {
        "cpu_ms": round(statistics.median(ours.cpu_ms for ours, _ in pairs), 3),
        "blackbox_cpu_ms": round(statistics.median(theirs.cpu_ms for _, theirs in pairs), 3),
        "blackbox_failed": sum(theirs.failed for _, theirs in pairs),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_low": round(ratios[0], 2),
        "ratio_high": round(ratios[-1], 2),
    }


def overload(folder: Path, url: str, size: Size) -> dict[str, Any]:
    """More slots than one core can run: nothing healthy is called down, and every slot is accounted for while it goes on."""
    with service.running(folder / "overload", url=url, checks=OVERLOAD_CHECKS, every="1s", max_in_flight=64) as ours:
        time.sleep(SETTLE_SECONDS)
        before, began = ours.slots(), time.time()
        time.sleep(size.overload_seconds)
        after, ended = ours.slots(), time.time()
    row: dict[str, Any] = service.summary(service.results(ours.data, [(began, ended)])[0])
    planned, ran = after["planned"] - before["planned"], after["ran"] - before["ran"]
    missed = sum(after["missed"].values()) - sum(before["missed"].values())
    row |= {
        "planned": planned,
        "ran": ran,
        "missed": missed,
        "waiting": after["waiting"],
        "runs_per_second": round(ran / (ended - began)),
    }
    row["accounted"] = after["planned"] == after["ran"] + sum(after["missed"].values()) + after["waiting"]
    row["planned_of_grid"] = round(planned / (OVERLOAD_CHECKS * (ended - began)), 3)
    print(
        f"overload: {OVERLOAD_CHECKS} checks @ 1 s: planned {planned}, ran {ran} ({row['runs_per_second']} a second), missed {missed}; "
        f"accounted for: {row['accounted']}, and {row['planned_of_grid']} of what the grid says; false failures {row['failed']}",
        flush=True,
    )
    return row


def scrape(folder: Path, url: str) -> dict[str, Any]:
    """A page of 50,000 series: how long a scrape takes, and what it does to the lateness of runs."""
    with service.running(folder / "scrape", url=url, checks=SCRAPE_CHECKS, every="10s", max_in_flight=512) as ours:
        time.sleep(EVERY_SECONDS + SETTLE_SECONDS)
        quiet = (time.time(), time.time() + SCRAPES / 2)
        time.sleep(SCRAPES / 2)
        began, took, body = time.time(), [], b""
        for _ in range(SCRAPES):
            time.sleep(0.5)
            seconds, body = world.timed(f"{ours.url}/metrics")
            took.append(seconds)
        busy = (began, time.time())
    series = sum(1 for line in body.splitlines() if line and not line.startswith(b"#"))
    calm, loaded = (service.summary(rows) for rows in service.results(ours.data, [quiet, busy]))
    row = {
        "series": series,
        "bytes": len(body),
        "took_p50_ms": service.at(sorted(took), 0.5),
        "took_max_ms": service.at(sorted(took), 1),
    }
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
    parser.add_argument("--quick", action="store_true", help="for looking, not for quoting")
    parser.add_argument("--only", choices=("beside", "overload", "scrape"), help="one part")
    parser.add_argument("--scheme", choices=("http", "https"), help="of beside, one half")
    arguments = parser.parse_args()
    size = QUICK if arguments.quick else FULL
    os.sched_setaffinity(0, {int(world.SERVER_CORE)})
    OUT.mkdir(exist_ok=True)
    report: dict[str, Any] = {"when": time.strftime("%Y-%m-%d"), "load_average_before": os.getloadavg()[0]} | size._asdict()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world.make_certificates(folder)
        with world.nginx(folder) as (plain, tls):
            urls = {"http": f"http://127.0.0.1:{plain}", "https": f"https://127.0.0.1:{tls}"}
            if arguments.only in (None, "beside"):
                wanted = [arguments.scheme] if arguments.scheme else list(urls)
                report["beside"] = [beside(folder, urls[scheme], checks, size) for checks in (1_000, 5_000) for scheme in wanted]
            if arguments.only in (None, "overload"):
                report["overload"] = overload(folder, urls["http"], size)
            if arguments.only in (None, "scrape"):
                report["scrape"] = scrape(folder, urls["http"])
    (OUT / "bench.json").write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
