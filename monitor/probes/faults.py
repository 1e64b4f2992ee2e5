"""What went wrong, in the closed set of reasons, with a sentence for people, and whose fault it was."""

import errno
import socket
import ssl
from typing import NamedTuple

from monitor.model.outcome import NetworkReason
from monitor.net.connect import OUT_OF_FILES, OUT_OF_MEMORY
from monitor.net.guard import BlockedAddress
from monitor.net.resolver import ResolveError, ResolveFailed, ResolverBusy, ResolveTimeout


class Fault(NamedTuple):
    reason: NetworkReason
    text: str
    ours: bool = False


#: What running out of time means, by the phase in which it happened.
_TIMEOUTS = {
    "resolve": (NetworkReason.DNS_TIMEOUT, "no DNS answer"),
    "connect": (NetworkReason.TCP_TIMEOUT, "no TCP connection"),
    "tls": (NetworkReason.TLS_TIMEOUT, "the TLS handshake did not end"),
    "auth": (NetworkReason.ANSWER_TIMEOUT, "no token from the authorisation service"),
    "send": (NetworkReason.ANSWER_TIMEOUT, "the request was not taken"),
    "wait": (NetworkReason.ANSWER_TIMEOUT, "no answer"),
    "receive": (NetworkReason.BODY_TIMEOUT, "the answer did not end"),
}
_UNREACHABLE = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EHOSTDOWN})
#: DNS errors that also appear when it is *us* who cannot open a socket to ask.
_DOUBTFUL_DNS = frozenset({socket.EAI_AGAIN, socket.EAI_SYSTEM, socket.EAI_MEMORY})


def timeout_fault(phase: str, timeout_seconds: float, *, ours: bool = False) -> Fault:
    """``ours``: nobody was asked in all that time, because our own hands were full."""
    reason, text = _TIMEOUTS.get(phase, (NetworkReason.ANSWER_TIMEOUT, "no answer"))
    return Fault(reason, f"{text} within {timeout_seconds:g} s{': our resolver threads were all busy' if ours else ''}", ours)


def fault_of(error: BaseException, phase: str) -> Fault:
    """``phase`` is where the exchange was when ``error`` came. The text never repeats bytes that the target sent."""
    ours = _own_fault(error)
    if ours is not None:
        return ours
    if isinstance(error, ResolveError | BlockedAddress):
        return _address_fault(error)
    if isinstance(error, ssl.SSLError):
        return _tls_fault(error)
    if phase == "tls" and isinstance(error, OSError):
        return Fault(NetworkReason.TLS, "the connection was closed during the TLS handshake")
    return _socket_fault(error, phase)


def _own_fault(error: BaseException) -> Fault | None:
    number = getattr(error, "errno", None)
    if isinstance(error, MemoryError) or number in OUT_OF_MEMORY:
        return Fault(NetworkReason.OUT_OF_MEMORY, "the monitor has no memory left for this request", ours=True)
    if number in OUT_OF_FILES or (isinstance(error, ResolveFailed) and error.code in _DOUBTFUL_DNS and out_of_files()):
        return Fault(NetworkReason.OUT_OF_FILES, "the monitor has no file descriptor or local port left", ours=True)
    if isinstance(error, ResolverBusy):
        return Fault(NetworkReason.DNS_TIMEOUT, str(error), ours=True)
    return None


def out_of_files() -> bool:
    """Whether this process can open no socket right now: the resolver hides that behind a DNS error."""
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    except OSError as error:
        return error.errno in OUT_OF_FILES
    return False


def _address_fault(error: ResolveError | BlockedAddress) -> Fault:
    if isinstance(error, BlockedAddress):
        return Fault(NetworkReason.BLOCKED_ADDRESS, str(error))
    reason = NetworkReason.DNS_TIMEOUT if isinstance(error, ResolveTimeout) else NetworkReason.DNS
    return Fault(reason, str(error))


def _tls_fault(error: ssl.SSLError) -> Fault:
    if isinstance(error, ssl.SSLCertVerificationError):
        return Fault(NetworkReason.TLS_CERTIFICATE, f"the certificate was refused: {error.verify_message.rstrip('.')}")
    what = (error.reason or "").replace("_", " ").lower()
    return Fault(NetworkReason.TLS, f"TLS failed: {what or 'the connection was closed'}")


def _socket_fault(error: BaseException, phase: str) -> Fault:
    number = getattr(error, "errno", None)
    if number == errno.ECONNREFUSED:
        return Fault(NetworkReason.TCP_REFUSED, "the connection was refused")
    if number == errno.ETIMEDOUT:
        reason = NetworkReason.TCP_TIMEOUT if phase == "connect" else NetworkReason.RESET
        return Fault(reason, "the network gave up on the connection")
    if phase == "connect" or number in _UNREACHABLE:
        return Fault(NetworkReason.TCP_UNREACHABLE, "the address cannot be reached")
    return Fault(NetworkReason.RESET, "the connection was reset")
