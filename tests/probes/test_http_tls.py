import asyncio
import ssl
import subprocess
import sys
import time

import pytest
from probe_world import answering, call, http, serving

from monitor.model.check import Tls
from monitor.model.outcome import NetworkReason
from monitor.model.result import Connection, Reach
from monitor.net.contexts import TlsContexts
from monitor.probes.tls import TlsProbe

DAY = 86_400


async def test_the_handshake_is_a_phase_and_tells_version_cipher_chain_and_issuer(probe, authority):
    async with answering(http(), context=authority.server(days=90)) as server:
        seen = await probe.run(call(f"https://127.0.0.1:{server.port}", settings={"tls": authority.tls}))

    assert 200 == seen.status
    assert (seen.phases.tls or 0) > 0
    facts = seen.tls
    assert facts
    assert ("TLSv1.3", "CN=Test authority", "CN=gateway.example") == (facts.version, facts.issuer, facts.subject)
    assert "127.0.0.1" in facts.alternative_names
    assert 64 == len(facts.fingerprint_sha256)
    assert 64 == len(facts.key_sha256)
    assert facts.key_sha256 != facts.fingerprint_sha256
    assert abs(facts.leaf_expires - time.time() - 90 * DAY) < 600


async def test_the_chain_expires_with_its_earliest_link(probe, authority):
    # The authority's own certificate, sent along, ends after 365 days; the leaf here outlives it.
    async with answering(http(), context=authority.server(days=800)) as server:
        seen = await probe.run(call(f"https://127.0.0.1:{server.port}", settings={"tls": authority.tls}))

    assert seen.tls
    assert abs(seen.tls.leaf_expires - time.time() - 800 * DAY) < 600
    assert abs(seen.tls.chain_expires - time.time() - 365 * DAY) < 600


async def test_a_reused_connection_still_knows_its_certificate(probe, authority):
    async def keep(reader, writer):
        while await reader.readuntil(b"\r\n\r\n"):
            writer.write(http())

    async with serving(keep, context=authority.server()) as server:
        request = call(f"https://127.0.0.1:{server.port}", settings={"tls": authority.tls, "reuse_connections": True})
        first, second = await probe.run(request), await probe.run(request)
        await probe.close()

    assert (Connection.REUSED, None) == (second.connection, second.phases.tls)
    assert first.tls == second.tls is not None


@pytest.mark.parametrize(
    ("server", "why"),
    [
        ({"days": -1}, "expired"),
        ({"host": "other.example"}, "IP address mismatch"),
        ({"self_signed": True}, "self-signed"),
    ],
)
async def test_a_bad_certificate_is_refused_and_no_byte_of_the_request_leaves(probe, authority, server, why):
    received = []

    async def listen(reader, writer):
        received.append(await reader.read(1000))

    async with serving(listen, context=authority.server(**server)) as bad:
        seen = await probe.run(
            call(f"https://127.0.0.1:{bad.port}", method="POST", json={"card": 1}, settings={"tls": authority.tls})
        )

    assert (NetworkReason.TLS_CERTIFICATE, Reach.NOT_SENT) == (seen.reason, seen.reach)
    assert why in seen.error
    assert seen.phases.send is None
    assert b"" == b"".join(received)


async def test_another_authoritys_certificate_is_refused(probe, authority, tmp_path_factory):
    from probe_world import Authority

    other = Authority.make(tmp_path_factory.mktemp("other"))
    async with answering(http(), context=authority.server()) as server:
        seen = await probe.run(call(f"https://127.0.0.1:{server.port}", settings={"tls": other.tls}))

    assert (NetworkReason.TLS_CERTIFICATE, Reach.NOT_SENT) == (seen.reason, seen.reach)


async def test_a_client_certificate_is_shown_where_the_target_has_one(probe, authority):
    context = authority.server()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.tls.ca_file)
    authority.server()  # another leaf of the same authority, for the client
    leaf = str(max(authority.folder.glob("server-*.pem")))
    async with answering(http(), context=context) as server:
        url = f"https://127.0.0.1:{server.port}"
        shown = await probe.run(call(url, settings={"tls": Tls(ca_file=authority.tls.ca_file, client_cert_file=leaf)}))
        without = await probe.run(call(url, settings={"tls": authority.tls}))

    assert 200 == shown.status
    # TLS 1.3 asks for it after the handshake: the refusal comes as an alert, or as a closed connection when that is faster.
    assert without.status is None
    assert without.reason in (NetworkReason.TLS, NetworkReason.NO_ANSWER, NetworkReason.RESET)


