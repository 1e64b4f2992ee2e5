"""The knobs as values: what they are about, when they are on, and how a wrong one is refused."""

import itertools
from random import Random

import pytest

from monitor.sandbox.control import read_faults, shown
from monitor.sandbox.faults import Board, FaultError, parse
from monitor.sandbox.knobs import KNOBS, Fault
from monitor.sandbox.wire import Call, Operation

CALL = Call("mastercard", Operation.AUTHORISE, "visa", "450875")


def board(*faults: dict, now: float = 0.0, seed: int = 1) -> Board:
    made = Board(Random(seed))
    made.replace("api", [parse(fault) for fault in faults], now)
    return made


def test_an_unknown_knob_is_refused_with_the_list_of_knobs():
    with pytest.raises(FaultError) as refused:
        parse({"knob": "explode"})
    assert "explode" in str(refused.value)
    assert all(name in str(refused.value) for name in KNOBS)


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ({"knob": "slow", "median": 1}, "slow.median"),
        ({"knob": "unavailable", "share": 0}, "unavailable.share"),
        ({"knob": "unavailable", "share": 1.1}, "unavailable.share"),
        ({"knob": "unavailable", "operation": "buy"}, "unavailable.operation"),
        ({"knob": "unavailable", "on_seconds": 1}, "off_seconds"),
        ({"knob": "brand_down"}, "brand"),
        ({"knob": "decline", "decision": "maybe"}, "decline.decision"),
        ({"knob": "acquirer_down", "error": "asleep"}, "acquirer_down.error"),
        ({"knob": "reset", "card_prefix": "4508750015741019"}, "reset.card_prefix"),
        ({"knob": "throttle", "per_second": 0}, "throttle.per_second"),
        ([], "expected an object"),
    ],
)
def test_a_wrong_option_is_refused_by_name(fault, named):
    with pytest.raises(FaultError, match=named):
        parse(fault)


def test_a_list_of_faults_is_refused_with_every_problem_at_once():
    with pytest.raises(FaultError) as refused:
        read_faults({"faults": [{"knob": "a"}, {"knob": "reset"}, {"knob": "slow", "sigma": -1}]})
    assert ["faults[0]", "faults[2]"] == [problem.split(":")[0] for problem in refused.value.problems]
    for wrong in (None, {}, {"faults": [{"knob": "reset"}] * 101}):
        with pytest.raises(FaultError):
            read_faults(wrong)


def test_what_was_set_is_shown_without_its_defaults():
    fault = {"knob": "error_before", "operation": ["authorise"], "share": 0.5}
    assert fault == shown(parse(fault))


@pytest.mark.parametrize(
    ("selection", "meant"),
    [
        ({}, True),
        ({"dialect": "mastercard"}, True),
        ({"dialect": ["stripe"]}, False),
        ({"dialect": "desk"}, False),
        ({"operation": ["authorise", "pay"]}, True),
        ({"operation": "void"}, False),
        ({"brand": "visa"}, True),
        ({"brand": ["mastercard", "amex"]}, False),
        ({"card_prefix": "4508"}, True),
        ({"card_prefix": "5"}, False),
        ({"brand": "visa", "operation": "capture"}, False),
    ],
)
def test_a_fault_is_about_what_it_selects(selection, meant):
    plan = board({"knob": "reset"} | selection).plan(CALL, 0.0)
    assert meant == plan.reset


def test_the_desk_is_spared_unless_it_is_named():
    call = Call("desk", Operation.TICKET)
    assert not board({"knob": "reset"}).plan(call, 0.0).reset
    assert board({"knob": "reset", "dialect": "desk"}).plan(call, 0.0).reset


def test_a_share_is_drawn_for_every_request_and_repeats_with_the_seed():
    def hits(seed: int) -> list[bool]:
        some = board({"knob": "reset", "share": 0.3}, seed=seed)
        return [some.plan(CALL, 0.0).reset for _ in range(2_000)]

    assert 0.26 < sum(hits(1)) / 2_000 < 0.34
    assert hits(1) == hits(1)
    assert hits(1) != hits(2)


