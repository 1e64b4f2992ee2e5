"""Trouble that comes back: incidents with one fingerprint are cases of one problem, with its count and its cost."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from monitor.model.durations import duration_text, iso
from monitor.model.incident import Incident
from monitor.model.text import Text

#: Further back it is another time's trouble, and few remember it.
LOOK_BACK_SECONDS = 90 * 86_400.0
#: Once is an incident; a second time it is a problem.
CASES_NEEDED = 2
_HASH_DIGITS = 10
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


@dataclass(frozen=True, slots=True)
class Episode:
    """One incident as its problem remembers it. ``resolved`` None: it lasts; ``customers`` None: their number is not known."""

    incident: str
    fingerprint: str
    began: float
    resolved: float | None
    customers: float | None


@dataclass(frozen=True, slots=True)
class Recurrence:
    """``number``: which case of ``problem`` it is, the first being 1. Seconds and customers are of all cases so far."""

    problem: str
    number: int
    first: float
    seconds: float
    customers: float | None
    said: Text


def problem_id(install: str, fingerprint: str) -> str:
    """``prb_`` and a hash: the same trouble of one installation has the same name for ever."""
    return f"prb_{hashlib.sha256(f'{install}|{fingerprint}'.encode()).hexdigest()[:_HASH_DIGITS]}"


def episode_of(incident: Incident) -> Episode | None:
    """None: nobody has found out yet what it is, or it is told with a larger cause."""
    if not incident.fingerprint or incident.parent:
        return None
    customers = incident.extent.customers if incident.extent else None
    return Episode(incident.id, incident.fingerprint, incident.since, incident.resolved, customers.middle if customers else None)


def recurrence(install: str, episode: Episode, known: Iterable[Episode], at: float) -> Recurrence | None:
    """What ``episode`` is one more case of, with ``known`` others; None when it is the first in ``LOOK_BACK_SECONDS``."""
    earlier = [
        one
        for one in known
        if one.fingerprint == episode.fingerprint
        and one.incident != episode.incident
        and episode.began - LOOK_BACK_SECONDS <= one.began < episode.began
    ]
    cases = [*earlier, episode]
    if len(cases) < CASES_NEEDED:
        return None
    seconds = sum(max(0.0, (at if one.resolved is None else one.resolved) - one.began) for one in cases)
    counted = [one.customers for one in cases if one.customers is not None]
    first, customers = min(one.began for one in cases), sum(counted) if counted else None
    said = _said(len(cases), first, seconds, customers)
    return Recurrence(problem_id(install, episode.fingerprint), len(cases), first, seconds, customers, said)


def _said(number: int, first: float, seconds: float, customers: float | None) -> Text:
    lasted, days = duration_text(seconds), round(LOOK_BACK_SECONDS / 86_400)
    en = f"The {ordinal(number)} time in {days} days, first at {iso(first)}; {lasted.en} in all"
    zh = f"{days} 天内第 {number} 次出现，首次为 {iso(first)}；累计 {lasted.zh}"
    if customers is None:
        return Text(f"{en}.", f"{zh}。")
    return Text(f"{en}, some {customers:,.0f} customers hit.", f"{zh}，约 {customers:,.0f} 名客户受影响。")


def ordinal(number: int) -> str:
    """``1st``, ``2nd``, ``3rd``, ``4th``, ``11th``."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{_ENDINGS.get(number % 10, 'th')}"
