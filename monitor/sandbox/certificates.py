"""The sandbox's own certificate authority, so that the demo runs with verification on, as production does."""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from monitor.sandbox.secret_files import write_private

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397  # what public authorities were allowed to issue for: no monitor should warn about it
RENEW_DAYS = 60  # longer than the usual warning ladder, so that the healthy demo raises no expiry alert
_HOSTS = ("localhost",)
_ADDRESSES = ("127.0.0.1", "::1")
#: Clocks differ a little between machines and containers.
_SKEW = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Files:
    authority: Path
    certificate: Path
    key: Path


def ensure(directory: Path, now: float) -> Files:
    """Authority and server certificate in ``directory``; made when missing, renewed when they end soon."""
    directory.mkdir(parents=True, exist_ok=True)
    files = Files(directory / "ca.pem", directory / "server.pem", directory / "server.key")
    renewed = _ends_soon(files.authority, now) or not _key_file(files).exists()
    if renewed:
        _make_authority(files, now)
    if renewed or _ends_soon(files.certificate, now) or not files.key.exists():
        issue(files, days=SERVER_DAYS, now=now)
    return files


def issue(files: Files, *, days: float, now: float) -> None:
    """A server certificate that ends ``days`` from now; zero or less gives one that has ended."""
    key = ec.generate_private_key(ec.SECP256R1())
    authority = x509.load_pem_x509_certificate(files.authority.read_bytes())
    ends = _instant(now) + timedelta(days=days)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name("paycanary sandbox gateway"))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(min(_instant(now), ends) - _SKEW)
        .not_valid_after(ends)
        .add_extension(_alternative_names(), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_issuer_key_id(authority), critical=False)
        .sign(_load_key(_key_file(files)), hashes.SHA256())
    )
    write_private(files.key, _pem(key))
    write_private(files.certificate, certificate.public_bytes(serialization.Encoding.PEM))


def server_context(files: Files) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.certificate, files.key)
    return context


def _make_authority(files: Files, now: float) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("paycanary sandbox authority")
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_instant(now) - _SKEW)
        .not_valid_after(_instant(now) + timedelta(days=AUTHORITY_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(_key_file(files), _pem(key))
    write_private(files.authority, certificate.public_bytes(serialization.Encoding.PEM))


def _issuer_key_id(authority: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    key_id = authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(key_id)


def _alternative_names() -> x509.SubjectAlternativeName:
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in _HOSTS]
    return x509.SubjectAlternativeName(names + [x509.IPAddress(ipaddress.ip_address(address)) for address in _ADDRESSES])


def _ends_soon(path: Path, now: float) -> bool:
    if not path.exists():
        return True
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return certificate.not_valid_after_utc - _instant(now) < timedelta(days=RENEW_DAYS)


def _key_file(files: Files) -> Path:
    return files.authority.with_name("ca.key")


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path.name} does not hold an elliptic curve key")
    return key


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _instant(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
