"""Opening a TCP connection to the first address that answers, and nowhere that is not allowed."""

import asyncio
import errno
import socket
import struct
from collections.abc import Sequence

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


async def guarded_connect(addresses: Sequence[AddressInfo], policy: AddressPolicy) -> socket.socket:
    """A connected, non-blocking socket. Raises BlockedAddress before any packet, or OSError when nobody answers."""
    return await aiohappyeyeballs.start_connection(
        policy.permitted(addresses),
        happy_eyeballs_delay=NEXT_ADDRESS_AFTER_SECONDS,
        loop=asyncio.get_running_loop(),
        socket_factory=guarded_socket_factory(policy),
    )


def connect_lateness(sock: socket.socket, measured_seconds: float) -> float:
    """How much of a measured connect was our event loop coming late to see it. 0 when the kernel cannot tell.

    The kernel times the SYN itself. After a lost SYN it has no such sample, and what was measured stands.
    """
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
