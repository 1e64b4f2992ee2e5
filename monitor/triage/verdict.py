"""What was decided, before it is put into words."""

from dataclasses import dataclass

from monitor.model.triage import Layer
from monitor.triage.doubts import Objection
from monitor.triage.sign import Sign
from monitor.triage.weights import Cause


@dataclass(frozen=True, slots=True)
class Verdict:
    """``sign`` is what it stands on; of an undecided one, what came nearest. None where nothing fails."""

    cause: Cause
    layer: Layer
    where: str
    confidence: float
    sign: Sign | None
    objections: tuple[Objection, ...] = ()
    likely: tuple[tuple[Layer, float], ...] = ()
