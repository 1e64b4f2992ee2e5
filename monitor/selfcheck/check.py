"""The course of the self-check: start a real service between hostile surroundings, let it run, look into every sink."""

import asyncio
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from monitor.selfcheck import sinks
from monitor.selfcheck.canaries import Canary, Finder, cards
from monitor.selfcheck.plot import SCENES, Plot, lay_out
from monitor.selfcheck.world import Surroundings

#: Long enough for every check to fail several times, for an incident, and for the desk to complain before it takes the ticket.
RUN_SECONDS = 8.0
#: A service that does not answer by now never will.
START_SECONDS = 30.0


@dataclass
class Row:
    """One sink: how much of it there was, and what was found in it."""

    sink: str
    size: int = 0
    found: set[str] = field(default_factory=set)


@dataclass
class Report:
    planted: list[Canary]
    rows: list[Row] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Nothing was found, and every sink held something: an empty one proves nothing."""
        return all(row.size and not row.found for row in self.rows)

    def look(self, sink: str, contents: Iterable[bytes]) -> None:
        row, finder = Row(sink), Finder(self.planted)
        for content in contents:
            row.size += len(content)
            row.found |= finder.find(content)
        self.rows.append(row)


async def run(seconds: float = RUN_SECONDS, *, spoil: Callable[[Plot], None] | None = None) -> Report:
    """The whole check, on loopback, in a directory that is gone afterwards. ``spoil`` may change the plot first: tests leak on purpose."""
    surroundings = Surroundings()
    await surroundings.start()
    try:
        with tempfile.TemporaryDirectory(prefix="paycanary-selfcheck-") as folder:
            plot = lay_out(
                Path(folder), port=_free_port(), gateway_port=surroundings.gateway_port, desk_port=surroundings.desk_port
            )
            if spoil is not None:
                spoil(plot)
            return await _course(plot, surroundings, seconds)
    finally:
        await surroundings.stop()


async def _course(plot: Plot, surroundings: Surroundings, seconds: float) -> Report:
    report = Report([*plot.planted, *cards()])
    environment = {**os.environ, **plot.environment, "COLUMNS": "400", "NO_COLOR": "1"}
    base = _base(plot)
    async with _service(plot, environment, report):
        await _ready(base)
        await asyncio.sleep(seconds)
        await _look_from_outside(report, base)
        report.look("commands", [sink async for sink in _commands(plot, environment, base)])
    report.look("tickets", surroundings.tickets)
    report.look("data directory", sinks.files(plot.folder / "data"))
    report.look("refusals", [sink async for sink in _refusals(plot, environment)])
    report.look("crashes", [sink async for sink in _crashes(plot, environment)])
    return report


async def _look_from_outside(report: Report, base: str) -> None:
    for name, sink in (
        ("metrics", sinks.metrics),
        ("interface", sinks.interface),
        ("evidence", sinks.evidence),
        ("pages", sinks.pages),
        ("probe view", sinks.probe_view),
    ):
        report.look(name, await asyncio.to_thread(_all, sink, base))


def _all(sink: Callable[[str], Iterable[bytes]], base: str) -> list[bytes]:
    return list(sink(base))


@asynccontextmanager
async def _service(plot: Plot, environment: dict[str, str], report: Report) -> AsyncIterator[None]:
    """The real command, with every log line there is and the plain view of every result."""
    words = ("run", "--config", str(plot.main), "--log-level", "debug", "--watch")
    with (plot.folder / "out").open("wb") as out, (plot.folder / "err").open("wb") as err:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "monitor", *words), env=environment, cwd=plot.folder, stdout=out, stderr=err
        )
        try:
            yield
        finally:
            if process.returncode is None:
                process.terminate()
                await process.wait()
    report.look("log", [(plot.folder / "err").read_bytes()])
    report.look("terminal", [(plot.folder / "out").read_bytes()])


async def _commands(plot: Plot, environment: dict[str, str], base: str) -> AsyncIterator[bytes]:
    """What people type while it runs; a note with a secret in it among them."""
    incidents = await asyncio.to_thread(sinks.listed, f"{base}/api/v1/incidents")
    for incident in incidents[:1]:
        text = f"the key is {plot.planted[0].value}, the card 4242 4242 4242 4242"
        body = {"by": "somebody", "text": text}
        yield await asyncio.to_thread(sinks.fetch, f"{base}/api/v1/incidents/{incident['id']}/note", body=body)
        yield await sinks.command("incidents", "show", incident["id"], "--url", base, environment=environment, folder=plot.folder)
    config = ("--config", str(plot.main))
    for words in (
        ("incidents", "list", "--url", base),
        ("tickets", "list", "--url", base),
        ("doctor", *config),
        ("validate", "--secrets", str(plot.main)),
        *(("once", f"bearer-{scene}", *config, "--json") for scene in SCENES[:3]),
        ("once", "basic-cards", *config),
        ("explain", "bearer-decline", *config),
    ):
        yield await sinks.command(*words, environment=environment, folder=plot.folder)


async def _refusals(plot: Plot, environment: dict[str, str]) -> AsyncIterator[bytes]:
    """Configurations with mistakes right beside their secrets."""
    good = plot.main.read_text(encoding="utf-8")
    key = plot.environment["CANARY_KEY"]
    for number, bad in enumerate(
        (
            good.replace('"${env:CANARY_KEY}"', f'"{key}"'),
            good.replace("X-Api-Key", "Authorization"),
            good.replace("title: bearer,", f"title: bearer, tokn: {key},"),
            good.replace("base_url: ", f'base_url: "https://user:{key}@127.0.0.1", was: '),
            good.replace("dialect: stripe", f"dialect: {key}\n  - {key}"),
        )
    ):
        path = plot.folder / f"bad-{number}.yaml"
        path.write_text(bad, encoding="utf-8")
        yield await sinks.command("run", "--config", str(path), environment=environment, folder=plot.folder)


async def _crashes(plot: Plot, environment: dict[str, str]) -> AsyncIterator[bytes]:
    """A database that is none, a data directory that is a file, and a process that is shot: tracebacks and all."""
    database = plot.folder / "data" / "paycanary.db"
    database.write_bytes(b"SQLite format 3\0" + os.urandom(8_192))
    yield await sinks.command("run", "--config", str(plot.main), environment=environment, folder=plot.folder)
    broken = plot.folder / "broken.yaml"
    broken.write_text(plot.main.read_text(encoding="utf-8").replace("data: data", "data: password"), encoding="utf-8")
    yield await sinks.command("run", "--config", str(broken), environment=environment, folder=plot.folder)
    database.unlink()
    yield await _shot(plot, environment)


async def _shot(plot: Plot, environment: dict[str, str]) -> bytes:
    """SIGABRT under ``faulthandler``: what a crash leaves in the journal."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-X", "faulthandler", "-X", "dev", "-m", "monitor", "run", "--config", str(plot.main)),
        env=environment,
        cwd=plot.folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    reading = asyncio.ensure_future(process.communicate())
    try:
        await _ready(_base(plot))
        process.send_signal(signal.SIGABRT)
        said, _ = await reading
    finally:
        if process.returncode is None:
            process.kill()
    return said


async def _ready(base: str) -> None:
    for _ in range(int(START_SECONDS * 10)):
        try:
            await asyncio.to_thread(sinks.fetch, f"{base}/-/healthy")
            return
        except OSError:
            await asyncio.sleep(0.1)
    raise TimeoutError(f"the service did not answer within {START_SECONDS:g} s")


def _base(plot: Plot) -> str:
    listen = plot.main.read_text(encoding="utf-8").partition('listen: "')[2].partition('"')[0]
    return f"http://{listen}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
