"""A TCP proxy that loses replies: the request arrives, the work is done, and nobody hears of it."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Self


class LossyProxy:
    """One HTTP exchange a connection. ``mood`` says for each: "" pass on, "before" or "after" lose it there."""

    def __init__(self, mood: Callable[[], str] = lambda: "") -> None:
        self.mood, self.port, self.upstream = mood, 0, 0
        self.lost = 0
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._connections.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._exchange(reader, writer)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
        request = head + await reader.readexactly(length)
        loss = self.mood()
        self.lost += bool(loss)
        if loss == "before":
            return
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        up_writer.write(request)
        reply = await up_reader.read()
        up_writer.close()
        if loss != "after":
            writer.write(reply)
            await writer.drain()
