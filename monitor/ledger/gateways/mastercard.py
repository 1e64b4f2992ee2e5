"""Mastercard Gateway, REST-JSON: an order is named by us, so that its payments are found whatever became of their answers.

RETRIEVE_ORDER shows all its transactions. A VOID takes back what the acquirer's batch has not yet taken along, a REFUND what it has.
Source: developer.mastercard.com/mastercard-gateway, the reference of version 100. The list of orders by reference is the bundled
sandbox's own; the real gateway's reporting is a separate product, where the sweep says that it cannot look.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

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
from monitor.ledger.references import narrower, spans
from monitor.model.money import Money

_ORDER = re.compile(r"(/api/rest/version/\d{1,3}/merchant/[^/]+/order/[^/]+)/transaction/[^/]+")
_ROOT = re.compile(r"(/api/rest/version/\d{1,3}/merchant/[^/${]+)/order/")
#: The most the sandbox lists at once.
PAGE = 100
#: Transactions that take money, and those that take them back, as ``transaction.type`` has them.
_TAKES = ("AUTHORIZATION", "CAPTURE", "PAYMENT", "REFUND")
#: Orders of these states can take no more money.
_ENDED = frozenset({"CANCELLED", "REFUNDED"})


class Mastercard:
    """See ``Gateway``. A handle is the order's path."""

    reads = lists = True

    def handle(self, options: Mapping[str, Any], reference: str) -> str:
        found = _ORDER.fullmatch(str(options.get("path", "")).partition("?")[0])
        if found is None:
            raise UnfindableError("its request names no order and transaction")
        return found[1]

    def root(self, line: str) -> str | None:
        found = _ROOT.search(line)
        return found[1] if found else None

    def look(self, handle: str) -> Flow[Shown]:
        exchange = yield Ask({"method": "GET", "path": handle})
        body = whole(exchange)
        if "error" in body or body.get("result") == "ERROR":
            if _unknown_order(mapping(body.get("error"))):
                return Shown(handle)
            raise NoAnswerError(f"HTTP {exchange.status} {word(mapping(body.get('error')).get('cause'))}".rstrip())
        if any(mapping(one).get("result") == "PENDING" for one in items(body.get("transaction"))):
            raise NoAnswerError("a transaction of the order is still pending")
        return show(handle, body)

    def undo(self, shown: Shown, refused: Iterable[str], tag: str) -> Undo | None:
        path = f"{shown.handle}/transaction/ledger-{tag}"
        return next((way for way in _ways(shown, path) if way.name not in refused), None)

    def listing(self, window: Window) -> Flow[list[Listed]]:
        """By prefixes of the reference's time: a page that is full hides older orders, so its span is asked for in parts."""
        found: list[Listed] = []
        waiting = spans(window.prefix, window.since, window.until)
        while waiting:
            prefix = waiting.pop()
            query = {"reference": f"{prefix}*", "limit": str(PAGE)}
            body = whole((yield Ask({"method": "GET", "path": f"{window.root}/order", "query": query})))
            orders = body.get("order")
            if not isinstance(orders, list):
                raise NoAnswerError("this gateway does not list orders by reference")
            if len(orders) >= PAGE:
                waiting += narrower(prefix)
                continue
            found += [listed for order in orders if (listed := _listed(window.root, mapping(order))) is not None]
        return found


def show(handle: str, order: Mapping[str, Any]) -> Shown:
    """What an order in the shape of RETRIEVE_ORDER comes to."""
    standing = list(_standing(order))
    sums = {kind: sum(part.minor for part in standing if part.kind == kind) for kind in _TAKES}
    captured = sums["CAPTURE"] + sums["PAYMENT"]
    status = order.get("status")
    held = 0 if status in _ENDED else max(0, sums["AUTHORIZATION"] - sums["CAPTURE"])
    kept = max(0, captured - sums["REFUND"])
    return Shown(
        handle,
        found=True,
        over=status in _ENDED and not held + kept,
        held=held,
        kept=kept,
        currency=str(order.get("currency", "")),
        parts=tuple(part for part in standing if part.kind != "REFUND"),
    )


def _standing(order: Mapping[str, Any]) -> Iterator[Part]:
    """The successful transactions that were not voided. Of two with one id, each void takes back one."""
    done = [
        mapping(one.get("transaction")) for one in map(mapping, items(order.get("transaction"))) if one.get("result") == "SUCCESS"
    ]
    voided = [one.get("targetTransactionId") for one in done if str(one.get("type", "")).startswith("VOID_")]
    for one in done:
        kind, name = one.get("type"), one.get("id")
        if kind not in _TAKES:
            continue
        if name in voided:
            voided.remove(name)
            continue
        yield Part(str(kind), str(name), Money.parse(f"{one.get('amount')} {one.get('currency')}").minor)


def _ways(shown: Shown, path: str) -> Iterator[Undo]:
    """Newest first: a capture before the hold it was made from. What was partly refunded cannot be voided any more."""
    takes = [part for part in shown.parts if part.kind in ("CAPTURE", "PAYMENT")]
    if shown.kept:
        if shown.kept == sum(part.minor for part in takes):
            yield from (_put(f"void {part.id}", path, _void(part.id)) for part in reversed(takes))
        amount = Money(shown.kept, shown.currency)
        refund = {"apiOperation": "REFUND", "transaction": {"amount": str(amount.major), "currency": amount.currency}}
        yield _put("refund", path, refund)
    if shown.held:
        holds = [part for part in shown.parts if part.kind == "AUTHORIZATION"]
        yield from (_put(f"void {part.id}", path, _void(part.id)) for part in reversed(holds))


def _put(name: str, path: str, body: Mapping[str, Any]) -> Undo:
    return Undo(name, Ask({"method": "PUT", "path": path, "json": body}))


def _void(transaction: str) -> dict[str, Any]:
    return {"apiOperation": "VOID", "transaction": {"targetTransactionId": transaction}}


def _unknown_order(error: Mapping[str, Any]) -> bool:
    return "unable to find" in str(error.get("explanation", "")).lower()


def _listed(root: str, order: Mapping[str, Any]) -> Listed | None:
    # An id is a gateway's text: it names an order, and no other path.
    shown = show(f"{root}/order/{quote(str(order.get('id')), safe='')}", order)
    return Listed(str(order.get("reference", "")), shown) if shown.open else None
