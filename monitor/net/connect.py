"""Opening a TCP connection to the first address that answers, and nowhere that is not allowed."""

import asyncio
import errno
import os
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import aiohappyeyeballs

from monitor.net.guard import AddressInfo, AddressPolicy, guarded_socket_factory

#: RFC 8305: how long the first address may take before the next is tried beside it.
NEXT_ADDRESS_AFTER_SECONDS = 0.25
#: Differences below this are the kernel's own clock ticks (250 Hz), not our lateness.
LATENESS_FLOOR_SECONDS = 0.010

#: Errors that say the monitor itself has run out of something. None of them is the target's doing.
OUT_OF_FILES = frozenset({errno.EMFILE, errno.ENFILE, errno.EADDRNOTAVAIL})  # the last: no local port left
OUT_OF_MEMORY = frozenset({errno.ENOMEM, errno.ENOBUFS})

# Offsets in Linux's struct tcp_info, which only ever grows at its end (include/uapi/linux/tcp.h).
_TCP_INFO_BYTES = 104
_LAST_DATA_RECV_MS = 52
_RTT_US = 68
_TOTAL_RETRANS = 100


Writable = Callable[[socket.socket], Awaitable[None]]


async def guarded_connect(
    addresses: Sequence[AddressInfo], policy: AddressPolicy, writable: Writable | None = None
) -> socket.socket:
    """A connected, non-blocking socket. Raises BlockedAddress before any packet, or OSError when nobody answers.

    ``writable`` waits until a socket can be written to; the event loop's own way, when None.
    """
    permitted = policy.permitted(addresses)
    if len(permitted) == 1:
        return await _connect_one(permitted[0], policy, writable or _writable)
    return await aiohappyeyeballs.start_connection(
        permitted,
        happy_eyeballs_delay=NEXT_ADDRESS_AFTER_SECONDS,
        loop=asyncio.get_running_loop(),
        socket_factory=guarded_socket_factory(policy),
    )


async def _connect_one(address: AddressInfo, policy: AddressPolicy, writable: Writable) -> socket.socket:
    """With one address there is no race to run, which costs as much as the connection itself."""
    sock = guarded_socket_factory(policy)(address)
    try:
        await _connected(sock, address[4], writable)
    except BaseException:
        sock.close()
        raise
    return sock


async def _connected(sock: socket.socket, address: tuple[Any, ...], writable: Writable) -> None:
    error = sock.connect_ex(address)
    if error == errno.EINPROGRESS:
        await writable(sock)
        error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if error:
        raise OSError(error, os.strerror(error))


async def _writable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_writer(sock, _resolve, ready)
    try:
        await ready
    finally:
        loop.remove_writer(sock)


def _resolve(ready: "asyncio.Future[None]") -> None:
    if not ready.done():
        ready.set_result(None)


def connect_lateness(sock: socket.socket, measured_seconds: float) -> float:
    """How much of a measured connect was our event loop coming late to see it. 0 when the kernel cannot tell.

    The kernel times the SYN itself. After a lost SYN it has no such sample, and what was measured stands.
    """
    if measured_seconds <= LATENESS_FLOOR_SECONDS:
        return 0.0
    info = _tcp_info(sock)
    if info is None or _u32(info, _TOTAL_RETRANS):
        return 0.0
    return _lateness(measured_seconds - _u32(info, _RTT_US) / 1e6)


def receive_lateness(sock: socket.socket) -> float:
    """How long ago the bytes that were just read had come in. 0 when the kernel cannot tell."""
    info = _tcp_info(sock)
    return 0.0 if info is None else _lateness(_u32(info, _LAST_DATA_RECV_MS) / 1e3)


def _lateness(seconds: float) -> float:
    return seconds if seconds > LATENESS_FLOOR_SECONDS else 0.0


def _tcp_info(sock: socket.socket) -> bytes | None:
    option = getattr(socket, "TCP_INFO", None)
    if option is None:
        return None
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, option, _TCP_INFO_BYTES)
    except OSError:
        return None
    return info if len(info) >= _TCP_INFO_BYTES else None


def _u32(info: bytes, offset: int) -> int:
    value: int = struct.unpack_from("=I", info, offset)[0]
    return value
