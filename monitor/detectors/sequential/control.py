"""The burst controller: suspicion asks for more samples at once, and two token buckets bound what that costs.

Like the kernel, interpreted on lists and compiled on arrays.
"""

from monitor.detectors.sequential.layout import (
    BURSTING,
    CONTROLLED,
    QUIET,
    RELEASE,
    SECOND_TOKENS,
    SPACING,
    STRONG_TRIGGER,
    TOKENS,
    TRIGGER,
)

#: As fast as a read or a zero-amount step may come without being a load of its own.
FAST_SECONDS = 1.0 / 3.0
#: While latency is what is suspicious: closer together, neighbours say nothing new.
SLOW_SECONDS = 1.0
#: Samples without a failure after which a burst for slowness slows down, and any burst may end.
QUIET_RUN = 20.0
#: A first suspicion may cost this many extra runs at once, and so many a second in the long run: one in 33 s.
TOKENS_MAX = 200.0
SECOND_TOKENS_MAX = 400.0
REFILL = 0.03
#: Too few to decide anything are not begun with.
TOKENS_TO_BEGIN = 6.0
SECOND_TOKENS_TO_BEGIN = 10.0


def update(p: list[float], c: list[float], at: float, failed: bool, full: float, score: float, latent: bool, extra: bool) -> None:
    """One more sample, after the kernel took it in: changes ``c``.

    ``full`` and ``score`` are the kernel's, natural logarithms of evidence seconds; ``latent``: more than half of the full evidence is
    slowness; ``extra``: it was asked for by a burst. ``p`` is the kernel's too.
    """
    dt = max(0.0, at - c[CONTROLLED]) if c[CONTROLLED] >= 0.0 else 0.0
    c[CONTROLLED] = max(at, c[CONTROLLED])
    c[TOKENS] = min(TOKENS_MAX, c[TOKENS] + REFILL * dt)
    c[SECOND_TOKENS] = min(SECOND_TOKENS_MAX, c[SECOND_TOKENS] + REFILL * dt)
    strong = score >= p[STRONG_TRIGGER]
    if failed:
        c[QUIET] = 0.0
    else:  # the grid's samples too: where no extra ones are granted, they end a burst
        c[QUIET] += 1.0
    if c[BURSTING] == 1.0:
        if extra and strong:
            c[SECOND_TOKENS] -= 1.0
        elif extra:
            c[TOKENS] -= 1.0
        calm = c[QUIET] >= QUIET_RUN and full < p[RELEASE]
        if (not strong and (calm or c[TOKENS] < 1.0)) or c[SECOND_TOKENS] < 1.0:
            c[BURSTING] = 0.0
    elif ((failed or full >= p[TRIGGER]) and c[TOKENS] >= TOKENS_TO_BEGIN) or (
        strong and c[SECOND_TOKENS] >= SECOND_TOKENS_TO_BEGIN
    ):
        c[BURSTING] = 1.0
    c[SPACING] = SLOW_SECONDS if latent and c[QUIET] >= QUIET_RUN else FAST_SECONDS
