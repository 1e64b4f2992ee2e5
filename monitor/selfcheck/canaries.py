"""What is planted, and how it is recognised again: by searches of our own, so that the gate does not check itself."""

import html
import re
import secrets
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote, unquote_plus

#: Published test cards of five brands: a real number has no place on this machine, not even here.
CARDS = ("4242424242424242", "5555555555554444", "378282246310005", "6011111111111117", "3566002020360505", "6200000000000005")
SECURITY_CODE = "9173"
TRACK = ";4242424242424242=29121010000000000000?"
#: Fewer letters of Base64 stand in ordinary text by chance.
_BASE64_LEAST = 8
#: One card number, its digits apart by at most this: spaces, dashes, dots, quotes and commas between them.
_BETWEEN = r"[\s.\-_,'\"/+|:]{0,5}"
_JSON_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True)
class Canary:
    """``name`` says where it was planted; ``value`` must not be seen in any output."""

    name: str
    value: str


def secret(name: str, prefix: str = "") -> Canary:
    """A credential that nothing else on earth looks like."""
    return Canary(name, prefix + secrets.token_hex(12))


def cards() -> list[Canary]:
    return [Canary(f"card ending {number[-4:]}", number) for number in CARDS]


def spellings(value: str) -> Iterator[str]:
    """How a value may turn up beside its plain form. Base64 in three shifts, without the letters that its neighbours decide."""
    data = value.encode()
    yield from (value, quote(value, safe=""), html.escape(value), data.hex(), data.hex().upper(), value[::-1])
    for shift in range(3):
        whole = b64encode(b"\0" * shift + data).decode().rstrip("=")
        inner = whole[(0, 2, 3)[shift] : len(whole) - 1 if (shift + len(data)) % 3 else None]
        if len(inner) >= _BASE64_LEAST:
            yield inner
            yield inner.replace("+", "-").replace("/", "_")


class Finder:
    """Looks for canaries in what a sink holds."""

    def __init__(self, planted: list[Canary]) -> None:
        self._needles = [(canary.name, needle) for canary in planted for needle in dict.fromkeys(spellings(canary.value))]
        digits = [canary for canary in planted if canary.value.isdigit()]
        self._codes = re.compile(rf"(?i)(?:cvc|cvv|csc|security_?code)\W{{1,6}}{SECURITY_CODE}")
        self._cards = [(one.name, re.compile(r"(?<!\d)" + _BETWEEN.join(one.value) + r"(?!\d)")) for one in digits]

    def find(self, content: bytes) -> set[str]:
        """The names of what is in ``content``."""
        found: set[str] = set()
        for text in _readings(content.decode("utf-8", "replace")):
            found |= {name for name, needle in self._needles if needle in text}
            found |= {name for name, pattern in self._cards if pattern.search(text)}
            if self._codes.search(text):
                found.add("security code")
        return found


def _readings(text: str) -> Iterator[str]:
    """As it is, and with one kind of escape taken off."""
    yield text
    for plain in (unquote_plus(text), html.unescape(text), _JSON_ESCAPE.sub(lambda match: chr(int(match[1], 16)), text)):
        if plain != text:
            yield plain
