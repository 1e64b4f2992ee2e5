"""Our side: a service with thousands of checks and the rules every installation has, run as a process of its own."""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import world

from monitor.clock import SystemClock
from monitor.model.units import parse_duration
from monitor.stores import Slim
from monitor.stores.sqlite import SqliteStore

#: Every check has run once: caches are filled, contexts built, the detectors' states begun.
WARM_SECONDS = 11.0
START_SECONDS = 60.0


class Running(NamedTuple):
    pid: int
    url: str
    data: Path

    def slots(self) -> dict[str, Any]:
        """What became of the slots so far: planned, ran, missed by reason, waiting."""
        status: dict[str, Any] = json.loads(world.wait_for(f"{self.url}/api/v1/status"))
        slots: dict[str, Any] = status["slots"]
        return slots


@contextlib.contextmanager
def running(home: Path, *, url: str, checks: int, every: str, max_in_flight: int) -> Iterator[Running]:
    """The service, warm."""
    port = world.free_port()
    config = configuration(home, port, url=url, checks=checks, every=every, max_in_flight=max_in_flight)
    command = (sys.executable, "-m", "monitor", "run", "--config", str(config))
    with world.process(*command, core=world.PROBER_CORE, cwd=home, log=home / "run.log") as process:
        own = f"http://127.0.0.1:{port}"
        world.wait_for(f"{own}/-/healthy", START_SECONDS)
        time.sleep(WARM_SECONDS)
        yield Running(process.pid, own, home / "data")


def configuration(home: Path, port: int, *, url: str, checks: int, every: str, max_in_flight: int) -> Path:
    (home / "checks").mkdir(parents=True)
    (home / "rules").mkdir()
    tls = f", tls: {{ca_file: {home.parent}/ca.pem}}" if url.startswith("https") else ""
    (home / "paycanary.yaml").write_text(
        f"service: {{install: bench, data: data, listen: '127.0.0.1:{port}', max_in_flight: {max_in_flight}}}\n"
        "include: {checks: ['checks/*.yaml'], rules: ['rules/*.yaml']}\n"
        f"targets: {{web: {{title: web, base_url: '{url}', allow_private: [127.0.0.0/8], max_concurrency: {max_in_flight}, timeout: 5s{tls}}}}}\n"
    )
    budget = min(every, "5s", key=parse_duration)
    rows = [
        f"  c{n:05d}: {{title: c{n}, target: web, every: {every}, budget: {budget}, "
        "steps: [{name: read, get: /, expect: 'status == 200 && body.status == \"ok\"'}]}"
        for n in range(checks)
    ]
    (home / "checks" / "all.yaml").write_text("\n".join(["checks:", *rows]) + "\n")
    (home / "rules" / "all.yaml").write_text(
        "rules:\n"
        "  failing: {title: failing, consecutive: {failures: 3, successes: 3}, severity: p1}\n"
        "  partial: {title: partial, k_of_n: {bad: 5, of: 60}, severity: p2}\n"
        "  silent: {title: silent, absence: {after: 5m}, severity: p3}\n"
    )
    return home / "paycanary.yaml"


def results(data: Path, windows: Sequence[tuple[float, float]]) -> list[list[Slim]]:
    """What the store holds of each window: one row a run, none of them sampled."""
    store = SqliteStore(next(data.glob("*.db")), clock=SystemClock(), threaded=False, read_only=True)
    store.open()
    return asyncio.run(_results(store, windows))


async def _results(store: SqliteStore, windows: Sequence[tuple[float, float]]) -> list[list[Slim]]:
    first, last = windows[0][0], windows[-1][1]
    names = [f"c{n:05d}" for n in range(10_000)]
    stored = {one.check for one in await store.rollups(names, seconds=86_400, since=first - 86_400, until=last)}
    found: list[list[Slim]] = [[] for _ in windows]
    for name in sorted(stored):
        rows = await store.results(name, since=first, until=last)
        for window, (began, ended) in zip(found, windows, strict=True):
            window += (row for row in rows if began <= row.due < ended)
    return found


def summary(rows: Sequence[Slim]) -> dict[str, Any]:
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


def at(ordered: Sequence[float], q: float) -> float | None:
    """Nearest rank, in milliseconds."""
    return round(1000 * ordered[min(len(ordered) - 1, int(q * len(ordered)))], 3) if ordered else None
