"""The guarded YAML reader: what scalars mean, where they stand, and what it refuses, quickly."""

import time
from decimal import Decimal

import pytest

from monitor.config.reader import MAX_ALIASES, MAX_BYTES, MAX_DEPTH, MAX_FAULTS, MAX_NODES, Node, Refused, read

#: A refusal must not be a way to keep the service busy.
REFUSED_WITHIN_SECONDS = 0.05


def refusal(text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(Refused) as caught:
        read(text)
    return caught.value.faults


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("True", "True"),
        ("12:30", "12:30"),
        ("0777", "0777"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("2026-11-22", "2026-11-22"),
        ("=", "="),
        ("+1", "+1"),
        ("-", None),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("10.00", Decimal("10.00")),
        ("1e3", Decimal("1e3")),
        ("1e9999", "1e9999"),
        ("9" * 100, "9" * 100),
        ('"12"', "12"),
        ("'true'", "true"),
        ("!!str 12", "12"),
    ],
)
def test_a_scalar_stays_what_it_looks_like(written: str, meant: object) -> None:
    if written == "-":
        assert [meant] == read(written).data
        return
    got = read(f"key: {written}").data["key"]

    assert (meant, type(meant), str(meant)) == (got, type(got), str(got))


def test_every_value_and_every_key_knows_where_it_stands() -> None:
    root = read("a: 1\nlist:\n  - x\n  - deep: {b: 2}\n")

    assert (3, 5) == (root.children["list"].children[0].line, root.children["list"].children[0].column)
    deep = root.children["list"].children[1].children["deep"]
    assert (4, 11) == (deep.line, deep.column)
    assert (4, 12) == deep.keys["b"]


def test_columns_count_characters_and_not_bytes() -> None:
    root = read("{网关: 好, b: 1}")

    assert ((1, 9), 12) == (root.keys["b"], root.children["b"].column)


def test_an_alias_stands_for_the_same_value_and_keeps_its_place() -> None:
    root = read("a: &x {b: 1}\nc: *x\n")

    assert {"a": {"b": 1}, "c": {"b": 1}} == root.data
    assert (1, 11) == (root.children["c"].children["b"].line, root.children["c"].children["b"].column)


def test_all_doubled_keys_are_named_with_the_place_of_the_first() -> None:
    faults = refusal("a: 1\nb: {c: 1, c: 2}\na: 2\n")

    assert [(2, 11), (3, 1)] == [(line, column) for line, column, _ in faults]
    assert "(first on line 1)" in faults[1][2]


def test_a_file_of_doubled_keys_alone_is_given_up_early() -> None:
    assert MAX_FAULTS == len(refusal("a: 1\n" * 50_000))


BOMBS = {
    "nested aliases": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)),
    "merge keys": "a: &a {k: v}\n" + "".join(f"b{i}: &b{i} {{<<: [*a, *a]}}\n" for i in range(30)),
    "one merge key": "a: &a {b: 1}\nc: {<<: *a}\n",
    "an alias in its own anchor": "a: &a [*a]",
    "an alias to nothing": "a: *b",
    "too many aliases": "a: &a 1\nb: [" + "*a, " * (MAX_ALIASES + 1) + "]",
    "a deep list": "[" * 100_000,
    "a deep mapping": "{a: " * 100_000,
    "a deep block": "".join("  " * depth + "a:\n" for depth in range(MAX_DEPTH + 2)),
    "an alias that makes it too deep": "a: &a " + "[" * 40 + "]" * 40 + "\nb: " + "[" * 40 + "*a" + "]" * 40,
    "a mapping as a key": "? {a: 1}\n: 2",
    "an alias as a key": "a: &a b\n*a : 1",
    "an anchor on a key": "&a b: 1",
    "a python object": "a: !!python/object/apply:os.system [id]",
    "a tag of its own": "a: !secret b",
    "binary": "a: !!binary aGk=",
    "two documents": "a: 1\n---\nb: 1",
    "NUL": "a: \0",
    "half a character": 'a: "\\ud800"',
    "an unknown escape": 'a: "\\y"',
    "too long": "a" * (MAX_BYTES + 1),
    "an unclosed quote": "a: '" + "x" * 100_000,
    "many simple keys": "{" + "a, " * 1_000 + "a: b: c}",
}


@pytest.mark.parametrize("text", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_is_refused_before_it_goes_off(text: str) -> None:
    took = []
    for _ in range(3):  # the best of three: another process on this core is no fault of the reader's
        started = time.process_time()
        faults = refusal(text)
        took.append(time.process_time() - started)

    assert min(took) < REFUSED_WITHIN_SECONDS
    assert all(line >= 1 and column >= 1 and message.startswith("expected") for line, column, message in faults)


def test_as_many_nodes_as_allowed_are_read_and_one_more_is_not() -> None:
    assert MAX_NODES == read("- 1\n" * (MAX_NODES - 1)).size

    assert "nodes" in refusal("- 1\n" * MAX_NODES)[0][2]


def test_an_empty_document_is_nothing() -> None:
    assert [None, None, None] == [read(text).data for text in ("", "# a comment\n", "---\n")]


def test_scalars_are_walked_with_their_paths() -> None:
    walked = [(path, node.data) for path, node in read("a: {b: [1, 2]}\nc: x\n").scalars()]

    assert [(("a", "b", 0), 1), (("a", "b", 1), 2), (("c",), "x")] == walked


def test_a_node_is_small() -> None:
    assert not hasattr(Node(1, 1, 1, None), "__dict__")
