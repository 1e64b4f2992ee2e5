"""The one place that knows every kind of everything: probes, signers, desks, detectors, dialects."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

from monitor.config import faults, secrets
from monitor.config.problems import did_you_mean, show
from monitor.config.source import Path, Source
from monitor.connectors.table import KINDS as CONNECTORS
from monitor.detectors.table import KINDS as DETECTORS
from monitor.probes.table import KINDS as PROBES
from monitor.signers.table import KINDS as SIGNERS
from monitor.transactions.dialects import DIALECTS

_Model = TypeVar("_Model", bound=BaseModel)

__all__ = ["CONNECTORS", "DETECTORS", "DIALECTS", "PROBES", "SIGNERS", "one_kind", "options"]


def one_kind(source: Source, path: Path, data: Any, kinds: Iterable[str], what: str) -> str | None:
    """The single key of ``data``, when it names a kind. Reports otherwise."""
    known = sorted(kinds)
    if not isinstance(data, dict) or len(data) != 1:
        got = f"{len(data)} keys" if isinstance(data, dict) else show(data)
        source.add(path, f"expected one kind of {what} with its options, got {got}", f"possible here: {', '.join(known)}")
        return None
    kind = str(next(iter(data)))
    if kind not in known:
        source.add((*path, kind), f"expected a kind of {what}, got {show(kind)}", did_you_mean(kind, known), key=True)
        return None
    return kind


def options(
    source: Source,
    path: Path,
    model: type[_Model],
    data: Any,
    vault: secrets.Vault,
    *,
    stand_ins: Mapping[str, Any] | None = None,
) -> _Model | None:
    """The options of one kind, its secrets in place. What is wrong is reported; the rest can still be looked at."""
    prepared = secrets.fill(source, path, model, {} if data is None else data, vault)
    return faults.read_block(source, path, model, prepared, stand_ins=stand_ins)


def unknown(source: Source, path: Path, name: object, known: Mapping[str, Any] | Iterable[str], what: str) -> None:
    """Report a reference to something that does not exist."""
    source.add(path, f"expected the name of {what}, got {show(name)}", did_you_mean(name, known))
