"""A run beside the grid, asked for while something is suspected."""

from dataclasses import dataclass
from enum import StrEnum

from monitor.model.check import Check, Stratum


@dataclass(frozen=True, slots=True)
class Extra:
    """What is to be sent.

    ``check`` holds only the steps of this run; its id, undo steps and budgets are those of the whole. ``covers`` is the step that
    it was made for and ends with; "" for the whole run. ``money``: a step of it moves some.
    """

    check: Check
    stratum: Stratum
    covers: str
    money: bool


class ExtraRefusal(StrEnum):
    """Why an extra run was asked for and not made: a metric label, so a closed set."""

    BUSY = "busy"  # a run of the check is under way, or its turn on the grid is near
    PLACES = "places"  # as many extra runs as there may be at once, or in a second; or the grid needs the place
    RATE = "rate"  # the gateway's budget: what the next runs of the grid need is theirs
    PAUSED = "paused"  # the gateway asked us to wait, or throttled us lately
    FAILING = "failing"  # the gateway fails, and is given room
    DECLINES = "declines"  # a card had its declines of the day
