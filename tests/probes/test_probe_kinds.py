"""Every kind of probe keeps the contract; what is special to TCP and DNS."""

import asyncio
import contextlib
import socket
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from probe_contract import ProbeContract
from probe_world import Authority, answering, call, http, serving

from monitor.model.outcome import NetworkReason
from monitor.model.result import Reach
from monitor.net.contexts import TlsContexts
from monitor.probes import dns_message
from monitor.probes.dns import DnsProbe, system_nameserver
from monitor.probes.dns_message import MalformedError, parse, query
from monitor.probes.http import HttpProbe
from monitor.probes.table import KINDS, build
from monitor.probes.tcp import TcpProbe
from monitor.probes.tls import TlsProbe


class TestHttp(ProbeContract):
    kind, scheme, options = "http", "http", {"path": "/"}

    def make(self, resolver):
        return HttpProbe(resolver, TlsContexts())

    @contextlib.asynccontextmanager
    async def good(self):
        async with answering(http()) as server:
            yield server.port, {}


class TestTcp(ProbeContract):
    kind, scheme, options = "tcp", "tcp", {"send": "ping\n", "expect": "pong"}

    def make(self, resolver):
        return TcpProbe(resolver)

    @contextlib.asynccontextmanager
    async def good(self):
        async with serving(_pong) as server:
            yield server.port, {}


class TestTls(ProbeContract):
    kind, scheme = "tls", "tls"

    def make(self, resolver):
        return TlsProbe(resolver, TlsContexts())

    @contextlib.asynccontextmanager
    async def good(self):
        authority = Authority.make(self.folder)
        async with serving(_pong, context=authority.server()) as server:
            yield server.port, {"tls": authority.tls}

    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path):
        self.folder = tmp_path


class TestDns(ProbeContract):
    kind, scheme, options = "dns", "dns", {"name": "gateway.example", "type": "A"}
    refused = NetworkReason.TCP_REFUSED  # a port that is closed to UDP says so too

    def make(self, resolver):
        return DnsProbe(resolver)

    @contextlib.asynccontextmanager
    async def good(self):
        async with name_server(lambda question: answer(question, [(1, b"\x01\x02\x03\x04")])) as port:
            yield port, {}


async def _pong(reader, writer):
    await reader.readline()
    writer.write(b"po")
    await writer.drain()
    await asyncio.sleep(0.01)
    writer.write(b"ng")


def test_the_table_builds_one_of_each():
    assert set(KINDS) == set(build(None, TlsContexts())) == {"http", "tcp", "tls", "dns"}


# TCP


async def test_a_connection_alone_is_an_answer(resolver):
    async with serving(_pong) as server:
        seen = await TcpProbe(resolver).run(call(f"tcp://127.0.0.1:{server.port}"))

    assert (Reach.ANSWERED, {"connect"}) == (seen.reach, set(seen.phases.reached()))


async def test_a_banner_is_waited_for_and_kept(resolver):
    async with answering() as server:

        async def banner(reader, writer):
            writer.write(b"220 mail ready\r\n")

        async with serving(banner) as server:
            seen = await TcpProbe(resolver).run(call(f"tcp://127.0.0.1:{server.port}", expect="220"))

    assert "220 mail ready\r\n" == seen.body
    assert {"connect", "wait", "receive"} == set(seen.phases.reached())


@pytest.mark.parametrize(
    ("sent", "reason"),
    [(b"", NetworkReason.NO_ANSWER), (b"500 no", NetworkReason.PROTOCOL), (b"x" * 200_000, NetworkReason.BODY_TOO_LARGE)],
)
async def test_without_the_expected_text_it_is_no_answer(resolver, sent, reason):
    async def wrong(reader, writer):
        writer.write(sent)
        await writer.drain()

    async with serving(wrong) as server:
        seen = await TcpProbe(resolver).run(call(f"tcp://127.0.0.1:{server.port}", expect="220"))

    assert reason == seen.reason


