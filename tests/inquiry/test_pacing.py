"""When a target is looked into: how soon, how often, and how many at once. Instants are seconds."""

from itertools import pairwise

from monitor.inquiry.pacing import AGAIN_SECONDS, APART_SECONDS, AT_ONCE, FRESH_SECONDS, LATER_SECONDS, SUSPECTED_SECONDS, Pacing
from monitor.model.alert import Severity


def played(pacing: Pacing, until: int, since: int = 0) -> list[tuple[int, str]]:
    """Second by second; every inquiry takes one second."""
    begun = []
    for now in range(since, until):
        for target in pacing.due(now):
            begun.append((now, target))
            pacing.ended(target)
    return begun


def test_an_incident_is_looked_into_at_once_again_after_a_minute_and_then_every_five() -> None:
    pacing = Pacing()
    pacing.incident("one", "gateway", Severity.P2, 0.0)

    again, later = int(AGAIN_SECONDS), int(AGAIN_SECONDS + LATER_SECONDS)
    assert [(0, "gateway"), (again, "gateway"), (later, "gateway")] == played(pacing, later + 10)


def test_when_it_is_over_nobody_looks_any_more() -> None:
    pacing = Pacing()
    pacing.incident("one", "gateway", Severity.P2, 0.0)
    played(pacing, 10)
    pacing.over("one")

    assert [] == played(pacing, 1_000, since=10)


def test_what_gets_worse_is_looked_into_again_and_never_twice_within_a_minute() -> None:
    pacing = Pacing()
    pacing.incident("one", "gateway", Severity.P2, 0.0)
    played(pacing, 10)
    pacing.incident("one", "gateway", Severity.P1, 10.0)

    assert [(int(APART_SECONDS), "gateway")] == played(pacing, 100, since=10)


def test_an_incident_that_flaps_is_looked_into_once_a_minute() -> None:
    pacing = Pacing()
    begun = []
    for start in range(0, 300, 10):
        pacing.incident("one", "gateway", Severity.P2, float(start))
        begun += played(pacing, start + 5, since=start)
        pacing.over("one")

    assert all(later - earlier >= APART_SECONDS for (earlier, _), (later, _) in pairwise(begun))
    assert 5 == len(begun)


def test_of_many_targets_two_are_looked_into_at_once_the_worst_first() -> None:
    pacing = Pacing()
    for number, severity in enumerate((Severity.P3, Severity.P1, Severity.P4, Severity.P2)):
        pacing.incident(f"incident-{number}", f"gateway-{number}", severity, 0.0)

    assert ["gateway-1", "gateway-3"] == pacing.due(0.0)
    assert [] == pacing.due(1.0)
    pacing.ended("gateway-3")
    assert ["gateway-0"] == pacing.due(2.0)
    assert 2 == AT_ONCE


def test_a_suspicion_is_looked_into_once_it_has_stood_and_its_answer_serves_the_incident_that_follows() -> None:
    pacing = Pacing()
    for now in range(int(SUSPECTED_SECONDS) + 1):
        pacing.suspects(["gateway"], float(now))
        begun = pacing.due(float(now))
    assert ["gateway"] == begun
    pacing.ended("gateway")

    assert pacing.fresh("gateway", SUSPECTED_SECONDS + 1)
    pacing.incident("one", "gateway", Severity.P1, SUSPECTED_SECONDS + 1)
    pacing.answered("one", SUSPECTED_SECONDS + 1)
    assert [(int(SUSPECTED_SECONDS + 1 + AGAIN_SECONDS), "gateway")] == played(pacing, 100, since=4)


def test_an_incident_long_after_a_suspicion_is_asked_about_anew() -> None:
    pacing = Pacing()
    pacing.suspects(["gateway"], 0.0)
    assert ["gateway"] == pacing.due(SUSPECTED_SECONDS)
    pacing.ended("gateway")
    later = SUSPECTED_SECONDS + FRESH_SECONDS
    assert not pacing.fresh("gateway", later)
    pacing.incident("one", "gateway", Severity.P1, later)

    assert ["gateway"] == pacing.due(later)


def test_a_suspicion_that_comes_and_goes_is_looked_into_once_in_five_minutes() -> None:
    pacing, begun = Pacing(), []
    for now in range(600):
        pacing.suspects(["gateway"] if now % 20 < 10 else [], float(now))
        begun += played(pacing, now + 1, since=now)

    assert [2, 302] == [at for at, _ in begun]


def test_somebody_who_asks_waits_for_the_inquiry_under_way() -> None:
    pacing = Pacing()
    assert pacing.asked_for("gateway", 0.0)
    assert not pacing.asked_for("gateway", 1.0)
    pacing.ended("gateway")
    assert pacing.asked_for("gateway", 2.0)
