"""TLS contexts, one for each way of speaking TLS.

Building one reads and parses the roots (45 ms with a system's 144), so they are kept; a replaced certificate file is noticed
by its time and size, because nobody restarts a monitor to rotate a CA.
"""

import asyncio
import ssl
from pathlib import Path

from monitor.model.check import Tls

_MINIMUM = {
    "1.0": ssl.TLSVersion.TLSv1,
    "1.1": ssl.TLSVersion.TLSv1_1,
    "1.2": ssl.TLSVersion.TLSv1_2,
    "1.3": ssl.TLSVersion.TLSv1_3,
}
#: OpenSSL 3 refuses TLS 1.0 and 1.1 outright at its default security level.
_OLD_CIPHERS = "DEFAULT@SECLEVEL=0"

_Stamp = tuple[int, int]
_Key = tuple[Tls, tuple[_Stamp, ...]]


class TlsContexts:
    """The cache. ``get`` raises OSError (ssl.SSLError included) when a file of the setting cannot be used: the operator's mistake."""

    def __init__(self) -> None:
        self._contexts: dict[Tls, tuple[tuple[_Stamp, ...], ssl.SSLContext]] = {}
        self._building: dict[_Key, asyncio.Task[ssl.SSLContext]] = {}

    async def get(self, tls: Tls) -> ssl.SSLContext:
        stamps = _stamps(tls)
        known = self._contexts.get(tls)
        if known is not None and known[0] == stamps:
            return known[1]
        context = await asyncio.shield(self._build((tls, stamps)))
        self._contexts[tls] = (stamps, context)
        return context

    def _build(self, key: _Key) -> "asyncio.Task[ssl.SSLContext]":
        task = self._building.get(key)
        if task is None:
            task = self._building[key] = asyncio.create_task(asyncio.to_thread(build_context, key[0]))
            task.add_done_callback(lambda _: self._building.pop(key))
        return task


def build_context(tls: Tls) -> ssl.SSLContext:
    """Verifying, TLS 1.2 or newer, unless ``tls`` says otherwise for its one target.

    Built by hand: ``ssl.create_default_context`` also honours SSLKEYLOGFILE, which writes session keys to a file.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = _MINIMUM[tls.minimum]
    if tls.minimum in ("1.0", "1.1"):
        context.set_ciphers(_OLD_CIPHERS)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif tls.ca_file:
        context.load_verify_locations(cafile=tls.ca_file)
    else:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    if tls.client_cert_file:
        context.load_cert_chain(tls.client_cert_file, tls.client_key_file, password=_no_password)
    context.set_alpn_protocols(["http/1.1"])
    return context


def _no_password() -> str:
    """Called for an encrypted key. Without it OpenSSL would ask on the terminal, and wait."""
    raise ValueError("the client key is encrypted; give it unencrypted, in a file that only paycanary may read")


def _stamps(tls: Tls) -> tuple[_Stamp, ...]:
    files = (tls.ca_file, tls.client_cert_file, tls.client_key_file)
    return tuple(_stamp(name) for name in files if name)


def _stamp(name: str) -> _Stamp:
    status = Path(name).stat()
    return status.st_mtime_ns, status.st_size
