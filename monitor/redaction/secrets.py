"""Known secret values in the encodings they travel in. What is merely escaped is found by taking the escapes off first."""

from base64 import b64encode
from collections.abc import Iterable, Iterator

from monitor.model.secret import Secret
from monitor.redaction.spans import Span

#: A shorter value would mask ordinary words; a credential of this length protects nothing anyway.
MIN_LENGTH = 4
#: Fewer Base64 letters than this stand in ordinary text by chance.
_MIN_BASE64 = 6
_TO_URL = str.maketrans("+/", "-_")


class KnownSecrets:
    """Finds the given values, however they are written."""

    def __init__(self, secrets: Iterable[Secret]) -> None:
        values = {secret.reveal().strip() for secret in secrets}
        needles = {needle for value in values if len(value) >= MIN_LENGTH for needle in _spellings(value)}
        # Longest first, so that what is shown of two overlapping finds is decided by the larger.
        self._needles = tuple(sorted(needles, key=lambda needle: (-len(needle), needle)))

    def find(self, text: str) -> Iterator[Span]:
        for needle in self._needles:
            start = text.find(needle)
            while start >= 0:
                yield Span(start, start + len(needle))
                start = text.find(needle, start + len(needle))


def _spellings(value: str) -> Iterator[str]:
    data = value.encode()
    yield value
    yield value.replace(" ", "+")  # forms
    yield data.decode("latin-1")  # bytes shown as text
    yield data.hex()
    yield data.hex().upper()
    for shift in range(3):
        inner = _base64_inner(data, shift)
        if len(inner) >= _MIN_BASE64:
            yield inner
            yield inner.translate(_TO_URL)


def _base64_inner(data: bytes, shift: int) -> str:
    """The letters of ``data``'s Base64 that do not depend on the ``shift`` bytes before it or on what follows."""
    whole = b64encode(b"\0" * shift + data).decode().rstrip("=")
    start = (0, 2, 3)[shift]
    return whole[start : len(whole) - 1 if (shift + len(data)) % 3 else None]
