"""A certificate of the chain runs out soon. One level a rule: a ladder of 30, 14, 7 and 2 days is four rules."""

from typing import ClassVar

from pydantic import Field

from monitor.detectors import CALM, HEALTHY, State, Verdict
from monitor.detectors.base import DetectorModel
from monitor.model.durations import duration_text, iso
from monitor.model.sample import Sample
from monitor.model.text import Text
from monitor.model.units import Duration


class Expiry(DetectorModel):
    """Alarm when the earliest expiry seen in a handshake is less than ``within`` away; healthy when a later one is seen.

    A failed run that got as far as the handshake is evidence too: what is read here is the certificate.
    """

    kind: ClassVar[str] = "expiry"

    within: Duration = Field(default=30 * 86_400.0, gt=0)

    def start(self) -> State:
        return None  # [onset, expiry] while alarmed

    def update(self, state: State, sample: Sample) -> tuple[State, Verdict]:
        if sample.good is None or sample.expires is None:
            return state, self._judge(state, sample.at)
        if sample.expires - sample.at > self.within:
            return None, HEALTHY
        state = [state[0] if state else sample.at, sample.expires]
        return state, self._judge(state, sample.at)

    def _judge(self, state: State, at: float) -> Verdict:
        if state is None:
            return CALM
        since, expires = state
        left = expires - at
        length = duration_text(abs(left))
        if left > 0:
            summary = Text(f"the certificate expires in {length.en}", f"证书将在 {length.zh}后到期")
        else:
            summary = Text(f"the certificate expired {length.en} ago", f"证书已过期 {length.zh}")
        return Verdict(alarm=True, recovered=False, since=since, summary=summary, evidence={"expires": iso(expires)})
