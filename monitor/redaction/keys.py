"""Values that are sensitive because of the name they stand under, in data and in text."""

import re
from collections.abc import Iterator, Mapping

from monitor.redaction.spans import Span

#: Names, without case and punctuation, whose value is never shown.
CREDENTIALS = frozenset({
    "password", "passwd", "pwd", "passphrase", "secret", "token", "credentials", "authorization", "proxyauthorization",
    "apikey", "xapikey", "accesskey", "secretkey", "privatekey", "clientsecret", "signingsecret", "webhooksecret",
    "accesstoken", "refreshtoken", "idtoken", "sessiontoken", "cookie", "setcookie",
})  # fmt: skip
#: Names of sensitive authentication data (PCI DSS 3.3.1): hidden as soon as the value holds a digit, so that
#: ``cvc_check: pass`` stays readable.
AUTHENTICATION = frozenset({
    "cvc", "cvc2", "cvv", "cvv2", "csc", "cvn", "cvnumber", "securitycode", "cardsecuritycode", "cardcode", "verificationvalue",
    "pin", "pinblock", "pindata", "track", "track1", "track2", "track1data", "track2data", "trackdata", "track1equivalentdata",
    "track2equivalentdata", "magstripe", "emvdata", "icdata",
})  # fmt: skip
#: ISO 8583 fields that are never stored: number, expiry, tracks, PIN block, chip data. The number (2) is found by its look.
ISO8583_FIELDS = frozenset({2, 14, 35, 36, 45, 52, 55})
_ISO8583_NAME = re.compile(r"(?:de|df|field|bit|dataelement|f(?=0))0*(\d{1,3})")
_MESSAGE_TYPE = re.compile(r"[0-9]{4}")
_PUNCTUATION = re.compile(r"[^a-z0-9]+")
_ENDINGS = ("password", "passphrase", "secret", "apikey", "privatekey", "accesstoken", "authorization")
_CODE_ENDINGS = ("cvc", "cvv", "cvv2", "cvc2", "securitycode", "pinblock", "track1", "track2", "trackdata")


def hides(name: object, value: object, siblings: Mapping[object, object]) -> bool:
    """Must ``value`` under ``name`` be hidden whatever it is? ``siblings`` is the mapping they stand in."""
    if value is None or isinstance(value, bool) or value == "":
        return False
    plain = _PUNCTUATION.sub("", str(name).lower())
    if plain in CREDENTIALS or plain.endswith(_ENDINGS):
        return True
    if plain in AUTHENTICATION or plain.endswith(_CODE_ENDINGS):
        return any(character.isdigit() for character in str(value))
    return _iso8583_field(plain, siblings) in ISO8583_FIELDS


def _iso8583_field(plain: str, siblings: Mapping[object, object]) -> int | None:
    """A bare number is a field number only in a mapping that says it is a message: it names its type."""
    if plain.isdigit() and len(plain) <= 3:
        kind = next((siblings[name] for name in ("t", "mti", "MTI", "0") if name in siblings), None)
        return int(plain) if isinstance(kind, str) and _MESSAGE_TYPE.fullmatch(kind) else None
    match = _ISO8583_NAME.fullmatch(plain)
    return int(match[1]) if match else None


# In text the names are looked for as plain words first: far cheaper than one pattern that holds them all.
_WORDS = ("password", "passwd", "pwd", "passphrase", "secret", "authorization", "cookie", "token", "credential")
_JOINED_WORDS = ("api", "access", "private")  # api_key, access-key, privateKey
_CODE_WORDS = ("cvc", "cvv", "cvn")
_SHORT_CODE_WORDS = ("csc", "pin", "track")  # "pinned" and "tracking" are no names of codes
_SPLIT_CODES = ("security", "card", "verification")  # securityCode, card_code, verification_value
_FIELD_WORDS = ("de", "field", "bit")

_NAME_CLOSE = r"[\"'\]\\]{0,4}\s{0,4}(?:=>|:=|[:=>]|(?<=[\"']),)\s{0,4}\\?"
_NAME_END = r"[\w.\-]{0,24}" + _NAME_CLOSE
_SCHEME = r"(?:(?:basic|bearer|digest|oauth|apikey|token)\s{1,4})?"
_ANY_VALUE = r"(?:\"(?:[^\"\\]|\\.){1,8192}|'(?:[^'\\]|\\.){1,8192}|" + _SCHEME + r"[^\s&,;\"'<>{}\[\]\\]{1,8192})"
_CODE_VALUE = r"[\"']?[0-9a-f]{3,64}(?![g-z])"
_CREDENTIAL_AFTER = re.compile(_NAME_END + f"({_ANY_VALUE})")
_KEY_AFTER = re.compile(r"[ _\-]?key" + _NAME_END + f"({_ANY_VALUE})")
_CODE_AFTER = re.compile(_NAME_END + f"({_CODE_VALUE})")
_SHORT_CODE_AFTER = re.compile(r"(?:[ _\-]?(?:block|data|code|[12]))*" + _NAME_CLOSE + f"({_CODE_VALUE})")
_CODE_NAME_AFTER = re.compile(r"[ _\-]?(?:code|value)" + _NAME_END + f"({_CODE_VALUE})")
_FIELD_AFTER = re.compile(
    r"[ _\-]?(?:id=[\"']?)?0*(?:2|14|35|36|45|52|55)[\"']?(?:\s{1,4}value)?[\"'\]]{0,2}\s{0,4}[:=]\s{0,4}"
    r"([\"']?[0-9A-Fa-f=;]{2,512})"
)
_LOOKUPS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (_WORDS, _CREDENTIAL_AFTER),
    (_JOINED_WORDS, _KEY_AFTER),
    (_CODE_WORDS, _CODE_AFTER),
    (_SHORT_CODE_WORDS, _SHORT_CODE_AFTER),
    (_SPLIT_CODES, _CODE_NAME_AFTER),
    (_FIELD_WORDS, _FIELD_AFTER),
)
#: Short words stand inside longer ones (shipping, deployed): they count at the beginning of a word only.
_WHOLE = frozenset({"pin", "de", "bit", "field", "track", "card", "csc", "cvn", "pwd", "api", "access"})


def find_named(text: str) -> Iterator[Span]:
    """Values in ``text`` that stand after a sensitive name: ``"cvc": "123"``, ``password=x``, ``<pin>1234</pin>``."""
    lowered = text.replace("İ", "i").lower()  # the one letter whose lower case is longer than itself
    for words, pattern in _LOOKUPS:
        for word in words:
            yield from _after(word, pattern, text, lowered)


def _after(word: str, pattern: re.Pattern[str], text: str, lowered: str) -> Iterator[Span]:
    at = lowered.find(word)
    while at >= 0:
        end = at + len(word)
        if word not in _WHOLE or _begins_word(text, at):
            match = pattern.match(lowered, end)
            if match and _worth_hiding(match[1], pattern):
                start = match.start(1) + (match[1][0] in "\"'")
                yield Span(start, match.end(1))
                end = match.end(1)
        at = lowered.find(word, end)


def _begins_word(text: str, at: int) -> bool:
    return at == 0 or not text[at - 1].isalpha() or (text[at].isupper() and text[at - 1].islower())


def _worth_hiding(value: str, pattern: re.Pattern[str]) -> bool:
    if "[redacted" in value:
        return False
    return pattern is _CREDENTIAL_AFTER or pattern is _KEY_AFTER or any(character.isdigit() for character in value)
