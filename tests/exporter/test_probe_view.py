import socket
import subprocess
from urllib.error import HTTPError
from urllib.parse import quote

import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families
from tls_gateway import blackbox, certificate, fetch, gateway, listening

from monitor.model.check import MoveKind, Moves, Step, Target, Tls
from monitor.model.money import Money
from monitor.model.outcome import NetworkReason
from monitor.model.result import Exchange, Phases, Reach
from monitor.model.text import Text
from monitor.net.contexts import TlsContexts
from monitor.net.resolver import Resolver
from monitor.probes import Call, table
from monitor.transactions.expressions import compile_expression
from monitor.transactions.template import compile_template
from monitor.web.blackbox import exposition
from monitor.web.probe import handler

#: Names and labels that newer releases of blackbox_exporter have and Debian's 0.23 has not.
NEWER_NAMES = {"probe_tls_cipher_info"}
NEWER_LABELS = {"probe_ssl_last_chain_info": {"serialnumber"}}
#: What the view does not know, as its module says.
ABSENT = {"probe_dns_authority_rrs", "probe_dns_additional_rrs"}
ABSENT_UNCONNECTED = {"probe_ip_addr_hash", "probe_ip_protocol"}

MODULES = """
modules:
  http: {prober: http, http: {preferred_ip_protocol: ip4, tls_config: {insecure_skip_verify: true}}}
  tcp: {prober: tcp, tcp: {preferred_ip_protocol: ip4}}
  tls: {prober: tcp, tcp: {preferred_ip_protocol: ip4, tls: true, tls_config: {insecure_skip_verify: true}}}
"""


def step(kind="http", expect=(), **request):
    expressions = tuple(compile_expression(source, {"body"}) for source in expect)
    request = request or ({"method": "GET", "path": "/status"} if kind == "http" else {})
    return Step(kind, kind, compile_template(request, {}), 5.0, expressions)


def target(port, file):
    return Target(
        "gateway",
        Text("Gateway"),
        f"https://localhost:{port}",
        allow_private=("127.0.0.0/8", "::1/128"),
        tls=Tls(ca_file=str(file)),
    )


