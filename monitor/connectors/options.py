"""What every desk that is spoken to by HTTP can be told."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from monitor.connectors import Access
from monitor.model.secret import Secret
from monitor.model.units import Duration


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError('expected an address like "https://desk.example.com/path"')
    if parts.username or parts.password:
        raise ValueError("a user or password inside an address ends up in logs: give them as options of their own")
    if parts.query or parts.fragment:
        raise ValueError('expected an address without "?" and "#"')
    return url


#: http or https, with nothing secret in it.
Address = Annotated[str, AfterValidator(_address)]


class DeskOptions(BaseModel):
    """Options shared by all kinds."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    allow_private: tuple[str, ...] = Field((), description="private networks (CIDR) that the desk's name may resolve to")
    ca_file: str | None = Field(None, description="certificates to trust instead of the system's")
    timeout: Duration = Field(15.0, gt=0, le=120, description="for one whole exchange")

    @property
    def access(self) -> Access:
        return Access(self.allow_private, self.ca_file, self.timeout)


class TicketOptions(DeskOptions):
    """Options shared by the desks where people work on tickets, which can be asked how a ticket stands."""

    hook_secret: Secret | None = Field(
        None, description="proves that a request to /hooks/<desk> is the desk's; without it none is taken"
    )
    look_every: Duration = Field(60.0, ge=10, le=3600, description="how often an open ticket is looked at when no hook says more")
    when_gone: Literal["leave", "again"] = Field(
        "leave", description="a ticket that people deleted: leave it at that, or make one more for as long as the incident lasts"
    )
