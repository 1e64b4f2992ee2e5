import errno
import socket
import ssl

import pytest

from monitor.model.outcome import NetworkReason
from monitor.net.guard import BlockedAddress
from monitor.net.resolver import ResolveFailed, ResolverBusy, ResolveTimeout
from monitor.probes.body import Body, read
from monitor.probes.endpoint import endpoint
from monitor.probes.faults import fault_of, timeout_fault


def refused_certificate():
    error = ssl.SSLCertVerificationError(1, "verify failed")
    error.verify_message = "certificate has expired."
    return error


def tls_error(reason):
    error = ssl.SSLError(1, "alert")
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "phase", "reason", "ours"),
    [
        (OSError(errno.EMFILE, "x"), "connect", NetworkReason.OUT_OF_FILES, True),
        (OSError(errno.ENFILE, "x"), "resolve", NetworkReason.OUT_OF_FILES, True),
        (OSError(errno.EADDRNOTAVAIL, "x"), "connect", NetworkReason.OUT_OF_FILES, True),
        (OSError(errno.ENOBUFS, "x"), "send", NetworkReason.OUT_OF_MEMORY, True),
        (MemoryError(), "receive", NetworkReason.OUT_OF_MEMORY, True),
        (ResolverBusy("busy"), "resolve", NetworkReason.DNS_TIMEOUT, True),
        (ResolveTimeout("late"), "resolve", NetworkReason.DNS_TIMEOUT, False),
        (ResolveFailed("h", socket.EAI_NONAME, ""), "resolve", NetworkReason.DNS, False),
        (ResolveFailed("h", socket.EAI_AGAIN, ""), "resolve", NetworkReason.DNS, False),
        (BlockedAddress("no"), "connect", NetworkReason.BLOCKED_ADDRESS, False),
        (refused_certificate(), "tls", NetworkReason.TLS_CERTIFICATE, False),
        (tls_error("TLSV1_ALERT_PROTOCOL_VERSION"), "tls", NetworkReason.TLS, False),
        (tls_error("TLSV13_ALERT_CERTIFICATE_REQUIRED"), "wait", NetworkReason.TLS, False),
        (ConnectionResetError(errno.ECONNRESET, "x"), "tls", NetworkReason.TLS, False),
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), "connect", NetworkReason.TCP_REFUSED, False),
        (TimeoutError(errno.ETIMEDOUT, "x"), "connect", NetworkReason.TCP_TIMEOUT, False),
        (TimeoutError(errno.ETIMEDOUT, "x"), "wait", NetworkReason.RESET, False),
        (OSError(errno.EHOSTUNREACH, "x"), "connect", NetworkReason.TCP_UNREACHABLE, False),
        (OSError(errno.ENETUNREACH, "x"), "send", NetworkReason.TCP_UNREACHABLE, False),
        (OSError("Multiple exceptions"), "connect", NetworkReason.TCP_UNREACHABLE, False),
        (ConnectionResetError(errno.ECONNRESET, "x"), "wait", NetworkReason.RESET, False),
        (BrokenPipeError(errno.EPIPE, "x"), "send", NetworkReason.RESET, False),
    ],
)
def test_every_error_has_a_reason_a_sentence_and_an_owner(error, phase, reason, ours):
    fault = fault_of(error, phase)

    assert (reason, ours) == (fault.reason, fault.ours)
    assert fault.text
    assert "[Errno" not in fault.text


@pytest.mark.parametrize(
    ("phase", "reason"),
    [
        ("resolve", NetworkReason.DNS_TIMEOUT),
        ("connect", NetworkReason.TCP_TIMEOUT),
        ("tls", NetworkReason.TLS_TIMEOUT),
        ("auth", NetworkReason.ANSWER_TIMEOUT),
        ("send", NetworkReason.ANSWER_TIMEOUT),
        ("wait", NetworkReason.ANSWER_TIMEOUT),
        ("receive", NetworkReason.BODY_TIMEOUT),
        ("", NetworkReason.ANSWER_TIMEOUT),
    ],
)
def test_the_phase_says_what_a_deadline_means(phase, reason):
    fault = timeout_fault(phase, 2.5)

    assert reason == fault.reason
    assert fault.text.endswith("within 2.5 s")


@pytest.mark.parametrize(
    ("url", "port", "expected"),
    [
        ("https://api.example", None, ("https", "api.example", 443)),
        ("http://api.example/v1", None, ("http", "api.example", 80)),
        ("tcp://[::1]:8583", None, ("tcp", "::1", 8583)),
        ("https://api.example:8443", 9000, ("https", "api.example", 9000)),
        ("dns://9.9.9.9", None, ("dns", "9.9.9.9", 53)),
    ],
)
def test_host_and_port_come_from_the_base_url(url, port, expected):
    assert expected == tuple(endpoint(url, port))


def test_a_base_url_without_a_port_to_go_to_is_refused():
    with pytest.raises(ValueError, match="like tcp://host:8583"):
        endpoint("tcp://host")


@pytest.mark.parametrize(
    ("data", "kind", "body"),
    [
        (b"", "application/json", Body(None)),
        (b'{"a":1}', "application/problem+json; charset=utf-8", Body({"a": 1})),
        (b'{"a":1}', "", Body({"a": 1})),
        (b"{not json", "", Body("{not json")),
        (b"a=1&b=2", "application/x-www-form-urlencoded", Body("a=1&b=2")),
        ("付款".encode("gbk"), 'text/html; charset="GBK"', Body("付款")),
        (b"\xff\xfe", "text/plain; charset=zlib", Body("��")),
    ],
)
def test_a_body_is_read_as_what_it_says_it_is(data, kind, body):
    assert body == read(data, {"content-type": kind})
