"""So many failures in a row: the plainest rule, blind to partial failures by its nature.

At a failure share p, the chance that three given runs all fail is p cubed: one in a thousand at 10 %. Put ``k_of_n`` beside it.
"""

from typing import ClassVar

from pydantic import Field

from monitor.detectors import CALM, HEALTHY, State, Verdict
from monitor.detectors.base import CountingModel, Entries, remember, trailing
from monitor.model.sample import Sample
from monitor.model.text import Text

#: A longer run of failures is no detection any more.
LONGEST = 100
_GOOD, _BAD = 1, 0


class Consecutive(CountingModel):
    """Alarm after ``failures`` bad samples in a row; healthy again after ``successes`` good ones in a row."""

    kind: ClassVar[str] = "consecutive"

    failures: int = Field(default=3, ge=1, le=LONGEST)
    successes: int = Field(default=3, ge=1, le=LONGEST)

    def start(self) -> State:
        return [None, []]  # onset of the failures at the end, the newest samples

    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]:
        good = self.weigh(sample)
        if good is None:
            return state, self._judge(state)
        entries = remember(state[1], sample.at, _GOOD if good else _BAD, max(self.failures, self.successes))
        state = [self._onset(state[0], entries), entries]
        return state, self._judge(state)

    def _onset(self, known: float | None, entries: Entries) -> float | None:
        """Known longer than its sample is remembered: an outage outlives the list."""
        bad = trailing(entries, _BAD)
        if not bad:
            return None
        first = entries[-bad][0]
        return known if known is not None and known < first and bad == len(entries) else first

    def _judge(self, state: State) -> Verdict:
        since, entries = state
        if trailing(entries, _GOOD) >= self.successes:
            return HEALTHY
        bad = trailing(entries, _BAD)
        if bad < self.failures:
            return CALM
        return Verdict(alarm=True, recovered=False, since=since, summary=self._summary(), evidence={"in_a_row": str(bad)})

    def _summary(self) -> Text:
        if self.failures == 1:
            return Text("it failed, and once is enough here", "发生失败（此规则一次即告警）")
        return Text(f"at least {self.failures} in a row failed", f"连续失败至少 {self.failures} 次")
