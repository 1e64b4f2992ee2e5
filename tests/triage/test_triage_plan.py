"""Which questions are asked, and in what order."""

from dataclasses import replace

import pytest

from monitor.model.triage import Experiment, Facts, Question, Symptom
from monitor.triage import questions
from monitor.triage.plan import ADDRESSES_MAX

FULL = Facts(
    target="gateway",
    host="gateway.test",
    addresses=("203.0.113.7", "203.0.113.8"),
    front_door="information",
    token="token",
    second_credential=True,
    second_resolver=True,
    controls=("control",),
    reads=("list", "balance", "search"),
)
#: Answered from the recent runs; nobody asks them.
FROM_MEMORY = {Experiment.LOCATION, Experiment.NEIGHBOUR, Experiment.STEP, Experiment.STRATUM, Experiment.CARD, Experiment.WRITE}


def asked(symptom: Symptom, facts: Facts) -> list[Experiment]:
    return [question.experiment for question in questions(symptom, facts)]


@pytest.mark.parametrize("symptom", Symptom)
def test_whatever_moves_money_is_never_asked(symptom: Symptom) -> None:
    assert not FROM_MEMORY & set(asked(symptom, FULL))


@pytest.mark.parametrize("symptom", Symptom)
def test_a_question_is_asked_once(symptom: Symptom) -> None:
    plan = questions(symptom, FULL)

    assert len(plan) == len(set(plan))


@pytest.mark.parametrize("symptom", Symptom)
def test_whether_it_is_us_is_asked_before_anything_of_the_gateway(symptom: Symptom) -> None:
    plan = asked(symptom, FULL)

    assert plan.index(Experiment.REFERENCE) < plan.index(Experiment.FRONT_DOOR) < plan.index(Experiment.CONNECT)


def test_the_second_opinion_comes_after_the_first() -> None:
    plan = asked(Symptom.FAILING, FULL)

    assert plan.index(Experiment.RESOLVE) < plan.index(Experiment.RESOLVER)
    assert plan.index(Experiment.READ) < plan.index(Experiment.CREDENTIAL)
    assert plan.index(Experiment.FRONT_DOOR) < plan.index(Experiment.ADDRESS)


def test_what_the_target_does_not_have_is_not_asked() -> None:
    plain = Facts("gateway", "gateway.test", addresses=("203.0.113.7",), tls=False)

    assert {Experiment.OWN, Experiment.RESOLVE, Experiment.CONNECT} == set(asked(Symptom.FAILING, plain))


def test_one_address_is_not_tried_twice_by_the_front_door() -> None:
    one = replace(FULL, addresses=("203.0.113.7",))

    assert Experiment.ADDRESS not in asked(Symptom.FAILING, one)


def test_a_name_with_many_addresses_is_tried_at_a_few() -> None:
    many = replace(FULL, addresses=tuple(f"203.0.113.{number}" for number in range(40)))
    plan = questions(Symptom.FAILING, many)

    assert ADDRESSES_MAX == sum(question.experiment is Experiment.HANDSHAKE for question in plan)
    assert Question(Experiment.CONNECT, "203.0.113.0") in plan


def test_a_slow_gateway_is_asked_its_reads_before_the_way_there() -> None:
    plan = asked(Symptom.SLOW, FULL)

    assert plan.index(Experiment.READ) < plan.index(Experiment.RESOLVE)
    assert Experiment.CREDENTIAL not in plan
