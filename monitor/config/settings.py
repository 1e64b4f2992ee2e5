"""A configuration as values: what the rest of the house is built from. Made by ``load`` only, and whole."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from monitor.deadlines.targets import Deadlines
from monitor.model.calendar import Recurring
from monitor.model.check import Check, Step, Target
from monitor.model.incident import Window, WindowKind
from monitor.model.secret import Secret
from monitor.routing import Routes
from monitor.rules.rule import Rule

#: Who is named as the author of a window that the configuration brought.
AUTHOR = "configuration"


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """``url`` is a Secret: such addresses carry their token in the path."""

    url: Secret
    every_seconds: float = 30.0
    allow_private: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Service:
    """The service's own settings. Paths are absolute or relative to the working directory, never to the file."""

    install: str
    location: str
    data: Path
    host: str
    port: int
    auth_token: Secret | None
    tls_cert_file: str | None
    tls_key_file: str | None
    behind_proxy: bool
    max_in_flight: int
    heartbeat: Heartbeat | None
    keep_results_seconds: float
    keep_evidence_seconds: float
    reopen_seconds: float
    second_resolver: str = ""  # address and port of another name server than the machine's own; "": none
    triage: bool = True  # whether a suspicion is looked into by asking
    regulators: tuple[str, ...] = ()  # regimes, for targets that name none of their own


@dataclass(frozen=True, slots=True)
class DeskConfig:
    """One ticket desk: the kind of connector and its validated options."""

    kind: str
    options: BaseModel


@dataclass(frozen=True, slots=True)
class Maintenance:
    """One agreed window, once (``starts``, ``ends``: UTC seconds) or ``recurring``."""

    id: str
    reason: str
    checks: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    recurring: Recurring | None = None
    starts: float = 0.0
    ends: float = 0.0

    def windows(self, since: float, until: float) -> list[Window]:
        """Its windows that touch [since, until), oldest first."""
        if self.recurring:
            spans = self.recurring.occurrences(since, until)
            return [self._window(f"{self.id}-{int(starts)}", starts, ends) for starts, ends in spans]
        return [self._window(self.id, self.starts, self.ends)] if self.starts < until and self.ends > since else []

    def _window(self, name: str, starts: float, ends: float) -> Window:
        return Window(name, WindowKind.MAINTENANCE, starts, ends, AUTHOR, self.reason, self.checks, self.targets)


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the files say.

    ``version`` names their exact bytes; ``files`` are the ones read, the main one first; ``secrets`` are all that they refer to,
    so that no sink shows one.
    """

    path: Path
    service: Service
    targets: Mapping[str, Target]
    checks: Mapping[str, Check]
    rules: tuple[Rule, ...]
    desks: Mapping[str, DeskConfig] = field(default_factory=dict)
    maintenance: tuple[Maintenance, ...] = ()
    deadlines: Deadlines = field(default_factory=Deadlines)
    routes: Routes = field(default_factory=Routes)
    words: Mapping[str, str] = field(default_factory=dict)  # a team's own templates, by name: "body.zh"
    modules: Mapping[str, Step] = field(default_factory=dict)
    secrets: tuple[Secret, ...] = ()
    version: str = ""
    files: tuple[Path, ...] = ()

    def regulators(self, target: str) -> tuple[str, ...]:
        """The regimes under which trouble of ``target`` may have to be reported: its own, or else those of the service."""
        known = self.targets.get(target)
        return known.regulators if known and known.regulators else self.service.regulators

    def windows(self, since: float, until: float) -> list[Window]:
        """Maintenance that touches [since, until), oldest first."""
        found = (window for maintenance in self.maintenance for window in maintenance.windows(since, until))
        return sorted(found, key=lambda window: (window.starts, window.id))
