"""Any HTTP service: the status is all there is to read. Bodies are judged by the step's own expectations."""

from monitor.model.outcome import Outcome
from monitor.model.result import Exchange
from monitor.transactions.dialects.reading import Reading, by_status, correlation

_IDS = ("x-request-id", "x-correlation-id", "request-id", "correlation-id", "cf-ray")


def classify(exchange: Exchange, *, read: bool) -> Reading:
    """``read`` changes nothing here. A redirect is an answer that was not asked for: redirects are never followed."""
    status = exchange.status or 0
    found = correlation(*(exchange.headers.get(name) for name in _IDS))
    if exchange.parse_error:
        return Reading(Outcome.CONTRACT_VIOLATION, "", found, f"the body cannot be read: {exchange.parse_error}")
    outcome = by_status(status)
    message = "" if outcome is Outcome.OK else f"HTTP {status}"
    return Reading(outcome, "", found, message, by_status=True)
