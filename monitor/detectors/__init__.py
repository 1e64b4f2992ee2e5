"""The family of detectors: pure tests over the samples of one series. State is a value that JSON can carry, and bounded.

Adding a kind: one file with a frozen pydantic model of its options (on ``base.DetectorModel``) whose methods are the detector;
one line in ``table.py``; it inherits ``tests/detectors/detector_contract.py`` (restart between any two samples changes nothing; an
unmeasured sample neither alarms nor heals). Statistical detectors are kinds like any other: what they learn is their state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from monitor.model.check import Check
from monitor.model.sample import Sample
from monitor.model.text import Text

#: JSON-able: None, numbers, strings, lists. At most a few kilobytes.
State = Any


@dataclass(frozen=True, slots=True)
class Verdict:
    """``alarm``: does the evidence stand for trouble now? ``recovered``: is there evidence of health? Neither: no opinion yet.

    ``since`` dates the onset: the due instant of the first sample of the trouble.
    """

    alarm: bool
    recovered: bool
    since: float | None = None
    summary: Text = Text("")
    evidence: Mapping[str, str] = field(default_factory=dict)


#: Nothing to say, and health: what nearly every sample gets. Shared, because they are given thousands of times a second.
CALM = Verdict(alarm=False, recovered=False)
HEALTHY = Verdict(alarm=False, recovered=True)


class Detector(Protocol):
    """``start``, ``update`` and ``tick`` return new states and never change the one they were given."""

    kind: ClassVar[str]

    def __hash__(self) -> int:
        """Detectors with the same options are the same."""

    def tailored(self, check: Check, every_seconds: float) -> "Detector | None":
        """The same for one check: what its options leave to the check is filled in.

        ``every_seconds`` is how often the series gets a sample: a stratum's turn comes less often than the check's.
        None: there is nothing to watch here.
        """

    def start(self) -> State: ...

    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]: ...

    def tick(self, state: State, at: float) -> tuple[State, Verdict | None]:
        """Time passed without a sample. None: time alone means nothing to this detector."""

    def deadline(self, state: State) -> float | None:
        """The instant from which ``tick`` may have something to say; None: never."""
