"""One version of what was found normal for one series of a check."""

from dataclasses import dataclass
from enum import StrEnum

from monitor.model.text import Text


class Force(StrEnum):
    """Whether a version is used."""

    ADOPTED = "adopted"
    HELD = "held"  # so unlike the one in force that it waits until later ones agree: an incident must not become the norm


@dataclass(frozen=True, slots=True)
class Learned:
    """``body`` is JSON that only the learner reads. ``version`` counts the fits of a series, held ones too."""

    check: str
    stratum: str
    version: int
    at: float  # when it was fitted
    force: Force
    note: Text  # what is remarkable about it; empty: nothing
    body: str
