"""The methods of aiohttp that carry our stamps are still called by it. One of these fails first when aiohttp changes."""

import inspect

import aiohttp
from aiohttp.client_proto import ResponseHandler
from probe_world import answering, call, http

from monitor.probes import wire


async def test_every_hook_is_called_on_the_way_of_one_post(probe, monkeypatch):
    called = []

    def spy(owner, name):
        original = getattr(owner, name)

        def wrapper(*args, **kwargs):
            called.append(name)
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, wrapper)

    for owner, names in {
        wire.Connector: ["_create_connection"],
        wire.Handler: ["connection_made", "data_received"],
        wire.Request: ["send", "write_bytes"],
    }.items():
        for name in names:
            spy(owner, name)
    async with answering(http()) as server:
        seen = await probe.run(call(f"http://127.0.0.1:{server.port}", method="POST", json={"a": 1}))

    assert ["_create_connection", "connection_made", "send", "write_bytes", "data_received"] == list(dict.fromkeys(called))
    assert {"connect", "send", "wait", "receive"} == set(seen.phases.reached())


def test_the_hooks_have_the_signatures_we_extend():
    def parameters(function):
        return list(inspect.signature(function).parameters)

    assert ["self", "req", "traces", "timeout"] == parameters(aiohttp.BaseConnector._create_connection)
    assert ["self", "conn"] == parameters(aiohttp.ClientRequest.send)
    assert ["self", "writer", "conn", "content_length"] == parameters(aiohttp.ClientRequest.write_bytes)
    assert ["self", "data"] == parameters(ResponseHandler.data_received)


async def test_the_switch_for_silent_second_tries_is_still_there(resolver):
    async with aiohttp.ClientSession() as plain:
        assert plain._retry_connection is True
    session = wire.make_session(wire.Connector(resolver, wire.AddressPolicy(), reuse=False))
    try:
        assert session._retry_connection is False
        assert session.trust_env is False
        assert isinstance(session.cookie_jar, aiohttp.DummyCookieJar)
    finally:
        await session.close()
