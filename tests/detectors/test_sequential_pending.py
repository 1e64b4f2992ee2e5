"""A run that is told while still under way is one failure, whatever it comes to."""

import json
import math
from random import Random
from typing import Any

import pytest
from detector_contract import CHECK, SERIES, STATE_MAX_BYTES
from hypothesis import given, settings
from hypothesis import strategies as st
from sequential_world import MONDAY, baseline, history, latency

from monitor.detectors import State, Verdict
from monitor.detectors.sequential.kind import TOLD_MAX, Sequential
from monitor.model.outcome import Outcome
from monitor.model.sample import Sample

PLACES = ("fra", "sin", "sfo")


def detector(learned: bool = True) -> Sequential:
    known = baseline(PLACES) if learned else None
    return Sequential(false_alarms="1 per month").tailored(CHECK, 30.0).informed(known)


def good(at: float, place: str, seconds: float) -> Sample:
    return Sample(SERIES._replace(location=place), at, at + seconds, True, Outcome.APPROVED, seconds=seconds)


def bad(at: float, place: str, outcome: Outcome = Outcome.TIMEOUT_UNKNOWN, *, pending: bool = False) -> Sample:
    return Sample(SERIES._replace(location=place), at, at + 2.0, False, outcome, pending=pending)


def fed(samples: list[Sample], one: Sequential, state: State = None) -> tuple[State, list[Verdict]]:
    state, verdicts = one.start() if state is None else state, []
    for sample in samples:
        state, verdict = one.update(state, sample)
        verdicts.append(verdict)
    return state, verdicts


#: What a run comes to that was told while under way.
ENDS = {
    "timed out": bad,
    "failed with an answer": lambda at, place: bad(at, place, Outcome.TECH_GATEWAY),
    "ended well, and late": lambda at, place: good(at, place, 9.0),
    "was our own fault": lambda at, place: Sample(SERIES._replace(location=place), at, at + 9.0, None, Outcome.AGENT_FAULT),
}
#: Of each run: what it comes to, None for a quick good one; how many runs later its end comes in.
RUNS = st.lists(st.tuples(st.sampled_from([None, None, *ENDS]), st.integers(0, 6)), max_size=60)


def told(runs: list[Any]) -> tuple[list[Sample], list[Sample], list[bool]]:
    """The same runs twice: told late and then ended, and failed once. Of each of the former: is it of the latter too?"""
    random, twice, once, counts = Random(3), [], [], []
    owed: list[tuple[int, Sample]] = []
    for number, (end, later) in enumerate(runs):
        at, place = MONDAY + 10.0 * number, PLACES[number % 3]
        twice.append(good(at, place, latency(random, at)) if end is None else bad(at, place, pending=True))
        once.append(twice[-1] if end is None else bad(at, place))
        if end is not None:
            owed.append((number + later, ENDS[end](at, place)))
        ends = [sample for due, sample in owed if due == number]
        twice += ends
        counts += [True, *[False] * len(ends)]
    return twice, once, counts


@settings(max_examples=100, deadline=None)
@given(RUNS)
def test_a_run_told_late_and_then_ended_is_one_failure(runs: list[Any]) -> None:
    twice, once, counts = told(runs)
    one = detector()

    seen, told_verdicts = fed(twice, one)
    meant, verdicts = fed(once, one)

    assert seen[:4] == meant[:4]
    assert [verdict for verdict, counted in zip(told_verdicts, counts, strict=True) if counted] == verdicts


@settings(max_examples=50, deadline=None)
@given(RUNS, st.integers(0, 120))
def test_a_restart_between_being_late_and_the_end_changes_nothing(runs: list[Any], cut: int) -> None:
    twice, *_ = told(runs)
    one = detector()
    straight, verdicts = fed(twice, one)

    state, before = fed(twice[:cut], one)
    state, after = fed(twice[cut:], one, json.loads(json.dumps(state)))

    assert (straight, verdicts) == (state, before + after)


def test_the_same_instant_at_another_place_is_another_run() -> None:
    one = detector()
    state, _ = fed([bad(MONDAY, "fra", pending=True)], one)

    assert one.update(state, bad(MONDAY, "fra"))[0] == state
    assert one.update(state, bad(MONDAY, "sin"))[0] != state


def test_what_it_remembers_of_runs_that_never_end_is_bounded() -> None:
    places = [f"place-{number}" for number in range(16)]
    late = [bad(MONDAY + number, places[number % 16], pending=True) for number in range(20 * TOLD_MAX)]
    state, _ = fed(late, detector())

    assert len(json.dumps(state[4])) < STATE_MAX_BYTES / 2
    assert len(state[4]) == TOLD_MAX
    assert state[4][-1] == [late[-1].series.location, late[-1].at]


@pytest.mark.parametrize("hour", [3, 15])
def test_it_waits_a_fifth_longer_than_all_but_one_in_a_thousand_calm_runs_of_that_hour(hour: int) -> None:
    at = MONDAY + 3_600.0 * hour
    patience = detector().patience("fra", at)

    assert patience is not None
    usual = 0.25 * math.exp(0.25 * math.sin(2 * math.pi * hour / 24))
    assert patience == pytest.approx(1.2 * usual * math.exp(0.3 * 3.09), rel=0.1)  # 3.09 deviations: the 99.9 % quantile
    past = history(PLACES)
    slower = sum(1 for one, seconds in zip(past.at, past.seconds, strict=True) if seconds > detector().patience("fra", one))
    assert slower < len(past.at) / 1_000


def test_an_end_in_time_is_no_failure_and_one_out_of_time_is() -> None:
    one, at = detector(), MONDAY + 3_600.0
    patience = one.patience("fra", at)
    assert patience is not None

    assert fed([good(at, "fra", 0.999 * patience)], one)[1][0].suspicion is None
    assert fed([good(at, "fra", 1.001 * patience)], one)[1][0].suspicion is not None


def test_where_nothing_is_known_of_calm_times_it_waits_for_the_end() -> None:
    assert detector(learned=False).patience("fra", MONDAY) is None
    assert detector().patience("a new place", MONDAY) is None
