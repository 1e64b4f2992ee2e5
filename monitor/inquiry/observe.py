"""From what a probe brought back to what it showed. Pure: whoever asks hands in the gate that every quotation passes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus

from monitor.model.result import MESSAGE_MAX, Exchange, Reach, StepResult
from monitor.model.triage import Experiment, Observation
from monitor.transactions.content import content_of
from monitor.transactions.dialects import DIALECTS
from monitor.transactions.traits import traits_of

Clean = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Asked:
    """What was tried, on what, and from where."""

    experiment: Experiment
    subject: str
    source: str


def skipped(asked: Asked, at: float, why: str) -> Observation:
    """It was not tried, or says nothing; ``why`` is a sentence."""
    return Observation(asked.experiment, asked.subject, at, asked.source, None, message=why)


def from_exchange(asked: Asked, exchange: Exchange, good: bool | None, clean: Clean) -> Observation:
    """The facts of one exchange; whether it was ``good`` is the caller's to say."""
    return Observation(
        experiment=asked.experiment,
        subject=asked.subject,
        at=exchange.started,
        source=asked.source,
        good=good,
        reason=exchange.reason,
        status=exchange.status,
        message=clean(exchange.error)[:MESSAGE_MAX],
        seconds=exchange.duration_seconds,
        phases=exchange.phases,
        address=exchange.address,
        answers=exchange.answers,
        tls=exchange.tls,
        content=content_of(exchange),
        traits=tuple((name, clean(text)) for name, text in traits_of(exchange)),
    )


def from_door(asked: Asked, exchange: Exchange, dialect: str, clean: Clean) -> Observation:
    """A request without credentials."""
    seen = from_exchange(asked, exchange, door_opens(exchange), clean)
    if exchange.reach is not Reach.ANSWERED or exchange.status is None:
        return seen
    reading = DIALECTS[dialect](exchange, read=True)
    return replace(
        seen,
        outcome=reading.outcome,
        code=clean(reading.code),
        correlation=clean(reading.correlation),
        message=clean(reading.message)[:MESSAGE_MAX],
    )


def door_opens(exchange: Exchange) -> bool | None:
    """Is anybody at home? Not knowing the path or asking for a credential is a sign of life; an error page or a redirect is none.

    None: we were sent away for asking too much, or never asked.
    """
    status = exchange.status
    if exchange.ours or status == HTTPStatus.TOO_MANY_REQUESTS:
        return None
    if exchange.reach is not Reach.ANSWERED or status is None or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return False
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return content_of(exchange) != "html"
    return status < HTTPStatus.MULTIPLE_CHOICES or status >= HTTPStatus.BAD_REQUEST


def from_step(asked: Asked, step: StepResult, at: float, clean: Clean) -> Observation:
    """One judged step, asked by itself or as part of a run."""
    return Observation(
        experiment=asked.experiment,
        subject=asked.subject,
        at=at,
        source=asked.source,
        good=step.good,
        outcome=step.outcome,
        reason=step.reason,
        status=step.status,
        code=clean(step.code),
        message=clean(step.message),
        seconds=step.duration_seconds,
        phases=step.phases,
        address=step.address,
        tls=step.tls,
        content=step.content,
        traits=step.traits,
        correlation=clean(step.correlation),
        step=step.name,
    )
