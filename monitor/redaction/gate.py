"""The one gate in front of every sink: logs, metrics, tickets, reports, pages, the database, crash texts."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from decimal import Decimal
from typing import Any

from monitor.model.secret import Secret
from monitor.redaction.cards import MIN_DIGITS, is_card
from monitor.redaction.keys import find_named, hides
from monitor.redaction.patterns import find_patterns, find_tracks
from monitor.redaction.secrets import KnownSecrets
from monitor.redaction.spans import REDACTED, Span, replace
from monitor.redaction.spellings import find_cards, find_encoded_cards
from monitor.redaction.views import Unescaped

#: Escapes within escapes (JSON in a form in a URL): each layer is taken off once.
MAX_LAYERS = 3
#: Nesting deeper than this is nobody's answer; it is cut off rather than followed.
MAX_DEPTH = 64
#: Every round but the last must mask something; text made to need more than this is made to be slow.
MAX_ROUNDS = 4

#: Fewer characters than a card number's digits, and no name beside a value: nothing but a known secret can be in it. Most names
#: and numbers of a log event are such words.
_TOO_SHORT = re.compile(rf"[\w.\-]{{0,{MIN_DIGITS - 1}}}")

Processor = Callable[[Any, str, MutableMapping[str, Any]], MutableMapping[str, Any]]


class Gate:
    """Knows the secrets of this installation. Pure: what comes back is new, what was given is untouched.

    Masking twice changes nothing. Cost is linear in the size of the text.
    """

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._known = KnownSecrets(secrets)

    def text(self, text: str) -> str:
        """Again while it changes something: a mask may take away the letters beside a number that hid it as part of a word."""
        for _ in range(MAX_ROUNDS):
            masked = replace(text, self._find(text, MAX_LAYERS))
            if masked == text:
                break
            text = masked
        return text

    def bytes(self, data: bytes) -> bytes:
        """Bytes of any encoding; those that are not UTF-8 are read byte by byte."""
        try:
            return self.text(data.decode()).encode()
        except UnicodeDecodeError:
            return self.text(data.decode("latin-1")).encode("latin-1", "replace")

    def data(self, value: object) -> Any:
        """Nested mappings, sequences and scalars, as JSON or a log event holds them. Secrets become ``***``."""
        return self._data(value, 0)

    def _find(self, text: str, layers: int) -> Iterator[Span]:
        yield from self._known.find(text)
        if _TOO_SHORT.fullmatch(text):
            return
        for find in (find_tracks, find_cards, find_encoded_cards, find_patterns, find_named):
            yield from find(text)
        if layers:
            inner = Unescaped(text)
            if inner.changed:
                yield from (inner.back(span) for span in self._find(inner.text, layers - 1))

    def _data(self, value: object, depth: int) -> object:
        if depth > MAX_DEPTH:
            return REDACTED
        match value:
            case str():
                return self.text(value)
            case None | bool():
                return value
            case int() | float() | Decimal():
                return self._number(value)
            case bytes() | bytearray() | memoryview():
                return self.bytes(bytes(value))
            case Mapping():
                return self._mapping(value, depth)
            case list() | tuple() | set() | frozenset():
                return self._sequence(value, depth)
        return self.text(str(value))

    def _number(self, value: float | Decimal) -> object:
        shown = self.text(str(value))
        return value if shown == str(value) else shown

    def _mapping(self, value: Mapping[object, object], depth: int) -> dict[object, object]:
        split = _split_card(list(value.values()))
        return {
            self._data(name, depth + 1): REDACTED if split or hides(name, item, value) else self._data(item, depth + 1)
            for name, item in value.items()
        }

    def _sequence(self, value: Iterable[object], depth: int) -> object:
        items = list(value)
        if _split_card(items):
            return [REDACTED] * len(items)
        kept = [self._data(item, depth + 1) for item in items]
        return tuple(kept) if isinstance(value, tuple) else kept


def _split_card(items: Sequence[object]) -> bool:
    """Whether short digit strings beside each other make one card number."""
    digits = [item for item in items if isinstance(item, str) and item.isascii() and item.isdigit() and len(item) <= 8]
    return len(digits) > 1 and is_card("".join(digits))


_PATTERNS_ONLY = Gate()


def redact_text(text: str) -> str:
    """For rooms that know no secrets: cards, tracks, named and well-known credentials by their look."""
    return _PATTERNS_ONLY.text(text)


def redactor(gate: Gate) -> Processor:
    """A structlog processor: put it last before the renderer, so that it sees what will be written."""

    def redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        redacted: dict[str, Any] = gate.data(event)
        return redacted

    return redact_event
