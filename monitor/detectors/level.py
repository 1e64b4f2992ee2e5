"""The slow load that all latencies of a check share: how far it wanders and how long it takes, from the means of short blocks."""

import math
from collections.abc import Sequence

_BLOCK_SECONDS = 300.0
#: Samples in a block, at least, so that its mean says something of the level.
_BLOCK_LEAST = 10
#: Blocks in a history, at least, so that their correlation says something of the time.
_BLOCKS_LEAST = 200
#: Latencies beyond these quantiles are cut off: tails are not load.
_CUT = 0.02
#: The level is taken for somewhat livelier than it was seen to be, and never for nothing: next month's load is not this month's.
_MARGIN, LEAST = 1.1, 0.04
SECONDS_MIN, SECONDS_MAX = 300.0, 7_200.0
_USUAL_SECONDS = 900.0

#: Where a block stands in time, how many samples it has, their sum, their sum of squares.
_Block = tuple[int, int, float, float]


def wander(at: Sequence[float], residuals: Sequence[float], ordered: Sequence[float]) -> tuple[float, float, float]:
    """Standard deviation as seen, the same with a margin, and the seconds the level takes to change.

    Ornstein's and Uhlenbeck's process, by moments: the means of blocks vary by the level and by their own noise, which is known from
    within; how the means of neighbours go together, against those three blocks apart, tells the time.
    """
    low, high = ordered[int(_CUT * len(ordered))], ordered[int((1 - _CUT) * (len(ordered) - 1))]
    length = max(_BLOCK_SECONDS, _BLOCK_LEAST * (at[-1] - at[0]) / len(at))
    blocks = _blocks(at, [min(max(value, low), high) for value in residuals], length)
    if len(blocks) < _BLOCKS_LEAST:
        return 0.0, LEAST, _USUAL_SECONDS
    count = sum(block[1] for block in blocks)
    centre = sum(block[2] for block in blocks) / count
    means = {block[0]: block[2] / block[1] - centre for block in blocks}
    within = sum(block[3] - block[2] * block[2] / block[1] for block in blocks) / (count - len(blocks))
    between = sum(mean * mean for mean in means.values()) / len(means)
    variance = max(0.0, between - within * len(blocks) / count)
    seconds = _seconds(means, length)
    x = length / seconds
    seen = math.sqrt(variance * x * x / (2 * (x - 1 + math.exp(-x))))
    return seen, max(LEAST, _MARGIN * seen), seconds


def _blocks(at: Sequence[float], values: Sequence[float], length: float) -> list[_Block]:
    found: dict[int, list[float]] = {}
    for instant, value in zip(at, values, strict=True):
        found.setdefault(int(instant // length), []).append(value)
    return [
        (where, len(block), sum(block), sum(value * value for value in block))
        for where, block in found.items()
        if len(block) >= _BLOCK_LEAST
    ]


def _seconds(means: dict[int, float], length: float) -> float:
    near = [means[where] * means[where + 1] for where in means if where + 1 in means]
    far = [means[where] * means[where + 3] for where in means if where + 3 in means]
    together = sum(near) / len(near) if near else 0.0
    # Hardly any level is seen: its time cannot be.
    if together < 1e-5 or not far:
        return _USUAL_SECONDS
    ratio = max(1e-9, sum(far) / len(far)) / together
    kept = min(max(math.sqrt(ratio), 0.02), 0.95)
    return min(max(-length / math.log(kept), SECONDS_MIN), SECONDS_MAX)
