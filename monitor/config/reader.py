"""YAML behind a guard: one document, small, shallow, without surprises, and every node knows where it stands.

PyYAML's C parser is used for its events only; the tree is built here, so that every limit holds while reading and not after.
Scalars follow YAML's JSON schema: ``true``, ``false``, ``null``, ``~`` and JSON numbers mean what they say, and everything
else (``NO``, ``on``, ``12:30``, ``0777``) stays the text that it looks like. Numbers with a fraction are exact Decimals.
"""

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import yaml

#: A configuration file is written by people; a megabyte is some 5,000 checks.
MAX_BYTES = 1 << 20
#: Deeper than any request body a gateway takes, and far from the interpreter's own limit.
MAX_DEPTH = 64
#: Anchors save typing; more of them than this is no longer typing.
MAX_ALIASES = 200
#: Counted after aliases are followed: 300 bytes of nested aliases can stand for 10^8 nodes.
MAX_NODES = 200_000
#: A file with more doubled keys than this was pasted twice; nobody reads on.
MAX_FAULTS = 100
#: Longer runs of digits are identifiers, and arithmetic on them is somebody's attack.
MAX_NUMBER_LENGTH = 64

_STR_TAG = "tag:yaml.org,2002:str"
_WORDS: dict[str, object] = {"true": True, "false": False, "null": None, "~": None, "": None}
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,3})?")


class Node:
    """A value and where it stands. ``line`` and ``column`` count from 1; ``keys`` holds where each key of a mapping stands."""

    __slots__ = ("children", "column", "data", "end_line", "height", "keys", "line", "size")

    def __init__(self, line: int, column: int, end_line: int, data: Any) -> None:
        self.line = line
        self.column = column
        self.end_line = end_line  # of a scalar; a container ends with its last child
        self.data = data
        self.children: dict[Any, Node] = {}
        self.keys: dict[str, tuple[int, int]] = {}
        self.size = 1  # nodes in it, aliases followed
        self.height = 1

    def adopt(self, name: "str | int", child: "Node") -> None:
        self.children[name] = child
        self.size += child.size
        self.height = max(self.height, child.height + 1)

    def scalars(self, path: "tuple[str | int, ...]" = ()) -> "Iterator[tuple[tuple[str | int, ...], Node]]":
        """Every scalar with its path. A shared node comes once for every alias: bounded by the limit on nodes."""
        if not isinstance(self.data, (dict, list)):
            yield path, self
        for name, child in self.children.items():
            yield from child.scalars((*path, name))


class Refused(Exception):  # noqa: N818 - a verdict on a document, not a failure of ours
    """The document breaks a rule of the reader. ``faults`` are (line, column, message)."""

    def __init__(self, faults: list[tuple[int, int, str]], *, syntax: bool = False) -> None:
        super().__init__(faults)
        self.faults = faults
        self.syntax = syntax


def read(text: str) -> Node:
    """The tree of one YAML document. Raises Refused."""
    if len(text) > MAX_BYTES:  # a character is at least a byte: the parser must not even begin
        raise Refused([(1, 1, f"expected at most {MAX_BYTES >> 20} MiB of YAML")])
    composer = _Composer(text)
    try:
        root = composer.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Refused([(line, column, f"expected YAML: {error.problem or error.context}")], syntax=True) from None
    except yaml.YAMLError as error:  # the reader's own: characters that YAML does not allow
        raise Refused([(1, 1, f"expected YAML: {str(error).splitlines()[0]}")], syntax=True) from None
    finally:
        composer.dispose()
    if composer.faults:
        raise Refused(composer.faults)
    return root


def scalar(text: str) -> object:
    """What a plain scalar means."""
    if text in _WORDS:
        return _WORDS[text]
    first = text[0]
    if not ("0" <= first <= "9" or first == "-") or len(text) > MAX_NUMBER_LENGTH:
        return text
    if _INTEGER.fullmatch(text):
        return int(text)
    return Decimal(text) if _NUMBER.fullmatch(text) else text


