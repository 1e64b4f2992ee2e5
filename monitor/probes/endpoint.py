"""Host and port of a target, from its literal base URL."""

from typing import NamedTuple
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443, "tls": 443, "dns": 53}


class Endpoint(NamedTuple):
    scheme: str
    host: str
    port: int


def endpoint(base_url: str, port: int | None = None) -> Endpoint:
    """``port`` overrides the URL's. Raises ValueError when there is none at all, or no host."""
    parts = urlsplit(base_url)
    chosen = port or parts.port or _PORTS.get(parts.scheme)
    if not parts.hostname or not chosen:
        raise ValueError(f"expected a URL with a host and a port, like tcp://host:8583, got {base_url!r}")
    return Endpoint(parts.scheme, parts.hostname, chosen)
