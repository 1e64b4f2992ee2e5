"""Whatever is done to a good configuration: a Config or a ConfigError, and nothing else."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from config_helpers import ENVIRON, FILES, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.config import ConfigError, load
from monitor.config.reader import Refused, read

NAMES = sorted(FILES)
JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        [
            "${",
            "${run.id}",
            "$${",
            "${env:X}",
            "${}",
            "${a.b[0]}",
            "\0",
            "\u202e",
            "30s",
            "p1",
            "1.00 USD",
            "*",
            "status == ",
            "[?",
        ]
    ),
    st.lists(st.text(max_size=5), max_size=3),
    st.dictionaries(st.text(max_size=8), st.integers(), max_size=3),
)
ALPHABET = [*list("{}[]:,-#&*!|>'\"%@` \n\tab01$~.?"), "${", "<<", ": ", "- ", "\r\n", "网", "\u2028", "\x85", "\ufeff"]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def never_crashes(place: Path, name: str, content: str) -> None:
    write(place, {**FILES, name: content.encode("utf-8", "surrogatepass")})
    try:
        load(place, environ=ENVIRON)
    except ConfigError as error:
        assert error.problems
        assert "canary-" not in str(error)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(NAMES), data=st.data())
def test_changed_characters_never_crash_it(place: Path, name: str, data: st.DataObject) -> None:
    text = FILES[name]
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(len(text), start + 8)))
        text = text[:start] + "".join(data.draw(st.lists(st.sampled_from(ALPHABET), max_size=4))) + text[end:]

    never_crashes(place, name, text)


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(inner for key, item in items for inner in _paths(item, (*path, key)))]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(NAMES), data=st.data(), junk=JUNK, as_key=st.booleans())
def test_a_value_of_another_kind_anywhere_never_crashes_it(
    place: Path, name: str, data: st.DataObject, junk: Any, as_key: bool
) -> None:
    document = yaml.safe_load(FILES[name])
    *way, last = data.draw(st.sampled_from(_paths(document)[1:]))
    parent = document
    for key in way:
        parent = parent[key]
    if as_key and isinstance(parent, dict):
        parent[str(junk)] = parent.pop(last)
    else:
        parent[last] = junk

    never_crashes(place, name, yaml.safe_dump(document, allow_unicode=True))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(ALPHABET), max_size=40).map("".join))
def test_the_reader_reads_or_refuses(text: str) -> None:
    try:
        read(text)
    except Refused as refused:
        assert refused.faults
