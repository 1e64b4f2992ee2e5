"""The running sandbox: gateway on HTTPS, desk and fault API on HTTP beside it."""

import asyncio
import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from aiohttp import web

from monitor.sandbox import certificates, secret_files
from monitor.sandbox.control import PREFIX, Control
from monitor.sandbox.core import Core, Policy
from monitor.sandbox.desk import Announce, Desk, TicketFile
from monitor.sandbox.faults import Board
from monitor.sandbox.gate import Clock, Gate
from monitor.sandbox.knobs import ShortCertificate
from monitor.sandbox.listener import GRACE_SECONDS, Handler, Listener
from monitor.sandbox.mastercard import Mastercard
from monitor.sandbox.script import SCRIPTS, play
from monitor.sandbox.stripe import KEY_SECONDS, Stripe

MERCHANT = "TESTCANARY"
BODY_LIMIT_BYTES = 1 << 20
#: Listening sockets are looked at this often at least, should the clock be set meanwhile.
LOOK_SECONDS = 60.0
PARENT_SECONDS = 1.0
RETRY_SECONDS = 1.0
_ID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz"


@dataclass(frozen=True, slots=True)
class Settings:
    """Port 0 takes a free one. ``seed`` makes ids and faults repeatable.

    The fault API asks for no credentials, so the host stays a loopback one unless tests in a network of their own say otherwise.
    """

    directory: Path
    host: str = "127.0.0.1"
    port: int = 8711
    desk_port: int = 8712
    plain_port: int | None = None  # the gateway without TLS as well
    script: str = "none"
    seed: int | None = None
    search_lag_seconds: float = 0.5
    key_seconds: float = KEY_SECONDS
    policy: Policy = Policy()


def quiet(line: str) -> None:
    """Announce nothing."""


