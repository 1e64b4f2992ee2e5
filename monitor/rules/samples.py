"""A result as detectors see it: one sample for the run, one for each step that a rule asks for."""

from monitor.model.result import Result, StepResult
from monitor.model.sample import Sample, Series


def run_sample(result: Result) -> Sample:
    """The whole run. Its latency is that of its steps: clean-ups are our own housekeeping, no customer waits for them."""
    return Sample(
        series=Series(result.check, result.target, result.stratum, result.location),
        at=result.due,
        seen=result.finished,
        good=result.good,
        outcome=result.outcome,
        seconds=_latency(result),
        run_id=result.run_id,
        message=result.message,
        expires=_earliest_expiry(result),
        slot=result.slot,
    )


def step_sample(result: Result, step: StepResult) -> Sample:
    """One step. It was due when its run was: that is the instant a fault is dated to."""
    return Sample(
        series=Series(result.check, result.target, result.stratum, result.location, step.name),
        at=result.due,
        seen=result.finished,
        good=step.good,
        outcome=step.outcome,
        seconds=step.duration_seconds if step.good and not result.suspect else None,
        run_id=result.run_id,
        message=step.message,
        expires=step.tls.chain_expires if step.tls else None,
        slot=result.slot,
    )


def _latency(result: Result) -> float | None:
    if not result.good or result.suspect:
        return None
    return sum(step.duration_seconds for step in result.steps if not step.undo) if result.steps else result.duration_seconds


def _earliest_expiry(result: Result) -> float | None:
    return min((step.tls.chain_expires for step in result.steps if step.tls), default=None)
