"""Real servers on the loopback, certificates made on the spot, and calls to them."""

import asyncio
import contextlib
import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from monitor.model.check import Target, Tls
from monitor.model.text import Text
from monitor.probes import Call

LOOPBACK = ("127.0.0.0/8",)
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Server:
    """What it was sent, connection by connection."""

    port: int = 0
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0


@contextlib.asynccontextmanager
async def serving(handler: Handler, *, context: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    """``handler`` is called for each connection; its connection is closed when it returns, or when the test ends."""
    server = Server()
    tasks: set[asyncio.Task[None]] = set()
    writers: list[asyncio.StreamWriter] = []

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        writers.append(writer)
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await handler(reader, writer)
        finally:
            writer.close()
            tasks.discard(task)

    listener = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=context, limit=1 << 20, backlog=2048)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        for _ in range(10):  # turns of the loop: asyncio loses a connection that is accepted and not handed over when it closes
            await asyncio.sleep(0)
        listener.close()
        for task in list(tasks):
            task.cancel()
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*tasks, *(writer.wait_closed() for writer in writers), return_exceptions=True)


@contextlib.asynccontextmanager
async def answering(*parts: bytes, context: ssl.SSLContext | None = None, pause: float = 0.0) -> AsyncIterator[Server]:
    """Reads a request, sends the parts, closes."""

    async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.requests.append(await read_request(reader))
        for part in parts:
            if pause:
                await asyncio.sleep(pause)
            writer.write(part)
            await writer.drain()

    async with serving(handler, context=context) as server:
        yield server


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.split(b":")[1]))
    return head


def http(body: bytes = b'{"ok":true}', kind: str = "application/json", status: str = "200 OK", extra: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def target(base_url: str, **more: object) -> Target:
    settings: dict[str, object] = {"allow_private": LOOPBACK, **more}
    return Target("gateway", Text("Gateway"), base_url, **settings)  # type: ignore[arg-type]


def call(
    base_url: str, timeout: float = 5.0, signature: object = None, settings: dict[str, object] | None = None, **options: object
) -> Call:
    return Call(target(base_url, **(settings or {})), options, timeout, signature)  # type: ignore[arg-type]


def unused_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@dataclass
class Authority:
    """A certificate authority of our own, in a folder."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls, folder: Path) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Test authority")
        certificate = (
            _builder(name, name, key.public_key(), days=365)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        (folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return cls(folder, key, certificate)

    @property
    def tls(self) -> Tls:
        return Tls(ca_file=str(self.folder / "ca.pem"))

    def server(
        self, *, days: float = 90, host: str = "127.0.0.1", self_signed: bool = False, with_chain: bool = True
    ) -> ssl.SSLContext:
        """A server context with a leaf that expires in ``days``; the authority's own certificate is presented too."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _name("gateway.example")
        issuer, signer = (subject, key) if self_signed else (self.certificate.subject, self.key)
        try:
            alternative: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            alternative = x509.DNSName(host)
        leaf = (
            _builder(subject, issuer, key.public_key(), days=days)
            .add_extension(x509.SubjectAlternativeName([alternative]), critical=False)
            .sign(signer, hashes.SHA256())
        )
        pem = leaf.public_bytes(serialization.Encoding.PEM)
        if with_chain and not self_signed:
            pem += self.certificate.public_bytes(serialization.Encoding.PEM)
        secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        file = self.folder / f"server-{leaf.serial_number}.pem"
        file.write_bytes(pem + secret)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, days: float) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=400))
        .not_valid_after(now + dt.timedelta(days=days))
    )
