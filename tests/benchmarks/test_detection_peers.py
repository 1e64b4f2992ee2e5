"""The peers' rules alarm exactly when their definitions say, on streams made by hand."""

import math
from collections.abc import Iterator

import numpy as np
import pytest

from benchmarks.detection import peers, world

BEGIN = world.MONDAY


def scores(rule: int, stream: Iterator[tuple[float, int, bool, float]], *options: float, places: int = 3) -> list[float]:
    """The rule's score after each result: seconds since the beginning, place, failed, latency in seconds."""
    memory = np.empty(peers.MEMORY)
    peers.reset(memory)
    normal = np.zeros(7 + 48 * 3)
    normal[0] = 0.002
    normal[1:7] = [0.3, 0.1] * 3
    normal[7:] = math.log(0.3)
    o = np.array(options or (0.0,))
    return [
        peers.step(rule, o, normal, memory, BEGIN + at, place, places, failed, math.log(seconds))
        for at, place, failed, seconds in stream
    ]


def every(seconds: float, marks: str, latency: float = 0.3, place: int = 0) -> Iterator[tuple[float, int, bool, float]]:
    return ((index * seconds, place, mark == "x", latency) for index, mark in enumerate(marks))


def fires(found: list[float], threshold: float) -> list[int]:
    return [index for index, score in enumerate(found) if score >= threshold]


def test_for_five_minutes_needs_twenty_scrapes_after_the_first_failure_and_one_success_starts_it_anew() -> None:
    assert fires(scores(peers.FOR, every(15, "..." + "x" * 22)), 300.0) == [23, 24]
    assert fires(scores(peers.FOR, every(15, "x" * 19 + "." + "x" * 19)), 300.0) == []


def test_three_in_a_row_is_counted_at_each_place_by_itself() -> None:
    assert fires(scores(peers.IN_A_ROW, every(60, "xx.xxx.")), 3.0) == [5]
    mixed = [(20.0 * index, index % 3, index % 3 < 2, 0.3) for index in range(9)]
    assert fires(scores(peers.IN_A_ROW, iter(mixed)), 3.0) == [6, 7, 8]


def test_the_fast_pair_of_windows_needs_both_the_hour_and_the_last_five_minutes_to_burn() -> None:
    # 5 failures of 240 in the hour: 2.08 %, above 14.4 times a budget of 0.1 %; in the last five minutes a quarter; the six hours
    # before were clean, so the slow pair has nothing to say.
    hour = "." * 1_440 + "xxxxx"
    assert scores(peers.BURN, every(15, hour), 0.001)[-1] == pytest.approx(5 / 240 / 0.001 / 14.4, rel=0.03)
    # Ten minutes later the short window is clean: the page stops, though the hour still burns.
    assert fires(scores(peers.BURN, every(15, hour + "." * 40), 0.001)[1_466:], 1.0) == []


def test_the_slow_pair_pages_for_what_the_fast_one_lets_pass() -> None:
    # 1 in 100 over six hours: 10 times the budget, under 14.4 and over 6.
    marks = ("." * 99 + "x") * 15
    found = scores(peers.BURN, every(15, marks), 0.001)
    assert max(found[700:]) >= 1.0
    assert max(scores(peers.BURN, every(15, ("." * 299 + "x") * 5), 0.001)[900:]) < 1.0


def test_the_ticket_windows_see_a_slow_burn_of_days_that_pages_do_not() -> None:
    marks = ("." * 49 + "x") * (4 * 24 * 60 // 50)  # 2 % of a 0.5 % budget each minute: 4 times, for four days
    ticket, page = (max(scores(rule, every(60, marks), 0.005)[4_000:]) for rule in (peers.BURN_TICKETS, peers.BURN))
    assert ticket >= 1.0 > page


def test_retries_come_before_a_place_is_down_and_one_place_is_not_a_quorum() -> None:
    memory = np.empty(peers.MEMORY)
    peers.reset(memory)
    asked, found = [], []
    for at, place in ((0, 0), (1, 0), (2, 0), (3, 1), (4, 1), (5, 1)):
        found.append(peers.step(peers.QUORUM, np.array([2.0, 1.0]), np.zeros(151), memory, BEGIN + at, place, 3, True, 0.0))
        asked.append(memory[peers.RETRY])
    assert asked == [0, 0, -1, 1, 1, -1]
    assert found == [0, 0, 1, 1, 1, 2]
    assert peers.step(peers.QUORUM, np.array([2.0, 1.0]), np.zeros(151), memory, BEGIN + 9, 0, 3, False, 0.0) == 1


def test_the_ratio_is_of_the_last_five_minutes() -> None:
    found = scores(peers.RATIO, every(60, "xx" + "." * 8))
    assert found[1] == 1.0
    assert found[4] == pytest.approx(2 / 5)
    assert found[9] == 0.0


def test_the_quantile_is_interpolated_over_five_minutes_of_successes() -> None:
    stream = [(30.0 * index, 0, False, 0.1 * (index + 1)) for index in range(10)]
    assert scores(peers.P95, iter(stream))[-1] == pytest.approx(float(np.quantile(0.1 * np.arange(1, 11), 0.95)))
    late = [*stream, (30.0 * 9 + 301, 0, False, 0.5)]
    assert scores(peers.P95, iter(late))[-1] == 0.0  # one value has no quantile


def test_moving_averages_weigh_the_newest_as_told() -> None:
    raw = scores(peers.EWMA, iter([(0.0, 0, False, 0.6), (30.0, 1, False, 0.6)]), 0.2)
    assert raw == pytest.approx([0.2 * 3 / math.sqrt(0.2 / 1.8), (0.8 * 0.6 + 0.2 * 3) / math.sqrt(0.2 / 1.8)])
    log = scores(peers.EWMA_SEASONAL, every(30, "..x", 0.6), 0.1)
    assert log == pytest.approx([0.1 * math.log(2), 0.19 * math.log(2), 0.19 * math.log(2)])


def test_the_naive_cusum_adds_what_a_failure_says_and_never_falls_below_nothing() -> None:
    up, down = math.log(0.1 / 0.002), math.log(0.9 / 0.998)
    assert scores(peers.CUSUM_BURST, every(30, "..x.x"), 0.1) == pytest.approx([0, 0, up, up + down, 2 * up + down])
