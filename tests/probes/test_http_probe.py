import asyncio
import contextlib
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest
from probe_world import JSON, answering, call, http, read_request, serving, target, unused_port

from monitor.model.outcome import NetworkReason
from monitor.model.result import Connection, Reach
from monitor.net.contexts import TlsContexts
from monitor.net.resolver import Resolver
from monitor.probes import Call
from monitor.probes.http import HttpProbe


async def test_an_answer_comes_with_its_phases_its_address_and_its_parsed_body(probe):
    async with answering(http(b'{"amount": 10.10, "id": "pay_1"}')) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}", path="/v1/payments"))

    assert (Reach.ANSWERED, NetworkReason.NONE, 200) == (seen.reach, seen.reason, seen.status)
    assert {"amount": Decimal("10.10"), "id": "pay_1"} == seen.body
    assert ("127.0.0.1", Connection.FRESH, "GET /v1/payments", "1.1") == (
        seen.address,
        seen.connection,
        seen.request_line,
        seen.http_version,
    )
    assert {"connect", "send", "wait", "receive"} == set(seen.phases.reached())


async def test_a_name_is_resolved_and_its_time_is_a_phase_of_its_own(probe):
    async with answering(http()) as server:
        seen = await probe.run(call(f"http://localhost:{server.port}", settings={"allow_private": ("127.0.0.0/8", "::1/128")}))

    assert 200 == seen.status
    assert seen.phases.resolve is not None


async def test_the_parts_add_up_to_the_whole(probe):
    async with answering(http(), pause=0.05) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}"))

    assert 0.05 <= (seen.phases.wait or 0) < 0.5
    assert abs(sum(seen.phases.reached().values()) - seen.duration_seconds) < 0.02


async def test_a_dropped_get_is_sent_once(probe):
    async def drop(reader, writer):
        server.requests.append(await read_request(reader))

    async with serving(drop) as server:
        for method in ("GET", "PUT", "DELETE", "HEAD"):
            seen = await probe.run(call(f"http://127.0.0.1:{server.port}", method=method))
            assert (NetworkReason.NO_ANSWER, Reach.SENT) == (seen.reason, seen.reach)

    assert 4 == len(server.requests) == server.connections


@pytest.mark.parametrize(
    "status", ["301 Moved Permanently", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
)
async def test_a_redirect_is_an_answer_and_nothing_goes_where_it_points(probe, status):
    async with answering(http()) as elsewhere:
        location = f"Location: http://127.0.0.1:{elsewhere.port}/steal\r\n"
        async with answering(http(b"", status=status, extra=location)) as server:
            seen = await probe.run(
                call(
                    f"http://127.0.0.1:{server.port}",
                    method="POST",
                    form={"card": "4242"},
                    headers={"X-Api-Key": "k", "Idempotency-Key": "i"},
                )
            )

    assert int(status[:3]) == seen.status
    assert 0 == elsewhere.connections


async def test_a_refused_connection_sent_nothing_and_has_no_later_phases(probe):
    seen = await probe.run(call(f"http://127.0.0.1:{unused_port()}"))

    assert (NetworkReason.TCP_REFUSED, Reach.NOT_SENT, None) == (seen.reason, seen.reach, seen.status)
    assert {"connect"} == set(seen.phases.reached())


async def test_a_name_that_does_not_exist_reaches_only_the_resolver(probe):
    seen = await probe.run(call("http://no-such-host.invalid/", timeout=8))

    assert seen.reason in (NetworkReason.DNS, NetworkReason.DNS_TIMEOUT)
    assert {"resolve"} == set(seen.phases.reached())


async def test_no_answer_ends_at_the_deadline_in_the_phase_it_hung_in(probe):
    async def silent(reader, writer):
        await reader.read()

    async with serving(silent) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}", timeout=0.3, method="POST", json={"amount": 1}))

    assert (NetworkReason.ANSWER_TIMEOUT, Reach.SENT) == (seen.reason, seen.reach)
    assert "no answer within 0.3 s" == seen.error
    assert 0.25 <= (seen.phases.wait or 0) <= 0.6
    assert seen.phases.receive is None


async def test_a_reset_after_the_request_is_not_the_same_as_not_sent(probe):
    async def reset(reader, writer):
        await read_request(reader)
        writer.transport.abort()

    async with serving(reset) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}"))

    assert Reach.SENT == seen.reach
    assert seen.reason in (NetworkReason.RESET, NetworkReason.NO_ANSWER)


