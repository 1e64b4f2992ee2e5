"""What a TLS handshake showed, as facts. Works on verified and on unverified connections."""

import ssl
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from monitor.model.result import TlsFacts

#: A chain longer than this is an attack on our memory, not a chain: public ones have two to four links.
MAX_CHAIN = 16
#: Names kept of a certificate: shared ones carry hundreds.
MAX_NAMES = 20
_DER = 2  # _ssl.ENCODING_DER


def tls_facts(connection: ssl.SSLObject) -> TlsFacts | None:
    """None when the server showed no certificate that can be read."""
    cipher = connection.cipher()
    return facts_of_chain(presented_chain(connection), connection.version() or "", cipher[0] if cipher else "")


def presented_chain(connection: ssl.SSLObject) -> tuple[bytes, ...]:
    """Certificates in DER as the server sent them, leaf first; only the leaf where Python does not tell the others."""
    # Python 3.13 and rustls tell in the open, as bytes or as objects; before it, objects out of sight.
    getter = getattr(connection, "get_unverified_chain", None)
    getter = getter or getattr(getattr(connection, "_sslobj", None), "get_unverified_chain", None)
    certificates: Sequence[Any] = (getter() or ()) if getter else ()
    if certificates:
        return tuple(_der(certificate) for certificate in certificates[:MAX_CHAIN])
    leaf = connection.getpeercert(binary_form=True)
    return (leaf,) if leaf else ()


def _der(certificate: Any) -> bytes:
    return certificate if isinstance(certificate, bytes) else bytes(certificate.public_bytes(_DER))


@lru_cache(maxsize=1024)
def facts_of_chain(chain: tuple[bytes, ...], version: str, cipher: str) -> TlsFacts | None:
    """Parsed once per chain: the same one is presented on every connection of a target."""
    try:
        certificates = [x509.load_der_x509_certificate(der) for der in chain]
        leaf = certificates[0]
        expiries = [certificate.not_valid_after_utc.timestamp() for certificate in certificates]
        return TlsFacts(
            version=version,
            cipher=cipher,
            leaf_expires=expiries[0],
            chain_expires=min(expiries),
            issuer=leaf.issuer.rfc4514_string(),
            subject=leaf.subject.rfc4514_string(),
            alternative_names=_alternative_names(leaf),
            fingerprint_sha256=leaf.fingerprint(SHA256()).hex(),
            serial=f"{leaf.serial_number:x}",
            key_sha256=_key_sha256(leaf),
        )
    except (ValueError, IndexError, x509.DuplicateExtension):
        return None


def _key_sha256(leaf: x509.Certificate) -> str:
    try:
        return sha256(leaf.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()
    except (ValueError, UnsupportedAlgorithm):  # a kind of key that this library does not read: everything else is still known
        return ""


def _alternative_names(leaf: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(str(name.value) for name in extension.value)[:MAX_NAMES]
