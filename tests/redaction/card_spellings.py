"""Card numbers to hide, and the ways they are written; made from a seed, so that a failure can be repeated."""

import base64
import json
import random
from collections.abc import Callable, Iterator
from urllib.parse import quote

#: (prefixes, length) as the schemes publish them; independent of the ranges the gate uses.
ISSUERS = [
    (["4"], 16), (["4"], 19), (["4"], 13), (["51", "52", "53", "54", "55"], 16), (["2221", "2300", "2720"], 16), (["34", "37"], 15),
    (["36", "300", "305", "38"], 14), (["3528", "3589"], 16), (["6011", "644", "65"], 16), (["620", "621", "623", "625"], 16),
    (["6222", "6258"], 19), (["2200", "2204"], 16), (["6759", "6304", "5018"], 16), (["5020", "6761"], 12), (["6762"], 18), (["8600"], 16),
]  # fmt: skip


def check_digit(body: str) -> str:
    for digit in "0123456789":
        number = [int(character) for character in body + digit][::-1]
        if sum(n if place % 2 == 0 else sum(divmod(2 * n, 10)) for place, n in enumerate(number)) % 10 == 0:
            return digit
    raise AssertionError(body)


def cards(count: int, seed: int) -> Iterator[str]:
    chance = random.Random(seed)
    for _ in range(count):
        prefixes, length = chance.choice(ISSUERS)
        prefix = chance.choice(prefixes)
        body = prefix + "".join(chance.choices("0123456789", k=length - 1 - len(prefix)))
        yield body + check_digit(body)


def fours(card: str, separator: str) -> str:
    return separator.join(card[place : place + 4] for place in range(0, len(card), 4))


def as_printed(card: str) -> str:
    return " ".join((card[:4], card[4:10], card[10:])) if len(card) in (14, 15) else fours(card, " ")


def _html(card: str) -> str:
    return "".join(f"&#{ord(digit)};" for digit in card)


SPELLINGS: dict[str, Callable[[str], str]] = {
    "plain": lambda card: f"number {card} was used",
    "spaces": lambda card: f"card {fours(card, ' ')}.",
    "dashes": lambda card: fours(card, "-"),
    "dots": lambda card: fours(card, "."),
    "underscores": lambda card: f"<{fours(card, '_')}>",
    "as printed on the card": as_printed,
    "no-break spaces": lambda card: fours(card, "\u00a0"),
    "one line each": lambda card: fours(card, "\n"),
    "digit by digit": " ".join,
    "JSON string": lambda card: json.dumps({"sourceOfFunds": {"provided": {"card": {"number": card}}}}),
    "JSON number": lambda card: json.dumps({"number": int(card), "amount": 100}),
    "JSON split over strings": lambda card: json.dumps([card[place : place + 4] for place in range(0, len(card), 4)]),
    "JSON in JSON": lambda card: json.dumps({"body": json.dumps({"number": fours(card, " ")})}),
    "JSON unicode escapes": lambda card: '{"number": "' + "".join(f"\\u{ord(digit):04x}" for digit in card) + '"}',
    "form": lambda card: f"card[number]={fours(card, '+')}&amount=100",
    "percent-encoded": lambda card: "n=" + "".join(f"%{ord(digit):02X}" for digit in card),
    "percent-encoded spaces, twice": lambda card: "n=" + quote(quote(fours(card, " "))),
    "HTML entities": _html,
    "full-width digits": lambda card: "".join(chr(ord(digit) + 0xFEE0) for digit in card),
    "Base64": lambda card: base64.b64encode(card.encode()).decode(),
    "Base64 of JSON": lambda card: base64.b64encode(json.dumps({"id": 7, "number": card}).encode()).decode(),
    "Base64 of JSON, one byte on": lambda card: base64.b64encode(json.dumps({"id": 77, "number": card}).encode()).decode(),
    "Base64 for URLs, two bytes on": lambda card: (
        "https://x/" + base64.urlsafe_b64encode(f"?ab{fours(card, '-')}>>".encode()).decode()
    ),
    "hexadecimal": lambda card: card.encode().hex(),
    "hexadecimal of JSON": lambda card: json.dumps({"number": card}).encode().hex().upper(),
    "hexadecimal of EBCDIC": lambda card: card.encode("cp500").hex(),
    "UTF-16 read as bytes": lambda card: card.encode("utf-16-le").decode("latin-1"),
    "track 2": lambda card: f";{card}=29121010000012345678?",
    "track 1": lambda card: f"%B{card}^CANARY/TEST^29121010000000000000?",
    "field 35": lambda card: f"{card}D29121010000012345678F",
    "Python bytes": lambda card: repr(card.encode()) + "".join(f"\\x{ord(digit):02x}" for digit in card),
    "beside its expiry and code": lambda card: f"{card} 12/29 123",
}


def survivors(card: str, text: str) -> list[str]:
    """The forms of ``card`` that can be read in ``text`` by somebody who undoes encodings; an oracle of its own."""
    import html
    import unicodedata
    from urllib.parse import unquote

    readings = [text]
    for _ in range(3):
        readings.append(
            html.unescape(unquote(readings[-1])).encode("latin-1", "backslashreplace").decode("unicode_escape", "replace")
        )
    for token in "".join(
        character if (character.isascii() and character.isalnum()) or character in "+/-_=" else " " for character in text
    ).split():
        for shift in range(4):
            padded = token.replace("=", "")[shift:]
            padded = padded[: -1 if len(padded) % 4 == 1 else None] + "=="
            readings.append(base64.urlsafe_b64decode(padded.replace("+", "-").replace("/", "_")).decode("latin-1"))
            half = token[shift % 2 :]
            try:
                raw = bytes.fromhex(half[: len(half) // 2 * 2])
            except ValueError:
                continue
            readings += [raw.decode("latin-1"), raw.decode("cp500")]
    shown = []
    for reading in readings:
        digits = "".join(str(unicodedata.decimal(character)) for character in reading if character.isdecimal())
        if card in digits:
            shown.append(reading)
    return shown
