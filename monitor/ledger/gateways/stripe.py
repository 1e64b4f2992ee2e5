"""Stripe, and gateways that speak like it: a PaymentIntent by its id, or, when the id was never learned, by our metadata.

What is held is ``amount_capturable``; what was charged and kept is the latest charge's ``amount_captured - amount_refunded``. Cancelling
ends an intent that holds money or may still come to hold it; a refund gives a charge back.
Source: docs.stripe.com/api/payment_intents, /api/refunds, /api/expanding_objects, docs.stripe.com/search (the search lags writes).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from monitor.ledger.gateways.flow import (
    Ask,
    Flow,
    Listed,
    NoAnswerError,
    Part,
    Shown,
    Undo,
    UnfindableError,
    Window,
    mapping,
    word,
)
from monitor.ledger.gateways.flow import answered as whole
from monitor.ledger.gateways.flow import listed as items

_INTENTS = "/v1/payment_intents"
_INTENT = re.compile(rf"{_INTENTS}/(pi_\w+)/(?:confirm|capture)")
#: Handles of payments whose id was never learned: ``metadata:canary:pc-demo-...``.
_BY_METADATA = "metadata:"
PAGE = 100
_ID = re.compile(r"pi_\w{1,255}")
#: Intents in these states hold nothing and may still be confirmed by a request that is on its way.
_UNDECIDED = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


class Stripe:
    """See ``Gateway``. A handle is an intent's id, or the metadata it was created with."""

    reads = lists = True

    def handle(self, options: Mapping[str, Any], reference: str) -> str:
        path = str(options.get("path", "")).partition("?")[0]
        if found := _INTENT.fullmatch(path):
            return found[1]
        metadata = mapping(mapping(options.get("form")).get("metadata"))
        name = next((name for name, value in metadata.items() if value == reference), None)
        if path != _INTENTS or name is None:
            raise UnfindableError("its request names no PaymentIntent and carries the reference in no metadata")
        return f"{_BY_METADATA}{name}:{reference}"

    def root(self, line: str) -> str | None:
        return "" if _INTENTS in line else None

    def look(self, handle: str) -> Flow[Shown]:
        if not handle.startswith(_BY_METADATA):
            return (yield from _look_by_id(handle, handle))
        _, name, reference = handle.split(":", 2)
        query = {"query": f"metadata['{name}']:'{reference}'", "limit": "10"}
        body = whole((yield Ask({"method": "GET", "path": f"{_INTENTS}/search", "query": query})))
        if "data" not in body:
            raise NoAnswerError("the search did not answer with a list")
        shown = []
        for intent in map(mapping, items(body["data"])):
            shown.append((yield from _look_by_id(handle, str(intent.get("id")))))  # noqa: PERF401 - no comprehension can yield
        return _together(handle, shown)

    def undo(self, shown: Shown, refused: Iterable[str], tag: str) -> Undo | None:
        return next((way for way in _ways(shown, tag) if way.name not in refused), None)

    def listing(self, window: Window) -> Flow[list[Listed]]:
        """Newest first, page by page; whose they are is seen from their metadata alone."""
        found: list[Listed] = []
        query: dict[str, Any] = {"created": {"gte": int(window.since), "lte": int(window.until) + 1}, "limit": str(PAGE)}
        query["expand"] = ["data.latest_charge"]
        while True:
            body = whole((yield Ask({"method": "GET", "path": _INTENTS, "query": query})))
            intents = [mapping(one) for one in items(body.get("data"))]
            found += [listed for intent in intents if (listed := _listed(intent, window.prefix)) is not None]
            if not intents or not body.get("has_more"):
                return found
            query = {**query, "starting_after": str(intents[-1].get("id"))}


def show(handle: str, intent: Mapping[str, Any]) -> Shown:
    """What one PaymentIntent comes to, its latest charge expanded."""
    charge = mapping(intent.get("latest_charge"))
    held = int(intent.get("amount_capturable") or 0)
    kept = 0
    if intent.get("status") == "succeeded":
        taken = charge.get("amount_captured", intent.get("amount_received"))
        kept = int(taken or 0) - int(charge.get("amount_refunded") or 0)
    status = str(intent.get("status"))
    return Shown(
        handle,
        found=True,
        over=status == "canceled" or (status == "succeeded" and not kept),
        held=held,
        kept=kept,
        currency=str(intent.get("currency", "")).upper(),
        parts=(Part(status, str(intent.get("id")), held + kept),),
    )


def _look_by_id(handle: str, intent: str) -> Flow[Shown]:
    if not _ID.fullmatch(intent):
        raise NoAnswerError("an id that is none")
    query = {"expand": ["latest_charge"]}
    exchange = yield Ask({"method": "GET", "path": f"{_INTENTS}/{intent}", "query": query})
    body = whole(exchange)
    if "error" in body:
        if exchange.status == 404:
            return Shown(handle)
        raise NoAnswerError(f"HTTP {exchange.status} {word(mapping(body['error']).get('code'))}".rstrip())
    if body.get("status") == "processing":
        raise NoAnswerError("the payment is still being processed")
    return show(handle, body)


def _together(handle: str, shown: list[Shown]) -> Shown:
    return Shown(
        handle,
        found=any(one.found for one in shown),
        over=bool(shown) and all(one.over for one in shown),
        held=sum(one.held for one in shown),
        kept=sum(one.kept for one in shown),
        currency=next((one.currency for one in shown if one.currency), ""),
        parts=tuple(part for one in shown for part in one.parts),
    )


def _ways(shown: Shown, tag: str) -> Iterator[Undo]:
    for status, intent, minor in shown.parts:
        key = f"{intent}-ledger-{tag}"
        if status == "requires_capture" or status in _UNDECIDED:
            yield Undo(f"cancel {intent}", Ask({"method": "POST", "path": f"{_INTENTS}/{intent}/cancel"}, key))
        elif status == "succeeded" and minor:
            form = {"payment_intent": intent, "amount": minor}
            yield Undo(f"refund {intent}", Ask({"method": "POST", "path": "/v1/refunds", "form": form}, key))


def _listed(intent: Mapping[str, Any], prefix: str) -> Listed | None:
    values = mapping(intent.get("metadata")).values()
    reference = next((value for value in values if isinstance(value, str) and value.startswith(prefix)), None)
    shown = show(str(intent.get("id")), intent)
    return Listed(reference, shown) if reference and shown.open and _ID.fullmatch(shown.handle) else None
