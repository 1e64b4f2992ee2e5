"""Who is told of an incident first, and who next while nobody acknowledges it."""

from collections.abc import Mapping
from typing import Protocol

from monitor.model.alert import Severity

#: One step of a route: after how many seconds without acknowledgement, and which desks.
Step = tuple[float, tuple[str, ...]]


class Routes(Protocol):
    """Pure: the same question has the same answer.

    ``labels`` are an incident's ``target``, its ``checks`` with commas between them, its ``group``, and once it is triaged its ``layer``.
    """

    def first(self, severity: Severity, labels: Mapping[str, str], at: float) -> tuple[str, ...] | None:
        """Desks told as soon as it opens. None: every desk there is; empty: nobody yet, and the question is asked again."""

    def steps(self, severity: Severity, labels: Mapping[str, str], at: float) -> tuple[Step, ...]:
        """What follows, in order of time."""


class EveryDesk:
    """Without routes every desk is told at once, and nobody is left to escalate to."""

    def first(self, severity: Severity, labels: Mapping[str, str], at: float) -> tuple[str, ...] | None:
        return None

    def steps(self, severity: Severity, labels: Mapping[str, str], at: float) -> tuple[Step, ...]:
        return ()
