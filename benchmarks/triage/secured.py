"""The server's side of TLS over a stream, by hand: asyncio's own drops the alert with which a handshake is refused, and alerts are
what tells a client whose certificate is wrong.
"""

import asyncio
import ssl

_CHUNK = 1 << 16
#: After an alert the client may still send: closing on unread bytes would reset the connection and lose the alert.
_LINGER_SECONDS = 1.0
_MAX_HEAD = 1 << 16


class Secured:
    """``handshake`` first; then reads and writes of plain bytes. Raises ConnectionError when the client refuses or goes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
        self._reader = reader
        self._writer = writer
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._plain = b""

    async def handshake(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._exchange()
            except ssl.SSLError as error:
                await self._say_no()
                raise ConnectionError("the client was refused, or refused us") from error
            else:
                await self._flush()
                return

    async def head(self) -> bytes:
        """Up to and with the empty line that ends a request's headers."""
        while b"\r\n\r\n" not in self._plain:
            if len(self._plain) > _MAX_HEAD:
                raise ConnectionError("more headers than anybody sends")
            self._plain += await self._read()
        head, _, self._plain = self._plain.partition(b"\r\n\r\n")
        return head + b"\r\n\r\n"

    async def exactly(self, size: int) -> bytes:
        while len(self._plain) < size:
            self._plain += await self._read()
        taken, self._plain = self._plain[:size], self._plain[size:]
        return taken

    async def write(self, data: bytes) -> None:
        self._tls.write(data)
        await self._flush()

    async def _read(self) -> bytes:
        while True:
            try:
                data = self._tls.read(_CHUNK)
            except ssl.SSLWantReadError:
                await self._exchange()
            except ssl.SSLError as error:
                raise ConnectionError("the client ended it") from error
            else:
                if not data:
                    raise ConnectionError("the client has gone")
                return data

    async def _exchange(self) -> None:
        await self._flush()
        data = await self._reader.read(_CHUNK)
        if not data:
            raise ConnectionError("the client has gone")
        self._incoming.write(data)

    async def _flush(self) -> None:
        if self._outgoing.pending:
            self._writer.write(self._outgoing.read())
            await self._writer.drain()

    async def _say_no(self) -> None:
        await self._flush()
        self._writer.write_eof()
        try:
            async with asyncio.timeout(_LINGER_SECONDS):
                while await self._reader.read(_CHUNK):
                    pass
        except TimeoutError:
            pass
