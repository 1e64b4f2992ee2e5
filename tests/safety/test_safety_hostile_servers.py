"""Thirty hostile servers against the real probe, through the driver, with an honest gateway beside them."""

import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hostile_servers import HOSTILE
from probe_world import LOOPBACK

from monitor.clock import SystemClock
from monitor.model.check import Check, Step, Target
from monitor.model.outcome import Outcome
from monitor.model.text import Text
from monitor.net.contexts import TlsContexts
from monitor.net.resolver import Resolver
from monitor.probes.drive import Driver
from monitor.probes.http import HttpProbe
from monitor.transactions.template import Place, compile_template

TIMEOUT_SECONDS = 1.5
#: What a probe may take beyond its time-out.
GRACE_SECONDS = 1.0
GROWTH_BYTES = 64 << 20
MOVED_SECONDS = 0.020
#: Honest runs a second, and how long each half of the comparison lasts.
PACE_SECONDS, HALF_SECONDS = 0.01, 4.0
#: Noise of a shared machine only ever adds: the quietest of so many rounds is the measurement.
ROUNDS = 3


@contextlib.contextmanager
def servers(names: list[str]) -> Iterator[dict[str, int]]:
    command = [sys.executable, str(Path(__file__).with_name("hostile_servers.py")), json.dumps(names)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        try:
            yield json.loads(process.stdout.readline())
        finally:
            process.kill()


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, int]]:
    """The honest gateway has a process of its own: what is measured is what the probes do to each other."""
    with servers(list(HOSTILE)) as hostile, servers(["honest"]) as honest:
        yield {**hostile, **honest}


@asynccontextmanager
async def driving():
    resolver = Resolver()
    probe = HttpProbe(resolver, TlsContexts())
    try:
        yield Driver({"http": probe}, {}, SystemClock())
    finally:
        await probe.close()
        resolver.close()


def watched(name: str, port: int) -> tuple[Check, Target]:
    request = compile_template({"method": "GET", "path": "/pay"}, {"path": Place.PATH})
    step = Step("get", "http", request, TIMEOUT_SECONDS)
    check = Check(name.replace(" ", "-"), Text(name), name, 10.0, 5.0, 5.0, (step,))
    return check, Target(name, Text(name), f"http://127.0.0.1:{port}", allow_private=LOOPBACK)


async def run(driver, name, ports):
    began = time.monotonic()
    result = await driver.run(*watched(name, ports[name]), 0, 0.0, 0.0, "here")
    return result, time.monotonic() - began


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4_096


def p99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]


def test_there_are_thirty_of_them() -> None:
    assert 30 == len(HOSTILE)


@pytest.mark.parametrize("name", HOSTILE)
async def test_every_probe_ends_in_time_and_is_a_value(ports, name):
    async with driving() as driver:
        result, took = await run(driver, name, ports)

    assert took < TIMEOUT_SECONDS + GRACE_SECONDS
    assert result.outcome is not Outcome.AGENT_FAULT, result.message
    assert result.good is not None
    assert len(result.evidence) < 64 << 10


async def test_hostile_servers_cost_their_neighbours_neither_memory_nor_time(ports):
    """Each hostile server is probed all the time, thirty at once, while the honest one is probed a hundred times a second."""
    async with driving() as driver:
        await run(driver, "honest", ports)
        before, moved, peak = resident_bytes(), [], 0
        for _ in range(ROUNDS):
            alone = await honest_latencies(driver, ports, lambda: 0)
            enough = asyncio.Event()
            harm = [asyncio.create_task(again_and_again(driver, name, ports, enough)) for name in HOSTILE]
            sizes: list[int] = []
            beside = await honest_latencies(driver, ports, lambda sizes=sizes: sizes.append(resident_bytes()))
            enough.set()
            took = [seconds for runs in await asyncio.gather(*harm) for seconds in runs]
            assert max(took) < TIMEOUT_SECONDS + GRACE_SECONDS
            moved.append(p99(beside) - p99(alone))
            peak = max(peak, *sizes)
            if moved[-1] < MOVED_SECONDS:
                break

    grown = peak - before
    print(f"honest p99 moved by {min(moved) * 1000:.1f} ms, memory grew by {grown / (1 << 20):.1f} MiB at most")
    assert min(moved) < MOVED_SECONDS
    assert grown < GROWTH_BYTES


async def again_and_again(driver, name, ports, enough):
    took: list[float] = []
    while not enough.is_set():
        _, seconds = await run(driver, name, ports)
        took.append(seconds)
        await asyncio.sleep(0.2)
    return took


async def honest_latencies(driver, ports, each):
    """Latencies as results tell them: what a rule would see."""
    latencies: list[float] = []
    ends = time.monotonic() + HALF_SECONDS
    while time.monotonic() < ends:
        result, _ = await run(driver, "honest", ports)
        assert result.good, result.message
        latencies.append(result.duration_seconds)
        each()
        await asyncio.sleep(PACE_SECONDS)
    return latencies
