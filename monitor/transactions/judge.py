"""What a step came to: one exchange against what the step expects.

First whose fault, then how far it got, then what the gateway's dialect says, then the step's own expectations. Nothing is taken
for good because it could not be worked out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from monitor.model.check import Expression as AnyExpression
from monitor.model.check import ExpressionError, Scope, Step
from monitor.model.outcome import DECLINES, NetworkReason, Outcome
from monitor.model.result import MESSAGE_MAX, Exchange, Reach, StepResult
from monitor.redaction import redact_text
from monitor.transactions.content import content_of
from monitor.transactions.dialects import Dialect, Reading
from monitor.transactions.expressions import Expression, show_path, walk
from monitor.transactions.traits import traits_of

#: How much of one value is shown in a message.
SHOWN_MAX = 80
#: Values shown for one failed expectation.
SHOWN_VALUES_MAX = 4

_TIMEOUTS = frozenset({NetworkReason.ANSWER_TIMEOUT, NetworkReason.BODY_TIMEOUT})
#: The answer came and is not what the protocol allows: the network did its part.
_MALFORMED = frozenset({NetworkReason.PROTOCOL, NetworkReason.BODY_TOO_LARGE})
#: We would not send it: an address that the target may not have, a request that is none.
_NOT_ALLOWED = frozenset({NetworkReason.BLOCKED_ADDRESS, NetworkReason.PROTOCOL})
#: What our own reasons for measuring nothing are called; an agent fault otherwise.
_OURS: Mapping[NetworkReason, Outcome] = {
    NetworkReason.SHUTDOWN: Outcome.UNKNOWN,
    NetworkReason.BUDGET: Outcome.THROTTLED,
    NetworkReason.MONEY: Outcome.UNKNOWN,
}
_APPROVED = frozenset({Outcome.APPROVED, Outcome.APPROVED_PARTIAL})
#: Answers after which the gateway holds nothing: it said no, or did not take the request.
_REFUSED = DECLINES | {Outcome.CLIENT_CONFIG}

_WORDS: Mapping[NetworkReason, str] = {
    NetworkReason.NO_ANSWER: "the request was sent and no answer came",
    NetworkReason.ANSWER_TIMEOUT: "the request was sent and no answer came in time",
    NetworkReason.BODY_TIMEOUT: "the answer began and did not end in time",
    NetworkReason.RESET: "the connection was reset before the whole answer came",
}


@dataclass(slots=True)
class Judged:
    """``reached``: the gateway may have done what was asked. Only a request that never left, or a definite no, says it has not.

    It follows the answer alone, not our expectations of it: a payment approved with the wrong amount is a payment.
    """

    result: StepResult
    reached: bool
    saved: dict[str, object] = field(default_factory=dict)


@dataclass(slots=True)
class _Opinion:
    outcome: Outcome
    good: bool | None
    message: str = ""
    reading: Reading | None = None


def judge(step: Step, exchange: Exchange, scope: Scope, dialect: Dialect, *, read: bool, undo: bool = False) -> Judged:
    """Judge one exchange. ``scope`` is what expressions see: ``scope_of`` and the names saved so far."""
    saved: dict[str, object] = {}
    if exchange.ours:
        opinion = _Opinion(_OURS.get(exchange.reason, Outcome.AGENT_FAULT), None, exchange.error)
    elif exchange.reach is not Reach.ANSWERED or exchange.reason is not NetworkReason.NONE:
        opinion = _unanswered(step, exchange)
    else:
        reading = dialect(exchange, read=read) if exchange.status is not None else Reading(Outcome.OK)
        saved, missing = _save(step, scope)
        opinion = _answered(step, reading, scope, missing)
        if exchange.over_budget:
            opinion = _excused(opinion)
    reached = exchange.reach is not Reach.NOT_SENT and not _refused(exchange, opinion)
    return Judged(_result(step, exchange, opinion, undo=undo), reached, saved)


def _refused(exchange: Exchange, opinion: _Opinion) -> bool:
    if opinion.reading is None:
        return False
    # A gateway that calls itself busy in its body may have begun; HTTP 429 comes from in front of it.
    return opinion.reading.outcome in _REFUSED or exchange.status == 429


def scope_of(exchange: Exchange) -> dict[str, object]:
    """What an expression may read of an exchange. What was not seen is left out, so that asking for it fails."""
    scope: dict[str, object] = {
        "headers": exchange.headers,
        "body": exchange.body,
        "body_bytes": exchange.body_bytes,
        "duration": exchange.duration_seconds,
        "phases": exchange.phases.reached(),
        "answers": exchange.answers,
    }
    if exchange.status is not None:
        scope["status"] = exchange.status
    if exchange.address:
        scope["address"] = exchange.address
    if exchange.tls is not None:
        tls = exchange.tls
        days_left = (tls.chain_expires - exchange.started) / 86_400
        scope["tls"] = {"version": tls.version, "cipher": tls.cipher, "days_left": days_left, "issuer": tls.issuer}
    return scope


def _unanswered(step: Step, exchange: Exchange) -> _Opinion:
    """No whole answer. Money in it is in an unknown state, however the rest was lost."""
    message = exchange.error or _WORDS.get(exchange.reason, "no whole answer came")
    if exchange.reach is Reach.NOT_SENT:
        outcome = Outcome.CLIENT_CONFIG if exchange.reason in _NOT_ALLOWED else Outcome.NETWORK_ERROR
        return _Opinion(outcome, good=False, message=message)
    if step.moves or exchange.reason in _TIMEOUTS:
        return _Opinion(Outcome.TIMEOUT_UNKNOWN, good=False, message=message)
    outcome = Outcome.CONTRACT_VIOLATION if exchange.reason in _MALFORMED else Outcome.NETWORK_ERROR
    return _Opinion(outcome, good=False, message=message)


def _answered(step: Step, reading: Reading, scope: Scope, missing: str) -> _Opinion:
    stated = reading.by_status and any("status" in _roots(expectation) for expectation in step.expect)
    if reading.outcome not in step.outcomes and not stated:
        return _unexpected(step, reading)
    broken = _broken(step, scope) or missing
    if not broken:
        return _Opinion(Outcome.OK if stated else reading.outcome, good=True, reading=reading)
    outcome = reading.outcome if stated and reading.outcome is not Outcome.OK else Outcome.CONTRACT_VIOLATION
    return _Opinion(outcome, good=False, message=broken, reading=reading)


def _unexpected(step: Step, reading: Reading) -> _Opinion:
    if reading.outcome in _APPROVED and not step.outcomes & _APPROVED:
        expected = ", ".join(sorted(step.outcomes))
        return _Opinion(
            Outcome.CONTRACT_VIOLATION, good=False, message=f"approved, where {expected} was expected", reading=reading
        )
    return _Opinion(reading.outcome, good=False, message=reading.message, reading=reading)


def _excused(opinion: _Opinion) -> _Opinion:
    """Throttled for what we did ourselves: no evidence against the gateway."""
    if opinion.outcome is Outcome.THROTTLED:
        opinion.good = None
        opinion.message = f"{opinion.message} (we had sent more than we promised, or while asked to wait)"
    return opinion


def _broken(step: Step, scope: Scope) -> str:
    """What is wrong with the first expectation that does not hold; empty when all do."""
    return next(filter(None, (_complaint(expectation, scope) for expectation in step.expect)), "")


def _complaint(expectation: AnyExpression, scope: Scope) -> str:
    try:
        value = expectation(scope)
    except ExpressionError as error:
        return f"expected {expectation.source}: {error}"
    if value is False:
        return f"expected {expectation.source}{_seen(expectation, scope)}"
    return "" if value is True else f"expected {expectation.source} to be true or false, and it is {_show(value)}"


def _save(step: Step, scope: Scope) -> tuple[dict[str, object], str]:
    """What could be saved, whatever else is wrong: an undo may need it. And what could not."""
    saved: dict[str, object] = {}
    missing = ""
    for name, expression in step.save:
        try:
            saved[name] = expression(scope)
        except ExpressionError as error:
            missing = missing or f"cannot save {name}: {error}"
    return saved, missing


def _roots(expression: AnyExpression) -> set[object]:
    return {path[0] for path in expression.paths} if isinstance(expression, Expression) else set()


def _seen(expression: AnyExpression, scope: Scope) -> str:
    """The values it read: `` (body.status was "requires_action")``."""
    if not isinstance(expression, Expression):
        return ""
    shown = []
    for path in expression.paths[:SHOWN_VALUES_MAX]:
        try:
            shown.append(f"{show_path(path)} was {_show(walk(scope, path))}")
        except ExpressionError as error:
            shown.append(str(error))
    return f" ({'; '.join(shown)})" if shown else ""


def _show(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"a map of {len(value)} fields"
    if isinstance(value, list | tuple):
        return f"a list of {len(value)} elements"
    if isinstance(value, str):
        return json.dumps(value[:SHOWN_MAX], ensure_ascii=False) + ("..." if len(value) > SHOWN_MAX else "")
    text = str(value) if isinstance(value, Decimal) else json.dumps(value)
    return text[:SHOWN_MAX]


def _result(step: Step, exchange: Exchange, opinion: _Opinion, *, undo: bool) -> StepResult:
    reading = opinion.reading
    return StepResult(
        name=step.name,
        outcome=opinion.outcome,
        good=opinion.good,
        duration_seconds=exchange.duration_seconds,
        phases=exchange.phases,
        reason=exchange.reason,
        message=plain_message(opinion.message),
        status=exchange.status,
        body_bytes=exchange.body_bytes,
        tls=exchange.tls,
        address=exchange.address,
        connection=exchange.connection,
        queued_seconds=exchange.queued_seconds,
        undo=undo,
        code=reading.code if reading else "",
        correlation=reading.correlation if reading else "",
        traits=traits_of(exchange) if exchange.reach is Reach.ANSWERED else (),
        content=content_of(exchange),
    )


def plain_message(message: str) -> str:
    """One line without card numbers, short enough for a ticket's field."""
    if not message:
        return ""
    # Clipped before the search as well: a gateway's sentence may be a megabyte, and searching it would hold the event loop.
    line = redact_text(" ".join(message[: 4 * MESSAGE_MAX].split()))
    return line if len(line) <= MESSAGE_MAX else line[: MESSAGE_MAX - 1] + "…"
