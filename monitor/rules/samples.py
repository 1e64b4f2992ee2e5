"""A result as detectors see it: one sample for the run, one for each step that a rule asks for."""

from monitor.model.result import Result, StepResult
from monitor.model.sample import Sample, Series


def run_sample(result: Result) -> Sample:
    """The whole run. One that was made for a step, under suspicion, leaves others out: its latency is not that of a whole run."""
    return Sample(
        series=Series(result.check, result.target, result.stratum, result.location),
        at=result.due,
        seen=result.finished,
        good=result.good,
        outcome=result.outcome,
        seconds=None if result.covers else result.latency_seconds,
        run_id=result.run_id,
        message=result.message,
        expires=_earliest_expiry(result),
        slot=result.slot,
        code=next((step.code for step in reversed(result.steps) if step.code and not step.undo), ""),
        extra=bool(result.extra),
        pending=result.pending,
    )


def step_sample(result: Result, step: StepResult) -> Sample:
    """One step. It was due when its run was: that is the instant a fault is dated to."""
    timed = step.good and not result.suspect
    return Sample(
        series=Series(result.check, result.target, result.stratum, result.location, step.name),
        at=result.due,
        seen=result.finished,
        good=step.good,
        outcome=step.outcome,
        seconds=step.duration_seconds if timed else None,
        run_id=result.run_id,
        message=step.message,
        expires=step.tls.chain_expires if step.tls else None,
        slot=result.slot,
        phases=step.phases if timed else None,
        traits=step.traits,
        code=step.code,
        extra=bool(result.extra),
    )


def _earliest_expiry(result: Result) -> float | None:
    return min((step.tls.chain_expires for step in result.steps if step.tls), default=None)
