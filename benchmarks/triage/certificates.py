"""Certificates of the bench: two authorities that the monitor trusts, one that nobody trusts, and one for clients."""

import datetime as dt
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = dt.timedelta(days=1)
NAMES = ("pay.gateway.test", "pay.neighbour.test", "reference.test")


@dataclass(frozen=True, slots=True)
class Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Pair:
    """Files of a certificate and its key, in PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Shop:
    """Everything that a run of the bench shows or demands, made once. ``servers`` and ``clients`` by what is wrong with them."""

    trusted: Path  # what the monitor trusts
    client_authority: Path  # what a gateway that demands client certificates trusts
    servers: dict[str, Pair]
    clients: dict[str, Pair]


def make(folder: Path) -> Shop:
    """A shop's worth of certificates under ``folder``."""
    first, second = _authority("Bench Trust CA 1"), _authority("Bench Trust CA 2")
    stranger, clients = _authority("Nobody's CA"), _authority("Bench Client CA")
    trusted = folder / "trusted.pem"
    trusted.write_bytes(_pem(first.certificate) + _pem(second.certificate))
    demanded = folder / "clients.pem"
    demanded.write_bytes(_pem(clients.certificate))

    def server(
        name: str, by: Authority = first, *, names: tuple[str, ...] = NAMES, starts: float = -30, ends: float = 300
    ) -> Pair:
        return _write(folder / name, _leaf(by, names, starts, ends, server=True))

    def client(name: str, by: Authority = clients, *, ends: float = 200) -> Pair:
        return _write(folder / f"client-{name}", _leaf(by, ("canary.merchant.test",), -400, ends, server=False))

    return Shop(
        trusted,
        demanded,
        {
            "good": server("good"),
            "renewed": server("renewed", starts=-0.1, ends=397),
            "expired": server("expired", starts=-398, ends=-0.05),
            "not_yet": server("not-yet", starts=0.5, ends=90),
            "wrong_name": server("wrong-name", names=("cdn.elsewhere.test",)),
            "unknown_issuer": server("unknown-issuer", stranger),
            "ends_soon": server("ends-soon", ends=1.5),
            "other_issuer": server("other-issuer", second),
        },
        {
            "good": client("good"),
            "expired": client("expired", ends=-0.05),
            "unknown_issuer": client("unknown-issuer", stranger),
        },
    )


def _authority(name: str) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named(name)
    builder = _builder(subject, subject, key, -500, 3650)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return Authority(builder.sign(key, hashes.SHA256()), key)


def _leaf(
    by: Authority, names: tuple[str, ...], starts: float, ends: float, *, server: bool
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(_named(names[0]), by.certificate.subject, key, starts, ends)
    use = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    alternatives: list[x509.GeneralName] = [*map(x509.DNSName, names), *([loopback] if server else [])]
    builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    return builder.sign(by.key, hashes.SHA256()), key


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, starts: float, ends: float
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    return builder.not_valid_before(now + starts * DAY).not_valid_after(now + ends * DAY)


def _named(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write(path: Path, made: tuple[x509.Certificate, ec.EllipticCurvePrivateKey]) -> Pair:
    certificate, key = made
    pair = Pair(path.with_suffix(".pem"), path.with_suffix(".key"))
    pair.certificate.write_bytes(_pem(certificate))
    plain = serialization.NoEncryption()
    pair.key.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return pair
