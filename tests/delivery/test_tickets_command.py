"""Facts about `paycanary tickets`."""

import asyncio
import json
from pathlib import Path

import pytest
from aiohttp import web
from desk_model import make_row, make_ticket
from typer.testing import CliRunner

from monitor.cli.tickets import app
from monitor.clock import SystemClock
from monitor.model.batch import Batch
from monitor.model.incident import CommandKind as Kind
from monitor.model.incident import OutboxState as State
from monitor.stores.sqlite import SqliteStore
from monitor.web.shapes import outbox_shape

CONFIG = """
service: {{install: demo, location: local, data: {data}}}
targets:
  gateway: {{title: {{en: Gateway, zh: 网关}}, base_url: "https://gateway.example"}}
desks:
  hook: {{webhook: {{url: "http://127.0.0.1:{port}/hooks", secret: "${{env:DESK_SECRET}}", allow_private: [127.0.0.0/8]}}}}
"""
ROWS = [
    make_row(make_ticket(), "hook", at=1_793_577_600.0, state=State.SENT, remote_id="7", sent=1_793_577_601.0, attempts=1),
    make_row(
        make_ticket(kind=Kind.UPDATE, revision=2), "hook", at=1_793_577_660.0, state=State.DEAD, attempts=1, error="refused [400]"
    ),
]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("DESK_SECRET", "canary-cli-secret")
    path = tmp_path / "paycanary.yaml"
    path.write_text(CONFIG.format(data=tmp_path / "data", port=1), encoding="utf-8")
    return path


@pytest.fixture
def stored(config: Path, tmp_path: Path) -> Path:
    async def fill() -> None:
        store = SqliteStore(tmp_path / "data" / "paycanary.db", clock=SystemClock(), threaded=False)
        store.open()
        await store.commit(Batch(outbox=ROWS, durable=True))
        await store.close()

    asyncio.run(fill())
    return config


def tickets(*words: str):
    return CliRunner().invoke(app, list(words))


def test_a_list_shows_what_was_told_and_what_needs_a_human(stored: Path):
    done = tickets("list", "--config", str(stored))
    assert (0, True, True) == (done.exit_code, "refused [400]" in done.output, "2026-11-02T00:00:00" in done.output)
    waiting = tickets("list", "--waiting", "--config", str(stored))
    assert ("dead" in waiting.output, "sent" in waiting.output) == (True, False)


def test_the_json_is_that_of_the_service(stored: Path):
    done = tickets("list", "--json", "--config", str(stored))
    assert [outbox_shape(row) for row in reversed(ROWS)] == json.loads(done.output)


def test_one_command_is_shown_in_the_readers_language(stored: Path):
    done = tickets("show", ROWS[1].id, "--lang", "zh", "--config", str(stored))
    assert (0, True, True) == (done.exit_code, "银行卡支付失败" in done.output, "变更 2" in done.output)


def test_a_command_that_does_not_exist_is_a_mistake_of_use(stored: Path):
    assert 2 == tickets("show", "hook:nothing:1", "--config", str(stored)).exit_code


def test_without_a_store_there_is_a_sentence(config: Path):
    done = tickets("list", "--config", str(config))
    assert (3, True) == (done.exit_code, "start the service once" in " ".join(done.stderr.split()))


def test_trying_again_needs_the_service(stored: Path):
    assert 3 == tickets("retry", ROWS[1].id, "--url", "http://127.0.0.1:1").exit_code


def test_a_desk_that_cannot_be_reached_is_said_without_its_secret(config: Path):
    done = tickets("check", "--config", str(config))
    assert (3, True, False) == (done.exit_code, "no connection" in done.output, "canary" in done.output)


async def test_a_desk_that_answers_is_ok_and_was_only_pinged(config: Path):
    seen = []

    async def hook(request: web.Request) -> web.Response:
        seen.append((await request.json(), request.headers["webhook-id"]))
        return web.Response()

    server = web.Application()
    server.router.add_post("/hooks", hook)
    runner = web.AppRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    config.write_text(CONFIG.format(data="data", port=port), encoding="utf-8")
    done = await asyncio.to_thread(tickets, "check", "--config", str(config))
    await runner.cleanup()
    assert (0, True) == (done.exit_code, "ok  hook" in done.output)
    assert [({"version": 1, "type": "ping"}, "ping")] == seen


def test_an_unknown_desk_is_a_mistake_of_use(config: Path):
    assert 2 == tickets("check", "--desk", "nope", "--config", str(config)).exit_code
