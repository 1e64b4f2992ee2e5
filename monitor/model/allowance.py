"""What one gateway account may be asked: the limits that every user of it shares. Made by the configuration, kept by ``monitor/budget``."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Polling:
    """How often one order's state may be asked for, after an answer that never came."""

    every_seconds: float = 90.0
    most: int = 3
    within_seconds: float = 7_200.0


@dataclass(frozen=True, slots=True)
class Allowance:
    """None stands for no limit. ``burst`` is how many requests may be saved up; they still leave one after the other.

    ``account`` names the gateway and the credential: targets that share both share one budget. It holds references, never values.
    """

    account: str = ""
    requests_per_second: float | None = None
    burst: int = 10
    published_per_second: float | None = None  # what the gateway itself says it takes
    declines_per_day: int | None = None  # for one card
    polling: Polling | None = None
    back_off: bool = False  # from a gateway that fails
    source: str = ""  # where the limits come from, for people

    @property
    def bounded(self) -> bool:
        """Whether it limits anything at all."""
        return (
            self.requests_per_second is not None or self.declines_per_day is not None or self.polling is not None or self.back_off
        )

    @property
    def promised_per_second(self) -> float | None:
        """What we must stay under: sent faster than this, a refusal is our own doing."""
        told = [rate for rate in (self.requests_per_second, self.published_per_second) if rate is not None]
        return min(told, default=None)


UNLIMITED = Allowance()
