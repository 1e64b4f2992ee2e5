"""To one address of several: a resolver for which every name leads where the asking task says."""

from contextvars import ContextVar

from monitor.net.resolver import Lookup, Resolver

_ADDRESS: ContextVar[str] = ContextVar("address", default="")


def pin(address: str) -> None:
    """From now on, in this task, every name leads to ``address``."""
    _ADDRESS.set(address)


class PinnedResolver(Resolver):
    """The name in the request and in the handshake stays what it is; only the way changes."""

    async def lookup(self, host: str, port: int) -> Lookup:
        """The pinned address, or what ``host`` resolves to where none is pinned."""
        return await super().lookup(_ADDRESS.get() or host, port)
