"""kill -9, the signal itself, at any moment of a process that delivers: nothing lost, nothing made or said twice."""

import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from desk_cases import DESKS, DeskCase
from desk_model import make_row, make_ticket
from hosted import Hosted, Request

from monitor.clock import SystemClock
from monitor.model.batch import Batch
from monitor.model.incident import CommandKind
from monitor.stores.sqlite import SqliteStore

pytestmark = pytest.mark.slow
INCIDENTS = int(os.environ.get("INCIDENTS", "12"))
KILLS = int(os.environ.get("KILLS", "4"))
#: How long the desk takes for an answer; a life of the process lasts some of them, and is shorter than the whole delivery.
ANSWER_SECONDS, LONGEST_LIFE_SECONDS = 0.05, 0.5
PATIENCE_SECONDS = 120
#: One desk of each way to make a creation safe: looked up by a field, by a label, by an alias.
KINDS = ("redmine", "jira", "jsm_ops")


@asynccontextmanager
async def served(desk: Hosted) -> AsyncIterator[str]:
    """The model behind a socket, under the address that its description knows."""

    async def answer(request: web.Request) -> web.Response:
        await asyncio.sleep(ANSWER_SECONDS)
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = desk.handle(Request(request.method, f"https://desk.test{request.raw_path}", headers, await request.read()))
        return web.Response(status=reply.status, body=reply.body, headers=dict(reply.headers))

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def commanded(path: Path) -> None:
    clock = SystemClock()
    store = SqliteStore(path, clock=clock)
    store.open()
    steps = ((CommandKind.OPEN, 1), (CommandKind.UPDATE, 2), (CommandKind.RESOLVE, 3))
    tickets = [make_ticket(f"inc_{number}", kind, revision) for number in range(INCIDENTS) for kind, revision in steps]
    await store.commit(Batch(outbox=[make_row(ticket, at=clock.wall()) for ticket in tickets], durable=True))
    await store.close()


async def deliver_and_kill(store: Path, case: DeskCase, url: str, dice: random.Random) -> int:
    command = [sys.executable, str(Path(__file__).with_name("hosted_child.py")), str(store), case.id, url]
    kills = 0
    while True:
        child = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await child.stdout.readline() != b"delivering\n":
                assert child.returncode is None, "the child did not start"
        if kills < KILLS:
            await asyncio.sleep(dice.uniform(0.01, LONGEST_LIFE_SECONDS))
            child.kill()
        async with asyncio.timeout(PATIENCE_SECONDS):
            rest, _ = await child.communicate()
        if rest.endswith(b"drained\n"):
            return kills
        kills += 1


@pytest.mark.parametrize("kind", KINDS)
async def test_a_process_killed_again_and_again_tells_each_thing_once(kind: str, tmp_path: Path):
    case = next(case for case in DESKS if case.id == kind)
    desk: Any = case.desk(asyncio.get_running_loop().time)
    desk.sampled = True
    await commanded(tmp_path / "store.db")
    async with served(desk) as url:
        kills = await deliver_and_kill(tmp_path / "store.db", case, url, random.Random(5))

    held = [desk.of(f"paycanary-test-inc_{number}-1") for number in range(INCIDENTS)]
    assert [] == desk.violations
    assert {1} == {len(tickets) for tickets in held}
    assert all(case.settled(tickets[0]) for tickets in held)
    for (ticket,) in held:
        said = json.dumps(list(case.said(ticket)), ensure_ascii=False)
        assert max(said.count(f"r{revision}]") for revision in (1, 2, 3)) <= 1
    assert kills > 0
