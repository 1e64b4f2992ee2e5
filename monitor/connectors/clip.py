"""Texts cut to what a desk takes. Desks count bytes of UTF-8; a Chinese character is three of them."""

import json

from monitor.model.text import Text

ELLIPSIS = "…"
#: Between the two languages: readers look for where theirs begins.
DIVIDER = "\n\n— — —\n\n"


def clip_bytes(text: str, limit: int, suffix: str = ELLIPSIS) -> str:
    """``text`` in at most ``limit`` bytes of UTF-8, cut between characters; a cut is shown by ``suffix`` when that fits.

    What UTF-8 cannot carry (half of a surrogate pair out of a gateway's JSON) becomes "?".
    """
    encoded = text.encode("utf-8", "replace")
    if len(encoded) <= limit:
        return encoded.decode()
    tail = suffix.encode()
    if len(tail) > limit:
        tail = b""
    return (encoded[: limit - len(tail)].decode("utf-8", "ignore")) + tail.decode()


def clip_both(text: Text, limit: int, separator: str = DIVIDER) -> str:
    """Both languages in at most ``limit`` bytes together. What one does not need of its half, the other may use."""
    if not text.zh or text.zh == text.en:
        return clip_bytes(text.en, limit)
    room = limit - len(separator.encode())
    english, chinese = (len(words.encode("utf-8", "replace")) for words in (text.en, text.zh))
    half = room // 2
    for_english = max(half, room - chinese)
    for_chinese = max(room - half, room - english)
    return clip_bytes(text.en, for_english) + separator + clip_bytes(text.zh, for_chinese)


def to_json(value: object) -> bytes:
    """Compact, in a stable order and in UTF-8: the same value is the same bytes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False).encode(
        "utf-8", "replace"
    )
