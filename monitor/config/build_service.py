"""The service's own settings, its desks and its maintenance windows."""

import hashlib
import ipaddress
from collections.abc import Collection, Mapping
from typing import Any

from monitor.config import faults
from monitor.config.build_targets import Setting, check_networks, check_regulators
from monitor.config.kinds import CONNECTORS, one_kind, options, unknown
from monitor.config.problems import show
from monitor.config.service_grammar import HeartbeatBlock, MaintenanceBlock, ServiceBlock
from monitor.config.settings import DeskConfig, Heartbeat, Maintenance, Service
from monitor.config.source import Path, Source
from monitor.model.calendar import Every, Recurring, local_instant, time_of_day
from monitor.model.secret import Secret

PORTS = range(1, 65_536)
DNS_PORT = 53


def build_service(source: Source, path: Path, data: Any, setting: Setting) -> Service | None:
    """The settings; None or useless when something is wrong: the problems are in ``source``."""
    block = options(source, path, ServiceBlock, data, setting.vault)
    if block is None:
        return None
    host, port = _listen(source, (*path, "listen"), block)
    check_regulators(source, (*path, "regulators"), block.regulators)
    return Service(
        install=block.install,
        location=block.location,
        data=setting.vault.base / block.data,
        host=host,
        port=port,
        auth_token=block.auth.token if block.auth else None,
        tls_cert_file=block.tls.cert_file if block.tls else None,
        tls_key_file=block.tls.key_file if block.tls else None,
        behind_proxy=block.behind_proxy,
        max_in_flight=block.max_in_flight,
        heartbeat=_heartbeat(source, (*path, "heartbeat"), block.heartbeat, setting) if block.heartbeat else None,
        keep_results_seconds=block.retention.results,
        keep_evidence_seconds=block.retention.evidence,
        reopen_seconds=block.reopen_window,
        second_resolver=_name_server(source, (*path, "second_resolver"), block.second_resolver),
        triage=block.triage.enabled,
        regulators=tuple(block.regulators),
    )


def _listen(source: Source, path: Path, block: ServiceBlock) -> tuple[str, int]:
    host, _, port = block.listen.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isascii() or not port.isdecimal() or int(port) not in PORTS:
        source.add(path, f'expected an address and port like "127.0.0.1:8710", got {show(block.listen)}')
        return "", 0
    missing = [
        what
        for what, there in (('"auth"', block.auth), ('"tls" or "behind_proxy: true"', block.tls or block.behind_proxy))
        if not there
    ]
    if missing and not _is_loopback(host):
        source.add(
            path,
            f"expected {' and '.join(missing)} in service to listen on {host}, got none",
            "without them anybody who reaches the port reads everything; 127.0.0.1 needs neither",
        )
    return host, int(port)


def _name_server(source: Source, path: Path, text: str | None) -> str:
    """``address:port``; an address, since a name would have to be resolved by the very resolver it is to be held against."""
    if text is None:
        return ""
    bare = text.removeprefix("[").removesuffix("]")
    host, _, port = (bare, "", str(DNS_PORT)) if _is_address(bare) else text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not _is_address(host) or not (port.isascii() and port.isdecimal()) or int(port) not in PORTS:
        source.add(path, f'expected the address of a name server like "1.1.1.1" or "[2606:4700:4700::1111]:53", got {show(text)}')
        return ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _heartbeat(source: Source, path: Path, block: HeartbeatBlock, setting: Setting) -> Heartbeat | None:
    check_networks(source, (*path, "allow_private"), block.allow_private)
    url = Secret(block.url)
    if "${" in block.url:
        try:
            url = setting.vault.secret(block.url)
        except ValueError as error:
            source.add((*path, "url"), str(error), hide=True)
    elif not block.url.startswith(("https://", "http://")):
        source.add((*path, "url"), 'expected an address like "https://...", or a reference to one', hide=True)
    return Heartbeat(url, block.every, tuple(block.allow_private))


def build_desk(source: Source, path: Path, data: Mapping[str, Any], setting: Setting) -> DeskConfig | None:
    kind = one_kind(source, path, data, CONNECTORS, "desk")
    checked = options(source, (*path, kind), CONNECTORS[kind].Options, data[kind], setting.vault) if kind else None
    return DeskConfig(kind, checked) if kind and checked else None


def build_maintenance(
    source: Source, path: Path, data: Any, checks: Collection[str], targets: Collection[str]
) -> Maintenance | None:
    before = len(source.problems)
    block = faults.read_block(source, path, MaintenanceBlock, data, stand_ins={"reason": "-"})
    if block is None:
        return None
    for key, names, known in (("checks", block.checks, checks), ("targets", block.targets, targets)):
        for index, name in enumerate(names):
            if name not in known:
                unknown(source, (*path, key, index), name, known, f"a {key[:-1]}")
    once, recurring = block.from_ or block.to, block.every or block.at or block.lasts is not None
    if bool(once) == bool(recurring):
        source.add(path, 'expected either "from" and "to", or "every", "at" and "lasts"')
        return None
    window = _recurring(source, path, block) if recurring else _once(source, path, block)
    return window if len(source.problems) == before else None


def _name(block: MaintenanceBlock) -> str:
    """From what it says, not from where it stands: a window keeps its name when another is put before it."""
    return f"maintenance-{hashlib.sha256(block.model_dump_json().encode()).hexdigest()[:10]}"


def _recurring(source: Source, path: Path, block: MaintenanceBlock) -> Maintenance | None:
    if block.every is None or block.at is None or block.lasts is None:
        source.add(path, 'expected all of "every", "at" and "lasts"')
        return None
    try:
        recurring = Recurring(Every(block.every), time_of_day(block.at), block.lasts, block.zone)
    except ValueError as error:
        source.add(path, str(error))
        return None
    return Maintenance(_name(block), block.reason, tuple(block.checks), tuple(block.targets), recurring)


def _once(source: Source, path: Path, block: MaintenanceBlock) -> Maintenance | None:
    if block.from_ is None or block.to is None:
        source.add(path, 'expected both "from" and "to"')
        return None
    instants = []
    for key, text in (("from", block.from_), ("to", block.to)):
        try:
            instants.append(local_instant(text, block.zone))
        except (ValueError, OverflowError) as error:
            source.add((*path, key), str(error))
    if len(instants) < 2:
        return None
    starts, ends = instants
    if starts >= ends:
        source.add((*path, "to"), f"expected an end after the start ({block.from_}), got {show(block.to)}")
        return None
    return Maintenance(_name(block), block.reason, tuple(block.checks), tuple(block.targets), None, starts, ends)
