"""Callers of the sandbox: the dialects without a socket on a clock of their own, and the whole sandbox over real sockets."""

import base64
import hmac
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import aiohttp

from monitor.sandbox.core import Core, Policy
from monitor.sandbox.mastercard import Mastercard
from monitor.sandbox.server import Sandbox, Settings
from monitor.sandbox.stripe import Stripe
from monitor.sandbox.wire import Answer, Effects, Request

NOON = 1_795_000_000.0
LAG = 0.5
MERCHANT = "TESTCANARY"
ROOT = f"/api/rest/version/100/merchant/{MERCHANT}"
MASTERCARD, VISA = "5123450000000008", "4508750015741019"


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def authorisation(operation: str = "AUTHORIZE", *, amount: str = "1.00", currency: str = "USD", **more: Any) -> dict[str, Any]:
    """The body of an AUTHORIZE, PAY or VERIFY. ``expiry`` chooses the outcome, ``number`` the card."""
    month, year = more.pop("expiry", "01/39").split("/")
    card = {"number": more.pop("number", MASTERCARD), "expiry": {"month": month, "year": year}, "securityCode": "100"}
    order = {"amount": amount, "currency": currency, "reference": more.pop("reference", "ref-1")}
    return {"apiOperation": operation, "order": order, "sourceOfFunds": {"type": "CARD", "provided": {"card": card}}, **more}


def movement(operation: str, amount: str, currency: str = "USD") -> dict[str, Any]:
    return {"apiOperation": operation, "transaction": {"amount": amount, "currency": currency}}


def void(target: str) -> dict[str, Any]:
    return {"apiOperation": "VOID", "transaction": {"targetTransactionId": target}}


@dataclass
class MastercardShop:
    """A merchant at the Mastercard Gateway dialect, without a socket."""

    clock: Clock = field(default_factory=Clock)
    core: Core = field(default_factory=lambda: Core(Policy()))
    effects: Effects = field(default_factory=Effects)

    def __post_init__(self) -> None:
        self.dialect = Mastercard(self.core, merchant=MERCHANT, password="pw", list_lag_seconds=LAG)
        self.headers = {"authorization": basic(f"merchant.{MERCHANT}", "pw")}

    def put(self, order: str, transaction: str, body: object) -> Answer:
        path = f"{ROOT}/order/{order}/transaction/{transaction}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.dialect.answer(Request("PUT", path, {}, self.headers, data), self.effects, self.clock())

    def get(self, path: str, **query: str) -> Answer:
        return self.dialect.answer(Request("GET", ROOT + path, query, self.headers), self.effects, self.clock())


@dataclass
class StripeShop:
    """A merchant at the Stripe dialect, without a socket."""

    clock: Clock = field(default_factory=Clock)
    core: Core = field(default_factory=lambda: Core(Policy()))
    effects: Effects = field(default_factory=Effects)

    def __post_init__(self) -> None:
        numbers = iter(range(1, 1_000_000))
        self.dialect = Stripe(self.core, key="sk_test_1", new_id=lambda: f"X{next(numbers):05d}", list_lag_seconds=LAG)
        self.headers = {"authorization": "Bearer sk_test_1"}

    def post(self, path: str, *, key: str = "", **form: Any) -> Answer:
        headers = self.headers | ({"idempotency-key": key} if key else {})
        return self.dialect.answer(Request("POST", path, {}, headers, urlencode(form).encode()), self.effects, self.clock())

    def get(self, path: str, **query: str) -> Answer:
        return self.dialect.answer(Request("GET", path, query, self.headers), self.effects, self.clock())

    def authorise(self, *, amount: int = 100, method: str = "pm_card_visa", **form: Any) -> Answer:
        known = {"amount": amount, "currency": "usd", "capture_method": "manual", "confirm": "true", "payment_method": method}
        return self.post("/v1/payment_intents", **(known | form))


