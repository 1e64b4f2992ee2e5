"""Time spent in states, counted in the hours that count: what every clock and figure of a ticket is made of.

A history is a list of changes (instant, state), in the order in which they happened. Of several at one instant the last stands: the others
lasted no time. That order, not their instants, decides between a change of status and a reply in the same second.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from monitor.deadlines.hours import Hours

State = TypeVar("State")
Changes = Sequence[tuple[float, State]]


def stretches(changes: Changes[State], until: float) -> Iterator[tuple[float, float, State]]:
    """Each state with when it began and ended; the last one lasts ``until``. None is empty, none begins later."""
    for position, (start, state) in enumerate(changes):
        end = min(until, changes[position + 1][0]) if position + 1 < len(changes) else until
        if start < end:
            yield start, end, state


def counting(changes: Changes[State], until: float, counts: Callable[[State], bool]) -> Iterator[tuple[float, float]]:
    """The time in states that count, in order; stretches that meet are one, so that a day of flapping is not worked out piece by piece."""
    whole: tuple[float, float] | None = None
    for start, end, state in stretches(changes, until):
        if not counts(state):
            continue
        if whole and start <= whole[1]:
            whole = whole[0], end
            continue
        if whole:
            yield whole
        whole = start, end
    if whole:
        yield whole


def spent(changes: Changes[State], until: float, counts: Callable[[State], bool], hours: Hours) -> float:
    """Seconds of ``hours`` in states that count."""
    return sum(hours.between(start, end) for start, end in counting(changes, until, counts))


def crossed(changes: Changes[State], until: float, counts: Callable[[State], bool], hours: Hours, allowed: float) -> float | None:
    """When more than ``allowed`` seconds began to have been spent; None: not by then.

    Exactly ``allowed`` is still in time. A clock paused at that very second is over from the first second that counts again.
    """
    total = 0.0
    for start, end in counting(changes, until, counts):
        lasts = hours.between(start, end)
        if total + lasts > allowed:
            return hours.add(start, allowed - total)
        total += lasts
    return None
