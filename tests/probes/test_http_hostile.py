"""Servers that mean harm, or no longer know what they do. Each is a value, in time and in bounds."""

import asyncio
import gzip
import json
import os
import subprocess
import sys
import textwrap
import time
import zlib

import pytest
from probe_world import JSON, answering, call, http, read_request, serving

from monitor.model.outcome import NetworkReason
from monitor.model.result import Reach

MIB = 1 << 20


async def test_a_gzip_bomb_stops_at_the_limit(probe):
    bomb = gzip.compress(bytes(200 * MIB), 9)
    async with answering(http(bomb, extra="Content-Encoding: gzip\r\n")) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}"))

    assert (NetworkReason.BODY_TOO_LARGE, 200) == (seen.reason, seen.status)
    assert seen.body is None


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(b'{"a":1}', mtime=0)),
        ("deflate", zlib.compress(b'{"a":1}')),
        ("deflate", zlib.compress(b'{"a":1}')[2:-4]),
        ("identity", b'{"a":1}'),
    ],
)
async def test_packed_bodies_are_unpacked(probe, encoding, packed):
    async with answering(http(packed, extra=f"Content-Encoding: {encoding}\r\n")) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}"))

    assert ({"a": 1}, 7, "") == (seen.body, seen.body_bytes, seen.parse_error)


@pytest.mark.parametrize(
    "packed", [gzip.compress(b'{"a":1}', mtime=0)[:-6], b"not gzip at all", gzip.compress(b"{}", mtime=0) + b"more"]
)
async def test_a_body_that_does_not_unpack_says_so(probe, packed):
    async with answering(http(packed, extra="Content-Encoding: gzip\r\n")) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}"))

    assert "gzip" in seen.parse_error
    assert seen.body is None


async def test_an_encoding_nobody_asked_for_is_named(probe):
    async with answering(http(b"???", extra="Content-Encoding: br\r\n")) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}"))

    assert "the body has a Content-Encoding that was not asked for" == seen.parse_error


async def test_an_endless_body_stops_at_the_limit(probe):
    async def endless(reader, writer):
        await read_request(reader)
        writer.write(JSON + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + bytes(65536) + b"\r\n")
            await writer.drain()

    async with serving(endless) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}", timeout=10))

    assert (NetworkReason.BODY_TOO_LARGE, Reach.SENT) == (seen.reason, seen.reach)
    assert "the body is larger than 1,048,576 bytes" == seen.error
    assert seen.body_bytes < 1.5 * MIB
    assert seen.duration_seconds < 5


async def test_a_body_over_the_targets_own_limit_is_too_large(probe):
    async with answering(http(b"x" * 2000, kind="text/plain")) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}", settings={"body_limit_bytes": 1000}))

    assert (NetworkReason.BODY_TOO_LARGE, 200, None) == (seen.reason, seen.status, seen.body)
    assert b"x" * 1000 == seen.raw[:1000]


async def test_a_drip_ends_at_the_deadline(probe):
    async with answering(JSON + b"Content-Length: 100000\r\n\r\n", *[b"x"] * 1000, pause=0.05) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}", timeout=0.6))

    assert (NetworkReason.BODY_TIMEOUT, Reach.SENT, 200) == (seen.reason, seen.reach, seen.status)
    assert "the answer did not end within 0.6 s" == seen.error
    assert 0.5 < seen.duration_seconds < 1.6
    assert seen.body is None


@pytest.mark.parametrize("line", [b"X-A: " + b"a" * 100 + b"\r\n", b"X-A: " + b"a" * 100_000 + b"\r\n", b"X" * 70_000])
async def test_a_flood_of_headers_ends_early(probe, line):
    async def flood(reader, writer):
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(line)
            await writer.drain()

    async with serving(flood) as server:
        began = time.monotonic()
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}", timeout=10))

    assert NetworkReason.PROTOCOL == seen.reason
    assert time.monotonic() - began < 5


async def test_endless_interim_answers_end_at_the_deadline(probe):
    async def interim(reader, writer):
        await read_request(reader)
        while True:
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.001)

    async with serving(interim) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}", timeout=0.5))

    assert seen.reason in (NetworkReason.ANSWER_TIMEOUT, NetworkReason.BODY_TIMEOUT)


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>HTTP/0.9 was simple</html>",
        b"\x00\xff\x00\xff" * 100,
        b"HTTP/1.1 20x OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: minus\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhalf of it",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
)
async def test_what_is_not_http_is_a_value(probe, answer):
    async with answering(answer) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}", timeout=3))

    assert seen.reason in (NetworkReason.PROTOCOL, NetworkReason.NO_ANSWER)
    assert not seen.ours
    assert Reach.SENT == seen.reach


async def test_no_error_repeats_what_the_target_said(probe):
    async with answering(b"HTTP/1.1 secret-4242424242424242\r\n\r\n") as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}", path="/p?key=secret-in-query"))

    assert "secret" not in seen.error


async def test_switching_protocols_without_being_asked_ends_in_time(probe):
    async with answering(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nraw") as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}", timeout=1))

    assert seen.duration_seconds < 2


async def test_ten_megabytes_of_json_are_read_off_the_loop(probe):
    body = json.dumps([{"id": f"pay_{n}", "amount": n, "fee": 0.1} for n in range(200_000)]).encode()
    stalls = []

    async def watch_the_loop():
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            stalls.append(time.perf_counter() - began)

    async with answering(http(body)) as server:
        watcher = asyncio.create_task(watch_the_loop())
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}", timeout=60, settings={"body_limit_bytes": 64 * MIB}))
        watcher.cancel()

    assert len(body) > 9 * MIB
    assert (200_000, "") == (len(seen.body), seen.parse_error)
    assert max(stalls) < 0.25, max(stalls)


def test_running_out_of_descriptors_is_our_fault():
    script = """
    import asyncio, resource, sys
    sys.path.insert(0, sys.argv[1])
    from probe_world import answering, call, http
    from monitor.net.contexts import TlsContexts
    from monitor.net.resolver import Resolver
    from monitor.probes.http import HttpProbe
    from monitor.probes.tcp import TcpProbe

    async def main():
        resolver = Resolver()
        probe, plain = HttpProbe(resolver, TlsContexts()), TcpProbe(resolver)
        async with answering(http()) as server:
            url = f"http://127.0.0.1:{server.port}"
            await probe.run(call(url))
            await probe.run(call("http://no-such-host.invalid", timeout=3))
            resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
            held = []
            try:
                while True:
                    held.append(open("/dev/null"))
            except OSError:
                pass
            for seen in (await probe.run(call(url)), await plain.run(call(url)), await probe.run(call("http://no-such-host.invalid"))):
                print(seen.ours, seen.reason.value, seen.reach.value)
            while held:
                held.pop().close()
            print((await probe.run(call(url))).status)
        await probe.close()
        resolver.close()

    asyncio.run(main())
    """
    here = os.path.dirname(__file__)
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), here], capture_output=True, text=True, timeout=60, check=False
    )

    assert ["True out_of_files not_sent"] * 3 + ["200"] == done.stdout.splitlines(), done.stdout + done.stderr