async def test_an_expected_text_that_never_comes_ends_at_the_deadline(resolver):
    async def silent(reader, writer):
        await reader.read()
        await asyncio.sleep(30)

    async with serving(silent) as server:
        seen = await TcpProbe(resolver).run(call(f"tcp://127.0.0.1:{server.port}", timeout=0.2, send="hi", expect="220"))

    assert (NetworkReason.ANSWER_TIMEOUT, Reach.SENT) == (seen.reason, seen.reach)


# DNS


@contextlib.asynccontextmanager
async def name_server(respond, over_tcp=None):
    """UDP and TCP on one port. ``respond`` gets the question and gives one datagram, several, or None."""
    loop = asyncio.get_running_loop()

    class Udp(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, data, source):
            given = respond(data)
            for message in [given] if isinstance(given, bytes) else given or []:
                self.transport.sendto(message, source)

    async def tcp(reader, writer):
        question = await reader.readexactly(struct.unpack("!H", await reader.readexactly(2))[0])
        message = (over_tcp or respond)(question)
        writer.write(struct.pack("!H", len(message)) + message)

    async with serving(tcp) as server:
        transport, _ = await loop.create_datagram_endpoint(Udp, local_addr=("127.0.0.1", server.port))
        try:
            yield server.port
        finally:
            transport.close()


def answer(question, records, *, rcode=0, cut=False):
    """Records are (type, data); each name is a pointer to the question's."""
    flags = 0x8180 | rcode | (0x0200 if cut else 0)
    head = question[:2] + struct.pack("!5H", flags, 1, len(records), 0, 0)
    body = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", kind, 1, 60, len(data)) + data for kind, data in records)
    return head + question[12:] + body


def name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


@pytest.mark.parametrize(
    ("kind", "records", "shown"),
    [
        ("A", [(5, name("alias.example")), (1, b"\x0a\x00\x00\x01"), (1, b"\x0a\x00\x00\x02")], ("10.0.0.1", "10.0.0.2")),
        ("AAAA", [(28, socket.inet_pton(socket.AF_INET6, "2001:db8::1"))], ("2001:db8::1",)),
        ("CNAME", [(5, b"\x03www\xc0\x0c")], ("www.gateway.example",)),
        ("NS", [(2, name("ns1.example"))], ("ns1.example",)),
        ("MX", [(15, b"\x00\x0a" + name("mail.example"))], ("10 mail.example",)),
        ("TXT", [(16, b"\x03v=1\x02 a")], ("v=1 a",)),
        (
            "SOA",
            [(6, name("ns.example") + name("admin.example") + struct.pack("!5I", 7, 1, 2, 3, 4))],
            ("ns.example admin.example 7 1 2 3 4",),
        ),
    ],
)
async def test_answers_of_the_asked_type_are_shown_as_text(resolver, kind, records, shown):
    async with name_server(lambda question: answer(question, records)) as port:
        seen = await DnsProbe(resolver).run(call(f"dns://127.0.0.1:{port}", name="gateway.example", type=kind))

    assert (shown, "NOERROR", f"DNS {kind} gateway.example") == (seen.answers, seen.body, seen.request_line)
    assert {"send", "wait"} == set(seen.phases.reached())


