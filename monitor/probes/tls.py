"""A TLS handshake and nothing more: version, cipher, the presented chain, and why it would be refused."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from monitor.model.check import Tls
from monitor.model.outcome import NetworkReason
from monitor.model.result import Exchange, Reach
from monitor.net.contexts import TlsContexts
from monitor.net.guard import AddressPolicy
from monitor.net.resolver import Resolver
from monitor.probes import Call
from monitor.probes.attempt import attempt, dial, target_context
from monitor.probes.certificates import tls_facts
from monitor.probes.endpoint import Endpoint, endpoint
from monitor.probes.stopwatch import Stopwatch
from monitor.probes.tcp import finish
from monitor.probes.wire import HANDSHAKE_SECONDS, SHUTDOWN_SECONDS
from monitor.transactions.template import Place


class TlsOptions(BaseModel):
    """``port`` is the base URL's unless given. Names, roots and versions are the target's ``tls`` settings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    port: Annotated[int, Field(ge=1, le=65_535)] | None = None


class TlsProbe:
    """See ``monitor.probes.Probe``. A refused certificate is looked at a second time, unverified, so that the result can show it."""

    Options: type[BaseModel] = TlsOptions
    PLACES: Mapping[str, Place] = {}

    def __init__(self, resolver: Resolver, contexts: TlsContexts) -> None:
        self._resolver = resolver
        self._contexts = contexts

    async def run(self, call: Call) -> Exchange:
        watch = Stopwatch()
        where = endpoint(call.target.base_url, call.options.get("port"))
        exchange = Exchange(Reach.NOT_SENT, watch.started, 0.0, request_line=f"TLS {where.host}:{where.port}")
        fault = await attempt(watch, call.timeout_seconds, self._shake(call, where, call.target.tls, watch, exchange))
        if fault is not None and fault.reason is NetworkReason.TLS_CERTIFICATE:
            # No client certificate and no bytes of ours go to a server that could not prove who it is.
            unverified = Tls(server_name=call.target.tls.server_name, minimum=call.target.tls.minimum, verify=False)
            left, second = max(0.0, call.timeout_seconds - watch.duration), Stopwatch()
            await attempt(second, left, self._shake(call, where, unverified, second, exchange))
        return finish(exchange, watch, fault)

    async def close(self) -> None:
        """Nothing is held."""

    async def _shake(self, call: Call, where: Endpoint, tls: Tls, watch: Stopwatch, exchange: Exchange) -> None:
        context = await target_context(self._contexts, call.target.id, tls)
        policy = AddressPolicy(call.target.allow_private)
        sock, exchange.address = await dial(watch, self._resolver, policy, where.host, where.port)
        watch.enter("tls")
        transport, _ = await asyncio.get_running_loop().create_connection(
            asyncio.Protocol,
            sock=sock,
            ssl=context,
            server_hostname=(tls.server_name or where.host).rstrip("."),
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            ssl_shutdown_timeout=SHUTDOWN_SECONDS,
        )
        watch.leave()
        exchange.tls = tls_facts(transport.get_extra_info("ssl_object"))
        transport.close()
        watch.reach = Reach.ANSWERED
