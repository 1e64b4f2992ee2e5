"""A month as one SVG: a column a day, stacked from its four kinds of time. Drawn by hand, so that the same days give the same bytes."""

from collections.abc import Sequence
from datetime import date

from markupsafe import Markup, escape

from monitor.sla.availability import Figure, show_percent

COLUMN, GAP, HEIGHT = 18, 3, 44
#: A short outage is still to be seen on paper.
SEEN_AT_LEAST = 4.0
_PARTS = ("down", "unknown", "excluded", "up")


def day_strip(days: Sequence[tuple[date, Figure]]) -> Markup:
    width = len(days) * (COLUMN + GAP)
    columns = Markup("").join(_column(position * (COLUMN + GAP), day, figure) for position, (day, figure) in enumerate(days))
    return Markup('<svg class="strip" role="img" viewBox="0 0 {} {}" width="{}" height="{}">{}</svg>').format(
        width, HEIGHT + 12, width, HEIGHT + 12, columns
    )


def _column(x: int, day: date, figure: Figure) -> Markup:
    """Down hangs from the top, so that trouble lines up."""
    heights = _heights(figure)
    parts, y = Markup(""), 0.0
    for name in _PARTS:
        if heights[name]:
            parts += Markup('<rect class="{}" x="{}" y="{:.1f}" width="{}" height="{:.1f}"/>').format(
                name, x, y, COLUMN, heights[name]
            )
            y += heights[name]
    label = Markup('<text x="{}" y="{}">{}</text>').format(x + COLUMN // 2, HEIGHT + 10, day.day)
    return Markup("<g><title>{}: {}</title>{}{}</g>").format(escape(day.isoformat()), show_percent(figure.uptime), parts, label)


def _heights(figure: Figure) -> dict[str, float]:
    seconds = {
        "down": figure.down_seconds,
        "unknown": figure.unknown_seconds,
        "excluded": figure.excluded_seconds,
        "up": figure.up_seconds,
    }
    heights = {name: HEIGHT * part / figure.period_seconds for name, part in seconds.items()}
    if 0 < heights["down"] < SEEN_AT_LEAST:
        largest = max(("unknown", "excluded", "up"), key=lambda name: heights[name])
        heights[largest] -= SEEN_AT_LEAST - heights["down"]
        heights["down"] = SEEN_AT_LEAST
    return heights
