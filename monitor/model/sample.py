"""One instant of one series, as rules see it."""

from dataclasses import dataclass
from typing import NamedTuple

from monitor.model.outcome import Outcome
from monitor.model.result import Phases


class Series(NamedTuple):
    """What a detector follows: one check, in one stratum, from one location; ``step`` is "" for the whole run."""

    check: str
    target: str
    stratum: str
    location: str
    step: str = ""


@dataclass(slots=True)
class Sample:
    """``good`` is None when nothing was measured: no detector may take that for health or for failure."""

    series: Series
    at: float  # when the run was due: the instant a fault is dated to
    seen: float  # when the result was in
    good: bool | None
    outcome: Outcome
    seconds: float | None = None  # latency; None when it is not evidence (failed, suspect)
    run_id: str = ""
    message: str = ""
    expires: float | None = None  # earliest certificate expiry seen
    slot: int = 0
    phases: Phases | None = None  # of a step's sample; None for a whole run, and when latency is not evidence
    traits: tuple[tuple[str, str], ...] = ()  # what the gateway shows of itself: certificate, header names, shape of its answer
    code: str = ""  # the gateway's own word for its answer: a decline code
    extra: bool = False  # asked for under suspicion, off the grid
    pending: bool = False  # of a run still under way, which counts as failed already; its end comes with the same ``at``
