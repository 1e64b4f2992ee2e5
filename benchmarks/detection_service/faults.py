"""What goes wrong: thirty faults of fifteen kinds, by the knobs of the sandbox gateway."""

from random import Random
from typing import Any, NamedTuple

#: A gateway answers in some tens of milliseconds, and never twice in the same time.
EVERYDAY: dict[str, Any] = {"knob": "slow", "median_seconds": 0.06, "sigma": 0.3, "most_seconds": 1.0}
_MONEY = ["authorise"]


class Fault(NamedTuple):
    """``name`` for the table; ``knobs`` as the sandbox's fault interface takes them; ``answers``: does the gateway say anything?"""

    name: str
    knobs: tuple[dict[str, Any], ...]
    answers: bool = True


KINDS = (
    Fault("503 to everybody", ({"knob": "unavailable"},)),
    Fault("500 to half", ({"knob": "error_before", "share": 0.5},)),
    Fault("500 to a fifth", ({"knob": "error_before", "share": 0.2},)),
    Fault("work done, 500 to half", ({"knob": "error_after", "share": 0.5},)),
    Fault("every authorisation declined", ({"knob": "decline", "operation": _MONEY, "decision": "acquirer_system_error"},)),
    Fault(
        "a third of authorisations declined",
        ({"knob": "decline", "operation": _MONEY, "share": 0.33, "decision": "acquirer_system_error"},),
    ),
    Fault("one brand down", ({"knob": "brand_down", "brand": "visa", "seconds": 0.2},)),
    Fault("amounts a hundredfold", ({"knob": "wrong_amount", "operation": _MONEY},)),
    Fault("401 to everybody", ({"knob": "unauthorised"},)),
    Fault("a firewall's page", ({"knob": "html_403"},)),
    Fault("503, 20 s on, 20 s off", ({"knob": "unavailable", "on_seconds": 20.0, "off_seconds": 20.0},)),
    Fault("four times as slow", ({"knob": "slow", "median_seconds": 0.2, "sigma": 0.3, "most_seconds": 1.5},)),
    Fault("connections refused", ({"knob": "refuse"},), answers=False),
    Fault("never answered", ({"knob": "black_hole"},), answers=False),
    Fault("half of the answers cut off", ({"knob": "drop_answer", "share": 0.5},), answers=False),
)


def draw(count: int, luck: Random) -> list[Fault]:
    """``count`` faults, every kind as often as any other (but for the rest), in random order."""
    rounds, rest = divmod(count, len(KINDS))
    drawn = [*KINDS * rounds, *luck.sample(KINDS, rest)]
    luck.shuffle(drawn)
    return drawn
