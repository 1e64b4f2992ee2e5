"""How sure a count is: the exact interval of a Poisson mean (Garwood 1936)."""

import math
from collections.abc import Callable

#: Halvings of an interval below 2 n + 50: enough for the last digit that anybody is shown.
_STEPS = 60


def interval(count: int, confidence: float = 0.95) -> tuple[float, float]:
    """Lower and upper bound of the mean of a Poisson count.

    The lower bound L has P(X >= count | L) = (1 - confidence) / 2, and is 0 for a count of 0; the upper bound U has
    P(X <= count | U) = (1 - confidence) / 2: 3.69 for a count of 0 at 95 %.
    """
    if count < 0 or not 0 < confidence < 1:
        raise ValueError(f"expected a count and a confidence between 0 and 1, got {count} and {confidence}")
    tail = (1 - confidence) / 2
    high = 2.0 * count + 50.0
    lower = 0.0 if count == 0 else _solve(lambda mean: 1 - at_most(count - 1, mean) < tail, high)
    return lower, _solve(lambda mean: at_most(count, mean) > tail, high)


def at_most(count: int, mean: float) -> float:
    """P(X <= count) for a Poisson variable."""
    if mean <= 0:
        return 1.0
    log = math.log(mean)
    return min(1.0, math.fsum(math.exp(k * log - mean - math.lgamma(k + 1)) for k in range(count + 1)))


def _solve(below: Callable[[float], bool], high: float) -> float:
    """The mean at which ``below`` turns from true to false."""
    low = 0.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if below(middle) else (low, middle)
    return (low + high) / 2