def shapes(text):
    """Metric name -> the sets of label names and, for phases, values that it has."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            phase = sample.labels.get("phase", "")
            found.setdefault(sample.name, set()).add((frozenset(sample.labels), phase))
    return found


def values(text):
    return {(s.name, s.labels.get("phase", "")): s.value for f in text_string_to_metric_families(text) for s in f.samples}


@pytest.fixture
def site():
    """The view over real probes: call it with the targets and modules."""
    resolver = Resolver()
    probes = table.build(resolver, TlsContexts())

    async def perform(target, module):
        return await probes[module.kind].run(Call(target, module.request.render({}), module.timeout_seconds))

    def make(target, **modules):
        site = web.Application()
        site.router.add_get("/probe", handler(modules, {target.id: target}, perform))

        async def close(_site):
            for probe in probes.values():
                await probe.close()
            resolver.close()

        site.on_cleanup.append(close)
        return site

    return make


def unused_port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


@pytest.mark.needs_tools
@pytest.mark.parametrize("kind", ["http", "tcp", "tls"])
async def test_names_labels_and_phases_are_those_of_the_real_blackbox_exporter(kind, site, tmp_path):
    file = certificate(tmp_path)
    async with gateway(file) as port, listening(site(target(port, file), **{kind: step(kind)})) as ours:
        async with blackbox(tmp_path, MODULES, unused_port()) as theirs:
            address = f"https://localhost:{port}/status" if kind == "http" else f"localhost:{port}"
            real = shapes(await fetch(f"{theirs}/probe?module={kind}&target={quote(address)}"))
        own = shapes(await fetch(f"http://127.0.0.1:{ours}/probe?module={kind}&target=gateway"))

    for name, labels in NEWER_LABELS.items():
        own[name] = {(has - labels, phase) for has, phase in own.get(name, set())}
        real.setdefault(name, set())
    assert real == {name: own[name] for name in own if name not in NEWER_NAMES}


@pytest.mark.needs_tools
async def test_values_agree_with_the_real_blackbox_exporter(site, tmp_path):
    file = certificate(tmp_path)
    async with gateway(file) as port, listening(site(target(port, file), http=step())) as ours:
        async with blackbox(tmp_path, MODULES, unused_port()) as theirs:
            real = values(await fetch(f"{theirs}/probe?module=http&target=https://localhost:{port}/status"))
        own = values(await fetch(f"http://127.0.0.1:{ours}/probe?module=http&target=https://localhost:{port}"))

    steady = {
        name for name, _ in real if "duration" not in name and "time_seconds" not in name and "last_chain_expiry" not in name
    }
    assert {"probe_success", "probe_ip_addr_hash", "probe_ssl_earliest_cert_expiry", "probe_http_content_length"} <= steady
    assert {k: v for k, v in real.items() if k[0] in steady} == {k: v for k, v in own.items() if k[0] in steady and k in real}


@pytest.mark.needs_tools
async def test_a_refused_connection_has_the_same_names_too(site, tmp_path):
    file, closed = certificate(tmp_path), unused_port()
    async with listening(site(target(closed, file), http=step())) as ours:
        async with blackbox(tmp_path, MODULES, unused_port()) as theirs:
            real = shapes(await fetch(f"{theirs}/probe?module=http&target=https://localhost:{closed}/"))
        text = await fetch(f"http://127.0.0.1:{ours}/probe?module=http&target=gateway")

    assert {name: real[name] for name in real if name not in ABSENT_UNCONNECTED} == shapes(text)
    assert 0 == values(text)["probe_success", ""]
    assert 0 == values(text)["probe_http_duration_seconds", "tls"]


@pytest.mark.needs_tools
async def test_promtool_reads_the_view_without_an_error(tmp_path, site):
    file = certificate(tmp_path)
    async with gateway(file) as port, listening(site(target(port, file), http=step())) as ours:
        text = await fetch(f"http://127.0.0.1:{ours}/probe?module=http&target=gateway")
    lint = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, check=False)

    assert b"error" not in lint.stderr


async def test_an_expectation_of_the_module_decides_success(site, tmp_path):
    file = certificate(tmp_path)
    good, bad = step(expect=['body.status == "ok"']), step(expect=['body.status == "down"'])
    async with gateway(file) as port, listening(site(target(port, file), good=good, bad=bad)) as ours:
        found = [values(await fetch(f"http://127.0.0.1:{ours}/probe?module={m}&target=gateway")) for m in ("good", "bad")]

    assert [1, 0] == [each["probe_success", ""] for each in found]


async def test_debug_shows_what_happened_the_metrics_and_the_module_without_secrets(site, tmp_path):
    file = certificate(tmp_path)
    module = step(method="GET", path="/status", headers={"Authorization": "Bearer tok-987654321"})
    async with gateway(file) as port, listening(site(target(port, file), http=module)) as ours:
        text = await fetch(f"http://127.0.0.1:{ours}/probe?module=http&target=gateway&debug=true")

    parts = ["Logs for the probe:", "Received HTTP response", "Probe succeeded", "Metrics that would have been returned:"]
    places = [text.index(part) for part in [*parts, "probe_success 1", "Module configuration:", "timeout_seconds: 5.0"]]
    assert sorted(places) == places
    assert "987654321" not in text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("module=http&target=http://169.254.169.254/", 403),
        ("module=http&target=https://localhost.evil.test:1", 403),
        ("module=http", 400),
        ("module=other&target=gateway", 400),
        ("target=gateway", 400),
        ("module=charge&target=gateway", 403),
    ],
)
async def test_only_configured_targets_and_modules_that_move_no_money_are_probed(query, status):
    async def perform(_target, _module):
        raise AssertionError("nothing may be sent")

    charge = Step(
        "charge", "http", compile_template({}, {}), 5.0, moves=Moves(MoveKind.CHARGE, Money.parse("1.00 USD"), "refund")
    )
    site = web.Application()
    site.router.add_get("/probe", handler({"http": step(), "charge": charge}, {"gateway": target(1, "ca.pem")}, perform))
    async with listening(site) as port:
        with pytest.raises(HTTPError) as refused:
            await fetch(f"http://127.0.0.1:{port}/probe?{query}")

    assert status == refused.value.code


async def test_the_scrape_timeout_of_prometheus_shortens_the_probe():
    seen = []

    async def perform(_target, module):
        seen.append(module.timeout_seconds)
        return Exchange(Reach.NOT_SENT, 0.0, 0.0, reason=NetworkReason.TCP_TIMEOUT)

    site = web.Application()
    site.router.add_get("/probe", handler({"http": step()}, {"gateway": target(1, "ca.pem")}, perform))
    async with listening(site) as port:
        for timeout in ("3", "60", "0.1", "soon"):
            headers = {"X-Prometheus-Scrape-Timeout-Seconds": timeout}
            await fetch(f"http://127.0.0.1:{port}/probe?module=http&target=gateway", headers)

    assert [2.5, 5.0, 5.0, 5.0] == seen


def test_dns_speaks_the_names_of_dns():
    exchange = Exchange(
        Reach.ANSWERED,
        0.0,
        0.01,
        Phases(connect=0.001, send=0.001, wait=0.007),
        address="::1",
        answers=("192.0.2.1", "192.0.2.2"),
    )
    found = values(exposition("dns", exchange, success=True))

    assert 2 == found["probe_dns_answer_rrs", ""]
    assert 0.008 == pytest.approx(found["probe_dns_duration_seconds", "request"])
    assert 0 == found["probe_dns_duration_seconds", "resolve"]
    assert 6 == found["probe_ip_protocol", ""]
    assert not ABSENT & {name for name, _ in found}


def test_nonsense_headers_make_no_nonsense_metrics():
    exchange = Exchange(
        Reach.ANSWERED,
        0.0,
        0.01,
        status=200,
        headers={"content-length": "1e9\u0663", "last-modified": "Wed, 99 Foo 99999999 25:61:61"},
    )
    found = values(exposition("http", exchange, success=True))

    assert -1 == found["probe_http_content_length", ""]
    assert ("probe_http_last_modified_timestamp_seconds", "") not in found