class Sandbox:
    """Usable inside a process: ``async with Sandbox(settings) as sandbox: ...`` or ``start`` and ``stop``."""

    def __init__(
        self, settings: Settings, *, clock: Clock = time.time, announce: Announce = quiet, announce_desk: Announce = quiet
    ) -> None:
        self.settings = settings
        self.core = Core(settings.policy)
        self.random = random.Random(settings.seed)
        self.faults = Board(self.random)
        self.credentials = secret_files.ensure(settings.directory)
        self._clock = clock
        self._announce = announce
        tickets = TicketFile(settings.directory / "tickets.json")
        self.desk = Desk(tickets, self.credentials.desk_secret, self.faults, clock, announce_desk, asyncio.sleep)
        self._files = certificates.ensure(settings.directory, clock())
        self._context = certificates.server_context(self._files)
        self._served_days: float | None = None
        self._control = Control(self.core, self.faults, clock, self.changed)
        handler = _door(Gate(self._dialects(), self.faults, clock), self._control)
        self._gateway = Listener(handler, settings.host, settings.port, self._context)
        self._plain = None if settings.plain_port is None else Listener(handler, settings.host, settings.plain_port, None)
        self._listeners = [listener for listener in (self._gateway, self._plain) if listener is not None]
        self._desk_runner: web.AppRunner | None = None
        self._desk_port = 0
        self._tasks: list[asyncio.Task[None]] = []
        self._look = asyncio.Event()

    async def start(self) -> None:
        """Raises OSError when a port is taken."""
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        for listener in self._listeners:
            await listener.close()
        if self._desk_runner is not None:
            await self._desk_runner.cleanup()
            self._desk_runner = None
        for failure in ended:
            if isinstance(failure, Exception):
                raise failure

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.stop()

    @property
    def base_url(self) -> str:
        return f"https://{self.settings.host}:{self._gateway.port}"

    @property
    def plain_url(self) -> str:
        """Raises RuntimeError when the settings have no plain port."""
        if self._plain is None:
            raise RuntimeError("the sandbox was not given a plain port")
        return f"http://{self.settings.host}:{self._plain.port}"

    @property
    def desk_url(self) -> str:
        return f"http://{self.settings.host}:{self._desk_port}"

    @property
    def ca_file(self) -> Path:
        return self._files.authority

    async def changed(self) -> None:
        """Carry out what the faults say about the listening sockets, now."""
        now = self._clock()
        wanted = self.faults.active("short_certificate", now)
        self._serve_certificate(wanted.days if isinstance(wanted, ShortCertificate) else None)
        for listener in self._listeners:
            if self.faults.active("refuse", now):
                listener.refuse()
            else:
                await self._open_again(listener)
        self._look.set()

    async def _start(self) -> None:
        for listener in self._listeners:
            await listener.open()
        await self._start_desk()
        scenes = SCRIPTS[self.settings.script]
        self._tasks = [
            asyncio.create_task(self._keep_listeners()),
            asyncio.create_task(play(scenes, self.faults, self._clock, asyncio.sleep, self._announce)),
        ]

    async def _start_desk(self) -> None:
        """The fault API is here too: it must be reachable while the gateway refuses connections."""
        app = web.Application(client_max_size=BODY_LIMIT_BYTES)
        app.add_routes([*self.desk.routes(), web.route("*", PREFIX + "{name}", self._control.handle)])
        self._desk_runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=GRACE_SECONDS)
        await self._desk_runner.setup()
        await web.TCPSite(self._desk_runner, self.settings.host, self.settings.desk_port).start()
        self._desk_port = self._desk_runner.addresses[0][1]

    def _dialects(self) -> tuple[Mastercard, Stripe]:
        lag = self.settings.search_lag_seconds
        known = self.credentials
        mastercard = Mastercard(
            self.core,
            merchant=MERCHANT,
            password=known.mastercard_password.reveal(),
            second_password=known.second_password.reveal(),
            list_lag_seconds=lag,
        )
        stripe = Stripe(
            self.core,
            key=known.stripe_key.reveal(),
            second_key=known.second_key.reveal(),
            new_id=self._new_id,
            list_lag_seconds=lag,
            key_seconds=self.settings.key_seconds,
        )
        return mastercard, stripe

    def _new_id(self) -> str:
        return "".join(self.random.choices(_ID_ALPHABET, k=24))

    def _serve_certificate(self, days: float | None) -> None:
        """The healthy certificate for None. New handshakes see it; connections already open keep theirs."""
        if days == self._served_days:
            return
        files = self._files
        if days is not None:
            files = certificates.Files(
                files.authority, files.certificate.with_name("short.pem"), files.key.with_name("short.key")
            )
            certificates.issue(files, days=days, now=self._clock())
        self._context.load_cert_chain(files.certificate, files.key)
        self._served_days = days

    async def _open_again(self, listener: Listener) -> None:
        try:
            await listener.open()
        except OSError as error:
            self._announce(f"cannot listen again: {error.strerror}; trying once more in {RETRY_SECONDS:.0f} s")

    async def _keep_listeners(self) -> None:
        """Faults with windows and waves turn on and off by themselves."""
        while True:
            self._look.clear()
            try:
                async with asyncio.timeout(self._seconds_to_next_look()):
                    await self._look.wait()
            except TimeoutError:
                await self.changed()

    def _seconds_to_next_look(self) -> float:
        now = self._clock()
        change = self.faults.next_change(now)
        missing = not self.faults.active("refuse", now) and not all(listener.listening for listener in self._listeners)
        return min(LOOK_SECONDS, RETRY_SECONDS if missing else LOOK_SECONDS, LOOK_SECONDS if change is None else change - now)


def _door(gate: Gate, control: Control) -> Handler:
    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return await (control if request.path.startswith(PREFIX) else gate).handle(request)

    return handle


async def serve(settings: Settings, *, echo: Announce, exit_with_parent: bool = False) -> None:
    """Run until SIGINT or SIGTERM, or until nobody reads what is echoed.

    The first line through ``echo`` says where everything is, for programs to read; every other begins with who speaks.
    """
    ended, parent = asyncio.Event(), os.getppid()

    def say(line: str) -> None:
        try:
            echo(line)
        except BrokenPipeError:
            ended.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    sandbox = Sandbox(settings, announce=lambda line: say(f"[sandbox] {line}"), announce_desk=lambda line: say(f"[desk] {line}"))
    async with sandbox:
        say(f"ready gateway={sandbox.base_url} desk={sandbox.desk_url} dir={settings.directory}")
        watcher = asyncio.create_task(_end_with(parent, ended)) if exit_with_parent else None
        await ended.wait()
        if watcher is not None:
            watcher.cancel()


async def _end_with(parent: int, ended: asyncio.Event) -> None:
    """A starter that was killed cannot stop us, and our ports would stay taken."""
    while os.getppid() == parent:  # noqa: ASYNC110 - no event tells of a parent's death
        await asyncio.sleep(PARENT_SECONDS)
    ended.set()