class _Composer:
    """Events in, nodes out. Faults that leave the tree readable are collected; a broken limit ends the reading."""

    def __init__(self, text: str) -> None:
        self.parser = yaml.CSafeLoader(text)
        self.dispose = self.parser.dispose
        self.event: Any = None
        self.anchors: dict[str, Node] = {}
        self.aliases = 0
        self.nodes = 0
        self.faults: list[tuple[int, int, str]] = []

    def advance(self) -> Any:
        self.event = self.parser.get_event()
        return self.event

    def document(self) -> Node:
        self.advance()  # the stream's start
        if isinstance(self.advance(), yaml.StreamEndEvent):
            return Node(1, 1, 1, None)
        self.advance()  # past the document's start
        root = self.node(1)
        self.advance()  # the document's end
        if not isinstance(self.advance(), yaml.StreamEndEvent):
            raise self.refusal("expected one document in a file, got a second one")
        return root

    def refusal(self, message: str) -> Refused:
        mark = self.event.start_mark
        return Refused([*self.faults, (mark.line + 1, mark.column + 1, message)])

    def fault(self, mark: Any, message: str) -> None:
        self.faults.append((mark.line + 1, mark.column + 1, message))
        if len(self.faults) >= MAX_FAULTS:
            raise Refused(self.faults)

    def node(self, depth: int) -> Node:
        event = self.event
        if isinstance(event, yaml.AliasEvent):
            return self.alias(depth)
        self.count(1, depth)
        mark = event.start_mark
        node = Node(mark.line + 1, mark.column + 1, event.end_mark.line + 1, None)
        if event.tag is not None and event.tag not in (_STR_TAG, "!"):
            raise self.refusal(f"expected no YAML tags, got {event.tag[:40]}")
        if isinstance(event, yaml.ScalarEvent):
            node.data = scalar(event.value) if event.implicit[0] else event.value
        elif isinstance(event, yaml.MappingStartEvent):
            self.mapping(node, depth)
        else:
            self.sequence(node, depth)
        if event.anchor is not None:
            self.anchors[event.anchor] = node  # only now: an alias inside its own anchor would never end
        return node

    def count(self, nodes: int, depth: int) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            raise self.refusal(f"expected at most {MAX_NODES:,} nodes, aliases followed")
        if depth > MAX_DEPTH:
            raise self.refusal(f"expected at most {MAX_DEPTH} levels of nesting")

    def alias(self, depth: int) -> Node:
        name = self.event.anchor
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            raise self.refusal(f"expected at most {MAX_ALIASES} aliases in a file")
        target = self.anchors.get(name)
        if target is None:
            raise self.refusal(f"expected an anchor &{name[:40]} before this alias, complete")
        self.count(target.size, depth + target.height - 1)
        return target

    def sequence(self, node: Node, depth: int) -> None:
        node.data = []
        while not isinstance(self.advance(), yaml.SequenceEndEvent):
            child = self.node(depth + 1)
            node.adopt(len(node.data), child)
            node.data.append(child.data)

    def mapping(self, node: Node, depth: int) -> None:
        node.data = {}
        while not isinstance(self.advance(), yaml.MappingEndEvent):
            key = self.key()
            mark = self.event.start_mark
            self.count(1, depth)
            self.advance()
            child = self.node(depth + 1)
            if key in node.keys:
                first = node.keys[key][0]
                self.fault(mark, f'expected each key once, got "{key[:40]}" again (first on line {first})')
                continue
            node.keys[key] = (mark.line + 1, mark.column + 1)
            node.adopt(key, child)
            node.data[key] = child.data

    def key(self) -> str:
        event = self.event
        if not isinstance(event, yaml.ScalarEvent) or event.anchor is not None:
            raise self.refusal("expected a plain word as a key")
        if event.value == "<<" and event.implicit[0]:
            raise self.refusal("expected no merge keys (<<): write the values out, or use an alias for the whole mapping")
        return str(event.value)
