"""The Stripe dialect: PaymentIntents and what hangs on them, under ids of the gateway's own.

Shapes and names follow Stripe's public API description; what is not implemented is refused as an unknown URL or parameter,
never accepted in silence. As there: amounts are minor units, a decline is 402, the search is behind the writes, and an
``Idempotency-Key`` brings back the first answer (``Idempotent-Replayed: true``) for a day.
"""

import base64
import hmac
import re
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from monitor.sandbox import stripe_form as form
from monitor.sandbox import stripe_shapes as shapes
from monitor.sandbox.cards import Card
from monitor.sandbox.core import Core, Reason, RefusalError
from monitor.sandbox.keys import KeyReusedError, Keys, fingerprint
from monitor.sandbox.stripe_form import ParameterError
from monitor.sandbox.stripe_reads import Reads
from monitor.sandbox.stripe_work import Asked, StateError, Work, intent_of
from monitor.sandbox.wire import Answer, Call, Effects, Operation, Request, Trouble

#: Stripe keeps keys for at least a day.
KEY_SECONDS = 86_400.0
MAX_KEY = 255

_TROUBLES = {
    Trouble.UNAVAILABLE: (503, "api_error", "The API is not available.", ""),
    Trouble.BROKEN: (500, "api_error", "An error occurred on our side.", ""),
    Trouble.BUSY: (429, "invalid_request_error", "Request rate limit exceeded.", "rate_limit"),
    Trouble.UNAUTHORISED: (401, "invalid_request_error", "Invalid API key provided.", ""),
    Trouble.DISABLED: (400, "invalid_request_error", "Your account has not been activated.", "testmode_charges_only"),
}
#: reason -> (status, code, param)
_REFUSALS: dict[Reason, tuple[int, str, str]] = {
    Reason.NOT_FOUND: (404, "resource_missing", "id"),
    Reason.EXCEEDS_HELD: (400, "amount_too_large", "amount_to_capture"),
    Reason.EXCEEDS_CAPTURED: (400, "", "amount"),
    Reason.ALREADY_REFUNDED: (400, "charge_already_refunded", ""),
    Reason.NOTHING_CAPTURED: (400, "payment_intent_unexpected_state", ""),
}


class _Route(NamedTuple):
    method: str
    path: re.Pattern[str]
    operation: Operation
    do: Callable[[Asked], Answer]