@pytest.mark.parametrize(
    ("window", "on"),
    [
        ({}, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]),
        ({"after_seconds": 3}, [3, 4, 5, 6, 7, 8, 9]),
        ({"for_seconds": 3}, [0, 1, 2]),
        ({"after_seconds": 2, "for_seconds": 3}, [2, 3, 4]),
        ({"on_seconds": 2, "off_seconds": 3}, [0, 1, 5, 6]),
        ({"after_seconds": 1, "for_seconds": 6, "on_seconds": 1, "off_seconds": 2}, [1, 4]),
    ],
)
def test_a_fault_is_on_in_its_window_and_on_the_crests_of_its_wave(window, on):
    some = board({"knob": "reset"} | window, now=100.0)
    assert on == [second for second in range(10) if some.plan(CALL, 100.0 + second).reset]


@pytest.mark.parametrize(
    "window",
    [
        {"after_seconds": 3},
        {"for_seconds": 4},
        {"after_seconds": 2, "for_seconds": 5, "on_seconds": 1, "off_seconds": 0.5},
        {"on_seconds": 1.5, "off_seconds": 0.7},
    ],
)
def test_the_next_change_is_never_missed(window):
    """Walking from change to change meets every instant at which the fault turns."""
    fault = parse({"knob": "refuse"} | window)
    turns, elapsed = set(), 0.0
    while (change := fault.next_change(elapsed)) is not None and change < 12:
        assert change > elapsed
        elapsed = change
        turns.add(round(elapsed, 6))
    steps = [number / 100 for number in range(1200)]
    seen = {after for before, after in itertools.pairwise(steps) if fault.on_at(before) != fault.on_at(after)}
    assert all(any(abs(turn - step) < 0.011 for turn in turns) for step in seen)


def test_a_fault_without_an_end_never_changes_by_itself():
    assert board({"knob": "refuse"}).next_change(5.0) is None
    assert board().next_change(5.0) is None


def test_owners_replace_their_own_faults_only():
    some = board({"knob": "reset"})
    some.replace("script", [parse({"knob": "slow"})], 0.0)
    some.replace("api", [], 0.0)
    assert ["slow"] == [fault.knob for fault in some.faults()]
    some.clear()
    assert [] == some.faults()


def test_the_latency_tail_is_log_normal_with_the_median_asked_for_and_a_limit():
    some = board({"knob": "slow", "median_seconds": 0.5, "sigma": 1.0, "most_seconds": 4})
    delays = sorted(some.plan(CALL, 0.0).delay_seconds for _ in range(4_001))
    assert 0.45 < delays[2_000] < 0.55
    assert 1.5 < delays[3_800] < 4.0
    assert 4.0 == delays[-1]


def test_the_throttle_lets_its_burst_through_and_then_its_rate():
    some = board({"knob": "throttle", "per_second": 2, "burst": 3})
    answers = [some.plan(CALL, 10.0).refused is None for _ in range(5)]
    assert [True, True, True, False, False] == answers
    assert 0.5 == some.plan(CALL, 10.0).retry_after_seconds
    assert some.plan(CALL, 10.5).refused is None
    assert some.plan(CALL, 10.5).refused is not None


def test_slow_lists_are_slow_for_lists_and_searches_only():
    some = board({"knob": "slow_lists", "seconds": 3})
    delays = {each: some.plan(Call("stripe", each), 0.0).delay_seconds for each in Operation}
    assert {Operation.LIST, Operation.SEARCH} == {each for each, delay in delays.items() if delay}


@pytest.mark.parametrize("name", KNOBS)
def test_every_knob_has_a_line_of_documentation_that_names_its_options(name):
    knob = KNOBS[name]
    own = set(knob.options.model_fields) - set(Fault.model_fields)
    assert knob.doc
    assert all(f"`{option}`" in knob.doc for option in own), own
