"""One connection driven by hand: a non-blocking socket, with TLS in memory where it is asked for.

A probe's connection lives for one exchange. asyncio's transports are made for long ones: a fresh TLS connection through them costs
a third as much again as OpenSSL's own work, and a certificate is unpacked into a dict that nobody reads. Here the end of the handshake
leaves together with the request, and bytes are handed on where they come in, so that whoever hears them can look at the clock.
"""

import asyncio
import contextlib
import socket
import ssl
from typing import Protocol

from monitor.net.poller import READ, WRITE, Poller

#: What one turn of the loop takes from one connection: a flood on one of them must not hold up the others.
READ_BYTES = 64 << 10


class Receiver(Protocol):
    """Who hears what happens on a link. After ``ended`` nothing more is said."""

    def received(self, data: bytes) -> None: ...

    def sent(self) -> None:
        """What ``send`` could not pass on at once has left."""

    def ended(self, error: OSError | None) -> None:
        """The peer closed, or ``error`` broke the connection."""


class Link:
    """Owns ``socket``, which is connected and does not block. ``close`` may be called at any time, and again."""

    __slots__ = (
        "_fd",
        "_incoming",
        "_outgoing",
        "_poller",
        "_receiver",
        "_shaken",
        "_tls",
        "_unsent",
        "_waiter",
        "closed",
        "socket",
    )

    def __init__(self, poller: Poller, sock: socket.socket) -> None:
        self._poller = poller
        self.socket, self._fd = sock, sock.fileno()
        self._receiver: Receiver | None = None
        self._waiter: asyncio.Future[bytes] | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        self._shaken = False
        self._unsent = b""
        self.closed = False
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        poller.watch(self._fd, READ, self._readable)

    async def secure(self, context: ssl.SSLContext, name: str) -> ssl.SSLObject:
        """Shake hands as a client that wants to reach ``name``. Raises OSError, ssl.SSLError among it."""
        tls = self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        while not self._shake(tls):
            self._flush()
            self._incoming.write(await self._more())
        self._shaken = True
        return tls

    def listen(self, receiver: Receiver) -> None:
        self._receiver = receiver

    def send(self, data: bytes) -> bool:
        """True when all of it was passed on; otherwise the receiver's ``sent`` is called once it is. Raises OSError."""
        if self._tls is not None:
            self._encrypt(self._tls, data)
            data = self._outgoing.read()
        return self._push(data)

    def close(self) -> None:
        if self.closed:
            return
        self.closed = True
        self._receiver = None
        if self._shaken and self._tls is not None and not self._unsent:
            self._say_goodbye(self._tls)
        self._poller.forget(self._fd)
        self.socket.close()

    def _say_goodbye(self, tls: ssl.SSLObject) -> None:
        """RFC 8446, 6.1: whoever stops writing says so. Nobody waits for the answer."""
        with contextlib.suppress(OSError):  # what is gone needs no goodbye
            with contextlib.suppress(ssl.SSLError):
                tls.unwrap()
            self.socket.send(self._outgoing.read())

    def _shake(self, tls: ssl.SSLObject) -> bool:
        try:
            tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLError:
            with contextlib.suppress(OSError):
                self._flush()  # our alert: why we refuse
            raise
        return True

    async def _more(self) -> bytes:
        self._waiter = asyncio.get_running_loop().create_future()
        data = await self._waiter
        if not data:
            raise ConnectionAbortedError("closed by the peer")
        return data

    def _readable(self) -> None:
        """Without anybody to hear it, what came stays where it is: the loop will call again."""
        waiter, receiver = self._waiter, self._receiver
        if receiver is None and (waiter is None or waiter.done()):
            return
        try:
            data = self.socket.recv(READ_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end(error)
            return
        if receiver is None:
            assert waiter is not None  # noqa: S101 - see above
            waiter.set_result(data)
        elif self._tls is not None:
            self._decrypt(self._tls, data)
        elif data:
            receiver.received(data)
        else:
            self._end(None)

    def _decrypt(self, tls: ssl.SSLObject, data: bytes) -> None:
        incoming = self._incoming
        incoming.write(data) if data else incoming.write_eof()
        try:
            # Asked only while something is there: being told "not yet" by an exception costs as much as a small record.
            while incoming.pending or tls.pending() or not data:
                plain = tls.read(READ_BYTES)
                if not plain or self._receiver is None:
                    self._end(None)
                    return
                self._receiver.received(plain)
                if self.closed:
                    return
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLEOFError:  # many servers close without their goodbye: whether all was said, HTTP's own framing knows
            self._end(None)
        except ssl.SSLError as error:
            self._end(error)
        else:
            return
        self._answer_keys()

    def _answer_keys(self) -> None:
        """TLS's own talk: an answer to a change of keys."""
        if not self.closed and self._outgoing.pending:
            try:
                self._flush()
            except OSError as error:
                self._end(error)

    def _encrypt(self, tls: ssl.SSLObject, data: bytes) -> None:
        """OpenSSL takes one record at a time."""
        view = memoryview(data)
        while view:
            view = view[tls.write(view) :]

    def _flush(self) -> None:
        if self._outgoing.pending:
            self._push(self._outgoing.read())

    def _push(self, data: bytes) -> bool:
        if self._unsent:
            self._unsent += data
            return False
        try:
            taken = self.socket.send(data)
        except (BlockingIOError, InterruptedError):
            taken = 0
        if taken == len(data):
            return True
        self._unsent = data[taken:]
        self._poller.watch(self._fd, READ | WRITE, self._ready)
        return False

    def _ready(self) -> None:
        """One of both, or both: asking is cheap, and this is rare."""
        self._writable()
        if not self.closed:
            self._readable()

    def _writable(self) -> None:
        try:
            self._unsent = self._unsent[self.socket.send(self._unsent) :]
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._end(error)
            return
        if not self._unsent:
            self._poller.watch(self._fd, READ, self._readable)
            if self._receiver is not None:
                self._receiver.sent()

    def _end(self, error: OSError | None) -> None:
        receiver, waiter = self._receiver, self._waiter
        self.close()
        if receiver is not None:
            receiver.ended(error)
        elif waiter is not None and not waiter.done():
            waiter.set_exception(error) if error else waiter.set_result(b"")
