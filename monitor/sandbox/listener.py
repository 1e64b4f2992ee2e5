"""A listening socket that can be closed and opened again on the same port, as a gateway that is down and comes back."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

from aiohttp import web

#: How long open requests may still take when the sandbox stops.
GRACE_SECONDS = 1.0

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Listener:
    """Port 0 takes a free one at the first ``open`` and keeps it."""

    def __init__(self, handler: Handler, host: str, port: int, context: ssl.SSLContext | None) -> None:
        self._handler = handler
        self._host = host
        self.port = port
        self._context = context
        self._protocols: web.Server | None = None
        self._server: asyncio.Server | None = None

    @property
    def listening(self) -> bool:
        return self._server is not None

    async def open(self) -> None:
        """Raises OSError when the port is taken."""
        if self._server is not None:
            return
        if self._protocols is None:
            self._protocols = web.Server(self._handler, access_log=None, handler_cancellation=True)
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._protocols, self._host, self.port, ssl=self._context, reuse_address=True)
        self.port = self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Take no more connections; those in use end with the request they carry, or nobody would notice."""
        if self._server is not None and self._protocols is not None:
            self._server.close()
            self._protocols.pre_shutdown()
            self._server = None

    async def close(self) -> None:
        self.refuse()
        if self._protocols is not None:
            await self._protocols.shutdown(GRACE_SECONDS)