class Stripe:
    name = "stripe"

    def __init__(
        self,
        core: Core,
        *,
        key: str,
        second_key: str = "",
        new_id: Callable[[], str],
        list_lag_seconds: float,
        key_seconds: float = KEY_SECONDS,
    ) -> None:
        """While a key is being rolled, the old one and the new one both work; "" is none."""
        self._core = core
        self._first, self._second = key.encode(), second_key.encode()
        self._new_id = new_id
        self._keys = Keys(key_seconds)
        self._work = Work(core, new_id)
        self._routes = _routes(self._work, Reads(core, list_lag_seconds))

    def owns(self, path: str) -> bool:
        return path.startswith("/v1/")

    def call(self, request: Request) -> Call:
        route, asked = self._route(request, Effects(), 0.0)
        if route is None:
            return Call(self.name, Operation.OTHER)
        try:
            operation, card = self._about(route.operation, replace(asked, form=_form(request)))
        except ParameterError:
            operation, card = route.operation, None
        return Call(self.name, operation, card.brand if card else "", card.first_six if card else "")

    def answer(self, request: Request, effects: Effects, now: float) -> Answer:
        answer = self._answer(request, effects, now)
        return replace(answer, headers={**answer.headers, "Request-Id": f"req_{self._new_id()}"})

    def trouble(self, trouble: Trouble) -> Answer:
        status, kind, message, code = _TROUBLES[trouble]
        return shapes.error(status, kind, message, code=code)

    def _answer(self, request: Request, effects: Effects, now: float) -> Answer:
        if not self._authorised(request, effects):
            return self.trouble(Trouble.UNAUTHORISED)
        route, asked = self._route(request, effects, now)
        if route is None:
            return shapes.error(404, "invalid_request_error", "Unrecognized request URL.")
        key = request.headers.get("idempotency-key", "") if request.method == "POST" else ""
        if len(key) > MAX_KEY:
            return shapes.error(400, "invalid_request_error", f"Idempotency keys have at most {MAX_KEY} characters.")
        return self._once(key, request, route, asked) if key and not effects.ignore_keys else self._do(request, route, asked)[0]

    def _once(self, key: str, request: Request, route: _Route, asked: Asked) -> Answer:
        print_ = fingerprint(request.path.encode(), request.body)
        try:
            kept = self._keys.find(key, print_, asked.now)
        except KeyReusedError:
            message = "Keys for idempotent requests can only be used with the same parameters they were first used with."
            return shapes.error(400, "idempotency_error", message)
        if kept is not None:
            return replace(kept, headers={**kept.headers, "Idempotent-Replayed": "true"})
        answer, worked = self._do(request, route, asked)
        if worked:
            self._keys.keep(key, print_, answer, asked.now)
        return answer

    def _do(self, request: Request, route: _Route, asked: Asked) -> tuple[Answer, bool]:
        """The answer, and whether work was begun: a request refused by its parameters leaves its key unused."""
        try:
            return route.do(replace(asked, form=_form(request))), True
        except ParameterError as problem:
            return shapes.error(400, "invalid_request_error", problem.message, code=problem.code, param=problem.param), False
        except StateError as problem:
            code, intent = "payment_intent_unexpected_state", shapes.payment_intent(problem.payment)
            return shapes.error(400, "invalid_request_error", problem.message, code=code, payment_intent=intent), True
        except RefusalError as refusal:
            status, code, param = _REFUSALS.get(refusal.reason, (400, "", ""))
            message = f"{refusal.message[0].upper()}{refusal.message[1:]}."
            return shapes.error(status, "invalid_request_error", message, code=code, param=param), True

    def _route(self, request: Request, effects: Effects, now: float) -> tuple[_Route | None, Asked]:
        for route in self._routes:
            found = route.path.fullmatch(request.path) if route.method == request.method else None
            if found:
                return route, Asked("".join(found.groups()), {}, effects, now)
        return None, Asked("", {}, effects, now)

    def _about(self, operation: Operation, asked: Asked) -> tuple[Operation, Card | None]:
        """Creating with ``confirm`` and confirming are authorisations or payments; the card is in the request or known."""
        given = self._work.card(asked.form) if operation in (Operation.CREATE, Operation.AUTHORISE) else None
        intent = asked.id or form.text(asked.form, "payment_intent") or intent_of(form.text(asked.form, "charge"))
        known = self._core.peek(intent)
        card = given[1] if given else known.card if known else None
        manual = known.manual if known else form.text(asked.form, "capture_method") == "manual"
        if operation is Operation.AUTHORISE or (operation is Operation.CREATE and form.flag(asked.form, "confirm")):
            return (Operation.AUTHORISE if manual else Operation.PAY), card
        return operation, card

    def _authorised(self, request: Request, effects: Effects) -> bool:
        taken = [each for each in ((b"" if effects.first_key_revoked else self._first), self._second) if each]
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            bearer = given.strip().encode(errors="replace")
            return any(hmac.compare_digest(bearer, each) for each in taken)
        try:
            user, _, _ = base64.b64decode(given, validate=True).partition(b":")
        except ValueError:
            return False
        return scheme.lower() == "basic" and any(hmac.compare_digest(user, each) for each in taken)


def _form(request: Request) -> form.Form:
    if request.method == "GET":
        return form.nest(request.query.items())
    try:
        return form.parse(request.body.decode())
    except UnicodeDecodeError:
        raise ParameterError("parameter_invalid", "The request body is not UTF-8.") from None


def _routes(work: Work, reads: Reads) -> tuple[_Route, ...]:
    table: tuple[tuple[str, str, Operation, Callable[[Asked], Answer]], ...] = (
        ("GET", "/v1/balance", Operation.BALANCE, reads.balance),
        ("POST", "/v1/payment_methods", Operation.METHOD, work.create_method),
        ("POST", "/v1/payment_intents", Operation.CREATE, work.create),
        ("GET", "/v1/payment_intents", Operation.LIST, reads.list_intents),
        ("GET", "/v1/payment_intents/search", Operation.SEARCH, reads.search),
        ("GET", r"/v1/payment_intents/(pi_\w+)", Operation.RETRIEVE, reads.retrieve),
        ("POST", r"/v1/payment_intents/(pi_\w+)/confirm", Operation.AUTHORISE, work.confirm),
        ("POST", r"/v1/payment_intents/(pi_\w+)/capture", Operation.CAPTURE, work.capture),
        ("POST", r"/v1/payment_intents/(pi_\w+)/cancel", Operation.VOID, work.cancel),
        ("POST", "/v1/refunds", Operation.REFUND, work.refund),
        ("GET", "/v1/refunds", Operation.LIST, reads.list_refunds),
        ("GET", r"/v1/refunds/(re_\w+)", Operation.RETRIEVE, reads.refund),
        ("GET", "/v1/charges", Operation.LIST, reads.list_charges),
        ("GET", r"/v1/charges/(ch_\w+)", Operation.RETRIEVE, reads.charge),
    )
    return tuple(_Route(method, re.compile(path), operation, do) for method, path, operation, do in table)
