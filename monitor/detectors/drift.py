"""The gateway shows another face: a certificate from another issuer or with another key, other headers, another shape of its answer.

None of it is trouble. All of it is what a deployment, a failover to another site or somebody in the middle looks like, minutes before
the rest is seen: a sign to read beside other alarms, at the lowest severity. Gateways have several faces on a quiet day (nodes,
brands, optional fields), so each of the usual ones is known, and news is only what comes back again and again.
"""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from monitor.detectors import CALM, HEALTHY, State, Verdict
from monitor.detectors.base import DetectorModel
from monitor.model.durations import iso
from monitor.model.outcome import Outcome
from monitor.model.sample import Sample
from monitor.model.text import Text
from monitor.model.traits import ELLIPSIS, LISTED, Trait
from monitor.model.units import Duration

#: Faces known of one trait: nodes behind a balancer, brands with fields of their own. The one seen longest ago makes room.
FACES_MAX = 8
#: Traits followed apart; headers and schema are followed for each outcome, since a decline looks unlike an approval.
LINES_MAX = 5
#: A new face not seen in so many samples was a passing one, or was taken back.
PATIENCE = 50
#: Longest sentence about what changed.
CHANGE_MAX = 120

_Traits = Annotated[tuple[Trait, ...], AfterValidator(lambda traits: tuple(sorted(set(traits), key=list(Trait).index)))]


class Drift(DetectorModel):
    """Alarm when a trait that was settled for ``settled`` samples has shown a new face ``confirm`` times.

    It stands for ``stands``: then the new face is one of the usual ones, and the alarm is over. One alarm a change.
    """

    kind: ClassVar[str] = "drift"

    traits: _Traits = Field(default=tuple(Trait), min_length=1)
    settled: int = Field(default=50, ge=2, le=10_000)
    confirm: int = Field(default=3, ge=1, le=PATIENCE)
    stands: Duration = Field(default="1h", gt=0, validate_default=True)

    def start(self) -> State:
        # by trait (and outcome): samples, hashes of the known faces with the newest last, the newest known text, and the new face:
        # its hash, what changed, how often it was seen, since when, samples without it
        return {}

    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]:
        if sample.good is None:
            return state, self._judge(state)
        lines = dict(state)
        for name, text in sample.traits:
            if name not in self.traits:
                continue
            if name in LISTED:
                if not sample.good or sample.outcome is Outcome.CONTRACT_VIOLATION:
                    continue  # an error page has other headers and another shape, and other rules to tell of it
                name = f"{name} {sample.outcome.value}"
            if name in lines or len(lines) < LINES_MAX:
                lines[name] = self._next(name, lines.get(name), text, sample.at)
        return lines, self._judge(lines)

    def _next(self, name: str, line: list[Any] | None, text: str, at: float) -> list[Any]:
        face = text.partition(" ")[0]
        if line is None:
            return [1, [face], text, None]
        samples, known, usual, new = line
        samples = min(samples + 1, self.settled)
        if new and self._stood(new, at):
            known, new = _known(known, new[0]), None
        if face in known:
            if new:
                new = [*new[:-1], new[-1] + 1] if new[-1] < PATIENCE else None
            return [samples, _known(known, face), text, new]
        if samples < self.settled:
            return [samples, _known(known, face), text, None]
        if new is None or (new[0] != face and new[2] < self.confirm):
            new = [face, _change(name, usual, text), 0, at, 0]
        # While one change stands, another waits: it is told when the first has become usual.
        new = [*new[:2], new[2] + 1, new[3], 0] if new[0] == face else new
        return [samples, known, usual, new]

    def _stood(self, new: list[Any], at: float) -> bool:
        return bool(new[2] >= self.confirm and at - new[3] >= self.stands)

    def _judge(self, state: State) -> Verdict:
        changed = {name: line[3] for name, line in state.items() if line[3] and line[3][2] >= self.confirm}
        if not changed:
            return HEALTHY if state else CALM
        since = min(new[3] for new in changed.values())
        named = ", ".join(changed)
        return Verdict(
            alarm=True,
            recovered=False,
            since=since,
            summary=Text(
                f"the gateway shows another face since {iso(since)}: {_told(changed)}",
                f"自 {iso(since)} 起网关的外在特征发生变化：{_told(changed)}",
            ),
            evidence={"changed": named, **{name: new[1] for name, new in changed.items()}},
        )


def _known(known: list[str], face: str) -> list[str]:
    return known if known[-1] == face else [*(one for one in known if one != face), face][-FACES_MAX:]


def _told(changed: Mapping[str, list[Any]]) -> str:
    return "; ".join(f"{name}: {new[1]}" for name, new in changed.items())


def _change(name: str, before: str, after: str) -> str:
    """``+x-edge -x-old`` for lists, ``CN=R3 -> CN=R10`` for values."""
    (old_hash, _, old), (new_hash, _, new) = before.partition(" "), after.partition(" ")
    told = _difference(old, new) if name.partition(" ")[0] in LISTED else f"{old} -> {new}"
    told = told or f"{old_hash} -> {new_hash}"  # beyond what is shown of it
    return told if len(told) <= CHANGE_MAX else told[: CHANGE_MAX - 1] + ELLIPSIS


def _difference(before: str, after: str) -> str:
    """Of lists cut off, only the stretch that both show can be compared."""
    old, new = before.split(), after.split()
    ends = [words[-2] if len(words) > 1 else "" for words in (old, new) if words and words[-1].endswith(ELLIPSIS)]
    old, new = ([word for word in words if not ends or word <= min(ends)] for words in (old, new))
    gone, come = sorted(set(old) - set(new)), sorted(set(new) - set(old))
    return " ".join([*(f"+{word}" for word in come), *(f"-{word}" for word in gone)])
