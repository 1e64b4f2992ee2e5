"""Facts about delivery to a real Roundup tracker, with replies lost and the process killed on the way."""

import asyncio
import random
import subprocess
import sys
from pathlib import Path

import pytest
from desk_model import make_row, make_ticket
from lossy_proxy import LossyProxy
from roundup_server import RoundupServer

from monitor.clock import SystemClock
from monitor.connectors import Call, Delivered, Found, Rejected
from monitor.connectors.client import Client, play
from monitor.connectors.clip import DIVIDER
from monitor.connectors.roundup import RoundupConnector
from monitor.delivery import Delivery
from monitor.model.alert import Severity
from monitor.model.batch import Batch
from monitor.model.incident import CommandKind as Kind
from monitor.model.secret import Secret
from monitor.stores.sqlite import SqliteStore

pytestmark = [pytest.mark.counterpart]
INCIDENTS = 4


def connector_to(url: str, **changes: object) -> RoundupConnector:
    options = {
        "url": url,
        "username": RoundupServer.user,
        "password": Secret(RoundupServer.password),
        "allow_private": ("127.0.0.0/8",),
        "timeout": "5s",
        "settle": "300ms",
    }
    return RoundupConnector(RoundupConnector.Options(**{**options, **changes}))


async def commanded(path: Path) -> None:
    """An outbox with the whole life of several incidents in it."""
    clock = SystemClock()
    store = SqliteStore(path, clock=clock)
    store.open()
    rows = []
    for number in range(INCIDENTS):
        for revision, kind in enumerate((Kind.OPEN, Kind.RESOLVE, Kind.REOPEN, Kind.RESOLVE), 1):
            ticket = make_ticket(f"inc_{number}", kind, revision, episode=1 + (revision > 2))
            rows.append(make_row(ticket, at=clock.wall()))
    await store.commit(Batch(outbox=rows, durable=True))
    await store.close()


def everything_is_there_once(desk: RoundupServer) -> None:
    issues = desk.issues()
    assert sorted(f"paycanary-test-inc_{number}-1" for number in range(INCIDENTS)) == sorted(one["external_id"] for one in issues)
    for issue in issues:
        assert "resolved" == issue["status"]["name"]
        said = [text.split("\n")[0] for text in desk.texts(issue)]
        assert ["3 of 3 runs failed at authorise.", "change 2", "change 3", "change 4"] == said


async def test_the_life_of_a_ticket(tmp_path: Path):
    client = Client(SystemClock())
    with RoundupServer(tmp_path) as desk:
        connector = connector_to(desk.url)

        async def perform(call: Call):
            return await client.perform(call, connector.access)

        created = await play(connector.create(make_ticket()), perform)
        assert Delivered("1") == created
        assert Found(("1",), open=True) == await play(connector.find("paycanary-test-inc_1-1"), perform)
        assert Found() == await play(connector.find("paycanary-test-inc_1-11"), perform)
        for revision, kind, expected in (
            (2, Kind.UPDATE, "unread"),
            (3, Kind.RESOLVE, "resolved"),
            (4, Kind.UPDATE, "resolved"),
            (5, Kind.REOPEN, "chatting"),
        ):
            operation = {Kind.UPDATE: connector.update, Kind.RESOLVE: connector.resolve, Kind.REOPEN: connector.reopen}[kind]
            for _ in range(2):  # asked twice, done once
                assert Delivered("1") == await play(operation(make_ticket(kind=kind, revision=revision), "1"), perform)
            assert expected == desk.issues()[0]["status"]["name"]
        (issue,) = desk.issues()
        assert ("Card payments fail / 银行卡支付失败", "critical") == (issue["title"], issue["priority"]["name"])
        texts = desk.texts(issue)
        assert f"3 of 3 runs failed at authorise.{DIVIDER}3 次运行全部在预授权失败。" == texts[0]
        assert [f"change {number}{DIVIDER}变更 {number}" for number in (2, 3, 4, 5)] == texts[1:]
    await client.close()


async def test_a_check_finds_what_is_wrong_and_makes_nothing(tmp_path: Path):
    client = Client(SystemClock())
    with RoundupServer(tmp_path) as desk:

        async def checked(**changes: object):
            connector = connector_to(desk.url, **changes)
            return await play(connector.check(), lambda call: client.perform(call, connector.access))

        assert Delivered() == await checked()
        assert Rejected("Roundup has no status named closed, finished") == await checked(
            status_open="closed", status_resolved="finished"
        )
        assert Rejected("Roundup has no priority named p-one") == await checked(priorities={Severity.P1: "p-one"})
        wrong_field = await checked(external_id_property="nonesuch")
        assert "Roundup answered 400: Field nonesuch is not valid for issue class." == wrong_field.reason
        assert "Roundup answered 401" == (await checked(password=Secret("canary-wrong"))).reason
        assert [] == desk.issues()
    await client.close()


@pytest.mark.slow
async def test_lost_replies_neither_lose_nor_double_a_ticket_or_a_comment(tmp_path: Path):
    dice = random.Random(11)
    await commanded(tmp_path / "store.db")
    clock = SystemClock()
    async with LossyProxy() as proxy:
        with RoundupServer(tmp_path, proxy.url) as desk:
            proxy.upstream = int(desk.url.rstrip("/").rpartition(":")[2])
            proxy.mood = lambda: dice.choice(("", "", "", "before", "after")) if proxy.lost < 12 else ""
            store = SqliteStore(tmp_path / "store.db", clock=clock)
            store.open()
            client = Client(clock)
            delivery = Delivery(store, {"desk": connector_to(proxy.url)}, client, clock, lambda *_: None)
            running = asyncio.create_task(delivery.run())
            async with asyncio.timeout(60):
                while await store.outbox_next("desk") is not None:
                    await asyncio.sleep(0.1)
            await delivery.stop(5)
            await running
            everything_is_there_once(desk)
            await client.close()
            await store.close()
    assert proxy.lost == 12


@pytest.mark.slow
async def test_kills_at_any_moment_neither_lose_nor_double_a_ticket_or_a_comment(tmp_path: Path):
    dice = random.Random(5)
    await commanded(tmp_path / "store.db")
    kills = 0
    with RoundupServer(tmp_path) as desk:
        command = [sys.executable, str(Path(__file__).with_name("delivery_child.py")), str(tmp_path / "store.db")]
        command += [desk.url, desk.user, desk.password]
        while True:
            child = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
            assert b"delivering\n" == await child.stdout.readline()
            if kills < 12:
                await asyncio.sleep(dice.uniform(0.01, 0.5))
                child.kill()
            async with asyncio.timeout(60):
                rest, _ = await child.communicate()
            if rest == b"drained\n":
                break
            kills += 1
        everything_is_there_once(desk)
    assert kills >= 6
