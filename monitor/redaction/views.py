"""A text with one layer of escaping taken off, and the way back from places in it to places in the original."""

import html
import re
from bisect import bisect_right
from urllib.parse import unquote

from monitor.redaction.spans import Span

_ESCAPE = re.compile(
    r"(?:%[0-9A-Fa-f]{2})+"  # URLs and forms; runs, because one character can take several
    r"|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|\\[\"'\\/bfnrt]"  # JSON, Python, shells
    r"|&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});"  # HTML and XML
)
_CONTROL = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _plain(escape: str) -> str:
    if escape[0] == "%":
        return unquote(escape, encoding="utf-8", errors="replace")
    if escape[0] == "&":
        return html.unescape(escape)
    return chr(int("0x" + escape[2:], 0)) if escape[1] in "ux" else _CONTROL.get(escape[1], escape[1])


class Unescaped:
    """``text`` is the source without its outer escapes. Raises nothing: what cannot be decoded stays as it is."""

    def __init__(self, source: str) -> None:
        parts: list[str] = []
        self._plain_starts, self._source_starts = [0], [0]
        position, length = 0, 0
        for escape in _ESCAPE.finditer(source):
            before, plain = source[position : escape.start()], _plain(escape[0])
            parts += before, plain
            # Two marks: where the decoded characters begin, and where literal text goes on.
            self._plain_starts += length + len(before), length + len(before) + len(plain)
            self._source_starts += escape.span()
            length, position = length + len(before) + len(plain), escape.end()
        parts.append(source[position:])
        self.text = "".join(parts)
        self.changed = position > 0

    def back(self, span: Span) -> Span:
        """The place in the source that ``span`` of the text came from, widened to whole escapes."""
        return Span(self._source(span.start, widen=False), self._source(span.end, widen=True), span.shown)

    def _source(self, index: int, *, widen: bool) -> int:
        """Marks come in pairs: an odd one opens decoded characters, the next even one goes on with literal text."""
        mark = bisect_right(self._plain_starts, index) - 1
        offset = index - self._plain_starts[mark]
        if mark % 2 == 0:
            return self._source_starts[mark] + offset
        if offset == 0 or not widen:
            return self._source_starts[mark]
        return self._source_starts[mark + 1]
