"""What questions are asked with: probes, a second set that can be sent to one address, credentials, and the leave to ask."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from monitor.clock import Clock
from monitor.inquiry.pin import PinnedResolver
from monitor.model.check import Target
from monitor.model.result import Exchange
from monitor.net.contexts import TlsContexts
from monitor.net.resolver import Resolver
from monitor.probes import Probe, Signature
from monitor.probes import table as probe_table
from monitor.probes.governor import Governor
from monitor.signers import table as signer_table

#: Which probes stand on which resolver.
BuildProbes = Callable[[Resolver], Mapping[str, Probe]]
#: The turn of one request to a target within so many seconds: "", or a sentence why it may not be asked.
Turn = Callable[[str, float], Awaitable[str]]


@dataclass(slots=True)
class Tools:
    """``probes`` and ``resolver`` are those of the checks; ``pinned`` is closed by ``close``."""

    clock: Clock
    location: str
    resolver: Resolver
    probes: Mapping[str, Probe]
    pinned: Mapping[str, Probe]
    pins: PinnedResolver
    signers: Mapping[str, Signature]
    second_signers: Mapping[str, Signature]
    turn: Turn
    heard: Callable[[str, Exchange], None]
    clean: Callable[[str], str]
    second_resolver: str = ""  # address:port; "": none

    async def close(self) -> None:
        for probe in self.pinned.values():
            await probe.close()
        self.pins.close()


def second_signers(targets: Iterable[Target]) -> dict[str, Signature]:
    """Of the targets that name a second credential."""
    return {
        target.id: signer_table.build(target.second_signer, target.second_signer_options)
        for target in targets
        if target.second_signer != "none"
    }


@asynccontextmanager
async def tools_of(
    targets: Mapping[str, Target],
    *,
    clock: Clock,
    location: str,
    governor: Governor,
    resolver: Resolver | None = None,
    probes: Mapping[str, Probe] | None = None,
    pins: PinnedResolver | None = None,
    clean: Callable[[str], str],
    second_resolver: str = "",
) -> AsyncIterator[Tools]:
    """Tools without a service around them. ``resolver`` and ``probes`` that are handed in stay open."""
    contexts = TlsContexts()
    resolver = resolver or Resolver()
    pins = pins or PinnedResolver()
    own = probes is None
    probes = probe_table.build(resolver, contexts) if probes is None else probes
    tools = Tools(
        clock=clock,
        location=location,
        resolver=resolver,
        probes=probes,
        pinned=probe_table.build(pins, contexts),
        pins=pins,
        signers={name: signer_table.build(target.signer, target.signer_options) for name, target in targets.items()},
        second_signers=second_signers(targets.values()),
        turn=governor.spare,
        heard=governor.heard,
        clean=clean,
        second_resolver=second_resolver,
    )
    try:
        yield tools
    finally:
        await tools.close()
        if own:
            for probe in probes.values():
                await probe.close()
            resolver.close()
