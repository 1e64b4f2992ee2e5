"""States for another set of places: locations are met as they report, and are let go when they fall silent.

Which places take part is decided before the sample that is weighed next, so no supermartingale minds. A place that joins brings no
evidence; one that leaves takes its own statistic along and leaves the others theirs.
"""

from monitor.detectors.sequential import layout as at


def joined(s: list[float], places: int) -> list[float]:
    """``s`` of ``places`` places with one more, the last."""
    end = at.RECORDS + places * at.RECORD
    record = [0.0] * at.RECORD
    record[at.SEEN] = record[at.OTHERS_SEEN] = record[at.HEALTH_FROM] = s[at.NEWEST]
    causes = s[end:]
    if places + 1 <= at.EXACT_PLACES:
        causes = causes + [0.0] * len(causes)
    elif places == at.EXACT_PLACES:
        causes = [*_apart(causes, places), 0.0]
    else:
        causes = [*causes, 0.0]
    return [*s[:end], *record, *causes]


def left(s: list[float], places: int, gone: int) -> list[float]:
    """``s`` of ``places`` places without number ``gone``."""
    end, first = at.RECORDS + places * at.RECORD, at.RECORDS + gone * at.RECORD
    causes = s[end:]
    if places <= at.EXACT_PLACES:
        bit = 2 << gone
        causes = [causes[i] + causes[i | bit] for i in range(len(causes)) if not i & bit]
    else:
        del causes[1 + gone]
        if places - 1 == at.EXACT_PLACES:
            causes = _together(causes)
    return [*s[:first], *s[first + at.RECORD : end], *causes]


def _apart(joint: list[float], places: int) -> list[float]:
    """The probability of each cause alone."""
    return [sum(probability for i, probability in enumerate(joint) if i >> cause & 1) for cause in range(places + 1)]


def _together(causes: list[float]) -> list[float]:
    """The joint probabilities of causes that are taken as independent."""
    joint = [1.0]
    for probability in causes:
        joint = [value * (1.0 - probability) for value in joint] + [value * probability for value in joint]
    return joint


def moved(s: list[float], c: list[float], places: int, seconds: float) -> None:
    """The clock was set: every instant moves along."""
    for i in (at.NEWEST, at.OPENED, at.ONSET):
        s[i] += seconds
    for place in range(places):
        for i in (at.SEEN, at.OTHERS_SEEN, at.HEALTH_FROM):
            s[at.RECORDS + place * at.RECORD + i] += seconds
    c[at.CONTROLLED] += seconds
