"""One configuration file: its text, its tree, and problems that point into it without showing a secret."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from monitor.config.live_looks import findings
from monitor.config.problems import Problem
from monitor.config.reader import Node
from monitor.redaction import redact_text

Step = str | int
Path = tuple[Step, ...]

#: Where credentials live: no literal from these places is ever shown, whatever else is wrong on its line.
SENSITIVE = (("targets", "*", "signer"), ("targets", "*", "headers"), ("desks",), ("service", "auth"), ("service", "heartbeat"))
_SENSITIVE_KEY = re.compile(r"(?i)pass|pwd|secret|token|key|auth|credential|bearer|pin\b|cvc|cvv|csc|pan\b|cookie")
_REFERENCE = re.compile(r"\$\{(?:env|file):[^{}]*\}")
#: How far back a value may begin that a syntax error breaks off.
LINES_BEFORE = 3


@dataclass
class Source:
    """``name`` is how the file is called in messages: the operator's own spelling."""

    name: str
    text: str
    root: Node | None = None
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.split("\n")

    def add(self, path: Iterable[Step], message: str, hint: str = "", *, key: bool = False, hide: bool = False) -> None:
        """Report what stands at ``path``, or the nearest thing above it that exists; ``key`` points at the key instead of its value."""
        steps = tuple(path)
        line, column = self.locate(steps, key=key)
        self.add_at(line, column, spell(self.as_written(steps)), message, hint, hide=hide)

    def add_at(self, line: int, column: int, path: str, message: str, hint: str = "", *, hide: bool = False) -> None:
        shown = "" if hide or not 0 < line <= len(self.lines) else self.safe_line(line)
        # A wrong value is quoted, and may be a card number or a key that was put in the wrong place.
        path, message, hint = ("(not shown)" if any(findings(text)) else text for text in (path, message, hint))
        self.problems.append(Problem(self.name, line, column, path, message, hint, shown))

    def add_inside(self, path: Path, text: str, offset: int, message: str) -> None:
        """Report what stands ``offset`` characters into the text at ``path``."""
        line, column = self.locate(path)
        shown = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        start = shown.find(text, column - 1) if "\n" not in text else -1  # not written as it is when quoted or folded
        self.add_at(line, start + 1 + offset if start >= 0 else column, spell(path), message)

    def as_written(self, path: Path) -> Path:
        """Without the index into a list of one that was written without its brackets."""
        return path if not path or isinstance(path[-1], str) or self.node_at(path) else path[:-1]

    def node_at(self, path: Sequence[Step]) -> Node | None:
        """What stands at ``path``; None when nothing does."""
        node = self.root
        for name in path:
            node = node.children.get(name) if node else None
        return node

    def locate(self, path: Sequence[Step], *, key: bool = False) -> tuple[int, int]:
        node = self.root
        if node is None:
            return 0, 0
        where = (node.line, node.column)
        for index, name in enumerate(path):
            last = index == len(path) - 1
            if key and last and name in node.keys:
                return node.keys[str(name)]
            child = node.children.get(name)
            if child is None:  # a step of pydantic's own, or a key that is missing
                continue
            # An alias leads to the anchor's place: the mistake is in what stands there.
            node = child
            where = (node.line, node.column)
        return where

    def safe_line(self, number: int) -> str:
        """The line, or nothing when it holds what must not be shown: the place alone is then enough."""
        line = self.lines[number - 1].rstrip("\r")
        # Where not even the YAML could be read nobody knows what is a value: the lines just before may begin a secret.
        first = number if self.root else max(1, number - LINES_BEFORE)
        near = "\n".join(self.lines[first - 1 : number])
        hidden = number in self.secret_lines if self.root else _SENSITIVE_KEY.search(near)
        return "" if hidden or redact_text(near) != near else line

    @cached_property
    def secret_lines(self) -> frozenset[int]:
        """Lines that hold a literal in a place where credentials live."""
        lines: set[int] = set()
        for path, node in self.root.scalars() if self.root else ():
            if _is_sensitive(path) and not _REFERENCE.fullmatch(str(node.data)):
                lines.update(range(node.line, node.end_line + 1))
        return frozenset(lines)


def _is_sensitive(path: Path) -> bool:
    if path and isinstance(path[-1], str) and _SENSITIVE_KEY.search(path[-1]):
        return True
    return any(
        all(want in ("*", got) for want, got in zip(place, path, strict=False)) for place in SENSITIVE if len(path) >= len(place)
    )


def spell(path: Iterable[Step]) -> str:
    """``("checks", "a", "steps", 0)`` as ``checks.a.steps[0]``."""
    text = ""
    for name in path:
        text += f"[{name}]" if isinstance(name, int) else f".{name}" if text else str(name)
    return text
