"""HTTP Basic authentication (RFC 7617): Mastercard Gateway, PayPal's token endpoint, many acquirers."""

import base64
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, field_validator

from monitor.model.secret import Secret


class BasicOptions(BaseModel):
    """Credentials are encoded as UTF-8. No password is an empty one."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    username: str
    password: Secret | None = None

    @field_validator("username")
    @classmethod
    def _no_colon(cls, value: str) -> str:
        if ":" in value:
            raise ValueError("a user name holds no colon: RFC 7617 could not tell where the password begins")
        return value


class BasicSigner:
    """See ``monitor.probes.Signature``."""

    Options: type[BaseModel] = BasicOptions

    def __init__(self, options: BasicOptions) -> None:
        pair = f"{options.username}:{options.password.reveal() if options.password else ''}"
        self._authorization = Secret(f"Basic {base64.b64encode(pair.encode()).decode()}", "basic credentials")

    async def prepare(self) -> bool:
        return False

    def headers(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        return {"Authorization": self._authorization.reveal()}
