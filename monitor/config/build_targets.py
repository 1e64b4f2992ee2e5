"""Targets: gateway environments, and how to sign what is sent to them."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from monitor.config.kinds import DIALECTS, SIGNERS, one_kind, options, unknown
from monitor.config.limits import allowance
from monitor.config.live_rules import check_live, check_second
from monitor.config.money_rules import build_caps
from monitor.config.problems import show
from monitor.config.secrets import Vault
from monitor.config.service_grammar import TargetBlock
from monitor.config.source import Path, Source
from monitor.deadlines.regulators import REGIMES
from monitor.model.check import Caps, Target, Tls
from monitor.model.text import Text

SCHEMES = ("http", "https", "tcp", "tls", "dns")
#: Headers that the signer or the probe itself decides.
RESERVED_HEADERS = frozenset({"authorization", "host", "content-length", "transfer-encoding", "connection"})


@dataclass(frozen=True)
class Setting:
    """What the building of every part needs to know about the whole."""

    vault: Vault
    allow_live: bool


def build_target(source: Source, path: Path, data: Any, setting: Setting) -> Target | None:
    """None when anything is wrong with it: the problems are in ``source``."""
    before = len(source.problems)
    block = options(source, path, TargetBlock, data, setting.vault, stand_ins={"base_url": "https://stand-in.invalid"})
    if block is None:
        return None
    _check_address(source, (*path, "base_url"), block.base_url)
    check_networks(source, (*path, "allow_private"), block.allow_private)
    _check_headers(source, (*path, "headers"), block.headers)
    if block.dialect not in DIALECTS:
        unknown(source, (*path, "dialect"), block.dialect, DIALECTS, "a dialect")
    signer = _signer(source, (*path, "signer"), block.signer, setting)
    second = _signer(source, (*path, "second_credential"), block.second_credential, setting)
    check_live(source, path, data, signer[1], allow_live=setting.allow_live)
    check_second(source, path, data, second[1])
    check_regulators(source, (*path, "regulators"), block.regulators)
    caps = build_caps(source, (*path, "caps"), block.caps)
    if len(source.problems) > before:
        return None
    return _target(str(path[-1]), block, signer, second, caps)


def _target(name: str, block: TargetBlock, signer: tuple[str, Any], second: tuple[str, Any], caps: Caps) -> Target:
    idempotency = block.idempotency
    return Target(
        id=name,
        title=block.title or Text(name),
        base_url=block.base_url.rstrip("/"),
        dialect=block.dialect,
        signer=signer[0],
        signer_options=signer[1],
        live=block.live,
        allow_private=tuple(block.allow_private),
        tls=Tls(
            ca_file=block.tls.ca_file,
            client_cert_file=block.tls.client_cert_file,
            client_key_file=block.tls.client_key_file,
            server_name=block.tls.server_name,
            minimum=block.tls.minimum,
            verify=block.tls.verify,
        ),
        headers=tuple(block.headers.items()),
        max_concurrency=block.max_concurrency,
        timeout_seconds=block.timeout,
        body_limit_bytes=block.body_limit,
        reuse_connections=block.reuse_connections,
        customers_per_minute=block.customers_per_minute,
        settle_seconds=block.settle,
        idempotency_header=idempotency.header if idempotency else None,
        idempotency_ttl_seconds=idempotency.keep if idempotency else None,
        caps=caps,
        allowance=allowance(name, block.base_url, block.dialect, signer, block.budget, live=block.live),
        depends_on=tuple(block.depends_on),
        front_door=block.front_door or "",
        second_signer=second[0],
        second_signer_options=second[1],
        regulators=tuple(block.regulators),
        shares=tuple(block.shares),
        labels=tuple(sorted(block.labels.items())),
    )


def _signer(source: Source, path: Path, data: Any, setting: Setting) -> tuple[str, Any]:
    """The kind and its options; ``none`` when nothing is signed, or nothing usable was written."""
    if data is None:
        return "none", None
    kind = one_kind(source, path, data, SIGNERS, "signer")
    if kind is None:
        return "none", None
    return kind, options(source, (*path, kind), SIGNERS[kind].Options, data[kind], setting.vault)


def _check_address(source: Source, path: Path, url: str) -> None:
    if "${" in url:
        source.add(path, "expected a literal address, got one with a hole", "no captured value chooses where a request goes")
        return
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        source.add(path, 'expected an address like "https://api.example.com"', hide=True)
        return
    if parts.username is not None or parts.password is not None:
        source.add(path, "expected an address without a user or password", "credentials belong to the signer", hide=True)
    elif parts.scheme not in SCHEMES or not parts.hostname or port == 0 or not url.isprintable() or " " in url:
        expected = f'expected an address like "https://api.example.com" ({", ".join(SCHEMES)}), got {show(url)}'
        source.add(path, expected)
    elif parts.scheme == "tcp" and port is None:
        source.add(path, f"expected a port, like tcp://host:8583, got {show(url)}")
    elif parts.query or parts.fragment:
        source.add(path, f'expected an address without "?" and "#", got {show(url)}', "queries belong to the steps")


def check_networks(source: Source, path: Path, networks: Iterable[str]) -> None:
    """Every private network must be a CIDR block."""
    for index, network in enumerate(networks):
        try:
            ipaddress.ip_network(network)
        except ValueError:
            source.add((*path, index), f'expected a network like "10.0.0.0/8", got {show(network)}')


def check_regulators(source: Source, path: Path, names: Iterable[str]) -> None:
    """Every one must be a regime whose clocks are known."""
    for index, name in enumerate(names):
        if name not in REGIMES:
            unknown(source, (*path, index), name, REGIMES, "a regime of supervision")


def _check_headers(source: Source, path: Path, headers: dict[str, str]) -> None:
    for name, value in headers.items():
        if name.lower() in RESERVED_HEADERS:
            source.add(
                (*path, name),
                f"expected no header that the signer or the connection sets, got {name}",
                "credentials belong to the signer",
                key=True,
                hide=True,
            )
        elif not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
            source.add((*path, name), "expected a header name of letters, digits and dashes", key=True, hide=True)
        elif "${" in value or not value.isprintable():
            source.add((*path, name), "expected one literal line", "credentials belong to the signer", hide=True)
