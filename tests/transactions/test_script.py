"""A transaction as money sees it: what is asked in which order, whatever comes back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from script_helpers import FACTS, answered, check, lost, moves, names, play, step, template

from monitor.model.check import MoveKind, Stratum
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Reach
from monitor.transactions import script
from monitor.transactions.dialects import DIALECTS
from monitor.transactions.script import LEAST_SECONDS, Cancelled, Done

O, R = Outcome, NetworkReason  # noqa: E741


def card_flow(**limits):
    """create, authorise (a hold), capture (a charge that takes the hold over), read."""
    return check(
        step("create", save={"intent": "body.id"}),
        step("authorise", path="/pi/${intent}/confirm", takes=moves("cancel")),
        step("capture", path="/pi/${intent}/capture", takes=moves("refund", "cancel", kind=MoveKind.CHARGE)),
        step("read", path="/pi/${intent}", method="GET"),
        undo=(step("cancel", path="/pi/${intent}/cancel"), step("refund", path="/refunds/${intent}")),
        **limits,
    )


CREATED = {"create": answered(200, {"id": "pi_1"})}


def test_a_good_run_takes_back_what_it_moved():
    made, verdict = play(card_flow(), CREATED)
    assert ["create", "authorise", "capture", "read", "undo refund"] == names(made)
    assert (O.OK, True, ()) == (verdict.outcome, verdict.good, verdict.open_undo)
    assert ["/create", "/pi/pi_1/confirm", "/pi/pi_1/capture", "/pi/pi_1", "/refunds/pi_1"] == [do.options["path"] for do in made]
    assert [False, False, False, False, True] == [result.undo for result in verdict.steps]


def test_a_run_is_called_by_its_last_money_step():
    approved = answered(201, {"result": "SUCCESS", "response": {"gatewayCode": "APPROVED"}})
    found = check(step("pay", takes=moves("void")), step("read", method="GET"), undo=(step("void"),))
    assert (
        O.APPROVED is play(found, {"pay": approved, "void": approved, "read": answered(200, {})}, dialect="mastercard")[1].outcome
    )
    assert O.OK is play(check(step("ping", method="GET")), {})[1].outcome


def test_the_first_step_that_is_not_good_ends_the_steps():
    made, verdict = play(card_flow(), {**CREATED, "authorise": answered(503)})
    assert ["create", "authorise", "undo cancel"] == names(made)
    assert (O.TECH_GATEWAY, False, "authorise", "HTTP 503") == (
        verdict.outcome,
        verdict.good,
        verdict.failed_step,
        verdict.message,
    )


def test_a_capture_whose_answer_is_lost_is_refunded_or_else_its_hold_is_cancelled():
    made, verdict = play(card_flow(), {**CREATED, "capture": lost(), "refund": answered(400)})
    assert ["create", "authorise", "capture", "undo refund", "undo cancel"] == names(made)
    assert ((), O.TIMEOUT_UNKNOWN) == (verdict.open_undo, verdict.outcome)


def test_a_capture_that_was_refused_leaves_the_hold_to_be_cancelled():
    made, _ = play(card_flow(), {**CREATED, "capture": answered(400)})
    assert ["create", "authorise", "capture", "undo cancel"] == names(made)


def test_a_request_that_never_left_owes_nothing():
    made, verdict = play(card_flow(), {**CREATED, "authorise": lost(R.TCP_REFUSED, Reach.NOT_SENT)})
    assert ["create", "authorise"] == names(made)
    assert (O.NETWORK_ERROR, R.TCP_REFUSED) == (verdict.outcome, verdict.reason)


def test_money_that_cannot_be_taken_back_is_said_to_be_open():
    made, verdict = play(card_flow(), {**CREATED, "refund": answered(500), "cancel": answered(500)})
    assert ["undo refund", "undo cancel"] == names(made)[-2:]
    assert (("refund",), O.TECH_GATEWAY, False, "cancel") == (
        verdict.open_undo,
        verdict.outcome,
        verdict.good,
        verdict.failed_step,
    )


def test_the_steps_failure_stays_the_runs_when_the_undo_fails_too():
    _, verdict = play(card_flow(), {**CREATED, "authorise": lost(), "cancel": answered(500)})
    assert ("authorise", O.TIMEOUT_UNKNOWN, ("cancel",)) == (verdict.failed_step, verdict.outcome, verdict.open_undo)


def test_a_lost_answer_is_undone_by_our_own_reference():
    found = check(
        step("pay", path="/order/${run.reference}", takes=moves("void")),
        undo=(step("void", path="/order/${run.reference}/void"),),
    )
    made, verdict = play(found, {"pay": lost()})
    assert "/order/pc-test-01run/void" == made[-1].options["path"]
    assert () == verdict.open_undo


def test_an_undo_that_needs_what_was_never_learnt_leaves_the_money_open():
    found = check(step("pay", save={"id": "body.id"}, takes=moves("void")), undo=(step("void", path="/void/${id}"),))
    made, verdict = play(found, {"pay": lost()})
    assert ["pay"] == names(made)
    assert ("void",) == verdict.open_undo
    assert (O.UNKNOWN, None) == (verdict.steps[-1].outcome, verdict.steps[-1].good)
    assert "the request cannot be made: there is no id" == verdict.steps[-1].message


def test_a_captured_value_that_cannot_be_sent_is_the_gateways_breach():
    _, verdict = play(card_flow(), {"create": answered(200, {"id": ".."})})
    assert (O.CONTRACT_VIOLATION, "authorise") == (verdict.outcome, verdict.failed_step)


def test_undo_steps_go_newest_first_each_on_what_is_left_of_their_budget():
    found = check(
        step("one", takes=moves("undo-one")),
        step("two", takes=moves("undo-two")),
        step("three", takes=moves("undo-three")),
        undo=tuple(step(f"undo-{name}", timeout=60.0) for name in ("one", "two", "three")),
        undo_budget=10.0,
    )
    made, _ = play(found, {}, took=4.0)
    assert ["undo undo-three", "undo undo-two", "undo undo-one"] == names(made)[3:]
    assert [10.0, 6.0, 2.0] == [do.timeout_seconds for do in made[3:]]


def test_an_undo_that_does_not_apply_is_not_made():
    found = check(
        step("pay", takes=moves("void", "refund")),
        step("give-back", save={"returned": "body.result"}),
        undo=(
            step("void", when="returned != 'SUCCESS'", saved=["returned"]),
            step("refund", when="returned != 'SUCCESS'", saved=["returned"]),
        ),
    )
    made, verdict = play(found, {"give-back": answered(200, {"result": "SUCCESS"})})
    assert ["pay", "give-back"] == names(made)
    assert ((), True) == (verdict.open_undo, verdict.good)
    assert ["pay", "give-back", "undo void"] == names(play(found, {"give-back": answered(200, {"result": "FAILED"})})[0])


def test_an_undo_whose_condition_cannot_be_worked_out_is_made():
    found = check(
        step("pay", takes=moves("void")),
        step("give-back", save={"returned": "body.result"}),
        undo=(step("void", when="returned != 'SUCCESS'", saved=["returned"]),),
    )
    assert ["pay", "give-back", "undo void"] == names(play(found, {"give-back": lost()})[0])


def test_each_step_gets_the_smaller_of_its_timeout_and_what_is_left():
    found = check(*(step(name, timeout=5.0) for name in "abc"), budget=9.0)
    made, _ = play(found, {}, took=3.0)
    assert [5.0, 5.0, 3.0] == [do.timeout_seconds for do in made]


def test_a_run_out_of_time_stops_and_says_so():
    made, verdict = play(card_flow(budget=8.0), CREATED, took=4.0)
    assert ["create", "authorise", "undo cancel"] == names(made)
    assert (O.TIMEOUT_UNKNOWN, R.ANSWER_TIMEOUT, "capture") == (verdict.outcome, verdict.reason, verdict.failed_step)
    assert "the time for it was spent before it could begin" == verdict.message


def test_undo_out_of_time_leaves_the_money_open():
    _, verdict = play(card_flow(undo_budget=LEAST_SECONDS / 2), CREATED)
    assert ("refund",) == verdict.open_undo


def test_a_run_told_to_end_goes_straight_to_its_undo():
    made, verdict = play(card_flow(), {**CREATED, "authorise": "cancel"})
    assert ["create", "authorise", "undo cancel"] == names(made)
    assert (O.UNKNOWN, None, R.SHUTDOWN, ()) == (verdict.outcome, verdict.good, verdict.reason, verdict.open_undo)


def test_a_run_told_to_end_before_sending_owes_nothing():
    transaction = script.run(check(step("pay", takes=moves("void")), undo=(step("void"),)), FACTS, DIALECTS["plain"])
    next(transaction)
    with pytest.raises(StopIteration) as end:
        transaction.send(Cancelled(0.1, sent=False))
    assert O.UNKNOWN is end.value.value.outcome


def test_our_own_fault_after_sending_still_undoes():
    made, verdict = play(card_flow(), {**CREATED, "authorise": lost(R.INTERNAL, ours=True)})
    assert ["create", "authorise", "undo cancel"] == names(made)
    assert (O.AGENT_FAULT, None) == (verdict.outcome, verdict.good)


def test_requests_carry_what_the_ledger_needs():
    found = check(
        step("create", save={"id": "body.id"}),
        step("pay", takes=moves("void", reference="pay-${id}")),
        undo=(step("void", path="/v/${id}"),),
    )
    made, _ = play(found, {"create": answered(200, {"id": "x"})})
    create, pay, void = made
    assert ["01RUN-0", "01RUN-1", "01RUN-2"] == [do.idempotency_key for do in made]
    assert ["pc-test-01run", "pay-x", "pc-test-01run"] == [do.reference for do in made]
    assert (None, "pay") == (create.moves, void.undoes)
    assert pay.moves is not None
    assert "id" not in create.known
    assert {"path": "/v/x", "method": "POST"} == found.undo["void"].request.render(pay.known)


def test_the_script_says_what_each_answer_came_to():
    transaction = script.run(check(step("pay", takes=moves("void")), undo=(step("void"),)), FACTS, DIALECTS["plain"])
    next(transaction)
    event = Done(answered(503), 0.1)
    transaction.send(event)
    assert (O.TECH_GATEWAY, True) == (event.judged.result.outcome, event.judged.reached)


def test_names_of_the_run_and_its_stratum_fill_holes():
    found = check(
        step("pay", path="/${stratum.brand}/${run.slot}/${run.stamp}/${run.id}", expect="run.reference == 'pc-test-01run'")
    )
    made, verdict = play(found, {})
    assert "/visa/7/20261122T022100Z/01RUN" == made[0].options["path"]
    assert verdict.good


def test_a_constant_request_is_the_same_object_each_run():
    found = check(step("ping", method="GET"))
    assert play(found, {})[0][0].options is play(found, {})[0][0].options
    assert template(path="/x").constant


def test_strata_take_turns_and_checks_begin_apart():
    cells = tuple(Stratum((("brand", brand),)) for brand in ("visa", "mastercard", "unionpay"))
    turns = [script.stratum_of(check(strata=cells), slot) for slot in range(6)]
    assert set(cells) == set(turns[:3])
    assert turns[:3] == turns[3:]
    firsts = {script.stratum_of(check(strata=cells, name=f"card-{number}"), 0) for number in range(9)}
    assert set(cells) == firsts


# Whatever the gateway does, every money step that may have reached it is taken back, newest first.

_NOT_REACHED = [
    lost(R.TCP_REFUSED, Reach.NOT_SENT),
    lost(R.DNS, Reach.NOT_SENT),
    lost(R.OUT_OF_FILES, Reach.NOT_SENT, ours=True),
    answered(400),
]
_REACHED = [
    *(answered(), answered(500), answered(302), lost(), lost(R.RESET), lost(R.PROTOCOL), lost(R.INTERNAL, ours=True), "cancel"),
    answered(200, None, parse_error="cut off"),
]


@st.composite
def _worlds(draw):
    """A check of up to six money steps, each with an undo of its own, and what the gateway makes of every request."""
    count = draw(st.integers(1, 6))
    answers = {f"s{n}": draw(st.sampled_from([answered()] * 6 + _REACHED + _NOT_REACHED)) for n in range(count)}
    answers |= {f"u{n}": draw(st.sampled_from(_REACHED + _NOT_REACHED)) for n in range(count)}
    steps = tuple(step(f"s{n}", takes=moves(f"u{n}")) for n in range(count))
    undo = tuple(step(f"u{n}") for n in range(count))
    return check(*steps, undo=undo, budget=draw(st.sampled_from([0.35, 1.0, 30.0]))), answers


@given(_worlds())
def test_every_money_step_that_was_reached_is_undone_newest_first(world):
    found, answers = world
    made, verdict = play(found, answers, took=0.3)
    forward = [do.step.name for do in made if not do.undo]
    undone = [do.step.name for do in made if do.undo]
    reached = [name for name in forward if not any(answers[name] is answer for answer in _NOT_REACHED)]

    assert [name.replace("s", "u") for name in reversed(reached)] == undone
    assert forward == [do.step.name for do in made][: len(forward)]
    failed = [
        name
        for name in undone
        if not (answers[name] != "cancel" and answers[name].status == 200 and not answers[name].parse_error)
    ]
    assert tuple(failed) == verdict.open_undo
    assert len(verdict.steps) >= len(made)
    assert all(do.timeout_seconds >= LEAST_SECONDS for do in made)
    assert len({do.idempotency_key for do in made}) == len(made)
