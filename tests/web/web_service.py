"""One running service with one small gateway, over real sockets."""

import asyncio
import socket
from pathlib import Path
from typing import Any, Self

import aiohttp
from aiohttp import web

from monitor.app import App
from monitor.config import load
from monitor.web.server import serve

CONFIG = """
service: {{install: web, data: {folder}/data, listen: "127.0.0.1:{port}"{more}}}
include: {{checks: [checks.yaml], rules: [rules.yaml]}}
targets:
  gateway: {{title: {{en: Gateway, zh: 网关}}, base_url: "http://127.0.0.1:{gateway}", allow_private: [127.0.0.0/8]}}
modules:
  http_2xx: {{get: /, expect: status == 200}}
"""
CHECKS = "checks: {front: {title: {en: '<b>Front</b>', zh: 入口}, target: gateway, every: 1s, budget: 900ms, steps: [{name: read, get: /}]}}\n"
RULES = "rules: {failing: {title: {en: Failing, zh: 交易失败}, consecutive: {failures: 2, successes: 2}, severity: p1}}\n"


class Service:
    """One service watching one small gateway whose answer can be changed."""

    def __init__(self, folder: Path, more: str = "", desks: str = "") -> None:
        self.folder, self.status = folder, 200
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            self.port = one.getsockname()[1]
        self._more, self._desks = more, desks
        self.url = f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        site = web.Application()
        site.router.add_get("/", self._answer)
        self._gateway = web.AppRunner(site)
        await self._gateway.setup()
        await web.TCPSite(self._gateway, "127.0.0.1", 0).start()
        gateway = self._gateway.addresses[0][1]
        files = {
            "paycanary.yaml": CONFIG.format(folder=self.folder, port=self.port, gateway=gateway, more=self._more) + self._desks,
            "checks.yaml": CHECKS,
        }
        for name, text in {**files, "rules.yaml": RULES}.items():
            (self.folder / name).write_text(text)
        path = self.folder / "paycanary.yaml"
        self.app = App(load(path), loader=lambda: load(path))
        await self.app.start()
        self._web = await serve(self.app)
        self.session = aiohttp.ClientSession()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()
        await self._web.cleanup()
        await self.app.stop(1)
        await self._gateway.cleanup()

    async def _answer(self, _request: web.Request) -> web.Response:
        return web.json_response({}, status=self.status)

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        async with self.session.request(method, self.url + path, json=body, headers=headers) as answer:
            return answer.status, await (answer.json() if "json" in answer.content_type else answer.text())

    async def until(self, path: str, wanted: Any) -> Any:
        async with asyncio.timeout(20):
            while True:
                _, found = await self.ask("GET", path)
                if wanted(found):
                    return found
                await asyncio.sleep(0.05)
