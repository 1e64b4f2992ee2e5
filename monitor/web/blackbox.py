"""One exchange in the words of blackbox_exporter: its metric names, labels and help, for dashboards and alerts that know them.

As there, phases that were not reached are 0, and ``processing`` is from the end of the handshake to the first byte. Absent are
figures that are not kept here: ``probe_dns_authority_rrs`` and ``probe_dns_additional_rrs``, and the address (``probe_ip_protocol``,
``probe_ip_addr_hash``) when no connection came about. The certificate's serial number and the TLS cipher are from its newer releases.
"""

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from monitor.exporter.lines import label_set
from monitor.model.result import Exchange, Reach, TlsFacts

_ONCE: Mapping[str, str] = {}


class Family(NamedTuple):
    """A gauge: its samples are (labels, value)."""

    name: str
    help: str
    samples: tuple[tuple[Mapping[str, str], float], ...]


def exposition(kind: str, exchange: Exchange, *, success: bool) -> str:
    """The text of ``/probe`` for one exchange of a probe ``kind``: http, tcp, tls or dns."""
    own = {"http": _http, "dns": _dns}.get(kind, _tcp)
    families = [*_common(exchange, success=success), *own(exchange)]
    return "".join(_render(family) for family in sorted(families))


def _render(family: Family) -> str:
    lines = (f"{family.name}{label_set(labels)} {value:.15g}\n" for labels, value in family.samples)
    return f"# HELP {family.name} {family.help}\n# TYPE {family.name} gauge\n{''.join(lines)}"


def _one(name: str, text: str, value: float) -> Family:
    return Family(name, text, ((_ONCE, value),))


def _phases(name: str, text: str, phases: Iterable[tuple[str, float | None]]) -> Family:
    return Family(name, text, tuple(({"phase": phase}, seconds or 0.0) for phase, seconds in sorted(phases)))


def _common(exchange: Exchange, *, success: bool) -> Iterator[Family]:
    yield _one("probe_success", "Displays whether or not the probe was a success", success)
    yield _one("probe_duration_seconds", "Returns how long the probe took to complete in seconds", exchange.duration_seconds)
    lookup = exchange.phases.resolve or 0.0
    yield _one("probe_dns_lookup_time_seconds", "Returns the time taken for probe dns lookup in seconds", lookup)
    if exchange.address:
        address = ipaddress.ip_address(exchange.address)
        yield _one("probe_ip_protocol", "Specifies whether probe ip protocol is IP4 or IP6", address.version)
        text = "Specifies the hash of IP address. It's useful to detect if the IP address changes."
        yield _one("probe_ip_addr_hash", text, _fnv1a(address.packed))


def _fnv1a(data: bytes) -> int:
    """FNV-1a, 32 bits (draft-eastlake-fnv)."""
    value = 2_166_136_261
    for byte in data:
        value = (value ^ byte) * 16_777_619 & 0xFFFF_FFFF
    return value


def _tcp(exchange: Exchange) -> Iterator[Family]:
    yield _regex()
    if exchange.tls:
        yield from _tls(exchange.tls)


def _regex() -> Family:
    return _one("probe_failed_due_to_regex", "Indicates if probe failed due to regex", 0)


def _http(exchange: Exchange) -> Iterator[Family]:
    phases, answered = exchange.phases, exchange.status is not None
    processing = (phases.send or 0.0) + (phases.wait or 0.0)
    named = zip(
        ("resolve", "connect", "tls", "processing", "transfer"),
        (phases.resolve, phases.connect, phases.tls, processing, phases.receive),
        strict=True,
    )
    yield _phases("probe_http_duration_seconds", "Duration of http request by phase, summed over all redirects", named)
    yield _one("probe_http_status_code", "Response HTTP status code", exchange.status or 0)
    length = _length(exchange.headers.get("content-length", "")) if answered else 0
    yield _one("probe_http_content_length", "Length of http content response", length)
    text = "Length of uncompressed response body"
    yield _one("probe_http_uncompressed_body_length", text, exchange.body_bytes)
    yield _one("probe_http_redirects", "The number of redirects", 0)
    yield _one("probe_http_ssl", "Indicates if SSL was used for the final redirect", answered and exchange.tls is not None)
    version = float(exchange.http_version or 0)
    yield _one("probe_http_version", "Returns the version of HTTP of the probe response", version)
    yield _regex()
    modified = _timestamp(exchange.headers.get("last-modified", ""))
    if modified is not None:
        text = "Returns the Last-Modified HTTP response header in unixtime"
        yield _one("probe_http_last_modified_timestamp_seconds", text, modified)
    if exchange.tls:
        yield from _tls(exchange.tls)


def _length(header: str) -> int:
    return int(header) if header.isascii() and header.isdigit() else -1


def _timestamp(date: str) -> float | None:
    try:
        return parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None


def _tls(tls: TlsFacts) -> Iterator[Family]:
    yield _one("probe_ssl_earliest_cert_expiry", "Returns last SSL chain expiry in unixtime", tls.chain_expires)
    text = "Returns last SSL chain expiry in timestamp"
    yield _one("probe_ssl_last_chain_expiry_timestamp_seconds", text, tls.chain_expires)
    leaf = {
        "fingerprint_sha256": tls.fingerprint_sha256,
        "issuer": tls.issuer,
        "serialnumber": tls.serial,
        "subject": tls.subject,
        "subjectalternative": ",".join(tls.alternative_names),
    }
    yield Family("probe_ssl_last_chain_info", "Contains SSL leaf certificate information", ((leaf, 1),))
    version = {"version": tls.version.replace("TLSv", "TLS ")}
    yield Family("probe_tls_version_info", "Returns the TLS version used or NaN when unknown", ((version, 1),))
    yield Family("probe_tls_cipher_info", "Returns the TLS cipher negotiated during handshake", (({"cipher": tls.cipher}, 1),))


def _dns(exchange: Exchange) -> Iterator[Family]:
    phases = exchange.phases
    request = (phases.send or 0.0) + (phases.wait or 0.0) + (phases.receive or 0.0)
    named = zip(("resolve", "connect", "request"), (phases.resolve, phases.connect, request), strict=True)
    yield _phases("probe_dns_duration_seconds", "Duration of DNS request by phase", named)
    text = "Returns number of entries in the answer resource record list"
    yield _one("probe_dns_answer_rrs", text, len(exchange.answers))
    text = "Displays whether or not the query was executed successfully"
    yield _one("probe_dns_query_succeeded", text, exchange.reach is Reach.ANSWERED)
