"""Rules on their own: files of rules read by the configuration's own machinery, without the service that they belong to."""

import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from monitor.config import ConfigError, files
from monitor.config.build_rules import Watched, build_rule
from monitor.config.fields import NAME_EXPECTED, NAME_PATTERN
from monitor.config.live_guard import guard
from monitor.config.problems import Problem, did_you_mean, show
from monitor.config.reader import Refused, read
from monitor.config.secrets import Vault
from monitor.config.source import Source
from monitor.rules import Rule


class _Anything(Collection[str]):
    """Which checks and targets there are is not known here: a rule may name any."""

    def __contains__(self, name: object) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def load_rules(paths: Iterable[Path]) -> tuple[Rule, ...]:
    """All rules of the files, in their order. Raises ConfigError with every problem of all of them."""
    problems: list[Problem] = []
    found: dict[str, Rule | None] = {}
    for path in paths:
        try:
            source = read_source(path)
        except ConfigError as error:
            problems += error.problems
            continue
        _take(source, found)
        problems += source.problems
    if problems:
        raise ConfigError(problems)
    return tuple(rule for rule in found.values() if rule)


def read_source(path: Path) -> Source:
    """The file as a tree that knows where everything stands; its own faults are in ``problems``. Raises ConfigError."""
    try:
        text, _ = files.read_text(path)
    except files.Unreadable as error:
        raise ConfigError([files.whole_file(str(path), str(error))]) from None
    source = Source(str(path), text)
    try:
        source.root = read(text)
    except Refused as refused:
        for line, column, message in refused.faults:
            source.add_at(line, column, "", message)
    guard(source)
    return source


def _take(source: Source, found: dict[str, Rule | None]) -> None:
    data = source.root.data if source.root else None
    if not isinstance(data, dict) or not isinstance(data.get("rules"), dict):
        if source.root:
            source.add(("rules",), f"expected a mapping of names to rules, got {show(data)}")
        return
    for key in data.keys() - {"rules"}:
        source.add((key,), "expected a key that exists here, got an unknown one", did_you_mean(key, ["rules"]), key=True)
    anything = Watched(_Anything(), _Anything())
    for name, block in data["rules"].items():
        path = ("rules", name)
        if not re.match(NAME_PATTERN, name):
            source.add(path, f"{NAME_EXPECTED}, got {show(name)}", key=True)
        elif name in found:
            source.add(path, f'expected each of the rules once, got "{name}" again', key=True)
        else:
            found[name] = build_rule(source, path, block, anything, Vault(Path(source.name).parent, resolve=False))
