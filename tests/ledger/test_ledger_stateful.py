"""The ledger's pure parts under a crash after any step, against the sandbox's own core: the gateway's books are the oracle.

A "disk" is a list of rows; a crash forgets everything else. Requests reach the gateway or do not, answers come back or are lost, and
its 500 may be a lie. Whatever happened, a quiet while later nothing is open there, and nothing was taken twice.
"""

import json
from collections import Counter
from decimal import Decimal
from urllib.parse import urlencode

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from monitor.janitor.errands import undo_answer
from monitor.ledger.books import Books
from monitor.ledger.decide import Close, Look, TakeBack, Terms, decide
from monitor.ledger.entries import Answer, Answered, Closed, Intended, UndoAnswered, UndoIntended, from_row, to_row
from monitor.ledger.gateways import GATEWAYS, NoAnswerError
from monitor.ledger.machine import RunEnded
from monitor.model.check import Caps, Target
from monitor.model.outcome import DECLINES, Outcome
from monitor.model.result import Exchange, Reach
from monitor.model.text import Text
from monitor.probes.request import flatten
from monitor.sandbox.core import Core, Policy
from monitor.sandbox.mastercard import Mastercard
from monitor.sandbox.stripe import Stripe
from monitor.sandbox.wire import Effects, Request
from monitor.transactions.dialects import DIALECTS

LAG = 1.0
TERMS = Terms(settle_seconds=2.0)
ROOT = "/api/rest/version/100/merchant/TESTCANARY"
CARD = {"number": "5123450000000008", "expiry": {"month": "01", "year": "39"}, "securityCode": "100"}
DECLINED = {**CARD, "expiry": {"month": "05", "year": "39"}}
#: What becomes of one request and of its answer.
FATES = ("whole", "whole", "whole", "never sent", "lost before", "lost after", "denied before", "denied after")
TARGETS = {name: Target(name, Text(name), "https://gateway.invalid", dialect=name) for name in ("mastercard", "stripe")}
CAPS = Caps(open_at_once=10_000)


class Gateway:
    """The sandbox without a socket."""

    def __init__(self):
        self.core, self.now = Core(Policy()), 1_000_000.0
        numbers = iter(range(10**6))
        self._mastercard = Mastercard(self.core, merchant="TESTCANARY", password="p", list_lag_seconds=LAG)
        self._stripe = Stripe(self.core, key="k", new_id=lambda: f"X{next(numbers):06d}", list_lag_seconds=LAG, key_seconds=1.0)

    def ask(self, target, options, key, fate):
        if fate == "never sent":
            return Exchange(Reach.NOT_SENT, self.now, 0.0, error="connection refused")
        body = None
        if fate not in ("lost before", "denied before"):
            body = self._do(target, options, key)
        if fate.startswith("lost"):
            return Exchange(Reach.SENT, self.now, 0.5, error="no answer came")
        if fate.startswith("denied"):
            return Exchange(
                Reach.ANSWERED, self.now, 0.1, status=500, body={"error": {"cause": "SERVER_FAILED"}, "result": "ERROR"}
            )
        return body

    def _do(self, target, options, key):
        dialect, headers = (self._stripe, {"authorization": "Bearer k"})
        if target == "mastercard":
            dialect, headers = self._mastercard, {"authorization": "Basic bWVyY2hhbnQuVEVTVENBTkFSWTpw"}
        form, given = options.get("form"), options.get("json")
        data = urlencode(list(flatten(form))).encode() if form else json.dumps(given).encode() if given else b""
        query = dict(flatten(options.get("query", {})))
        headers = {**headers, **({"idempotency-key": key} if key else {})}
        answer = dialect.answer(Request(options["method"], options["path"], query, headers, data), Effects(), self.now)
        body = json.loads(json.dumps(answer.payload), parse_float=Decimal)
        return Exchange(Reach.ANSWERED, self.now, 0.1, status=answer.status, body=body)


def payment(kind, number, declined):
    """The money request of one run: target, options, reference."""
    reference = f"pc-test-{number:06d}"
    if kind == "stripe":
        method = "pm_card_visa_chargeDeclined" if declined else "pm_card_visa"
        form = {"amount": 100, "currency": "usd", "confirm": True, "capture_method": "manual", "payment_method": method}
        return (
            "stripe",
            {"method": "POST", "path": "/v1/payment_intents", "form": {**form, "metadata": {"canary": reference}}},
            reference,
        )
    body = {"apiOperation": kind, "order": {"amount": "1.00", "currency": "USD", "reference": reference}}
    body["sourceOfFunds"] = {"type": "CARD", "provided": {"card": DECLINED if declined else CARD}}
    return "mastercard", {"method": "PUT", "path": f"{ROOT}/order/{reference}/transaction/1", "json": body}, reference