async def test_connections_are_fresh_unless_the_target_asks_otherwise(probe):
    async def keep(reader, writer):
        while True:
            server.requests.append(await read_request(reader))
            writer.write(http())

    async with serving(keep) as server:
        url = f"http://127.0.0.1:{server.port}"
        fresh = [await probe.run(call(url)) for _ in range(2)]
        reused = [await probe.run(call(url, settings={"reuse_connections": True})) for _ in range(3)]
        await probe.close()

    assert [Connection.FRESH] * 2 == [seen.connection for seen in fresh]
    assert [Connection.FRESH, Connection.REUSED, Connection.REUSED] == [seen.connection for seen in reused]
    assert reused[2].phases.connect is None
    assert "127.0.0.1" == reused[2].address
    assert 3 == server.connections
    assert all(b"connection: close" in request.lower() for request in server.requests[:2])


async def test_later_headers_win_and_the_credential_last(probe):
    class Token:
        async def prepare(self):
            await asyncio.sleep(0.02)
            return True

        def headers(self, method, url, body):
            return {"authorization": f"Bearer of {method} {url.rpartition('/')[2]} {len(body)}"}

    async with answering(http()) as server:
        request = Call(
            target(f"http://127.0.0.1:{server.port}", headers=(("X-Team", "target"), ("Authorization", "target"))),
            {"method": "POST", "path": "/pay", "json": {"a": 1}, "headers": {"x-team": "step"}},
            5.0,
            Token(),
            {"Idempotency-Key": "k1", "User-Agent": "paycanary/1"},
        )
        seen = await probe.run(request)

    head = server.requests[0].decode()
    assert "X-Team: target" not in head
    assert "x-team: step" in head
    assert "authorization: Bearer of POST pay 7" in head
    assert "Idempotency-Key: k1" in head
    assert "User-Agent: paycanary/1" in head
    assert 0.015 <= (seen.phases.auth or 0) < 0.5


async def test_a_signer_that_asks_nobody_has_no_auth_phase(probe):
    class Fixed:
        async def prepare(self):
            return False

        def headers(self, method, url, body):
            return {"Authorization": "Basic eA=="}

    async with answering(http()) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}", signature=Fixed()))

    assert seen.phases.auth is None


async def test_proxies_cookies_and_netrc_of_the_environment_are_ignored(probe, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    async with answering(http()) as proxy, answering(http(extra="Set-Cookie: a=b\r\n")) as server:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        for _ in range(2):
            assert 200 == (await probe.run(call(f"http://127.0.0.1:{server.port}"))).status

    assert 0 == proxy.connections
    assert not any(b"cookie" in request.lower() or b"authorization" in request.lower() for request in server.requests)


async def test_repeated_headers_are_joined_under_their_lower_case_name(probe):
    async with answering(http(extra="X-Via: one\r\nx-via: two\r\n")) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}"))

    assert "one, two" == seen.headers["x-via"]


async def test_a_captured_dot_dot_never_chooses_another_endpoint(probe):
    async with answering(http()) as server:
        for path in ("/orders/../refunds", "/orders/%2e%2E/refunds", "/orders/."):
            seen = await probe.run(call(f"http://127.0.0.1:{server.port}", path=path))
            assert (Reach.NOT_SENT, NetworkReason.PROTOCOL) == (seen.reach, seen.reason)

    assert 0 == server.connections


async def test_no_byte_of_a_query_stands_in_the_evidence_line(probe):
    async with answering(http()) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}", path="/pay?key=secret", query={"token": "secret"}))

    assert b"GET /pay?key=secret&token=secret HTTP/1.1" in server.requests[0]
    assert "GET /pay" == seen.request_line


async def test_a_thousand_at_once_read_the_latency_of_the_service_not_of_a_queue(probe):
    async with slow_service(0.05) as port:
        url = f"http://127.0.0.1:{port}"
        await probe.run(call(url))
        seen = await asyncio.gather(*(probe.run(call(url, timeout=30)) for _ in range(1000)))

    waits = sorted(one.phases.wait or 0 for one in seen)
    assert {200} == {one.status for one in seen}
    # 55 and 75 ms on a quiet machine, since what our own loop was late is in ``queued_seconds``; a pool of 100 connections
    # reads 400 and 700 ms on the same one. The room between is for a busy one.
    assert waits[500] < 0.3, waits[500]
    assert waits[990] < 0.6, waits[990]


