"""What the janitor does at a gateway: run an adapter's flow through the probes, and read what came of an undo."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from monitor.ledger.entries import Answer
from monitor.ledger.gateways import Flow, NoAnswerError
from monitor.model.check import Target
from monitor.model.outcome import DECLINES, SUCCESSES, Outcome
from monitor.model.result import Exchange, Reach
from monitor.transactions.dialects import DIALECTS

T = TypeVar("T")
#: One HTTP request to a target: options of the http probe, idempotency key.
Send = Callable[[Target, Mapping[str, Any], str], Awaitable[Exchange]]

#: Answers about who asks or how often, not about the payment: the same request may work later.
_NOT_ABOUT_IT = frozenset({401, 403, 407, 408, 429})


async def perform(flow: Flow[T], target: Target, send: Send) -> T:
    """A flow to its end. Raises NoAnswerError, for answers of any shape."""
    exchange: Exchange | None = None
    while True:
        try:
            ask = next(flow) if exchange is None else flow.send(exchange)
        except StopIteration as end:
            result: T = end.value
            return result
        except (ValueError, TypeError, ArithmeticError):
            raise NoAnswerError("an answer that cannot be read") from None
        exchange = await send(target, ask.options, ask.key)


def undo_answer(target: Target, exchange: Exchange) -> Answer:
    """What an undo came to. Only a definite no about the payment itself counts as one."""
    if exchange.reach is Reach.NOT_SENT:
        return Answer.NOT_SENT
    if exchange.reach is not Reach.ANSWERED or exchange.status is None or exchange.status in _NOT_ABOUT_IT:
        return Answer.AMBIGUOUS
    outcome = DIALECTS[target.dialect](exchange, read=False).outcome
    if outcome in SUCCESSES:
        return Answer.DONE
    return Answer.REFUSED if outcome in DECLINES | {Outcome.CLIENT_CONFIG} else Answer.AMBIGUOUS
