"""Apprise, with its own JSON service on loopback: told, refused, slow, unreachable, and never with a credential in a verdict."""

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from connector_contract import CANARY, ConnectorContract, sample_ticket
from pydantic import ValidationError

from monitor.clock import SystemClock
from monitor.connectors import Delivered, Rejected, TryAgain, Unsure
from monitor.connectors.apprise import AppriseConnector, AppriseOptions
from monitor.connectors.client import Client, play
from monitor.model.incident import CommandKind
from monitor.model.secret import Secret
from monitor.model.text import Text

#: Apprise imports a module of the standard library that Python 3.13 no longer has, and mends it there.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


class TestApprise(ConnectorContract):
    kind = "apprise"

    @pytest.fixture
    def options(self):
        return {"target": Secret(f"json://canary:{CANARY}@notify.example")}


@dataclass
class Service:
    port: int = 0
    status: int = 200
    delay: float = 0.0
    told: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.told.append(await request.json())
        await asyncio.sleep(self.delay)
        return web.Response(status=self.status)


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    service, app = Service(), web.Application()
    app.router.add_post("/{any:.*}", service.take)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    service.port = runner.addresses[0][1]
    yield service
    await runner.cleanup()


async def do(port: int, operation: str, ticket: Any = None, *, target: str = "", timeout: str = "10s") -> Any:
    address = Secret(target or f"json://canary:{CANARY}@127.0.0.1:{port}/hook")
    connector = AppriseConnector(AppriseOptions(target=address, timeout=timeout))
    client = Client(SystemClock())
    flow = connector.check() if operation == "check" else connector.create(ticket or sample_ticket())
    try:
        return await play(flow, lambda call: client.perform(call, connector.access))
    finally:
        await client.close()


async def test_a_service_is_told_in_both_languages(service: Service):
    assert Delivered("paycanary-demo-inc_1-1") == await do(service.port, "create")

    (told,) = service.told
    assert "[P1] Card payments fail at authorise / [P1] 银行卡支付在预授权阶段失败" == told["title"]
    assert "3 of 3 runs failed since 00:00:30.\n\n— — —\n\n自 00:00:30 起 3 次运行全部失败。" == told["message"]


async def test_a_check_is_a_message_as_nothing_else_proves_the_way(service: Service):
    assert isinstance(await do(service.port, "check"), Delivered)
    assert "paycanary" == service.told[0]["title"]


@pytest.mark.parametrize(("status", "verdict"), [(500, Unsure), (503, Unsure), (401, TryAgain), (429, TryAgain), (404, Rejected)])
async def test_what_the_service_answered_says_what_became_of_the_message(service: Service, status: int, verdict: type):
    service.status = status
    told = await do(service.port, "create")
    assert verdict is type(told)
    assert (True, False) == (str(status) in told.reason, CANARY in told.reason)


async def test_a_service_that_does_not_answer_in_time_may_have_been_told(service: Service):
    service.delay = 3.0
    verdict = await do(service.port, "create", timeout="500ms")
    assert Unsure("the service behind Apprise: no answer within 500 ms") == verdict


async def test_a_service_that_is_not_there_leaves_it_open_what_happened(unused_tcp_port: int):
    assert isinstance(await do(unused_tcp_port, "create"), Unsure)


async def test_an_address_that_apprise_does_not_know_waits_for_people_and_is_not_shown():
    verdict = await do(0, "create", target=f"nosuchservice://{CANARY}")
    assert isinstance(verdict, TryAgain)
    assert (True, False) == ("does not know such an address" in verdict.reason, CANARY in verdict.reason)


async def test_text_that_looks_like_markup_is_text(service: Service):
    nasty = Text("<b>&</b> \\n **x**", "<script>")
    await do(service.port, "create", sample_ticket(kind=CommandKind.UPDATE, comment=nasty))
    assert "<b>&</b> \\n **x**\n\n— — —\n\n<script>" == service.told[0]["message"]


def test_without_the_extra_there_is_a_sentence_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ValidationError, match=r"paycanary\[apprise\]"):
        AppriseOptions(target=Secret("json://x"))
