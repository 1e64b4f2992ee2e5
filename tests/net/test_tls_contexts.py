import asyncio
import os
import ssl
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

sys.path.insert(0, str(Path(__file__).parents[1] / "probes"))
from probe_world import Authority

from monitor.model.check import Tls
from monitor.net.contexts import TlsContexts, build_context


@pytest.fixture
def authority(tmp_path):
    return Authority.make(tmp_path)


async def test_a_context_is_built_once_per_setting(authority):
    contexts = TlsContexts()
    first, *others = await asyncio.gather(*(contexts.get(authority.tls) for _ in range(10)))

    assert all(other is first for other in others)
    assert await contexts.get(authority.tls) is first
    assert await contexts.get(Tls(ca_file=authority.tls.ca_file, minimum="1.3")) is not first


async def test_a_replaced_ca_file_is_noticed(authority):
    contexts = TlsContexts()
    before = await contexts.get(authority.tls)
    os.utime(authority.tls.ca_file, (1, 1))

    assert await contexts.get(authority.tls) is not before


async def test_a_missing_or_senseless_file_is_an_error_not_a_weaker_context(tmp_path):
    (tmp_path / "empty.pem").write_text("")
    for name in ("gone.pem", "empty.pem"):
        with pytest.raises(OSError):
            await TlsContexts().get(Tls(ca_file=str(tmp_path / name)))


def test_the_default_verifies_and_speaks_tls_1_2_or_newer(monkeypatch, tmp_path):
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    context = build_context(Tls())

    assert (ssl.CERT_REQUIRED, True, ssl.TLSVersion.TLSv1_2) == (
        context.verify_mode,
        context.check_hostname,
        context.minimum_version,
    )
    assert context.keylog_filename is None
    assert context.get_ca_certs() or context.cert_store_stats()["x509_ca"] >= 0


def test_only_this_one_target_is_not_verified():
    assert ssl.CERT_NONE == build_context(Tls(verify=False)).verify_mode
    assert ssl.CERT_REQUIRED == build_context(Tls()).verify_mode


async def test_an_encrypted_client_key_is_refused_and_nobody_is_asked_for_a_password(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"hidden")
    )
    certificate = next(Authority.make(tmp_path).folder.glob("ca.pem"))
    (tmp_path / "key.pem").write_bytes(pem)
    with pytest.raises(ValueError, match="encrypted"):
        await TlsContexts().get(Tls(client_cert_file=str(certificate), client_key_file=str(tmp_path / "key.pem")))


def test_old_versions_are_spoken_only_where_a_target_says_so():
    with pytest.warns(DeprecationWarning):
        assert ssl.TLSVersion.TLSv1 == build_context(Tls(minimum="1.0")).minimum_version
