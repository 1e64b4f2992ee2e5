"""What a layer's rule returns when its layer fails."""

from dataclasses import dataclass

from monitor.model.triage import Layer, Observation
from monitor.triage.weights import CAUSES, Cause


@dataclass(frozen=True, slots=True)
class Sign:
    """``shown`` are the observations that it stands on; ``confirmed`` counts experiments that agree without having to."""

    cause: Cause
    shown: tuple[Observation, ...]
    where: str = ""
    amount: int = 1  # runs and requests that show it
    confirmed: int = 0
    firm: bool = False  # one observation is enough: an answer that does not come by chance
    now: bool = False  # it was seen just now

    @property
    def layer(self) -> Layer:
        return CAUSES[self.cause].layer