class Caller:
    """A client of the running sandbox that verifies its certificate and hides nothing: no retry, fresh connections."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self._session = session
        credentials = sandbox.credentials
        self._mastercard = basic(f"merchant.{MERCHANT}", credentials.mastercard_password.reveal())
        self._stripe = f"Bearer {credentials.stripe_key.reveal()}"

    async def request(self, method: str, url: str, **options: Any) -> tuple[int, Any, dict[str, str]]:
        async with self._session.request(method, url, **options) as answer:
            body = await (answer.json() if answer.content_type == "application/json" else answer.text())
            return answer.status, body, dict(answer.headers)

    async def mastercard(self, method: str, path: str, body: object = None) -> tuple[int, Any, dict[str, str]]:
        url = f"{self.sandbox.base_url}{ROOT}{path}"
        return await self.request(method, url, json=body, headers={"Authorization": self._mastercard})

    async def authorise(self, order: str, **options: Any) -> tuple[int, Any, dict[str, str]]:
        return await self.mastercard("PUT", f"/order/{order}/transaction/1", authorisation(reference=order, **options))

    async def stripe(self, method: str, path: str, *, key: str = "", **form: Any) -> tuple[int, Any, dict[str, str]]:
        headers = {"Authorization": self._stripe} | ({"Idempotency-Key": key} if key else {})
        sent = {"params": form} if method == "GET" else {"data": form}
        return await self.request(method, self.sandbox.base_url + path, headers=headers, **sent)

    async def faults(self, *faults: dict[str, Any]) -> tuple[int, Any, dict[str, str]]:
        return await self.request("PUT", f"{self.sandbox.desk_url}/_sandbox/faults", json={"faults": faults})

    async def books(self, name: str) -> Any:
        return (await self.request("GET", f"{self.sandbox.desk_url}/_sandbox/{name}"))[1]


@asynccontextmanager
async def running(
    directory: Path, *, clock: Any = None, lines: list[str] | None = None, **settings: Any
) -> AsyncIterator[Caller]:
    say = (lambda line: None) if lines is None else lines.append
    known = {"port": 0, "desk_port": 0, "seed": 7, "search_lag_seconds": 0.0}
    options = {"clock": clock} if clock else {}
    sandbox = Sandbox(Settings(directory, **(known | settings)), announce=say, announce_desk=say, **options)
    async with sandbox:
        context = ssl.create_default_context(cafile=str(sandbox.ca_file))
        connector = aiohttp.TCPConnector(ssl=context, force_close=True)
        async with aiohttp.ClientSession(connector=connector) as session:
            session._retry_connection = False
            yield Caller(sandbox, session)


def ticket_event(kind: str = "incident.open", **more: Any) -> dict[str, Any]:
    resolved = kind == "incident.resolve"
    known = {
        "version": 1,
        "type": kind,
        "external_id": "pc-demo-01-1",
        "incident": "01",
        "episode": 1,
        "revision": 1,
        "status": "resolved" if resolved else "open",
        "severity": "p1",
        "target": "sandbox-card",
        "title": {"en": "Card payments fail", "zh": "银行卡支付失败"},
        "body": {"en": "Since 10:00.", "zh": "自 10:00 起。"},
        "comment": {"en": "", "zh": ""},
        "checks": ["card-payment"],
        "opened": "2026-11-22T10:00:00Z",
        "resolved": "2026-11-22T10:05:00Z" if resolved else None,
    }
    return known | more


def signed(secret: str, message_id: str, event: object, at: float) -> tuple[bytes, dict[str, str]]:
    """Signed as Standard Webhooks describes it; written here anew so that sender and receiver cannot share a mistake."""
    body = json.dumps(event, ensure_ascii=False).encode()
    key = base64.b64decode(secret.removeprefix("whsec_"))
    stamp = str(int(at))
    digest = hmac.new(key, b".".join([message_id.encode(), stamp.encode(), body]), "sha256").digest()
    signature = "v1," + base64.b64encode(digest).decode()
    return body, {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": signature}
