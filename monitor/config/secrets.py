"""Credentials by reference: ``${env:NAME}`` and ``${file:path}``, as a whole value, where a secret is expected and nowhere else.

What a reference leads to is never part of a message. Files must be the owner's alone.
"""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from monitor.config.problems import show
from monitor.config.source import Path as Location
from monitor.config.source import Source
from monitor.model.secret import Secret

#: The longest credential in use is a PEM chain; anything larger is the wrong file.
MAX_SECRET_BYTES = 64 << 10
#: Stands for a secret while only the form of a configuration is looked at; long enough for every kind's own rules.
UNRESOLVED = "unresolved-secret"
REFERENCE = re.compile(r"\$\{(env|file):([^{}]+)\}")
ADVICE = 'write "${env:NAME}" or "${file:path}" instead'
_SHARED = stat.S_IRWXG | stat.S_IRWXO


class Vault:
    """Follows references. ``base`` is what file references are relative to; with ``resolve`` off nothing is opened."""

    def __init__(self, base: Path, *, resolve: bool = True, environ: Mapping[str, str] | None = None) -> None:
        self.base = base
        self.resolve = resolve
        self.environ = os.environ if environ is None else environ
        self.secrets: list[Secret] = []  # everything handed out

    def secret(self, written: object) -> Secret:
        """What a reference leads to. Raises ValueError with a sentence that holds nothing of a literal."""
        match = REFERENCE.fullmatch(written) if isinstance(written, str) else None
        if match is None:
            raise ValueError("expected a reference to a secret, got a literal")
        if not self.resolve:
            return Secret(UNRESOLVED, str(written))
        value = self._from_environment(match[2]) if match[1] == "env" else self._from_file(match[2])
        self.secrets.append(Secret(value, str(written)))
        return self.secrets[-1]

    def file(self, source: Source, path: Location, name: str) -> str:
        """A path as the operator wrote it, relative to the configuration. Reports one that cannot be read."""
        found = self.base / name
        if self.resolve and not os.access(found, os.R_OK):
            source.add(path, f"expected a readable file, got {show(name)}")
        return str(found)

    def _from_environment(self, name: str) -> str:
        value = self.environ.get(name, "")
        if not value:
            raise ValueError(f"expected the environment variable {name}, got none or an empty one")
        return value

    def _from_file(self, name: str) -> str:
        path = self.base / name
        try:
            content = _read_private(path)
        except OSError as error:
            raise ValueError(f"expected a readable secret file {name}: {error.strerror or error}") from None
        try:
            value = content.decode().strip("\r\n")
        except UnicodeDecodeError:
            raise ValueError(f"expected text in the secret file {name}, got something that is not UTF-8") from None
        if not value:
            raise ValueError(f"expected a secret in the file {name}, got an empty file")
        return value


def _read_private(path: Path) -> bytes:
    # O_NONBLOCK: a pipe somebody put there must not hang the start. Looked at by its descriptor: no swap between look and read.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(descriptor)
        if not stat.S_ISREG(facts.st_mode):
            raise OSError("not a regular file")
        if facts.st_mode & _SHARED:
            raise OSError(f"its mode {stat.S_IMODE(facts.st_mode):04o} lets others in; expected 0600 or 0400")
        content = file.read(MAX_SECRET_BYTES + 1)
    if len(content) > MAX_SECRET_BYTES:
        raise OSError(f"larger than {MAX_SECRET_BYTES >> 10} KiB")
    return content


def fill(source: Source, path: Location, model: type[BaseModel], data: Any, vault: Vault) -> Any:
    """``data`` with every field that ``model`` types as Secret replaced by one, and every path (``..._file``) made relative to us.

    Problems are reported; a placeholder then stands for the value, so that the rest is still looked at.
    """
    if not isinstance(data, dict):
        return data
    filled = {key: _path(source, (*path, key), value, vault) if key.endswith("_file") else value for key, value in data.items()}
    for name, kind in _fields(model):
        if name not in filled or filled[name] is None:
            continue
        if kind is Secret:
            _fill_one(source, (*path, name), filled, name, vault)
        else:
            filled[name] = fill(source, (*path, name), kind, filled[name], vault)
    return filled


def _fill_one(source: Source, path: Location, filled: dict[str, Any], name: str, vault: Vault) -> None:
    try:
        filled[name] = vault.secret(filled[name])
    except ValueError as error:
        referred = isinstance(filled[name], str) and REFERENCE.fullmatch(filled[name])
        source.add(path, str(error), "" if referred else ADVICE, hide=True)
        filled[name] = Secret(UNRESOLVED)


def _path(source: Source, path: Location, value: Any, vault: Vault) -> Any:
    return vault.file(source, path, value) if isinstance(value, str) else value


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """The fields that are secrets, or models that may hold some."""
    for name, field in model.model_fields.items():
        for part in _parts(field.annotation):
            if part is Secret or (isinstance(part, type) and issubclass(part, BaseModel)):
                yield field.alias or name, part


def _parts(annotation: Any) -> Iterable[Any]:
    """A type and everything it is made of: ``Secret | None`` holds a Secret."""
    yield annotation
    for part in getattr(annotation, "__args__", ()):
        yield from _parts(part)
