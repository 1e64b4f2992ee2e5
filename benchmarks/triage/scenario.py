"""What one row of the bench is: a fault, where and when, and what a right verdict says of it."""

from dataclasses import dataclass
from typing import Any

from benchmarks.triage.breaks import Break
from monitor.model.triage import Layer, Symptom

#: A verdict of a quiet scenario may name a layer only with less confidence than this.
CONFIDENT = 0.5
DURING = "xxxxxxxx"


@dataclass(frozen=True, slots=True)
class Scenario:
    """``course`` has a letter for every round from the onset on, half a minute apart: ``x`` the fault is there, ``.`` it is not.

    ``right`` are the layers that a right verdict may name, the fault's own first; more than one only where nobody outside could tell
    them apart, and ``why`` says so. ``where``: the part that is hit, in any of these spellings; none where the whole is. ``quiet``: nothing that a person
    should act on.
    """

    id: str
    mode: str  # of the failure modes in docs/triage-benchmark.md: "F11"
    fault: str
    gateway: str  # "mastercard", "stripe"
    breaks: tuple[Break, ...]
    right: tuple[Layer, ...]
    at: tuple[str, ...] = ()  # the locations that are hit; none: all there are
    places: int = 1
    where: frozenset[str] = frozenset()
    quiet: bool = False
    why: str = ""
    symptom: Symptom = Symptom.FAILING
    before: int = 8  # good rounds
    course: str = DURING
    from_start: tuple[Break, ...] = ()  # how this world is, before anything breaks
    asked_from: str = ""  # the location that examines; the first that is hit when empty

    def is_right(self, layer: Layer, confidence: float) -> bool:
        if self.quiet:
            return layer in self.right or confidence < CONFIDENT
        return layer in self.right

    def is_confidently_wrong(self, layer: Layer, confidence: float) -> bool:
        return not self.is_right(layer, confidence) and confidence >= CONFIDENT


def row(
    id: str,  # noqa: A002 - it is one
    mode: str,
    fault: str,
    gateway: str,
    *breaks: Break,
    right: Layer | tuple[Layer, ...],
    where: str | tuple[str, ...] = (),
    **more: Any,
) -> Scenario:
    """One scenario, in short."""
    layers = (right,) if isinstance(right, Layer) else right
    parts = frozenset([where] if isinstance(where, str) else where)
    return Scenario(id, mode, fault, gateway, breaks, layers, where=parts, **more)


def quiet(id: str, mode: str, fault: str, gateway: str, *breaks: Break, **more: Any) -> Scenario:  # noqa: A002
    """One in which nobody has anything to do."""
    return row(id, mode, fault, gateway, *breaks, right=(Layer.NONE, Layer.UNKNOWN), quiet=True, **more)
