"""Reading a set of files so that it is one state of the disk: never half of an editor's write, never half of a swapped symlink."""

import glob
import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from monitor.config.problems import Problem
from monitor.config.reader import MAX_BYTES

#: More files than this come from a wrong glob.
MAX_FILES = 1_000
#: How many characters of the digest name a configuration: enough to tell any two of an installation apart.
VERSION_DIGITS = 12


class Signature(NamedTuple):
    """What tells one state of a file from another."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int


class Unreadable(Exception):  # noqa: N818 - says what the file is
    """A file that cannot be read, with the reason in words."""


def read_text(path: Path) -> tuple[str, Signature]:
    """The whole file as text, and the state of the very file that was read. Raises Unreadable."""
    try:
        # O_NONBLOCK: a pipe in the place of a file must not hang a reload.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            facts = os.fstat(descriptor)
            if not stat.S_ISREG(facts.st_mode):
                raise Unreadable("expected a regular file")
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"expected a readable file: {error.strerror}") from None
    if len(content) > MAX_BYTES:
        raise Unreadable(f"expected at most {MAX_BYTES >> 20} MiB of YAML")
    try:
        return content.decode("utf-8-sig"), _signature(facts)
    except UnicodeDecodeError as error:
        raise Unreadable(f"expected UTF-8, got the byte 0x{content[error.start]:02x} at offset {error.start}") from None


def included(base: Path, patterns: Iterable[str]) -> list[Path]:
    """Files that the globs name, in a stable order. Raises Unreadable when there are too many."""
    found: dict[Path, None] = {}
    for pattern in patterns:
        for name in glob.iglob(pattern, root_dir=base, recursive=True):  # noqa: PTH207 - Path.glob refuses absolute patterns
            found[base / name] = None
            if len(found) > MAX_FILES:
                raise Unreadable(f"expected at most {MAX_FILES:,} files, got more from {pattern}")
    return sorted(found)


def signature(path: Path) -> Signature | None:
    """None: there is no such file."""
    try:
        return _signature(path.stat())
    except OSError:
        return None


def _signature(facts: os.stat_result) -> Signature:
    return Signature(facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)


def version(texts: Mapping[str, str]) -> str:
    """Names the exact contents of a set of files, whatever directory they lie in."""
    digest = hashlib.sha256()
    for name, text in sorted(texts.items()):
        for part in (name, text):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.hexdigest()[:VERSION_DIGITS]


def whole_file(name: str, message: str, hint: str = "") -> Problem:
    return Problem(name, 0, 0, "", message, hint)
