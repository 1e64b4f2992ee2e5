"""A small HTTPS gateway on the loopback, and what else the /probe view is compared on."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import ssl
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LAST_MODIFIED = "Wed, 21 Oct 2026 07:28:00 GMT"


def certificate(folder: Path) -> Path:
    """A self-signed certificate for localhost, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway.test")])
    now = dt.datetime.now(dt.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file = folder / "gateway.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return file


@contextlib.asynccontextmanager
async def gateway(file: Path):
    """Yields its port."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    async def answer(_request):
        return web.json_response({"status": "ok"}, headers={"Last-Modified": LAST_MODIFIED})

    site = web.Application()
    site.router.add_get("/{path:.*}", answer)
    async with listening(site, context) as port:
        yield port


@contextlib.asynccontextmanager
async def listening(site: web.Application, context: ssl.SSLContext | None = None):
    runner = web.AppRunner(site, access_log=None)
    await runner.setup()
    try:
        listener = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await listener.start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@contextlib.asynccontextmanager
async def blackbox(folder: Path, modules: str, port: int):
    """The real thing, listening on ``port``."""
    (folder / "blackbox.yml").write_text(modules)
    process = subprocess.Popen(
        ["prometheus-blackbox-exporter", "--config.file=blackbox.yml", f"--web.listen-address=127.0.0.1:{port}"],
        cwd=folder,
        stderr=subprocess.DEVNULL,
    )
    try:
        await until_answered(f"http://127.0.0.1:{port}/-/healthy")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


async def until_answered(url: str, seconds: float = 20.0) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            await fetch(url)
            return
        except (urllib.error.URLError, ConnectionError):
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.05)


async def fetch(url: str, headers: dict[str, str] | None = None) -> str:
    def get() -> str:
        try:
            with urllib.request.urlopen(urllib.request.Request(url, headers=headers or {}), timeout=20) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as refused:
            refused.close()
            raise

    return await asyncio.to_thread(get)
