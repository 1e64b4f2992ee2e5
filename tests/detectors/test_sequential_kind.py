"""The sequential kind as rules use it: what it says, what it remembers, what it leaves out."""

import json
from random import Random
from time import process_time

import pytest
from detector_contract import CHECK, SERIES
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sequential_world import MONDAY, baseline, latency

from monitor.detectors import State, Verdict
from monitor.detectors.sequential import layout
from monitor.detectors.sequential.kind import GONE_SECONDS, SET_BACK_RUN, Sequential
from monitor.model.outcome import Outcome
from monitor.model.sample import Sample

PLACES = ("fra", "sin", "sfo")


def taken(
    at: float, place: str = "fra", good: bool | None = True, *, seconds: float = 0.2, lost: bool = False, extra: bool = False
):
    outcome = {True: Outcome.APPROVED, None: Outcome.UNKNOWN, False: Outcome.TIMEOUT_UNKNOWN if lost else Outcome.TECH_GATEWAY}[
        good
    ]
    latency_ = seconds if good else None
    return Sample(SERIES._replace(location=place), at, at + 0.5, good, outcome, seconds=latency_, extra=extra)


def tailored(learned: bool = True, every: float = 30.0, family: int = 1) -> Sequential:
    return (
        Sequential(false_alarms="1 per 6 months").tailored(CHECK, every, family).informed(baseline(PLACES) if learned else None)
    )


def calm(detector: Sequential, count: int = 600, places: tuple[str, ...] = PLACES, state: State = None) -> tuple[State, float]:
    """``count`` good samples, 10 s apart; where the next is due."""
    random, state = Random(1), detector.start() if state is None else state
    for number in range(count):
        at = MONDAY + 10.0 * number
        state, _ = detector.update(state, taken(at, places[number % len(places)], seconds=latency(random, at)))
    return state, MONDAY + 10.0 * count


def outage(
    detector: Sequential, state: State, at: float, places: tuple[str, ...] = PLACES, *, lost: bool = False, most: int = 200
) -> tuple[State, list[Verdict], float]:
    """Everything fails, and extra runs come as they are asked for, until the alarm."""
    verdicts: list[Verdict] = []
    for number in range(most):
        one = taken(at, places[number % len(places)], good=False, lost=lost, extra=number > 0)
        state, verdict = detector.update(state, one)
        verdicts.append(verdict)
        if verdict.alarm:
            return state, verdicts, at
        at += verdict.suspicion.spacing_seconds if verdict.suspicion else 10.0
    raise AssertionError("it never alarmed")


def test_suspicion_asks_for_samples_at_once_and_an_alarm_asks_for_none() -> None:
    detector = tailored()
    _, verdicts, _ = outage(detector, *calm(detector))

    assert verdicts[0].suspicion is not None
    assert verdicts[0].suspicion.spacing_seconds == pytest.approx(1 / 3)
    assert verdicts[-1].suspicion is None


def test_an_outage_is_told_with_its_size_its_places_and_when_it_began() -> None:
    detector = tailored()
    state, begun = calm(detector)
    _, verdicts, alarmed = outage(detector, state, begun)
    verdict = verdicts[-1]

    assert alarmed - begun < 25.0
    assert verdict.share is not None
    assert verdict.share > 0.8
    assert verdict.slowdown is None
    assert set(verdict.places) == set(PLACES)
    assert verdict.between is not None
    assert verdict.between[0] < begun < verdict.between[1]
    assert "% of runs fail since 2026-11-02T01:" in verdict.summary.en
    assert "1 false alarm per 6 months" in verdict.summary.en
    assert "探测失败" in verdict.summary.zh
    assert "no history" not in verdict.summary.en


def test_without_a_history_it_says_that_its_promise_is_the_weaker_one() -> None:
    detector = tailored(learned=False)
    _, verdicts, _ = outage(detector, *calm(detector))

    assert "no history yet" in verdicts[-1].summary.en
    assert "尚无历史数据" in verdicts[-1].summary.zh
    assert "no history yet" in verdicts[-1].evidence["null"]


def test_slowness_is_told_as_a_factor() -> None:
    detector, random = tailored(), Random(4)
    state, at = calm(detector)
    for number in range(200):
        state, verdict = detector.update(state, taken(at, PLACES[number % 3], seconds=latency(random, at, slow=2.0)))
        if verdict.alarm:
            break
        at += 10.0

    assert verdict.alarm
    assert verdict.share is None
    assert verdict.slowdown is not None
    assert 1.3 <= verdict.slowdown <= 4.0
    assert "usual" in verdict.summary.en


def test_after_the_alarm_it_heals_by_its_own_evidence_and_stays_quiet() -> None:
    detector = tailored()
    state, _, at = outage(detector, *calm(detector))
    said = []
    for number in range(200):
        at += 10.0
        state, verdict = detector.update(state, taken(at, PLACES[number % 3]))
        said.append("!" if verdict.alarm else "+" if verdict.recovered else "-")

    assert "".join(said).startswith("!" * 11)
    assert said.index("+") < 20
    assert "!" not in said[said.index("+") :]


