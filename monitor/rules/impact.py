"""How bad is it? Severity from what customers feel: a table, worked out anew with each verdict while an alert lasts.

The share of payments hurt is the share of samples that fail, or what a slowdown comes to; what touches one stratum of n hurts one
payment in n. Where the target says how many customers pay a minute, the number hurt is asked too, and the worse answer counts:
all of a small gateway is as bad for its own customers as a small part of a big one.

| share of payments hurt | customers hurt a minute | severity |
|---|---|---|
| 30 % and more | 60 and more | P1 |
| 5 % and more | 6 and more | P2 |
| 1 % and more | 0.6 and more | P3 |
| less | less | P4 |
"""

from dataclasses import dataclass

from monitor.model.alert import Severity

#: (share of payments hurt, customers hurt a minute, severity) from the worst down. A judgement, to be argued with: P1 wakes somebody.
TABLE = ((0.3, 60.0, Severity.P1), (0.05, 6.0, Severity.P2), (0.01, 0.6, Severity.P3))
#: A slowdown by this factor hurts as much as this share failing: people wait at first, and leave in the end. A judgement too.
SLOWDOWNS = ((5.0, 0.2), (2.0, 0.05), (1.0, 0.01))
#: A detector that cannot say how much it sees: bad enough for somebody to look today, and no reason to wake anybody.
UNSAID = Severity.P2


@dataclass(frozen=True, slots=True)
class Impact:
    """What is seen of it.

    ``share`` of samples failing and ``slowdown`` as a factor, as far as the detector says; ``part`` of the check's traffic it speaks
    of (0 to 1); ``customers_per_minute`` of the target, when it is known.
    """

    share: float | None = None
    slowdown: float | None = None
    part: float = 1.0
    customers_per_minute: float | None = None

    @property
    def hurt(self) -> float | None:
        """Share of all payments, 0 to 1; None: nobody says."""
        if self.share is None and self.slowdown is None:
            return None
        slow = next((share for factor, share in SLOWDOWNS if (self.slowdown or 0.0) >= factor), 0.0)
        return max(self.share or 0.0, slow) * self.part


def severity(impact: Impact) -> Severity:
    hurt = impact.hurt
    if hurt is None:
        return UNSAID
    customers = hurt * (impact.customers_per_minute or 0.0)
    return next((level for share, people, level in TABLE if hurt >= share or customers >= people), Severity.P4)
