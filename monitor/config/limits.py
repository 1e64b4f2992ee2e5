"""What each target's gateway may be asked: published limits out of the shipped data, and the target's own ``budget`` block over them."""

import ipaddress
from functools import cache
from importlib.resources import files
from typing import Annotated, Any
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, Field

from monitor.config.fields import Length, Number, Strict, Title
from monitor.model.allowance import Allowance, Polling
from monitor.model.secret import Secret

#: How many requests may be saved up: a script and its undo, or two seconds' worth, whichever is more.
BURST_LEAST = 16
BURST_SECONDS = 2.0


class Rate(Strict):
    ours_per_second: Number
    published_per_second: Number | None = None


class Gateway(Strict):
    test: Rate
    live: Rate
    source: str


class DeclineLimit(Strict):
    published_per_day: int
    ours_per_day: int
    source: str


class PollingLimit(Strict):
    every: Length
    most: int
    within: Length
    source: str


class Fee(Strict):
    """What a scheme charges for behaviour like a canary's."""

    what: Title
    amount: str
    since: str
    source: str


class Limits(Strict):
    """The shape of ``monitor/budget/limits.yaml``."""

    gateways: dict[str, Gateway]
    default: Gateway
    declines: DeclineLimit
    polling: PollingLimit
    fees: list[Fee]

    def gateway(self, dialect: str) -> Gateway:
        return self.gateways.get(dialect, self.default)


class BudgetBlock(Strict):
    """What may be asked of a target; what is left out comes from the published limits of its gateway."""

    requests_per_second: Annotated[Number, Field(gt=0)] | None = None
    burst: Annotated[int, Field(ge=1, le=100_000)] | None = None
    declines_per_card_per_day: Annotated[int, Field(ge=0)] | None = None
    back_off: bool | None = None


@cache
def limits() -> Limits:
    """The shipped figures."""
    return Limits.model_validate(yaml.safe_load(files("monitor.budget").joinpath("limits.yaml").read_text("utf-8")))


def allowance(name: str, base_url: str, dialect: str, signer: tuple[str, Any], block: BudgetBlock, *, live: bool) -> Allowance:
    """The budget of one target. A gateway on this machine is a sandbox of one's own: only what is written bounds it."""
    own, told = is_loopback(base_url), limits()
    gateway = told.gateway(dialect)
    rates = gateway.live if live else gateway.test
    rate = block.requests_per_second or (None if own else rates.ours_per_second)
    declines = block.declines_per_card_per_day
    return Allowance(
        account=account_of(name, base_url, signer),
        requests_per_second=rate,
        burst=block.burst or max(BURST_LEAST, round((rate or 0.0) * BURST_SECONDS)),
        published_per_second=None if own else rates.published_per_second,
        declines_per_day=declines if declines is not None else None if own else told.declines.ours_per_day,
        polling=None if own else Polling(told.polling.every, told.polling.most, told.polling.within),
        back_off=block.back_off if block.back_off is not None else not own,
        source="" if own else gateway.source,
    )


def is_loopback(base_url: str) -> bool:
    """Literally: what a name leads to is nobody's word until it is asked for."""
    host = ""
    try:
        host = urlsplit(base_url).hostname or ""
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def account_of(name: str, base_url: str, signer: tuple[str, Any]) -> str:
    """Gateway and credential, by what the configuration calls them. Without a credential the target stands for itself."""
    kind, options = signer
    references = _references(options)
    return f"{urlsplit(base_url).netloc} {kind} {' '.join(references)}" if references else name


def _references(options: Any) -> list[str]:
    """A Secret is told by its reference, never by its value."""
    if not isinstance(options, BaseModel):
        return []
    values = (getattr(options, name) for name in sorted(type(options).model_fields))
    return [value.reference if isinstance(value, Secret) else str(value) for value in values if value is not None]