class LedgerMachine(RuleBasedStateMachine):
    @initialize()
    def begin(self):
        self.gateway, self.disk, self.count = Gateway(), [], 0
        self.views, self.sent = {}, Counter()
        self.start()

    def start(self):
        """What a start does: the disk is all there is."""
        closed = {row.tx for row in self.disk if row.kind == "closed"}
        rows = [from_row(row) for row in self.disk if row.tx not in closed]
        self.books = Books.restored(rows, {}, self.gateway.now)
        self.views = {}

    def commit(self, entry):
        self.books.apply(entry)
        self.disk.append(to_row(entry))

    @rule(
        kind=st.sampled_from(["AUTHORIZE", "PAY", "stripe"]),
        fate=st.sampled_from(FATES),
        declined=st.booleans(),
        cut=st.integers(0, 4),
    )
    def run(self, kind, fate, declined, cut):
        """One money step. ``cut``: the process dies before the commit, the send, the answer's commit, or not at all."""
        self.count += 1
        target, options, reference = payment(kind, self.count, declined)
        tx, now = f"tx{self.count:06d}", self.gateway.now
        if cut == 0:
            return self.start()
        handle = GATEWAYS[target].handle(options, reference)
        line = f"{options['method']} {options['path']}"
        intent = Intended(
            tx, now, target, "card", 0, "pay", "hold", 100, "USD", tx, reference, handle, line, now + 1.0, ("void",)
        )
        self.books.admit(intent, CAPS) if not self.books.stopped(target, now) else None
        self.commit(intent)
        if cut == 1:
            return self.start()
        self.sent[reference] += 1
        exchange = self.gateway.ask(target, options, tx, fate)
        if cut == 2:
            return self.start()
        answer = self.judged(target, exchange)
        released = 100 if answer.nothing_happened else 0
        self.commit(Answered(tx, self.gateway.now, target, 0, answer, released, "USD"))
        if cut == 3:
            return self.start()
        self.books.apply(RunEnded(tx, self.gateway.now))
        return None

    @staticmethod
    def judged(target, exchange):
        if exchange.reach is Reach.NOT_SENT:
            return Answer.NOT_SENT
        if exchange.reach is not Reach.ANSWERED:
            return Answer.AMBIGUOUS
        outcome = DIALECTS[target](exchange, read=False).outcome
        if outcome in DECLINES | {Outcome.CLIENT_CONFIG}:
            return Answer.REFUSED
        return Answer.DONE if outcome is Outcome.APPROVED else Answer.AMBIGUOUS

    @rule(fates=st.lists(st.sampled_from(FATES), min_size=1, max_size=4), cut=st.integers(0, 6))
    def janitor(self, fates, cut):
        """One deed about each transaction that is owed; the process may die between any two of its parts."""
        for number, tx in enumerate(self.books.owed()):
            self.deed(tx, fates[number % len(fates)], cut if number == 0 else 6)
            if tx.id not in self.books.open and cut == 5:
                return self.start()
        return None

    def deed(self, tx, fate, cut):
        target, now, gateway = TARGETS[tx.target], self.gateway.now, GATEWAYS[tx.target]
        view, seen = self.views.get(tx.id, (None, 0.0))
        match decide(tx, view, seen, now, gateway, TERMS):
            case Look(at) if at <= now:
                self.look(tx, gateway, fate)
            case Look(_):
                self.views.pop(tx.id, None)
            case TakeBack(undo):
                self.views.pop(tx.id, None)
                entry = UndoIntended(tx.id, now, tx.target, len(tx.attempts), undo.name, undo.ask.key, "", by_ledger=True)
                self.commit(entry)
                if cut == 0:
                    return self.start()
                exchange = self.gateway.ask(tx.target, undo.ask.options, undo.ask.key, fate)
                if cut == 1:
                    return self.start()
                self.commit(UndoAnswered(tx.id, now, tx.target, entry.k, undo_answer(target, exchange)))
            case Close(proof):
                self.commit(Closed(tx.id, now, tx.target, proof))
            case _:
                self.views.pop(tx.id, None)
        return None

    def look(self, tx, gateway, fate):
        shown, seen = [], self.gateway.now
        try:
            for handle in tx.handles:
                flow = gateway.look(handle)
                ask = next(flow)
                while True:
                    try:
                        ask = flow.send(self.gateway.ask(tx.target, ask.options, ask.key, fate))
                    except StopIteration as end:
                        shown.append(end.value)
                        break
        except NoAnswerError:
            return
        self.views[tx.id] = (shown, seen)

    @rule(seconds=st.sampled_from([0.1, 1.0, 3.0, 60.0]))
    def time_passes(self, seconds):
        self.gateway.now += seconds

    @rule()
    def crash(self):
        self.start()

    @invariant()
    def nothing_is_taken_twice_or_without_an_intent(self):
        if not hasattr(self, "disk"):
            return
        written = {from_row(row).reference for row in self.disk if row.kind == "intended"}
        charges = self.gateway.core.charges()
        assert set(charges) <= written
        assert all(count == 1 for count in charges.values())
        assert all(count == 1 for count in self.sent.values())

    @invariant()
    def what_the_ledger_calls_closed_is_closed_at_the_gateway(self):
        if not hasattr(self, "disk"):
            return
        owing = {tx.reference for tx in self.books.open.values()}
        assert {item.reference for item in self.gateway.core.open_items(self.gateway.now)} <= owing
        assert sum(item.held + item.captured for item in self.gateway.core.open_items(self.gateway.now)) <= sum(
            self.books.exposure().values()
        )

    def teardown(self):
        """Peace: the gateway answers, and time passes. Everything must close."""
        if not hasattr(self, "disk"):
            return
        self.start()
        for _ in range(40):
            for tx in self.books.owed():
                self.deed(tx, "whole", 6)
            self.gateway.now += 1.0
        assert {} == self.books.open
        assert [] == self.gateway.core.open_items(self.gateway.now)


LedgerMachine.TestCase.settings = settings(max_examples=300, stateful_step_count=40, deadline=None)
TestTheLedgerAgainstTheGatewaysOwnBooks = LedgerMachine.TestCase