@given(st.integers(0, 90))
@settings(max_examples=25, deadline=None)
def test_restored_at_any_cut_it_goes_on_to_the_last_bit(cut: int) -> None:
    detector, random = tailored(), Random(8)
    samples = [
        taken(
            MONDAY + 10.0 * number,
            PLACES[number % 3],
            good=not 40 < number < 70,
            seconds=latency(random, MONDAY),
            lost=number % 2 > 0,
        )
        for number in range(90)
    ]
    straight = parted = detector.start()
    for number, one in enumerate(samples):
        straight, whole = detector.update(straight, one)
        parted, part = detector.update(json.loads(json.dumps(parted)) if number == cut else parted, one)
        assert part == whole
    assert parted == straight


def test_an_old_sample_of_a_buffer_says_nothing_and_a_clock_set_back_is_believed() -> None:
    detector = tailored()
    state, at = calm(detector)
    after, _ = detector.update(state, taken(at - 5_000.0, good=False))
    assert after[1] == state[1]

    for _ in range(SET_BACK_RUN):
        state, _ = detector.update(state, taken(at - 50_000.0, good=False))
    assert state[1][layout.NEWEST] == at - 50_000.0


def test_a_straggler_counts_as_of_now() -> None:
    detector = tailored()
    state, at = calm(detector)

    late, _ = detector.update(state, taken(at - 60.0))

    assert late[1][layout.NEWEST] == state[1][layout.NEWEST]


def test_being_throttled_for_asking_more_is_no_evidence() -> None:
    detector = tailored()
    state, at = calm(detector)
    throttled = Sample(SERIES, at, at, False, Outcome.THROTTLED, extra=True)

    assert detector.update(state, throttled)[0] == state


def test_missing_samples_never_alarm() -> None:
    detector = tailored()
    state, at = calm(detector)
    for number in range(300):
        at += 3_000.0 if number % 3 == 0 else 10.0
        state, verdict = detector.update(state, taken(at, PLACES[number % 3]))
        assert not verdict.alarm


def test_a_location_that_falls_silent_is_let_go_and_the_rest_decide() -> None:
    detector = tailored()
    state, at = calm(detector)
    for number in range(500):
        state, _ = detector.update(state, taken(at + 10.0 * number, "fra"))
    assert state[0] == ["fra"]

    _, verdicts, alarmed = outage(detector, state, at + 5_000.0 + GONE_SECONDS / 10, places=("fra",))
    assert verdicts[-1].alarm
    assert alarmed - at < 6_000.0


@pytest.mark.parametrize("places", [1, 4, 5, 8, 9])
def test_however_many_locations_report_the_state_stays_small(places: int) -> None:
    names = tuple(f"location-{number}" for number in range(places))
    detector = tailored()
    state, at = calm(detector, places=names, count=300)
    state, verdicts, _ = outage(detector, state, at, places=names)

    assert verdicts[-1].alarm
    assert len(state[0]) == min(places, layout.PLACES_MAX)
    assert len(json.dumps(state)) < (4_000 if places <= 4 else 6_000)


def test_the_name_of_the_detector_tells_its_options_and_nothing_it_learned() -> None:
    plain = Sequential(false_alarms="1 per 6 months")

    assert repr(plain) == repr(plain.informed(baseline(PLACES)).tailored(CHECK, 30.0, 6))
    assert hash(plain) == hash(plain.informed(baseline(PLACES)))


def test_a_family_of_six_needs_six_times_the_evidence() -> None:
    alone, family = tailored().parameters(3), tailored(family=6).parameters(3)

    assert family[layout.THRESHOLD] - alone[layout.THRESHOLD] == pytest.approx(1.791759469228055)  # ln 6


def test_a_budget_without_a_period_is_refused() -> None:
    with pytest.raises(ValidationError, match="false alarms like"):
        Sequential(false_alarms="few")


def test_larger_faults_are_expected_sooner() -> None:
    for places in (1, 3):
        small, middle, full = tailored().expected_delays(places)
        assert [small.share, middle.share, full.share] == [0.05, 0.2, 1.0]
        assert full.seconds is not None
        assert middle.seconds is not None
        assert small.seconds is not None
        assert 5.0 < full.seconds < middle.seconds < small.seconds < 1_800.0
        assert full.probes > 0


def test_where_it_stands_is_told_in_words() -> None:
    detector = tailored(family=2)
    told = detector.describe(calm(detector)[0])

    assert told["locations"] == "fra, sin, sfo"
    assert told["probing"] == "on the grid"
    assert "at most" in told["null"]
    assert float(told["evidence"]) < float(told["threshold"])
    assert detector.describe(detector.start())["locations"] == "none yet"


@pytest.mark.slow
def test_a_sample_costs_less_than_fifty_microseconds_in_the_median() -> None:
    """The whole detector, three locations, with a history. A loaded machine is slower: the bound here is thrice the promise."""
    detector, random = tailored(), Random(2)
    state, at = calm(detector)
    costs = []
    for number in range(1_500):
        one = taken(at + 10.0 * number, PLACES[number % 3], seconds=latency(random, at))
        begun = process_time()
        state, _ = detector.update(state, one)
        costs.append(process_time() - begun)

    assert sorted(costs)[len(costs) // 2] < 150e-6


@pytest.mark.parametrize("learned", [False, True])
def test_a_black_hole_seen_from_one_place_is_proven_though_its_network_could_be_the_cause(learned: bool) -> None:
    """Runs that time out say little each; suspicion makes them many, and no blip of a network fails them all for long."""
    detector = tailored(learned)
    state, begun = calm(detector, places=("fra",))

    *_, alarmed = outage(detector, state, begun, places=("fra",), lost=True, most=400)

    assert alarmed - begun < 120.0
