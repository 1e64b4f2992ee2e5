"""The plan that undoes a step, as it is written down with the intent: rendered requests, so that no configuration is needed later."""

import json
from collections.abc import Callable, Iterable, Mapping

from monitor.ledger.entries import Planned
from monitor.model.check import Check, ExpressionError, Moves, Scope, Step

#: Lets a text through, or changes it because it holds a secret or a card number.
Redact = Callable[[str], str]


def plan_of(check: Check, moves: Moves, known: Scope, redact: Redact) -> tuple[Planned, ...]:
    """Every undo step of ``moves`` with what is known now."""
    return tuple(_planned(check.undo[name], known, redact) for name in (moves.undo, *moves.otherwise))


def complete(plan: Iterable[Planned]) -> bool:
    return all(planned.options is not None for planned in plan)


def _planned(step: Step, known: Scope, redact: Redact) -> Planned:
    try:
        options = step.request.render(known)
    except ExpressionError as error:
        return Planned(step.name, None, f"lacks a value: {redact(str(error))}", step.written)
    if not _harmless(options, redact):
        return Planned(step.name, None, "holds what must not be written down", step.written)
    return Planned(step.name, dict(options), written=step.written)


def _harmless(options: Mapping[str, object], redact: Redact) -> bool:
    text = json.dumps(options, ensure_ascii=False, default=str)
    return redact(text) == text
