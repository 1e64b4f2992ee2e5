"""``paycanary sandbox`` as a program: what it prints, how it ends."""

import asyncio
import os
import signal
import socket
import sys
from contextlib import asynccontextmanager

import aiohttp
import pytest

PROGRAM = "import typer; from monitor.cli.sandbox import sandbox; typer.run(sandbox)"
BARE = ("--port", "0", "--desk-port", "0")
PATIENCE_SECONDS = 30


@asynccontextmanager
async def started(directory, *options: str):
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, "--dir", str(directory), *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def ready(process) -> dict[str, str]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        line = (await process.stdout.readline()).decode()
    word, *pairs = line.split()
    assert "ready" == word
    return dict(pair.split("=", 1) for pair in pairs)


async def test_the_first_line_says_where_everything_is_and_the_next_ones_are_for_people(tmp_path):
    async with started(tmp_path, *BARE, "--script", "demo") as process:
        places = await ready(process)
        assert str(tmp_path) == places["dir"]
        assert places["gateway"].startswith("https://127.0.0.1:")
        async with aiohttp.ClientSession() as session, session.get(f"{places['desk']}/tickets") as answer:
            assert {"tickets": []} == await answer.json()
        assert "[sandbox] both gateways are healthy" in (await process.stdout.readline()).decode()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly(tmp_path, number):
    async with started(tmp_path, *BARE) as process:
        await ready(process)
        process.send_signal(number)
        async with asyncio.timeout(PATIENCE_SECONDS):
            _, errors = await process.communicate()
    assert (0, b"") == (process.returncode, errors)


async def test_a_port_that_is_taken_is_a_sentence_and_exit_code_2(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        async with started(tmp_path, "--port", port, "--desk-port", "0") as process, asyncio.timeout(PATIENCE_SECONDS):
            output, errors = await process.communicate()
    assert (2, b"") == (process.returncode, output)
    assert b"the sandbox cannot start: " in errors
    assert b"Traceback" not in errors


async def test_an_unknown_script_is_refused(tmp_path):
    async with started(tmp_path, "--script", "tragedy") as process, asyncio.timeout(PATIENCE_SECONDS):
        _, errors = await process.communicate()
    assert 2 == process.returncode
    assert b"none, demo" in errors


async def test_it_ends_with_the_process_that_started_it(tmp_path):
    """A shell starts it and is killed; the sandbox notices."""
    arguments = f"'{sys.executable}' -c '{PROGRAM}' --dir '{tmp_path}' --port 0 --desk-port 0 --exit-with-parent"
    shell = await asyncio.create_subprocess_shell(f"{arguments} & echo $!; wait", stdout=asyncio.subprocess.PIPE)
    child = int(await shell.stdout.readline())
    try:
        await ready(shell)
        shell.kill()
        async with asyncio.timeout(PATIENCE_SECONDS):
            rest = await shell.stdout.read()  # ends when nobody holds the pipe any more: the sandbox has gone
        assert b"" == rest
    finally:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            pass
        await shell.wait()
