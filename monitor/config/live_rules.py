"""Live money only on purpose: the target says ``live``, the command says ``--live``, caps are set, and no card number is used at all."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from monitor.config.limits import is_loopback
from monitor.config.live_hosts import MASTERCARD_TEST, host_of, is_live_host, looks_live
from monitor.config.live_looks import CARD_DIGITS, luhn
from monitor.config.source import Path, Source
from monitor.model.check import Target
from monitor.model.secret import Secret

_NOT_SAID = "say live: true in the target, set its caps, and start with --live"
_DIGITS = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")


def check_live(source: Source, path: Path, data: Any, signer: Any, *, allow_live: bool) -> None:
    """Look at one target as written. ``signer`` are the options of its signer, secrets in place."""
    if not isinstance(data, Mapping):
        return
    if data.get("live") is True:
        if not allow_live:
            source.add(
                (*path, "live"),
                "expected a test environment, got a live one",
                "real money moves there; start with --live to allow it",
            )
        if not isinstance(data.get("caps"), Mapping):
            source.add(
                (*path, "live"),
                "expected caps for a live target, got none",
                'like caps: {per_step: "1.00 USD", per_day: "20.00 USD"}',
            )
        return
    url = str(data.get("base_url", ""))
    if is_live_host(host_of(url)):
        source.add((*path, "base_url"), "expected a test environment, got the address of a live one", _NOT_SAID)
    if any(looks_live(value) for value in _credentials(signer, data)):
        source.add(
            (*path, "signer" if signer else "headers"),
            "expected a test credential, got one that says it is live",
            _NOT_SAID,
            hide=True,
        )
    if _live_merchant(url, data):
        source.add((*path, "signer"), "expected a merchant whose name begins with TEST, got another", _NOT_SAID, hide=True)


def check_second(source: Source, path: Path, data: Any, signer: Any) -> None:
    """The same for the options of a target's second credential."""
    live = isinstance(data, Mapping) and data.get("live") is True
    if not live and any(looks_live(value) for value in _credentials(signer, {})):
        source.add((*path, "second_credential"), "expected a test credential, got one that says it is live", _NOT_SAID, hide=True)


def _credentials(signer: Any, data: Mapping[str, Any]) -> Iterator[str]:
    if isinstance(signer, BaseModel):
        for name in type(signer).model_fields:
            value = getattr(signer, name)
            yield value.reveal() if isinstance(value, Secret) else str(value)
    headers = data.get("headers")
    if isinstance(headers, Mapping):
        yield from map(str, headers.values())


def _live_merchant(url: str, data: Mapping[str, Any]) -> bool:
    """Mastercard Gateway serves test and live merchants at the same hosts; a test merchant's name begins with TEST."""
    if data.get("dialect") != "mastercard" or is_loopback(url) or host_of(url) in MASTERCARD_TEST:
        return False
    signer = data.get("signer")
    basic = signer.get("basic") if isinstance(signer, Mapping) else None
    user = basic.get("username") if isinstance(basic, Mapping) else None
    return isinstance(user, str) and user.startswith("merchant.") and not user.startswith("merchant.TEST")


def check_cards(source: Source, path: Path, data: Any, target: Target | None) -> None:
    """A check of a live target holds no card number, not even a published one: Stripe's terms forbid it, and so do most."""
    if target is None or not target.live:
        return
    for place, text in _texts(data, path):
        for match in _DIGITS.finditer(text):
            digits = re.sub(r"\D", "", match[0])
            if len(digits) in CARD_DIGITS and luhn(digits):
                source.add(
                    place,
                    "expected no card number in a check of a live target, got one",
                    "use a token of the gateway's",
                    hide=True,
                )
                break


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    match value:
        case dict():
            for key, item in value.items():
                yield from _texts(item, (*path, key))
        case list():
            for index, item in enumerate(value):
                yield from _texts(item, (*path, index))
        case bool() | None:
            return
        case _:
            yield path, str(value)