async def test_tls_1_0_is_refused(probe, authority):
    context = authority.server()
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL@SECLEVEL=0")
    with pytest.warns(DeprecationWarning):
        context.maximum_version = ssl.TLSVersion.TLSv1
    async with answering(http(), context=context) as server:
        seen = await probe.run(call(f"https://127.0.0.1:{server.port}", settings={"tls": authority.tls}))

    assert (NetworkReason.TLS, Reach.NOT_SENT) == (seen.reason, seen.reach)


async def test_a_server_that_speaks_no_tls_is_a_tls_failure(probe):
    async def plain(reader, writer):
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serving(plain) as server:
        seen = await probe.run(call(f"https://127.0.0.1:{server.port}"))

    assert (NetworkReason.TLS, Reach.NOT_SENT) == (seen.reason, seen.reach)


async def test_a_connection_closed_in_the_handshake_is_a_tls_failure(probe):
    async def close(reader, writer):
        await reader.read(10)
        writer.transport.abort()

    async with serving(close) as server:
        seen = await probe.run(call(f"https://127.0.0.1:{server.port}"))

    assert (NetworkReason.TLS, Reach.NOT_SENT) == (seen.reason, seen.reach)


async def test_a_handshake_that_hangs_ends_at_the_deadline(probe):
    async def hang(reader, writer):
        await asyncio.sleep(30)

    async with serving(hang) as server:
        seen = await probe.run(call(f"https://127.0.0.1:{server.port}", timeout=0.3))

    assert (NetworkReason.TLS_TIMEOUT, Reach.NOT_SENT) == (seen.reason, seen.reach)
    assert seen.phases.connect is not None
    assert (seen.phases.tls or 0) > 0.2


async def test_the_tls_probe_says_why_and_still_shows_the_certificate(resolver, authority):
    probe = TlsProbe(resolver, TlsContexts())
    async with serving(_wait, context=authority.server(days=-3)) as server:
        seen = await probe.run(call(f"tls://127.0.0.1:{server.port}", settings={"tls": authority.tls}))

    assert (NetworkReason.TLS_CERTIFICATE, Reach.NOT_SENT) == (seen.reason, seen.reach)
    assert "expired" in seen.error
    assert seen.tls
    assert abs(seen.tls.leaf_expires - time.time() + 3 * DAY) < 600


async def test_the_tls_probe_of_a_good_server_is_an_answer(resolver, authority):
    probe = TlsProbe(resolver, TlsContexts())
    async with serving(_wait, context=authority.server(host="localhost")) as server:
        tls = Tls(ca_file=authority.tls.ca_file, server_name="localhost")
        seen = await probe.run(call("https://127.0.0.1", port=server.port, settings={"tls": tls}))

    assert (Reach.ANSWERED, NetworkReason.NONE, f"TLS 127.0.0.1:{server.port}") == (seen.reach, seen.reason, seen.request_line)
    assert {"connect", "tls"} == set(seen.phases.reached())
    assert seen.tls
    assert "TLSv1.3" == seen.tls.version


async def _wait(reader, writer):
    await reader.read()


def test_the_same_holds_on_uvloop(authority):
    context_file = authority.folder
    authority.server()
    script = f"""
import asyncio, sys, ssl, glob, uvloop
sys.path.insert(0, {str(__file__).rpartition("/")[0]!r})
from probe_world import answering, call, http
from monitor.model.check import Tls
from monitor.net.contexts import TlsContexts
from monitor.net.resolver import Resolver
from monitor.probes.http import HttpProbe
async def main():
    resolver = Resolver(); probe = HttpProbe(resolver, TlsContexts())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(glob.glob({str(context_file)!r} + "/server-*.pem")[0])
    async with answering(http(), context=context) as server:
        seen = await probe.run(call(f"https://127.0.0.1:{{server.port}}", method="POST", json={{"a": 1}}, settings={{"tls": Tls(ca_file={authority.tls.ca_file!r})}}))
        print(seen.status, seen.tls.version, *seen.phases.reached())
        seen = await probe.run(call(f"https://127.0.0.1:{{server.port}}", timeout=2))
        print(seen.reason.value, seen.reach.value)
    seen = await probe.run(call("http://127.0.0.1:1", timeout=2))
    print(seen.reason.value)
    await probe.close(); resolver.close()
uvloop.install(); asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)

    expected = ["200 TLSv1.3 connect tls send wait receive", "tls_certificate not_sent", "tcp_refused"]
    assert expected == done.stdout.splitlines(), done.stdout + done.stderr
