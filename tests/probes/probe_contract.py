"""What every kind of probe must keep. A test class inherits ``ProbeContract`` and says how to make one and what to ask of it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import ClassVar

import pytest
from probe_world import serving, target, unused_port
from pydantic import BaseModel

from monitor.model.outcome import NetworkReason
from monitor.model.result import PHASES, Exchange, Reach
from monitor.net.resolver import Resolver
from monitor.probes import Call, Probe
from monitor.probes.table import KINDS
from monitor.transactions.template import Place


class ProbeContract:
    kind = ""
    scheme = ""
    options: ClassVar[dict[str, object]] = {}
    good_host = "127.0.0.1"
    #: What a port that nobody listens on comes to.
    refused = NetworkReason.TCP_REFUSED

    def make(self, resolver: Resolver) -> Probe:
        raise NotImplementedError

    @contextlib.asynccontextmanager
    async def good(self) -> AsyncIterator[tuple[int, dict[str, object]]]:
        """A port where a healthy counterpart listens, and what else its target needs."""
        raise NotImplementedError
        yield 0, {}

    @pytest.fixture
    async def one(self, resolver: Resolver) -> AsyncIterator[Probe]:
        probe = self.make(resolver)
        yield probe
        await probe.close()

    def call(self, port: int, *, host: str = "127.0.0.1", timeout: float = 5.0, **settings: object) -> Call:
        return Call(target(f"{self.scheme}://{host}:{port}", **settings), self.options, timeout)

    def test_it_is_in_the_table_with_options_that_forbid_the_unknown(self):
        kind = KINDS[self.kind]

        assert issubclass(kind.Options, BaseModel)
        assert ("forbid", True) == (kind.Options.model_config["extra"], kind.Options.model_config["frozen"])
        assert set(kind.PLACES) <= set(kind.Options.model_fields)
        assert all(isinstance(place, Place) for place in kind.PLACES.values())
        kind.Options.model_validate(self.options)

    async def test_a_healthy_counterpart_is_an_answer(self, one):
        async with self.good() as (port, settings):
            seen = await one.run(self.call(port, **settings))

        assert (Reach.ANSWERED, NetworkReason.NONE, "", False) == (seen.reach, seen.reason, seen.error, seen.ours)
        assert "127.0.0.1" == seen.address
        self.hold_together(seen)

    async def test_nobody_listening_is_a_value(self, one):
        seen = await one.run(self.call(unused_port(), timeout=2))

        assert self.refused == seen.reason
        assert not seen.ours
        assert seen.error
        self.hold_together(seen)

    async def test_a_private_address_is_blocked_before_anything_is_sent(self, one):
        async with self.good() as (port, settings):
            seen = await one.run(self.call(port, **{**settings, "allow_private": ()}))

        assert (NetworkReason.BLOCKED_ADDRESS, Reach.NOT_SENT) == (seen.reason, seen.reach)
        assert {"connect"} >= set(seen.phases.reached())

    async def test_a_name_that_does_not_resolve_is_a_value(self, one):
        seen = await one.run(self.call(80, host="no-such-host.invalid", timeout=8))

        assert seen.reason in (NetworkReason.DNS, NetworkReason.DNS_TIMEOUT)
        assert (Reach.NOT_SENT, {"resolve"}) == (seen.reach, set(seen.phases.reached()))

    async def test_it_can_be_cancelled(self, one):
        async with serving(_silent) as server:
            running = asyncio.create_task(one.run(self.call(server.port, timeout=30)))
            await asyncio.sleep(0.05)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                running.result() if running.done() else await running
                raise asyncio.CancelledError  # a probe that needs no answer was done already

    async def test_a_deadline_of_no_time_is_a_value(self, one):
        async with self.good() as (port, settings):
            seen = await one.run(self.call(port, timeout=0.0, **settings))

        assert seen.reason is not NetworkReason.NONE
        assert not seen.ours

    def hold_together(self, seen: Exchange) -> None:
        reached = seen.phases.reached()
        assert all(seconds >= 0 for seconds in reached.values())
        assert list(reached) == [name for name in PHASES if name in reached]
        assert sum(reached.values()) <= seen.duration_seconds + 1e-3
        assert seen.request_line


async def _silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()
    await asyncio.sleep(30)
