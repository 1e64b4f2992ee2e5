"""A line through the newest values of a series, that foretells the next: least squares in which old values fade.

The sums of squares are kept and solved now and then, not the inverse from step to step: recursive least squares with forgetting loses
its footing after some ten thousand steps on a quiet series, and a series here is followed for years.
"""

import math
from typing import Any

#: Values that the next one is foretold from.
ORDER = 5
#: The weight of a value falls by this with each that follows: about a thousand count.
_FADING = 0.999
#: Steps between two solutions: coefficients move slowly, and solving costs more than everything else.
_SOLVED_EVERY = 12
#: Weight of the guess that the next value is the last one, in values: a quiet series teaches nothing better.
_GUESS = 0.01

#: Steps, coefficients (a constant first, then oldest to newest), sums of squares (row by row, up to the diagonal), sums with the next.
Fit = list[Any]


def start() -> Fit:
    size = ORDER + 1
    return [0, [0.0] * ORDER + [1.0], [0.0] * (size * (size + 1) // 2), [0.0] * size]


def foretold(fit: Fit, past: list[float]) -> float:
    """The next value after ``past``, its last ``ORDER`` values."""
    constant, *weights = fit[1]
    return float(constant + sum([weight * value for weight, value in zip(weights, past, strict=True)]))


def learned(fit: Fit, past: list[float], value: float) -> Fit:
    """The fit after ``value`` came after ``past``."""
    steps, weights, squares, nexts = fit
    known = [1.0, *past]
    products = [one * other for place, one in enumerate(known) for other in known[: place + 1]]
    squares = [_FADING * old + product for old, product in zip(squares, products, strict=True)]
    nexts = [_FADING * old + value * one for old, one in zip(nexts, known, strict=True)]
    if not steps % _SOLVED_EVERY:
        weights = _solved(squares, nexts)
    return [steps + 1, weights, squares, nexts]


def _solved(squares: list[float], nexts: list[float]) -> list[float]:
    """By Cholesky's decomposition; the guess on the diagonal keeps it away from zero."""
    size = len(nexts)
    right = [one + _GUESS * (place == size - 1) for place, one in enumerate(nexts)]
    lower: list[list[float]] = []
    for row in range(size):
        line: list[float] = []
        for column, other in enumerate(lower):
            rest = squares[row * (row + 1) // 2 + column] - sum(one * two for one, two in zip(line, other, strict=False))
            line.append(rest / other[column])
        rest = squares[row * (row + 1) // 2 + row] + _GUESS - sum(one * one for one in line)
        lower.append([*line, math.sqrt(max(rest, _GUESS))])
    forward: list[float] = []
    for row in range(size):
        forward.append((right[row] - sum(lower[row][k] * forward[k] for k in range(row))) / lower[row][row])
    weights = [0.0] * size
    for row in reversed(range(size)):
        above = sum(lower[k][row] * weights[k] for k in range(row + 1, size))
        weights[row] = (forward[row] - above) / lower[row][row]
    return weights
