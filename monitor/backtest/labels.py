"""Labelled windows: the times in which something was truly wrong, as people have written them down."""

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from monitor.backtest.samples import Faults, instant, name, numbered

_KEYS = ("check", "from", "to", "name")


@dataclass(frozen=True, slots=True, order=True)
class Label:
    """Trouble from ``starts`` to ``ends`` (UTC seconds) of every check that the glob ``check`` names."""

    starts: float
    ends: float
    check: str
    name: str

    def covers(self, check: str) -> bool:
        return fnmatchcase(check, self.check)


def read_labels(path: Path) -> tuple[Label, ...]:
    """All windows of a file, oldest first. Raises BadSamples with every line that is not understood."""
    faults = Faults(str(path))
    found: dict[Label, int] = {}
    for number, data in numbered(path, faults):
        try:
            label = _label(data)
        except ValueError as reason:
            faults.add(number, str(reason))
            continue
        earlier = found.setdefault(label, number)
        if earlier != number:
            faults.add(number, f"expected each window once, got the one of line {earlier} again")
    faults.check()
    return tuple(sorted(found))


def _label(data: Any) -> Label:
    if not isinstance(data, dict):
        raise ValueError("expected one JSON object")
    reasons = [f"{key}: expected a key that exists here, possible are {', '.join(_KEYS)}" for key in data if key not in _KEYS]
    found: dict[str, Any] = {}
    for key, read in (("check", name), ("from", instant), ("to", instant), ("name", name)):
        if key == "check" and key not in data:
            found[key] = "*"
            continue
        try:
            found[key] = read(data.get(key))
        except ValueError as reason:
            reasons.append(f"{key}: {reason}")
    if not reasons and found["from"] >= found["to"]:
        reasons.append("to: expected an instant after from")
    if reasons:
        raise ValueError("; ".join(reasons))
    return Label(found["from"], found["to"], found["check"], found["name"])


def labelled_seconds(labels: Iterable[Label], check: str, since: float, until: float) -> float:
    """How much of [since, until) is covered by windows of ``check``, overlaps counted once."""
    total, reached = 0.0, since
    for label in sorted(label for label in labels if label.covers(check)):
        first, last = max(label.starts, reached), min(label.ends, until)
        if last > first:
            total += last - first
            reached = last
    return total
