"""The family of detectors: pure tests over the samples of one series. State is a value that JSON can carry, and bounded.

Adding a kind: one file with a frozen pydantic model of its options (on ``base.DetectorModel``) whose methods are the detector;
one line in ``table.py``; it inherits ``tests/detectors/detector_contract.py`` (restart between any two samples changes nothing; an
unmeasured sample neither alarms nor heals). Statistical detectors are kinds like any other: what they learn is their state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from monitor.detectors.baseline import Baseline
from monitor.model.check import Check
from monitor.model.sample import Sample
from monitor.model.text import Text

#: JSON-able: None, numbers, strings, lists. At most a few kilobytes.
State = Any


@dataclass(frozen=True, slots=True)
class Suspicion:
    """More samples are wanted, and how soon: the next one ``spacing_seconds`` after the last."""

    spacing_seconds: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """``alarm``: does the evidence stand for trouble now? ``recovered``: is there evidence of health? Neither: no opinion yet.

    ``since`` dates the onset; ``between`` is its 95 % interval, when the detector can say. ``share`` of samples that fail (0 to 1),
    ``slowdown`` as a factor, and ``places`` (locations that carry the evidence): what the trouble looks like, as far as it is seen.
    """

    alarm: bool
    recovered: bool
    since: float | None = None
    summary: Text = Text("")
    evidence: Mapping[str, str] = field(default_factory=dict)
    between: tuple[float, float] | None = None
    share: float | None = None
    slowdown: float | None = None
    places: tuple[str, ...] = ()
    suspicion: Suspicion | None = None


#: Nothing to say, and health: what nearly every sample gets. Shared, because they are given thousands of times a second.
CALM = Verdict(alarm=False, recovered=False)
HEALTHY = Verdict(alarm=False, recovered=True)


class Detector(Protocol):
    """``start``, ``update`` and ``tick`` return new states and never change the one they were given."""

    kind: ClassVar[str]
    pools_locations: ClassVar[bool]  # one state over all locations: it tells a bad place from a bad gateway by itself
    takes_extra: ClassVar[bool]  # runs asked for under suspicion are evidence to it; to what counts by the grid they are not

    def __hash__(self) -> int:
        """Detectors with the same options are the same."""

    def tailored(self, check: Check, every_seconds: float, family: int = 1) -> "Detector | None":
        """The same for one check: what its options leave to the check is filled in.

        ``every_seconds`` is how often the series gets a sample: a stratum's turn comes less often than the check's. ``family`` is how
        many series of the check its rule watches: they share one false-alarm budget. None: there is nothing to watch here.
        """

    def informed(self, baseline: Baseline | None) -> "Detector":
        """The same, told what is normal for its series. States of the one mean the same to the other."""

    def patience(self, location: str, at: float) -> float | None:
        """After how many seconds a run that was due at ``at`` counts as failed though it is still under way; None: not before its end.

        A detector that says so is given one failed sample then, marked ``pending``, and must not count the run's own, of the same
        location and the same ``at``, again.
        """

    def describe(self, state: State) -> Mapping[str, str]:
        """Where it stands, for people: score, threshold, what is winning. Empty when there is nothing to tell."""

    def start(self) -> State: ...

    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]: ...

    def tick(self, state: State, at: float) -> tuple[State, Verdict | None]:
        """Time passed without a sample. None: time alone means nothing to this detector."""

    def deadline(self, state: State) -> float | None:
        """The instant from which ``tick`` may have something to say; None: never."""
