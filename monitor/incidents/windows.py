"""Silences and maintenance windows: whom they cover, and when."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from monitor.model.alert import Alert
from monitor.model.incident import Window


def over(window: Window) -> float:
    """When it is over: at its end, or when somebody ended it early."""
    return window.ends if window.ended is None else min(window.ends, window.ended)


def in_force(windows: Iterable[Window], at: float) -> list[Window]:
    return [window for window in windows if window.starts <= at < over(window)]


def covered(alerts: Iterable[Alert], windows: list[Window]) -> bool:
    """Is every alert under some window? One that is not is worth telling."""
    return bool(windows) and all(any(_covers(window, alert) for window in windows) for alert in alerts)


def _covers(window: Window, alert: Alert) -> bool:
    return _named(window.checks, alert.series.check) and _named(window.targets, alert.series.target)


def _named(globs: tuple[str, ...], name: str) -> bool:
    return not globs or any(fnmatchcase(name, glob) for glob in globs)
