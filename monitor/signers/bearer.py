"""A bearer token (RFC 6750): Stripe, Checkout.com, most REST gateways."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from monitor.model.secret import Secret

#: RFC 6750 2.1. Whatever else is in a token file, a line break say, is a slip that the gateway would answer with a riddle.
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]+=*")


def _well_formed(token: Secret) -> Secret:
    if not _TOKEN.fullmatch(token.reveal()):
        raise ValueError("a bearer token is one run of letters, digits and -._~+/ (is there a space or a line break in it?)")
    return token


class BearerOptions(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    token: Annotated[Secret, AfterValidator(_well_formed)]


class BearerSigner:
    """See ``monitor.probes.Signature``."""

    Options: type[BaseModel] = BearerOptions

    def __init__(self, options: BearerOptions) -> None:
        self._token = options.token

    async def prepare(self) -> bool:
        return False

    def headers(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self._token.reveal()}"}
