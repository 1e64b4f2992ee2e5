"""Texts from anywhere made fit for a line of a ticket: one line, visible characters, nothing that turns the reading around."""

import re
from functools import lru_cache
from itertools import chain

from monitor.redaction import redact_text
from monitor.redaction.patterns import find_patterns
from monitor.redaction.spans import replace
from monitor.redaction.spellings import find_cards

#: One value of one line. What a gateway says at more length than this is a page, and stands with the run.
VALUE_MAX = 600
ELLIPSIS = "…"
#: Signs of templates: Zendesk, for one, reads comments as Liquid. Words of others must not become instructions anywhere.
_OPENS = re.compile(r"\{(?=[{%#])")
_CLOSES = re.compile(r"(?<=[}%#])\}")
#: Blanks that count as printable letters: a text of them looks empty.
_INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0\u2800")
#: A storm says the same few things of a thousand checks.
_REMEMBERED = 2_048


@lru_cache(maxsize=_REMEMBERED)
def quoted(text: str) -> str:
    """What a gateway said: every kind of secret is taken out, also what only looks like one beside a name like "token"."""
    return plain(redact_text(text))


@lru_cache(maxsize=_REMEMBERED)
def plain(text: str) -> str:
    """In one line, without card numbers and credentials, and without control or formatting characters (which hide words, or show them from right to left).

    Sentences of the house come here as they are: what they quote was redacted where it was read, and "step token: 8 of 8 runs failed" is
    no secret.
    """
    text = replace(text, chain(find_cards(text), find_patterns(text)))
    if not text.isprintable() or not _INVISIBLE.isdisjoint(text):
        text = "".join(sign if sign.isprintable() and sign not in _INVISIBLE else " " for sign in text)
    line = without_signs(" ".join(text.split()))
    return line if len(line) <= VALUE_MAX else line[: VALUE_MAX - 1] + ELLIPSIS


def without_signs(text: str) -> str:
    """Two values side by side can make a sign that neither of them is: whole texts pass here too."""
    return _CLOSES.sub(" }", _OPENS.sub("{ ", text))
