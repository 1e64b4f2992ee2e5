"""``depends_on`` of targets: every name is a target, and nothing depends on itself, by whatever detour."""

from collections.abc import Mapping
from typing import Any

from monitor.config.kinds import unknown
from monitor.config.source import Path, Source

#: Where a target stands, and what was written there.
Written = tuple[Source, Path, Any]


def check_dependencies(targets: Mapping[str, Written]) -> None:
    """Report names of no target, and each circle once: at the line that closes it, read from top to bottom."""
    before: dict[str, list[str]] = {}
    for name, (source, path, data) in targets.items():
        before[name] = []
        for index, other in enumerate(_named(data)):
            where = (*path, "depends_on", index) if isinstance(data["depends_on"], list) else (*path, "depends_on")
            if other not in targets:
                unknown(source, where, other, targets, "a target")
                continue
            circle = [name] if other == name else _way(before, other, name)
            if circle:
                told = " -> ".join((name, *circle))
                source.add(where, f"expected no circle, got {told}", "of two that need each other neither explains the other")
            else:
                before[name].append(other)


def _named(data: Any) -> list[str]:
    """As written; what is no name was reported by the grammar."""
    names = data.get("depends_on") if isinstance(data, dict) else None
    return [name for name in (names if isinstance(names, list) else [names]) if isinstance(name, str)]


def _way(before: Mapping[str, list[str]], start: str, goal: str) -> list[str]:
    """The names from ``start`` to ``goal`` along what they depend on; empty when there is no way."""
    ways, seen = [[start]], {start}
    while ways:
        way = ways.pop()
        if way[-1] == goal:
            return way
        for other in before.get(way[-1], ()):
            if other not in seen:
                seen.add(other)
                ways.append([*way, other])
    return []
