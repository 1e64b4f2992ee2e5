"""No credential."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict


class NoneOptions(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NoneSigner:
    """See ``monitor.probes.Signature``."""

    Options: type[BaseModel] = NoneOptions

    def __init__(self, options: NoneOptions | None = None) -> None:
        """Nothing to keep."""

    async def prepare(self) -> bool:
        return False

    def headers(self, method: str, url: str, body: bytes) -> Mapping[str, str]:
        return {}
