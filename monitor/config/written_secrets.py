"""Credentials that somebody wrote down in the configuration itself, where no field asks for one: a header, a query, a form.

They cannot be told by a reference. They are told by the name they stand under, so that the gate knows their value in every encoding,
however a gateway throws it back.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from monitor.model.secret import Secret
from monitor.redaction.keys import hides

#: Shorter values are words and codes; to hide them everywhere would hide ordinary text.
LEAST = 8


def written_secrets(data: Any) -> Iterator[Secret]:
    """Everything in one file's data that is a credential by its name. Holes and references are none."""
    if isinstance(data, Mapping):
        for name, value in data.items():
            if isinstance(value, str) and len(value) >= LEAST and "${" not in value and hides(name, value, data):
                yield Secret(value, f"written under {name}")
            else:
                yield from written_secrets(value)
    elif isinstance(data, list):
        for item in data:
            yield from written_secrets(item)


def url_secrets(url: str) -> Iterator[Secret]:
    """An address that lets in whoever knows it: its last segment, and its query."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return  # no address at all: it is refused elsewhere
    for text in (parts.path.rpartition("/")[2], parts.query):
        if len(text) >= LEAST:
            yield Secret(text, "part of an address")
