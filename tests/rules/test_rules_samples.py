"""What of a result reaches the detectors."""

from rules_helpers import result

from monitor.model.outcome import Outcome
from monitor.model.result import Phases, StepResult
from monitor.rules.samples import run_sample, step_sample

PHASES = Phases(wait=0.2)
TRAITS = (("headers", "12345678 server"),)


def decline(**more: object) -> StepResult:
    return StepResult("authorise", Outcome.SOFT_DECLINE, True, 0.2, PHASES, code="insufficient_funds", traits=TRAITS, **more)  # type: ignore[arg-type]


def test_a_steps_traits_phases_and_code_are_its_samples() -> None:
    one = step_sample(result(1, steps=(decline(),)), decline())

    assert (one.traits, one.phases, one.code) == (TRAITS, PHASES, "insufficient_funds")


def test_a_run_is_told_by_the_code_of_its_last_answer_clean_ups_left_out() -> None:
    undo = StepResult("refund", Outcome.APPROVED, True, 0.4, undo=True, code="refunded")

    one = run_sample(result(1, outcome=Outcome.SOFT_DECLINE, steps=(StepResult("token", Outcome.OK, True, 0.1), decline(), undo)))

    assert (one.code, one.traits, one.phases) == ("insufficient_funds", (), None)


def test_the_latency_of_a_suspect_run_is_no_evidence_and_its_traits_are() -> None:
    one = step_sample(result(1, steps=(decline(),), suspect=True), decline())

    assert (one.seconds, one.phases, one.traits) == (None, None, TRAITS)
