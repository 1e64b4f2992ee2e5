"""Duties to report: which run, since when, and what is due when."""

from dataclasses import replace

import pytest

from monitor.deadlines.regulators import REGIMES, Trouble, running
from monitor.model.alert import Severity
from monitor.model.extent import Between, Regulator

MINUTE, HOUR, DAY = 60.0, 3_600.0, 86_400.0
SHARE = Between(0.2, 0.3, 0.4)
TROUBLE = Trouble(since=0.0, known=2 * MINUTE, at=10 * MINUTE, severity=Severity.P2)


def due(regime: str, trouble: Trouble) -> list[float | None]:
    return [entry.due for entry in running([regime], trouble)]


def test_every_regime_is_told_in_both_languages_and_says_when_something_is_due() -> None:
    worst = replace(TROUBLE, at=3 * HOUR, severity=Severity.P1, customers=Between(2e5, 3e5, 4e5), failed_share=SHARE)
    for name in REGIMES:
        for trouble in (TROUBLE, worst):
            for entry in running([name], trouble):
                assert name == entry.regime
                assert entry.said.zh and entry.said.zh != entry.said.en and "{" not in entry.said.both()
                assert entry.reached is (entry.due is not None)


def test_mas_is_told_within_an_hour_of_discovery_and_not_of_onset() -> None:
    found = running(["mas"], replace(TROUBLE, severity=Severity.P1))
    assert [2 * MINUTE + HOUR, 4 * HOUR, 2 * MINUTE + 14 * DAY] == [entry.due for entry in found]
    assert "notify MAS by 1970-01-01T01:02:00Z" in found[0].said.en


def test_downtime_of_the_year_so_far_is_taken_off_the_four_hours_that_mas_allows() -> None:
    p1 = replace(TROUBLE, severity=Severity.P1)
    assert HOUR == due("mas", replace(p1, downtime_before_seconds=3 * HOUR))[1]
    assert 0.0 == due("mas", replace(p1, downtime_before_seconds=5 * HOUR))[1]


def test_mas_does_not_hear_of_what_is_not_severe() -> None:
    (entry,) = running(["mas"], TROUBLE)
    assert (None, False) == (entry.due, entry.reached)
    assert "not reached" in entry.said.en


def test_dora_wants_two_thresholds() -> None:
    one = replace(TROUBLE, failed_share=SHARE)
    assert [Regulator("dora", running(["dora"], one)[0].said, None, reached=False)] == list(running(["dora"], one))
    assert "1 of the 2 thresholds" in running(["dora"], one)[0].said.en
    both = replace(one, at=2 * HOUR + 1)
    assert [6 * HOUR, 74 * HOUR] == due("dora", both), "classified when the second one was passed, at two hours"


def test_dora_wants_word_within_a_day_of_knowing_if_it_was_classified_by_then() -> None:
    late = Trouble(since=-22 * HOUR, known=0.0, at=23 * HOUR, severity=Severity.P2, failed_share=SHARE)
    assert 4 * HOUR == due("dora", late)[0]
    slow = Trouble(since=21 * HOUR, known=0.0, at=24 * HOUR, severity=Severity.P2, failed_share=SHARE)
    assert 24 * HOUR == due("dora", slow)[0], "classified at 23 h, so not 27 h"
    after = Trouble(since=24 * HOUR, known=0.0, at=30 * HOUR, severity=Severity.P2, failed_share=SHARE)
    assert 30 * HOUR == due("dora", after)[0], "classified after a day: four hours from then"


def test_the_pboc_hears_of_more_than_two_hours_or_a_hundred_thousand_payments() -> None:
    assert [None] == due("pboc", replace(TROUBLE, at=2 * HOUR))
    assert [2 * HOUR] == due("pboc", replace(TROUBLE, at=2 * HOUR + 1))
    assert [2 * MINUTE] == due("pboc", replace(TROUBLE, customers=Between(9e4, 1.2e5, 2e5)))


def test_trouble_that_ended_before_the_threshold_never_reaches_it() -> None:
    assert [None] == due("pboc", replace(TROUBLE, at=9 * HOUR, over=HOUR))


def test_the_eba_hears_within_four_hours() -> None:
    assert [2 * MINUTE + 4 * HOUR] == due("eba", replace(TROUBLE, failed_share=SHARE))


def test_a_regime_nobody_knows_is_our_own_mistake() -> None:
    with pytest.raises(KeyError):
        running(["fed"], TROUBLE)
