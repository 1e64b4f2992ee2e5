"""A rule under suspicion asks for more samples than the grid gives."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    """More runs of ``check``, ``spacing_seconds`` apart, from now until it is withdrawn.

    ``stratum`` "" leaves the rotation as it is. ``step`` is the step under suspicion, so that no more is sent than it needs; "" when
    it is the run as a whole.
    """

    rule: str
    check: str
    stratum: str
    step: str
    spacing_seconds: float
