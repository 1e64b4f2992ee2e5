"""The kinds of probes, by the name that a step uses."""

from monitor.net.contexts import TlsContexts
from monitor.net.resolver import Resolver
from monitor.probes import Probe
from monitor.probes.dns import DnsProbe
from monitor.probes.http import HttpProbe
from monitor.probes.tcp import TcpProbe
from monitor.probes.tls import TlsProbe

KINDS: dict[str, type[HttpProbe | TcpProbe | TlsProbe | DnsProbe]] = {
    "http": HttpProbe,
    "tcp": TcpProbe,
    "tls": TlsProbe,
    "dns": DnsProbe,
}


def build(resolver: Resolver, contexts: TlsContexts) -> dict[str, Probe]:
    """One probe of each kind, for one event loop. Closing them, and then the resolver, is the caller's."""
    return {
        "http": HttpProbe(resolver, contexts),
        "tcp": TcpProbe(resolver),
        "tls": TlsProbe(resolver, contexts),
        "dns": DnsProbe(resolver),
    }