async def test_while_our_loop_was_held_up_the_gateway_was_not_slow(probe):
    async with slow_service(0.05) as port:
        request = call(f"http://127.0.0.1:{port}", timeout=30)
        await probe.run(request)
        running = asyncio.create_task(probe.run(request))
        await asyncio.sleep(0.02)  # the request is out
        time.sleep(0.6)
        seen = await running

    assert 200 == seen.status
    assert (seen.phases.wait or 0) < 0.3
    assert seen.queued_seconds > 0.3
    assert seen.duration_seconds < 0.4


async def test_a_thousand_at_once_are_at_once(probe):
    arrived = asyncio.Semaphore(0)
    everybody = asyncio.Event()

    async def answer_when_all_have_asked(reader, writer):
        await read_request(reader)
        arrived.release()
        await everybody.wait()
        writer.write(http())

    async with serving(answer_when_all_have_asked) as server:
        running = [asyncio.create_task(probe.run(call(f"http://127.0.0.1:{server.port}", timeout=60))) for _ in range(1000)]
        for _ in running:
            await asyncio.wait_for(arrived.acquire(), 30)
        everybody.set()
        seen = await asyncio.gather(*running)

    assert {200} == {one.status for one in seen}


@contextlib.asynccontextmanager
async def slow_service(seconds: float) -> AsyncIterator[int]:
    """In a process of its own, so that its work does not hold up our loop."""
    script = f"""
import asyncio, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
async def serve(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    await asyncio.sleep({seconds})
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
    writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE)
    try:
        assert process.stdout
        yield int(await process.stdout.readline())
    finally:
        process.kill()
        await process.communicate()


async def test_twenty_dead_names_do_not_delay_the_healthy():
    release = threading.Event()

    def getaddrinfo(host, *args, **kwargs):
        if host.startswith("dead"):
            release.wait(20)
            raise socket.gaierror(socket.EAI_AGAIN, "nobody")
        return socket.getaddrinfo("127.0.0.1", *args, **kwargs)

    resolver = Resolver(getaddrinfo=getaddrinfo)
    probe = HttpProbe(resolver, TlsContexts())
    async with answering(http()) as server:
        dead = [asyncio.create_task(probe.run(call(f"http://dead{n}.example:80", timeout=1))) for n in range(20)]
        await asyncio.sleep(0)
        healthy = await asyncio.gather(*(probe.run(call(f"http://healthy.example:{server.port}", timeout=3)) for _ in range(5)))
        gone = await asyncio.gather(*dead)
    release.set()
    await probe.close()
    resolver.close()

    assert {200} == {one.status for one in healthy}
    assert max(one.duration_seconds for one in healthy) < 0.5
    assert {(NetworkReason.DNS_TIMEOUT, False)} == {(one.reason, one.ours) for one in gone}


async def test_when_our_own_threads_are_all_taken_the_fault_is_ours():
    release = threading.Event()

    def stuck(host, *args, **kwargs):
        release.wait(20)
        return []

    resolver = Resolver(getaddrinfo=stuck, quick_threads=1)
    probe = HttpProbe(resolver, TlsContexts())
    first = asyncio.create_task(probe.run(call("http://one.example", timeout=1)))
    await asyncio.sleep(0)
    second = await probe.run(call("http://two.example", timeout=0.5))
    await first
    release.set()
    await probe.close()
    resolver.close()

    assert (True, NetworkReason.DNS_TIMEOUT) == (second.ours, second.reason)


async def test_a_cancelled_probe_lets_go_of_its_connection(probe):
    gone = asyncio.Event()

    async def wait_for_goodbye(reader, writer):
        await read_request(reader)
        await reader.read()
        gone.set()

    async with serving(wait_for_goodbye) as server:
        task = asyncio.create_task(probe.run(call(f"http://127.0.0.1:{server.port}", timeout=30)))
        while not server.connections:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(gone.wait(), 5)


async def test_a_missing_ca_file_is_our_fault(probe):
    from monitor.model.check import Tls

    seen = await probe.run(call("https://127.0.0.1:1", settings={"tls": Tls(ca_file="/nowhere/ca.pem")}))

    assert (True, NetworkReason.INTERNAL, Reach.NOT_SENT) == (seen.ours, seen.reason, seen.reach)
    assert "gateway" in seen.error


async def test_json_without_a_content_type_is_read_as_json(probe):
    async with answering(b'HTTP/1.1 200 OK\r\n\r\n{"a":1}') as server:
        assert {"a": 1} == (await probe.run(call(f"http://127.0.0.1:{server.port}"))).body
    async with answering(JSON + b"Content-Length: 8\r\n\r\n<html/>\n") as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}"))

    assert "<html/>\n" == seen.body
    assert seen.parse_error.startswith("not valid JSON")
