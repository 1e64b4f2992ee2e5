"""What every kind of probe does alike: one deadline over all of it, the way to a TCP connection, failures as values."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable

from monitor.model.check import Tls
from monitor.model.outcome import NetworkReason
from monitor.net.connect import Writable, connect_lateness, guarded_connect
from monitor.net.contexts import TlsContexts
from monitor.net.guard import AddressPolicy
from monitor.net.resolver import Resolver
from monitor.probes.faults import Fault, fault_of, timeout_fault
from monitor.probes.stopwatch import Stopwatch


class AnswerError(Exception):
    """The target answered, and not as its protocol wants it. Carries the fault; raised by a probe's own steps."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.text)
        self.fault = fault


async def attempt(watch: Stopwatch, timeout_seconds: float, work: Awaitable[None]) -> Fault | None:
    """Wait for ``work`` until the deadline. What the target, the network or a shortage of ours does to it is returned, and
    the watch is stopped. Bugs and cancellation go through.
    """
    deadline = asyncio.timeout(timeout_seconds)
    try:
        async with deadline:
            await work
    except AnswerError as error:
        fault = error.fault
    except (OSError, MemoryError) as error:  # TimeoutError is an OSError, and also the kernel's ETIMEDOUT
        late = deadline.expired()
        fault = timeout_fault(watch.phase, timeout_seconds, ours=watch.starved) if late else fault_of(error, watch.phase)
    else:
        watch.stop()
        return None
    watch.stop()
    return fault


async def dial(
    watch: Stopwatch, resolver: Resolver, policy: AddressPolicy, host: str, port: int, writable: Writable | None = None
) -> tuple[socket.socket, str]:
    """A connected socket and the address it reached. Raises OSError; see ``guarded_connect``."""
    watch.enter("resolve")
    try:
        found = await resolver.lookup(host, port)
    except asyncio.CancelledError:
        watch.starved = resolver.waiting(host)
        raise
    if found.seconds is None:
        watch.forget()
    watch.ours(found.queued)
    watch.enter("connect")
    sock = await guarded_connect(found.addresses, policy, writable)
    watch.ours(connect_lateness(sock, watch.spent()))
    watch.leave()
    try:
        return sock, str(sock.getpeername()[0])
    except OSError:  # reset as soon as it was connected
        sock.close()
        raise


async def target_context(contexts: TlsContexts, target: str, tls: Tls) -> ssl.SSLContext:
    """The context for a target; a file of its setting that cannot be used is our fault, never the target's."""
    try:
        return await contexts.get(tls)
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else str(error)
        text = f"a TLS file of target {target} cannot be used: {what or 'it is not what it should be'}"
        raise AnswerError(Fault(NetworkReason.INTERNAL, text, ours=True)) from error
