"""What is sent while a step is suspected: no more than it needs, and money last."""

from dataclasses import replace
from pathlib import Path

import pytest
from adaptive_world import shipped, written

from monitor.adaptive import Part, extra_plan
from monitor.adaptive.needs import needed
from monitor.model.check import Burst, Check, Moves
from monitor.model.money import Money


@pytest.fixture(scope="module")
def checks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Check]:
    return shipped(tmp_path_factory.mktemp("checks"))


def names(parts: tuple[Part, ...]) -> list[tuple[str, ...]]:
    return [part.steps for part in parts]


#: Check, step under suspicion, the steps it cannot do without.
NEEDS = [
    ("stripe-payment", "create", ("create",)),
    ("stripe-payment", "authorise", ("create", "authorise")),  # its path holds the intent that the first step saved
    ("stripe-payment", "retrieve", ("create", "authorise", "retrieve")),  # it reads what the confirmation changed
    ("stripe-payment", "capture", ("create", "authorise", "capture")),  # the reading in between is not needed
    ("mastercard-authorise-void", "authorise", ("authorise",)),
    (
        "mastercard-authorise-void",
        "retrieve-transaction",
        ("authorise", "retrieve-transaction"),
    ),  # one order, by the run's reference
    ("mastercard-authorise-void", "retrieve-order", ("authorise", "void", "retrieve-order")),
    ("mastercard-liveness", "information", ("information",)),
]


@pytest.mark.parametrize(("check", "step", "steps"), NEEDS)
def test_a_step_needs_what_saves_its_names_and_what_changes_the_thing_it_speaks_of(
    checks: dict[str, Check], check: str, step: str, steps: tuple[str, ...]
) -> None:
    assert steps == tuple(one.name for one in needed(checks[check], step))


@pytest.mark.parametrize("step", ["", "cancel", "no such step"])
def test_the_whole_run_is_needed_when_no_step_of_it_is_named(checks: dict[str, Check], step: str) -> None:
    assert checks["stripe-payment"].steps == needed(checks["stripe-payment"], step)


def test_a_check_that_only_reads_is_run_as_it_is(checks: dict[str, Check]) -> None:
    (part,) = extra_plan(checks["mastercard-history"], "")

    assert (("search",), "", False, False) == (part.steps, part.covers, part.money, part.aside)


def test_a_suspected_step_that_moves_no_money_is_reached_without_any(checks: dict[str, Check]) -> None:
    (part,) = extra_plan(checks["stripe-payment"], "create")

    assert (("create",), "create", False) == (part.steps, part.covers, part.money)
    assert not part.check.moves_money


def test_money_is_sent_only_after_what_is_free_and_never_more_of_it_than_the_step_needs(checks: dict[str, Check]) -> None:
    free, paid = extra_plan(checks["stripe-payment"], "authorise")

    assert (("create",), False, True) == (free.steps, free.money, free.aside)
    assert (("create", "authorise"), "authorise", True, False) == (paid.steps, paid.covers, paid.money, paid.aside)
    assert paid.check.undo == checks["stripe-payment"].undo


def test_reads_alone_are_sent_of_a_live_check_unless_somebody_wrote_otherwise(tmp_path: Path) -> None:
    text = """
checks:
  pay:
    title: {en: pay, zh: 支付}
    target: stripe
    every: 1m
    steps:
      - {name: prices, get: /v1/prices}
      - {name: create, post: /v1/payment_intents, form: {amount: 100}, save: {intent: body.id}}
      - {name: confirm, post: "/v1/payment_intents/${intent}/confirm", moves: {hold: "1.00 USD", undo: cancel}}
    undo:
      cancel: {post: "/v1/payment_intents/${intent}/cancel"}
"""
    live = written(tmp_path, text, live=True)

    assert Burst.READS is live.burst
    assert [("prices",)] == names(extra_plan(live, "confirm"))
    assert [("prices",)] == names(extra_plan(live, "create"))  # an intent moves nothing, and is left behind at the gateway
    assert [("prices",)] == names(extra_plan(live, "prices"))

    test = written(tmp_path, text)
    assert Burst.FULL is test.burst
    assert [("prices", "create"), ("create", "confirm")] == names(extra_plan(test, "confirm"))

    allowed = written(tmp_path, text.replace("every: 1m", "every: 1m\n    burst: full"), live=True)
    assert Burst.FULL is allowed.burst

    off = written(tmp_path, text.replace("every: 1m", "every: 1m\n    burst: off"))
    assert () == extra_plan(off, "prices")


def test_a_card_that_is_to_be_declined_is_not_used_up_by_suspicion(checks: dict[str, Check]) -> None:
    assert [] == names(extra_plan(checks["mastercard-declines"], "authorise"))
    assert ("create",) in names(extra_plan(checks["stripe-decline"], ""))


def test_an_authorisation_of_zero_counts_as_no_money(checks: dict[str, Check]) -> None:
    check = checks["mastercard-authorise-void"]
    moves = check.steps[0].moves
    assert moves is not None
    zero = Moves(moves.kind, Money(0, "USD"), moves.undo, moves.reference)
    (part,) = extra_plan(replace(check, steps=(replace(check.steps[0], moves=zero), *check.steps[1:])), "")

    assert not part.money


def test_what_cannot_be_told_counts_as_needed(checks: dict[str, Check]) -> None:
    class Strange:
        constant = False

        def render(self, _scope: object) -> dict[str, object]:
            return {}

    check = checks["stripe-payment"]
    strange = replace(check.steps[2], request=Strange())

    assert 3 == len(needed(replace(check, steps=(*check.steps[:2], strange)), "retrieve"))


def test_parts_do_not_lose_what_a_run_needs_besides_its_steps(checks: dict[str, Check]) -> None:
    for check in checks.values():
        for step in ("", *(one.name for one in check.steps)):
            for part in extra_plan(check, step):
                assert (check.id, check.target, check.undo, check.budget_seconds) == (
                    part.check.id,
                    part.check.target,
                    part.check.undo,
                    part.check.budget_seconds,
                )
                assert part.steps
                assert part.aside == (step not in part.steps if step else part.steps != tuple(one.name for one in check.steps))
