"""What every kind of signer must keep. A test class inherits ``SignerContract`` and says how to make its options."""

from monitor.model.secret import Secret
from monitor.signers.table import KINDS, build

CANARY = "canary-7b21f0-do-not-leak"


class SignerContract:
    kind = ""

    def options(self) -> dict[str, object]:
        """Options whose secret is, or ends with, the canary."""
        raise NotImplementedError

    def make(self):
        return build(self.kind, KINDS[self.kind].Options.model_validate(self.options()))

    def test_its_options_forbid_the_unknown_and_do_not_change(self):
        config = KINDS[self.kind].Options.model_config

        assert ("forbid", True) == (config["extra"], config["frozen"])

    def test_nothing_of_it_shows_the_secret(self):
        options = KINDS[self.kind].Options.model_validate(self.options())

        for shown in (repr(options), str(options), f"{self.make()!r}", repr(vars(self.make()))):
            assert CANARY not in shown

    async def test_it_adds_text_headers_alike_for_alike_requests(self):
        signer = self.make()
        await signer.prepare()
        first, second = (dict(signer.headers("POST", "https://gateway.example/pay", b"{}")) for _ in range(2))

        assert first == second
        assert all(isinstance(part, str) and "\n" not in part and "\r" not in part for item in first.items() for part in item)

    async def test_a_credential_known_beforehand_is_asked_of_nobody(self):
        assert await self.make().prepare() is False


def secret(text: str = CANARY) -> Secret:
    return Secret(text, "${file:somewhere}")
