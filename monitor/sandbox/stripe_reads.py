"""What the Stripe dialect tells: intents by id, lists and searches behind the lag, charges, refunds, the balance."""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from monitor.sandbox import stripe_form as form
from monitor.sandbox import stripe_shapes as shapes
from monitor.sandbox.core import Core, Reason, RefusalError
from monitor.sandbox.payment import Entry, Kind, Payment
from monitor.sandbox.stripe_form import ParameterError
from monitor.sandbox.stripe_work import Asked, intent_of
from monitor.sandbox.wire import Answer

DEFAULT_LIMIT, MAX_LIMIT = 10, 100
_METADATA = re.compile(r"""metadata\[(["'])(?P<name>[^"']{1,40})\1\]\s*:\s*(["'])(?P<value>[^"']{0,500})\3""")
_FIELD = re.compile(r"""(?P<name>status|currency)\s*:\s*(["'])(?P<value>[\w-]+)\2""")
_AND = re.compile(r"\s+AND\s+", re.IGNORECASE)
_SINCE: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda created, bound: created > bound,
    "gte": lambda created, bound: created >= bound,
    "lt": lambda created, bound: created < bound,
    "lte": lambda created, bound: created <= bound,
}

Match = Callable[[Payment], bool]


class Reads:
    def __init__(self, core: Core, list_lag_seconds: float) -> None:
        self._core = core
        self._list_lag_seconds = list_lag_seconds

    def retrieve(self, asked: Asked) -> Answer:
        form.only(asked.form, ("expand", "client_secret"))
        return Answer(200, shapes.payment_intent(self._find(asked.id, asked), expand=asked.expand))

    def list_intents(self, asked: Asked) -> Answer:
        form.only(asked.form, ("created", "ending_before", "expand", "limit", "starting_after"))
        payments = self._history(asked, _created(asked))
        after = form.text(asked.form, "starting_after")
        if after:
            payments = _past(payments, after)
        found, more = _cut(payments, asked)
        return shapes.page("/v1/payment_intents", [shapes.payment_intent(payment) for payment in found], more=more)

    def search(self, asked: Asked) -> Answer:
        """Clauses on metadata, status and currency, joined by AND."""
        form.only(asked.form, ("expand", "limit", "page", "query"))
        found, more = _cut(self._history(asked, parse_search(form.text(asked.form, "query"))), asked)
        items = [shapes.payment_intent(payment) for payment in found]
        url = "/v1/payment_intents/search"
        return Answer(200, {"object": "search_result", "url": url, "has_more": more, "next_page": None, "data": items})

    def charge(self, asked: Asked) -> Answer:
        payment, entry = self._entry(asked, "ch_")
        return Answer(200, shapes.charge(payment, entry))

    def list_charges(self, asked: Asked) -> Answer:
        form.only(asked.form, ("expand", "limit", "payment_intent"))
        payment = self._find(form.text(asked.form, "payment_intent"), asked)
        charges = [shapes.charge(payment, attempt) for attempt in reversed(payment.attempts)]
        return shapes.page("/v1/charges", charges[: _limit(asked)], more=len(charges) > _limit(asked))

    def refund(self, asked: Asked) -> Answer:
        payment, entry = self._entry(asked, "re_")
        return Answer(200, shapes.refund(payment, entry))

    def list_refunds(self, asked: Asked) -> Answer:
        form.only(asked.form, ("expand", "limit", "payment_intent"))
        payment = self._find(form.text(asked.form, "payment_intent"), asked)
        refunds = [shapes.refund(payment, entry) for entry in reversed(payment.standing(Kind.REFUND))]
        return shapes.page("/v1/refunds", refunds[: _limit(asked)], more=len(refunds) > _limit(asked))

    def balance(self, asked: Asked) -> Answer:
        """What the merchant has been paid, by currency."""
        form.only(asked.form, ("expand",))
        amounts = [
            {"amount": accounts["merchant"], "currency": currency.lower(), "source_types": {"card": accounts["merchant"]}}
            for currency, accounts in sorted(self._core.ledger.totals().items())
        ]
        none = [{"amount": 0, "currency": "usd", "source_types": {"card": 0}}]
        return Answer(200, {"object": "balance", "available": amounts or none, "livemode": False, "pending": none})

    def _find(self, intent: str, asked: Asked) -> Payment:
        payment = self._core.find(intent, as_of=asked.now - asked.effects.read_lag_seconds)
        if payment is None or payment.dialect != "stripe":
            raise RefusalError(Reason.NOT_FOUND, "there is no such payment")
        return payment

    def _entry(self, asked: Asked, prefix: str) -> tuple[Payment, Entry]:
        payment = self._find(intent_of(asked.id), asked)
        kinds = (Kind.REFUND,) if prefix == "re_" else (Kind.AUTHORISATION, Kind.PAYMENT)
        for entry in payment.entries:
            if entry.kind in kinds and asked.id in (shapes.charge_id(payment, entry), shapes.refund_id(payment, entry)):
                return payment, entry
        raise RefusalError(Reason.NOT_FOUND, "there is no such object")

    def _history(self, asked: Asked, match: Match) -> Iterator[Payment]:
        lag = asked.effects.list_lag_seconds
        return self._core.history("stripe", as_of=asked.now - (self._list_lag_seconds if lag is None else lag), match=match)


def parse_search(query: str) -> Match:
    """A predicate from ``metadata['order']:'7' AND status:'succeeded'``. Raises ParameterError."""
    clauses = [_clause(text) for text in _AND.split(query.strip())]
    return lambda payment: all(clause(payment) for clause in clauses)


def _clause(text: str) -> Match:
    if found := _METADATA.fullmatch(text):
        name, value = found["name"], found["value"]
        return lambda payment: payment.metadata.get(name) == value
    if found := _FIELD.fullmatch(text):
        shape, value = found["name"], found["value"]
        return lambda payment: shapes.payment_intent(payment)[shape] == value
    raise ParameterError("search_query_invalid", "The search query could not be read.", "query")


def _created(asked: Asked) -> Match:
    bounds = form.group(asked.form, "created")
    form.only(bounds, _SINCE)
    numbers = {name: form.whole(bounds, name, least=0) for name in bounds}
    return lambda payment: all(_SINCE[name](int(payment.created), bound) for name, bound in numbers.items())


def _past(payments: Iterator[Payment], after: str) -> Iterator[Payment]:
    for payment in payments:
        if payment.id == after:
            break
    return payments


def _cut(payments: Iterator[Payment], asked: Asked) -> tuple[Sequence[Payment], bool]:
    limit = _limit(asked)
    found = list(islice(payments, limit + 1))
    return found[:limit], len(found) > limit


def _limit(asked: Asked) -> int:
    return form.whole(asked.form, "limit", DEFAULT_LIMIT, most=MAX_LIMIT)
