"""Readiness of many short-lived sockets: an epoll of our own, which the event loop watches as one descriptor.

The loop's own ``add_reader`` is made for descriptors that stay. On uvloop each takes some twenty system calls to come and go, which is
more than the rest of a connection that carries one request. Here it is two.
"""

import asyncio
import select
import socket
from collections.abc import Callable

READ, WRITE = select.EPOLLIN, select.EPOLLOUT
#: Sockets served in one turn of the loop; the rest are still ready in the next.
SERVED_A_TURN = 128


class Poller:
    """Serves the event loop it is made on. ``forget`` a descriptor before it is closed."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._epoll = select.epoll()
        self._served: dict[int, Callable[[], None]] = {}
        self._loop.add_reader(self._epoll.fileno(), self._serve)

    def watch(self, fd: int, events: int, ready: Callable[[], None]) -> None:
        """Call ``ready`` while ``events`` (errors and the peer's end always among them) hold; replaces what was said before."""
        try:
            (self._epoll.modify if fd in self._served else self._epoll.register)(fd, events)
        except FileNotFoundError:  # a connection that failed was closed unforgotten, and its number is a new one's now
            self._epoll.register(fd, events)
        self._served[fd] = ready

    def forget(self, fd: int) -> None:
        """The kernel takes a descriptor out of its list when it is closed, which is to follow."""
        self._served.pop(fd, None)

    async def writable(self, sock: socket.socket) -> None:
        """Wait until a connection that was begun has come to something. The socket stays watched."""
        ready: asyncio.Future[None] = self._loop.create_future()

        def resolve() -> None:
            if not ready.done():
                ready.set_result(None)

        self.watch(sock.fileno(), WRITE, resolve)
        try:
            await ready
        except BaseException:
            self.forget(sock.fileno())
            raise

    def close(self) -> None:
        if not self._epoll.closed:
            self._loop.remove_reader(self._epoll.fileno())
            self._epoll.close()

    def _serve(self) -> None:
        for fd, _ in self._epoll.poll(0, SERVED_A_TURN):
            ready = self._served.get(fd)
            if ready is not None:  # else another one's turn has just closed it
                ready()
