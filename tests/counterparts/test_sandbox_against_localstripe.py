"""The sandbox's Stripe dialect beside localstripe, an independent implementation in a process of its own.

For the calls that both know, the same requests must give the same states, and what localstripe's objects carry the sandbox's
must carry too, with values of the same type. Known differences of localstripe's are named where they are left out.
"""

import asyncio
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from types import NoneType

import aiohttp
import pytest

from monitor.sandbox.server import Sandbox, Settings

pytestmark = pytest.mark.counterpart
INTENTS = "/v1/payment_intents"
PATIENCE_SECONDS = 30
#: localstripe puts whole charges into the intent without being asked to; it has invoices, which the sandbox has not; and it
#: gives refunds two fields that Stripe's description does not know.
ITS_OWN = {"charges", "latest_charge", "invoice", "date", "livemode"}


class Shop:
    def __init__(self, session: aiohttp.ClientSession, base_url: str, key: str) -> None:
        self._session, self._base_url, self._headers = session, base_url, {"Authorization": f"Bearer {key}"}

    async def __call__(self, method: str, path: str, **form: object):
        sent = {"params": form} if method == "GET" else {"data": form}
        async with self._session.request(method, self._base_url + path, headers=self._headers, **sent) as answer:
            return answer.status, await answer.json()

    async def authorise(self, **form: object):
        known = {
            "amount": 1000,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "capture_method": "manual",
            "confirm": "true",
        }
        return (await self("POST", INTENTS, **(known | form)))[1]


@asynccontextmanager
async def localstripe():
    runner = Path(__file__).with_name("run_localstripe.py")
    process = await asyncio.create_subprocess_exec(sys.executable, str(runner), stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            url = await process.stdout.readline()
        yield url.decode().strip()
    finally:
        process.kill()
        await process.communicate()


@pytest.fixture
async def shops(tmp_path):
    settings = Settings(tmp_path, port=0, desk_port=0, plain_port=0, search_lag_seconds=0.0)
    async with localstripe() as theirs, Sandbox(settings) as sandbox, aiohttp.ClientSession() as session:
        key = sandbox.credentials.stripe_key.reveal()
        yield Shop(session, sandbox.plain_url, key), Shop(session, theirs, "sk_test_12345")


async def story(shop: Shop) -> list[tuple[object, ...]]:
    """What a merchant sees who holds, captures a part, gives it back, cancels, and is declined."""
    seen: list[tuple[object, ...]] = []
    intent = await shop.authorise()
    seen.append(("held", intent["object"], intent["status"], intent["amount"], intent["currency"], intent["capture_method"]))
    status, read = await shop("GET", f"{INTENTS}/{intent['id']}")
    seen.append(("read", status, read["id"] == intent["id"], read["status"]))
    status, captured = await shop("POST", f"{INTENTS}/{intent['id']}/capture", amount_to_capture=700)
    seen.append(("captured", status, captured["status"]))
    status, refund = await shop("POST", "/v1/refunds", payment_intent=intent["id"], amount=700)
    seen.append(("refunded", status, refund["object"], refund["status"], refund["amount"], refund["currency"]))
    other = await shop.authorise()
    status, cancelled = await shop("POST", f"{INTENTS}/{other['id']}/cancel")
    seen.append(("cancelled", status, cancelled["status"]))
    status, again = await shop("POST", f"{INTENTS}/{other['id']}/cancel")
    seen.append(("again", status, again["error"]["type"]))
    status, nothing = await shop("GET", f"{INTENTS}/pi_none")
    seen.append(("nothing", status, nothing["error"]["type"]))
    status, listed = await shop("GET", INTENTS, limit=1)
    # localstripe lists the oldest first, Stripe and the sandbox the newest: which one it is, is not compared.
    seen.append(("list", status, listed["object"], listed["url"], listed["has_more"], len(listed["data"])))
    return seen


async def test_both_tell_the_same_story(shops):
    ours, theirs = shops
    assert await story(theirs) == await story(ours)


async def test_what_their_objects_carry_ours_carry_with_the_same_types(shops):
    kinds = []
    for shop in shops:
        intent = await shop.authorise(**{"metadata[canary]": "x"})
        await shop("POST", f"{INTENTS}/{intent['id']}/capture")
        _, refund = await shop("POST", "/v1/refunds", payment_intent=intent["id"], amount=1)
        kinds.append([{name: type(value) for name, value in each.items()} for each in (intent, refund)])
    for mine, their in zip(*kinds, strict=True):
        common = their.keys() - ITS_OWN
        assert set() == common - mine.keys()
        assert {} == {
            name: (mine[name], their[name])
            for name in common
            if mine[name] is not their[name] and NoneType not in (mine[name], their[name])
        }


async def test_a_declined_card_is_402_in_both(shops):
    for shop in shops:
        status, body = await shop(
            "POST", INTENTS, amount=1000, currency="usd", payment_method="pm_card_chargeCustomerFail", confirm="true"
        )
        assert (402, "card_declined") == (status, body["error"]["code"])
