"""The world the benchmarks run in: a local nginx with and without TLS, blackbox_exporter, and processes whose CPU is counted.

The probing process is pinned to the first core; nginx and the driver share the second, so that neither side pays for the other.
"""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import aiohttp
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PROBER_CORE, SERVER_CORE = "0", "1"
BODY = '{"status":"ok","id":"pay_0001","amount":100,"currency":"usd"}'


def need(program: str, package: str) -> str:
    """The path of a program; says which Debian package has it."""
    found = shutil.which(program) or shutil.which(f"/usr/sbin/{program}")
    if found is None:
        raise SystemExit(f"{program} is missing: apt-get install {package}")
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_certificates(folder: Path) -> None:
    """ca.pem, and server.pem with server.key for 127.0.0.1 and localhost: ECDSA P-256, signed by it."""
    now = dt.datetime.now(dt.UTC)

    def build(
        name: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, signer: ec.EllipticCurvePrivateKey, *, ca: bool
    ) -> bytes:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - dt.timedelta(days=1))
        builder = builder.not_valid_after(now + dt.timedelta(days=90))
        builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        if not ca:
            names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    root, leaf = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "benchmark root")])
    (folder / "ca.pem").write_bytes(build("benchmark root", root, issuer, root, ca=True))
    (folder / "server.pem").write_bytes(build("localhost", leaf, issuer, root, ca=False))
    key = leaf.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "server.key").write_bytes(key)


@contextlib.contextmanager
def process(*command: str, core: str, cwd: Path | None = None, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program pinned to a core; ended with the block."""
    with log.open("ab") as sink:
        running = subprocess.Popen(["taskset", "-c", core, *command], cwd=cwd, stdout=sink, stderr=sink, stdin=subprocess.DEVNULL)
        try:
            yield running
        finally:
            running.terminate()
            try:
                running.wait(15)
            except subprocess.TimeoutExpired:
                running.kill()
                running.wait()


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[tuple[int, int]]:
    """Gives the HTTP and the HTTPS port."""
    plain, tls = free_port(), free_port()
    program = need("nginx", "nginx-light")
    body = BODY.replace('"', '\\"')
    (folder / "nginx.conf").write_text(
        f"""daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.err;
events {{ worker_connections 8192; }}
http {{ access_log off; default_type application/json; ssl_session_cache off; ssl_session_tickets off; ssl_protocols TLSv1.3;
client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
server {{ listen 127.0.0.1:{plain} backlog=8192; listen 127.0.0.1:{tls} ssl backlog=8192;
ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key;
location / {{ return 200 "{body}"; }} }} }}
"""
    )
    with process(program, "-c", str(folder / "nginx.conf"), "-p", str(folder), core=SERVER_CORE, log=folder / "nginx.log"):
        wait_for(f"http://127.0.0.1:{plain}/")
        yield plain, tls


@contextlib.contextmanager
def blackbox(folder: Path) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """blackbox_exporter with a verifying HTTP module; gives its port and process."""
    port = free_port()
    (folder / "blackbox.yml").write_text(
        "modules:\n  http_2xx:\n    prober: http\n    timeout: 5s\n    http:\n      preferred_ip_protocol: ip4\n"
        f"      tls_config: {{ca_file: {folder}/ca.pem}}\n"
    )
    program = need("prometheus-blackbox-exporter", "prometheus-blackbox-exporter")
    command = (program, f"--config.file={folder}/blackbox.yml", f"--web.listen-address=127.0.0.1:{port}")
    with process(*command, core=PROBER_CORE, log=folder / "blackbox.log") as running:
        wait_for(f"http://127.0.0.1:{port}/metrics")
        yield port, running


def wait_for(url: str, seconds: float = 30.0) -> bytes:
    """The first answer at ``url``."""
    until = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                return bytes(answer.read())
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def cpu_seconds(pid: int) -> float:
    """What the threads of a process have spent on a processor so far, in user and system mode; the kernel counts it in nanoseconds."""
    return sum(int(file.read_text().split()[0]) for file in Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


@contextlib.contextmanager
def stopped(pid: int) -> Iterator[None]:
    """A process that does nothing at all for a while."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def timed(url: str) -> tuple[float, bytes]:
    """Seconds that an answer took, and the answer."""
    began = time.perf_counter()
    with urllib.request.urlopen(url, timeout=10) as answer:
        body = bytes(answer.read())
    return time.perf_counter() - began, body


def rss_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


async def paced(url: str, *, each_seconds: float, seconds: float, accept: bytes) -> tuple[int, int]:
    """Ask ``url`` every ``each_seconds`` for ``seconds``, whatever becomes of it; gives (answered as wanted, not)."""
    good = bad = 0
    start = time.monotonic()

    async def ask(session: aiohttp.ClientSession) -> None:
        nonlocal good, bad
        try:
            async with session.get(url) as answer:
                wanted = accept in await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            wanted = False
        good, bad = (good + 1, bad) if wanted else (good, bad + 1)

    timeout = aiohttp.ClientTimeout(total=20)
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as session,
        asyncio.TaskGroup() as group,
    ):
        for n in range(int(seconds / each_seconds)):
            await asyncio.sleep(max(0.0, start + n * each_seconds - time.monotonic()))
            group.create_task(ask(session))
    return good, bad
