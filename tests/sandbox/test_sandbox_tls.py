"""The sandbox's own authority: verification is on, and nothing secret lies open."""

import ssl

import aiohttp
import pytest
from sandbox_world import NOON, running

from monitor.sandbox import certificates, secret_files

DAY = 86_400.0


async def test_the_gateway_is_trusted_with_its_authority_and_not_without(tmp_path):
    async with running(tmp_path) as caller, aiohttp.ClientSession() as stranger:
        url = f"{caller.sandbox.base_url}/api/rest/version/100/information"
        assert 200 == (await caller.request("GET", url))[0]
        assert 200 == (await caller.request("GET", url.replace("127.0.0.1", "localhost")))[0]
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await stranger.get(url)


async def test_a_strict_verifier_accepts_the_chain(tmp_path):
    async with running(tmp_path) as caller, aiohttp.ClientSession() as session:
        context = ssl.create_default_context(cafile=str(caller.sandbox.ca_file))
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        async with session.get(f"{caller.sandbox.base_url}/api/rest/version/100/information", ssl=context) as answer:
            assert 200 == answer.status


def test_keys_and_secrets_are_readable_by_their_owner_only(tmp_path):
    certificates.ensure(tmp_path, NOON)
    secret_files.ensure(tmp_path)
    private = {"ca.key", "server.key", "mastercard.password", "stripe.key", "desk.secret"}
    assert dict.fromkeys(private, 384) == {name: (tmp_path / name).stat().st_mode & 0o777 for name in private}


def test_a_restart_keeps_authority_certificate_and_secrets(tmp_path):
    def everything() -> dict[str, bytes]:
        certificates.ensure(tmp_path, NOON)
        secret_files.ensure(tmp_path)
        return {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    assert everything() == everything()


def test_a_certificate_near_its_end_is_renewed_and_the_authority_stays(tmp_path):
    files = certificates.ensure(tmp_path, NOON)
    authority, certificate = files.authority.read_bytes(), files.certificate.read_bytes()
    certificates.ensure(tmp_path, NOON + (certificates.SERVER_DAYS - certificates.RENEW_DAYS + 1) * DAY)
    assert authority == files.authority.read_bytes()
    assert certificate != files.certificate.read_bytes()


def test_a_lost_authority_key_makes_everything_anew(tmp_path):
    files = certificates.ensure(tmp_path, NOON)
    authority = files.authority.read_bytes()
    (tmp_path / "ca.key").unlink()
    certificates.ensure(tmp_path, NOON)
    assert authority != files.authority.read_bytes()


def test_secrets_do_not_show_themselves(tmp_path):
    credentials = secret_files.ensure(tmp_path)
    assert credentials.stripe_key.reveal().startswith("sk_test_")
    assert credentials.stripe_key.reveal() not in repr(credentials)
