import base64

import pytest
from pydantic import ValidationError
from signer_contract import CANARY, SignerContract, secret

from monitor.signers.basic import BasicOptions
from monitor.signers.bearer import BearerOptions
from monitor.signers.table import KINDS, build


class TestNone(SignerContract):
    kind = "none"

    def options(self):
        return {}

    def test_it_adds_nothing(self):
        assert {} == build("none").headers("GET", "https://gateway.example", b"")


class TestBasic(SignerContract):
    kind = "basic"

    def options(self):
        return {"username": "merchant.TESTCANARY", "password": secret()}

    def test_user_and_password_are_one_header(self):
        value = self.make().headers("GET", "https://gateway.example", b"")["Authorization"]

        assert f"merchant.TESTCANARY:{CANARY}" == base64.b64decode(value.removeprefix("Basic ")).decode()

    def test_no_password_is_an_empty_one(self):
        signer = build("basic", BasicOptions(username="ü"))

        assert {"Authorization": "Basic w7w6"} == signer.headers("GET", "https://gateway.example", b"")

    def test_a_colon_in_the_user_name_is_refused(self):
        with pytest.raises(ValidationError, match="no colon"):
            BasicOptions(username="a:b")


class TestBearer(SignerContract):
    kind = "bearer"

    def options(self):
        return {"token": secret()}

    def test_the_token_is_one_header(self):
        assert {"Authorization": f"Bearer {CANARY}"} == self.make().headers("GET", "https://gateway.example", b"")

    @pytest.mark.parametrize("token", ["two words", "line\nbreak", "", "Bearer x", "ключ"])
    def test_what_cannot_be_a_token_is_refused_without_being_repeated(self, token):
        with pytest.raises(ValidationError) as refused:
            BearerOptions(token=secret(token))

        assert "one run of letters" in str(refused.value)
        assert not token or f"{token!r}" not in str(refused.value)


def test_every_kind_is_held_to_the_contract():
    assert set(KINDS) == {contract.kind for contract in SignerContract.__subclasses__()}
