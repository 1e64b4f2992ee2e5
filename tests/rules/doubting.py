"""The smallest detector that does what the statistical ones do: doubts, asks for more, says how much is wrong, learns what is normal."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import PrivateAttr

from monitor.detectors import CALM, HEALTHY, State, Suspicion, Verdict
from monitor.detectors.base import DetectorModel
from monitor.detectors.baseline import Baseline, Benign
from monitor.model.check import Check
from monitor.model.sample import Sample
from monitor.model.text import Text

NOTHING = Benign(0.0, 1.0, 0.0)


def baseline(p0: float) -> Baseline:
    """Nothing but a rate of failures."""
    return Baseline(
        since=0.0,
        until=1.0,
        samples=1_000,
        failures=1,
        p0=p0,
        answered=0.5,
        transients=NOTHING,
        blips=NOTHING,
        medians={},
    )


class Doubting(DetectorModel):
    """Counts failures of all locations since the last ``healed`` good samples; alarms at ``needed`` times the family's size."""

    kind: ClassVar[str] = "doubting"
    pools_locations: ClassVar[bool] = True
    takes_extra: ClassVar[bool] = True

    needed: int = 4
    healed: int = 2
    _usual: float = PrivateAttr(0.0)

    def tailored(self, check: Check, every_seconds: float, family: int = 1) -> Self | None:
        return self.model_copy(update={"needed": self.needed * family})

    def informed(self, known: Baseline | None) -> Self:
        copy = self.model_copy()
        copy._usual = known.p0 if known else 0.0
        return copy

    def describe(self, state: State) -> Mapping[str, str]:
        return {"failures": str(state[0]), "usual": f"{self._usual:g}"}

    def start(self) -> State:
        return [0, 0, 0, {}]  # failures, good ones since, samples since the first failure, failures by place

    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]:
        bad, good, count, places = state
        if sample.good:
            good += 1
            count += bool(bad)
            state = [0, 0, 0, {}] if good >= self.healed else [bad, good, count, places]
        else:
            place = sample.series.location
            state = [bad + 1, 0, count + 1, {**places, place: places.get(place, 0) + 1}]
        return state, self._judge(state, sample)

    def _judge(self, state: State, sample: Sample) -> Verdict:
        bad, good, count, places = state
        if not bad:
            return HEALTHY
        if bad < self.needed:
            return CALM if good else Verdict(alarm=False, recovered=False, suspicion=Suspicion(0.5))
        share, where = bad / count - self._usual, tuple(sorted(places))
        since, between = sample.at - 30.0, (sample.at - 32.0, sample.at - 28.0)
        said = Text(f"{bad} failed", f"{bad} 次失败")
        return Verdict(alarm=True, recovered=False, since=since, between=between, summary=said, share=share, places=where)