async def test_an_answer_cut_short_is_asked_for_again_over_tcp(resolver):
    def cut(question):
        return answer(question, [], cut=True)

    def whole(question):
        return answer(question, [(1, bytes([10, 0, n // 256, n % 256])) for n in range(400)])

    async with name_server(cut, whole) as port:
        seen = await DnsProbe(resolver).run(call(f"dns://127.0.0.1:{port}", name="gateway.example"))

    assert 400 == len(seen.answers)
    assert {"connect", "send", "wait", "receive"} == set(seen.phases.reached())


async def test_a_name_that_is_not_there_fails_unless_that_is_the_expectation(resolver):
    async with name_server(lambda question: answer(question, [], rcode=3)) as port:
        probe, url = DnsProbe(resolver), f"dns://127.0.0.1:{port}"
        missing = await probe.run(call(url, name="gone.example"))
        expected = await probe.run(call(url, name="gone.example", rcode="NXDOMAIN"))

    assert (NetworkReason.DNS, "the server answered NXDOMAIN") == (missing.reason, missing.error)
    assert (NetworkReason.NONE, "NXDOMAIN") == (expected.reason, expected.body)


async def test_answers_to_other_questions_are_not_taken(resolver):
    def stray_then_true(question):
        other = bytes([question[0] ^ 0xFF]) + question[1:]
        return [answer(other, [(1, b"\x06\x06\x06\x06")]), answer(question, [(1, b"\x01\x01\x01\x01")])]

    async with name_server(stray_then_true) as port:
        seen = await DnsProbe(resolver).run(call(f"dns://127.0.0.1:{port}", name="gateway.example"))

    assert ("1.1.1.1",) == seen.answers


async def test_a_right_id_with_a_wrong_question_is_a_protocol_fault(resolver):
    async with name_server(lambda question: answer(question[:2] + query(0, "evil.example", "A")[2:], [])) as port:
        seen = await DnsProbe(resolver).run(call(f"dns://127.0.0.1:{port}", name="gateway.example"))

    assert NetworkReason.PROTOCOL == seen.reason


async def test_a_silent_server_ends_at_the_deadline_and_is_asked_once(resolver):
    asked = []
    async with name_server(asked.append) as port:
        seen = await DnsProbe(resolver).run(call(f"dns://127.0.0.1:{port}", timeout=0.3, name="gateway.example"))

    assert (NetworkReason.ANSWER_TIMEOUT, Reach.SENT, 1) == (seen.reason, seen.reach, len(asked))


async def test_of_another_target_the_machines_own_server_is_asked_for_its_host(resolver, tmp_path):
    file = tmp_path / "resolv.conf"
    file.write_text("# ours\nsearch example\nnameserver 127.0.0.9\nnameserver 8.8.8.8\n")

    assert "127.0.0.9" == system_nameserver(file)
    assert "127.0.0.1" == system_nameserver(Path("/nowhere"))
    seen = await DnsProbe(resolver, file).run(call("https://api.example", timeout=0.5, settings={"allow_private": ()}))
    assert "DNS A api.example" == seen.request_line
    assert seen.reason is not NetworkReason.BLOCKED_ADDRESS


async def test_what_is_no_host_name_is_not_asked_for(resolver):
    seen = await DnsProbe(resolver).run(call("dns://127.0.0.1:53", name="a..b"))

    assert (NetworkReason.PROTOCOL, Reach.NOT_SENT) == (seen.reason, seen.reach)


def test_a_pointer_that_leads_in_circles_is_refused():
    question = query(7, "a.example", "A")
    loop = question[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 0) + question[12:]
    for pointer in (len(loop), len(loop) + 2, 0x3FFF):
        with pytest.raises(MalformedError):
            parse(loop + struct.pack("!H", 0xC000 | pointer) + bytes(10), 7, "a.example", "A")


def test_international_names_are_asked_in_their_ascii_form():
    assert b"\x0exn--6qqa088eba" in query(1, "你好吗", "A") or b"xn--" in query(1, "你好吗.example", "A")


@given(st.binary(max_size=400), st.booleans())
def test_any_bytes_are_an_answer_or_malformed(data, like_an_answer):
    question = query(7, "a.example", "TXT")
    message = question[:2] + struct.pack("!5H", 0x8180, 1, 600, 0, 0) + question[12:] + data if like_an_answer else data
    try:
        parse(message, 7, "a.example", "TXT")
    except MalformedError:
        pass


@given(st.integers(0, 65535), st.sampled_from(sorted(dns_message.TYPES)), st.binary(max_size=60))
def test_records_with_any_content_are_bounded(ident, kind, data):
    question = query(ident, "a.example", kind)
    try:
        parse(answer(question, [(dns_message.TYPES[kind], data)]), ident, "A.Example.", kind)
    except MalformedError:
        pass
