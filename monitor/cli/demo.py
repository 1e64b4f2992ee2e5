"""`paycanary demo`: the whole service against the bundled sandbox, with something going wrong."""

import asyncio
import contextlib
import dataclasses
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from monitor.app import App
from monitor.cli.live import Screen, view
from monitor.cli.run import execute, read_config
from monitor.cli.service import DEFAULT_CONFIG, EXIT_UNREACHABLE, EXIT_USAGE, ConfigPath, err, fail, out
from monitor.config import Config

#: A sandbox that has not said "ready" by now never will.
READY_SECONDS = 30.0
#: The demo does not let anybody wait: checks run at least this often, whatever their files say.
PACE_SECONDS = 2.5


def demo(
    config: ConfigPath = DEFAULT_CONFIG,
    script: Annotated[str, typer.Option(help="What goes wrong: demo, or none.")] = "demo",
    port: Annotated[int, typer.Option(help="Port of the sandbox gateway (HTTPS).")] = 8711,
    desk_port: Annotated[int, typer.Option(help="Port of the desk.")] = 8712,
) -> None:
    """The service, a sandbox gateway and a ticket desk, all on this machine. Within four minutes: one incident, one ticket, one resolve."""
    if not config.exists():
        raise fail(f"{config} is not here: run this in a checkout of paycanary, or see `paycanary init`", EXIT_USAGE)
    folder = config.parent / "data" / "sandbox"
    with _sandbox(folder, port, desk_port, script) as world:
        settings = at_demo_pace(read_config(config))
        footer = _footer(settings, port, desk_port)
        screen = view(Console(), settings.checks, footer)
        if not isinstance(screen, Screen):
            out.print(footer, highlight=False, soft_wrap=True)

        @contextlib.asynccontextmanager
        async def beside(app: App) -> AsyncIterator[None]:
            reader = asyncio.create_task(_read_lines(world, app))
            try:
                yield
            finally:
                reader.cancel()

        execute(settings, lambda: at_demo_pace(read_config(config)), screen=screen, log_level="error", beside=beside)


def at_demo_pace(config: Config) -> Config:
    """The same checks, more often."""
    checks = {
        name: dataclasses.replace(check, every_seconds=min(check.every_seconds, PACE_SECONDS))
        for name, check in config.checks.items()
    }
    return dataclasses.replace(config, checks=checks)


@contextlib.contextmanager
def _sandbox(folder: Path, port: int, desk_port: int, script: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A sandbox in a process of its own, ready; ended with the block, and with us whatever happens."""
    command = [sys.executable, "-m", "monitor", "sandbox", "--dir", str(folder), "--port", str(port)]
    command += ["--desk-port", str(desk_port), "--script", script, "--exit-with-parent"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, process_group=0)
    try:
        said = _wait_ready(child)
        if said is not None:
            err.print(said, highlight=False, markup=False)
            raise fail("the sandbox did not start; is one running already?", EXIT_UNREACHABLE)
        yield child
    finally:
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(5)
        if child.poll() is None:
            child.kill()
            child.wait()
        if child.stdout is not None:
            child.stdout.close()


def _wait_ready(child: "subprocess.Popen[bytes]") -> str | None:
    """None when the sandbox is ready; else what it said instead."""
    import select
    import time

    assert child.stdout is not None  # noqa: S101 - opened above
    lines: list[str] = []
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if not select.select([child.stdout], [], [], 0.2)[0]:
            continue
        line = child.stdout.readline().decode(errors="replace").rstrip()
        if line.startswith("ready "):
            os.set_blocking(child.stdout.fileno(), False)
            return None
        lines.append(line)
        if not line and child.poll() is not None:
            break
    return "\n".join(lines)


async def _read_lines(world: "subprocess.Popen[bytes]", app: App) -> None:
    """What the sandbox says becomes part of the story."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), world.stdout)
    try:
        while line := await reader.readline():
            for listener in app.listeners:
                listener("world", line.decode(errors="replace").rstrip())
    finally:
        transport.close()


def _footer(config: Config, port: int, desk_port: int) -> str:
    service = config.service
    base = f"http://{service.host}:{service.port}"
    rows: list[tuple[str, Any]] = [
        ("overview", f"{base}/"),
        ("metrics", f"{base}/metrics"),
        ("desk", f"http://127.0.0.1:{desk_port}/"),
        ("gateway's books", f"https://127.0.0.1:{port}/_sandbox/open"),
    ]
    return "look at  " + "   ".join(f"{name}: {url}" for name, url in rows) + "\nCtrl-C stops it; data/ keeps everything"
