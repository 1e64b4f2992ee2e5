"""All files of a configuration, parsed, as they were at one moment."""

import glob
import time
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from monitor.config import faults, files
from monitor.config.live_guard import guard
from monitor.config.problems import ConfigError, Problem
from monitor.config.reader import Refused, read
from monitor.config.service_grammar import Include
from monitor.config.source import Source
from monitor.incidents.words.shipped import SUFFIX

#: An editor writes a file in place within milliseconds, and a file's times tick as coarsely as 10 ms: what was touched within this
#: time may be half of something, and is read once more.
SETTLE_SECONDS = 0.1
#: Files that still change after so many readings are not being edited.
READINGS_MAX = 10


@dataclass
class Snapshot:
    """``main`` and what it includes. Problems found while reading are in the sources, or in ``problems`` where there is no source."""

    main: Source
    checks: list[Source] = field(default_factory=list)
    rules: list[Source] = field(default_factory=list)
    words: list[Source] = field(default_factory=list)  # templates: texts without a tree
    problems: list[Problem] = field(default_factory=list)
    signatures: dict[Path, files.Signature | None] = field(default_factory=dict)

    @property
    def sources(self) -> list[Source]:
        return [self.main, *self.checks, *self.rules, *self.words]

    @property
    def complete(self) -> bool:
        """Everything is there that somebody may refer to."""
        return not self.problems and all(source.root for source in (self.main, *self.checks, *self.rules))


def take(path: Path) -> Snapshot:
    """Read until the disk stood still meanwhile. Raises ConfigError when there is no main file, or no end to the changes."""
    for _ in range(READINGS_MAX):
        snapshot = _read_all(path)
        if snapshot.signatures == _signatures(path, snapshot) and not _fresh(snapshot):
            return snapshot
        time.sleep(SETTLE_SECONDS)
    raise ConfigError([files.whole_file(str(path), "expected files at rest, got files that change while they are read")])


def _read_all(path: Path) -> Snapshot:
    try:
        text, signature = files.read_text(path)
    except files.Unreadable as error:
        raise ConfigError([files.whole_file(str(path), str(error))]) from None
    main = _parsed(str(path), text)
    snapshot = Snapshot(main, signatures={path: signature})
    include = _include(main)
    snapshot.checks = _included(snapshot, path.parent, "checks", include)
    snapshot.rules = _included(snapshot, path.parent, "rules", include)
    _add_words(snapshot, path.parent)
    return snapshot


def _fresh(snapshot: Snapshot) -> bool:
    """Somebody may still be writing. A time in the future is another machine's clock, and says nothing."""
    now = time.time_ns()
    ages = (now - signature.modified_ns for signature in snapshot.signatures.values() if signature)
    return any(0 <= age < SETTLE_SECONDS * 1e9 for age in ages)


def _signatures(path: Path, snapshot: Snapshot) -> dict[Path, files.Signature | None]:
    """Of the files that would be read now."""
    include = _include(Source(snapshot.main.name, snapshot.main.text, snapshot.main.root))
    try:
        names = {*files.included(path.parent, include.checks), *files.included(path.parent, include.rules)}
        names |= {*_word_files(path.parent, snapshot.main)}
    except files.Unreadable:
        names = set()
    return {name: files.signature(name) for name in (path, *names)}


def _parsed(name: str, text: str) -> Source:
    source = Source(name, text)
    try:
        source.root = read(text)
    except Refused as refused:
        for line, column, message in refused.faults:
            source.add_at(line, column, "", message)
    guard(source)
    return source


def _include(main: Source) -> Include:
    data = main.root.data.get("include") if main.root and isinstance(main.root.data, dict) else None
    try:
        return Include.model_validate({} if data is None else data)
    except ValidationError as error:
        faults.report(main, error, ("include",), Include)
        return Include(checks=[], rules=[])


def _included(snapshot: Snapshot, base: Path, key: str, include: Include) -> list[Source]:
    patterns: list[str] = getattr(include, key)
    found: dict[Path, Source] = {}
    for index, pattern in enumerate(patterns):
        try:
            names = files.included(base, [pattern])
        except files.Unreadable as error:
            snapshot.main.add(("include", key, index), str(error))
            continue
        # The patterns that hold when nothing is said may match nothing; one that somebody wrote is a promise.
        if not names and key in include.model_fields_set:
            snapshot.main.add(("include", key, index), f'expected files that match "{pattern}", got none')
        for name in names:
            if name not in found and name not in snapshot.signatures:
                _add(snapshot, found, name)
    return list(found.values())


def _word_files(base: Path, main: Source) -> list[Path]:
    """A team's templates. Raises Unreadable."""
    block = main.root.data.get("words") if main.root and isinstance(main.root.data, dict) else None
    folder = block.get("dir") if isinstance(block, dict) else None
    return files.included(base, [f"{glob.escape(folder)}/*{SUFFIX}"]) if isinstance(folder, str) and folder else []


def _add_words(snapshot: Snapshot, base: Path) -> None:
    try:
        names = _word_files(base, snapshot.main)
    except files.Unreadable as error:
        snapshot.main.add(("words", "dir"), str(error))
        return
    for name in names:
        try:
            text, snapshot.signatures[name] = files.read_text(name)
            snapshot.words.append(Source(str(name), text))
        except files.Unreadable as error:
            snapshot.signatures[name] = files.signature(name)
            snapshot.problems.append(files.whole_file(str(name), str(error)))


def _add(snapshot: Snapshot, found: dict[Path, Source], name: Path) -> None:
    try:
        text, snapshot.signatures[name] = files.read_text(name)
        found[name] = _parsed(str(name), text)
    except files.Unreadable as error:
        snapshot.signatures[name] = files.signature(name)
        snapshot.problems.append(files.whole_file(str(name), str(error)))
