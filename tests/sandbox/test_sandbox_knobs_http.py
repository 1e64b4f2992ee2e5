"""Every knob, seen by a client over real sockets and TLS."""

import asyncio
import io
import socket
import ssl
import time

import aiohttp
import pytest
from sandbox_world import MERCHANT, ROOT, basic, movement, running, void

from monitor.sandbox import server
from monitor.sandbox.knobs import KNOBS
from monitor.sandbox.server import BODY_LIMIT_BYTES, Sandbox, Settings


@pytest.fixture
async def caller(tmp_path):
    async with running(tmp_path) as caller:
        yield caller


async def refuse(caller):
    await caller.faults({"knob": "refuse"})
    with pytest.raises(aiohttp.ClientConnectorError):
        await caller.authorise("o1")
    await caller.faults()
    assert 201 == (await caller.authorise("o1"))[0]


async def short_certificate(caller):
    async def ends() -> float:
        _, writer = await asyncio.open_connection(
            "127.0.0.1", int(caller.sandbox.base_url.rpartition(":")[2]), ssl=caller._session.connector._ssl
        )
        certificate = writer.get_extra_info("peercert")
        writer.close()
        return (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / 86_400

    await caller.faults({"knob": "short_certificate", "days": 3})
    assert 2.9 < await ends() <= 3
    await caller.faults({"knob": "short_certificate", "days": -1})
    with pytest.raises(aiohttp.ClientConnectorCertificateError):
        await caller.authorise("o1")
    await caller.faults()
    assert await ends() > 300


async def reset(caller):
    await caller.faults({"knob": "reset"})
    with pytest.raises((ConnectionResetError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await caller.authorise("o1")
    assert {"charges": {}, "double": []} == await caller.books("charges")


async def black_hole(caller):
    await caller.faults({"knob": "black_hole"})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await caller.authorise("o1")
    assert {} == (await caller.books("charges"))["charges"]


async def unavailable(caller):
    await caller.faults({"knob": "unavailable"})
    status, body, _ = await caller.authorise("o1")
    assert (503, "SERVER_FAILED") == (status, body["error"]["cause"])
    status, body, _ = await caller.stripe("GET", "/v1/balance")
    assert (503, "api_error") == (status, body["error"]["type"])


async def error_before(caller):
    await caller.faults({"knob": "error_before", "operation": ["authorise"]})
    assert 500 == (await caller.authorise("o1"))[0]
    assert [] == (await caller.books("open"))["open"]
    assert 200 == (await caller.stripe("GET", "/v1/balance"))[0]


async def error_after(caller):
    await caller.faults({"knob": "error_after", "operation": ["authorise"]})
    assert 500 == (await caller.authorise("o1"))[0]
    assert ["o1"] == [item["payment"] for item in (await caller.books("open"))["open"]]


async def drop_answer(caller):
    await caller.faults({"knob": "drop_answer", "operation": ["authorise"]})
    with pytest.raises((ConnectionResetError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await caller.authorise("o1")
    assert ["o1"] == [item["payment"] for item in (await caller.books("open"))["open"]]
    await caller.faults()
    status, body, _ = await caller.authorise("o1")
    assert (201, "APPROVED") == (status, body["response"]["gatewayCode"])
    assert {"o1": 1} == (await caller.books("charges"))["charges"]


async def unauthorised(caller):
    await caller.faults({"knob": "unauthorised"})
    assert 401 == (await caller.authorise("o1"))[0]


async def html_403(caller):
    await caller.faults({"knob": "html_403"})
    status, body, headers = await caller.authorise("o1")
    assert 403 == status
    assert "text/html" in headers["Content-Type"]
    assert "Access Denied" in body


async def throttle(caller):
    await caller.faults({"knob": "throttle", "per_second": 0.2, "burst": 1})
    assert 201 == (await caller.authorise("o1"))[0]
    status, body, headers = await caller.authorise("o2")
    assert (429, "SERVER_BUSY") == (status, body["error"]["cause"])
    assert 1 <= int(headers["Retry-After"]) <= 5
    status, body, _ = await caller.stripe("GET", "/v1/balance")
    assert (429, "rate_limit") == (status, body["error"]["code"])


async def slow(caller):
    await caller.faults({"knob": "slow", "median_seconds": 0.2, "sigma": 0})
    began = time.monotonic()
    assert 201 == (await caller.authorise("o1"))[0]
    assert time.monotonic() - began >= 0.2


async def slow_lists(caller):
    await caller.faults({"knob": "slow_lists", "seconds": 0.25})
    began = time.monotonic()
    assert 200 == (await caller.mastercard("GET", "/order"))[0]
    assert time.monotonic() - began >= 0.25


async def brand_down(caller):
    await caller.faults({"knob": "brand_down", "brand": "visa", "seconds": 0.1})
    _, visa, _ = await caller.authorise("o1", number="4508750015741019")
    _, mastercard, _ = await caller.authorise("o2")
    assert ("TIMED_OUT", "APPROVED") == (visa["response"]["gatewayCode"], mastercard["response"]["gatewayCode"])


async def decline(caller):
    await caller.faults({"knob": "decline", "decision": "insufficient_funds"})
    status, body, _ = await caller.authorise("o1")
    assert (201, "INSUFFICIENT_FUNDS", "51") == (status, body["response"]["gatewayCode"], body["response"]["acquirerCode"])


async def approve_all(caller):
    await caller.faults({"knob": "approve_all"})
    assert "APPROVED" == (await caller.authorise("o1", expiry="05/39"))[1]["response"]["gatewayCode"]


async def ignore_keys(caller):
    await caller.faults({"knob": "ignore_keys"})
    form = {"amount": 100, "currency": "usd", "confirm": "true", "payment_method": "pm_card_visa", "metadata[canary]": "c"}
    ids = [(await caller.stripe("POST", "/v1/payment_intents", key="k", **form))[1]["id"] for _ in range(2)]
    assert ids[0] != ids[1]
    for _ in range(2):
        await caller.authorise("o1")
    assert ["c", "o1"] == (await caller.books("charges"))["double"]


async def list_lag(caller):
    await caller.faults({"knob": "list_lag", "seconds": 60})
    await caller.authorise("o1")
    assert [] == (await caller.mastercard("GET", "/order"))[1]["order"]
    assert 200 == (await caller.mastercard("GET", "/order/o1"))[0]


async def stale_read(caller):
    await caller.authorise("o1")
    await caller.faults({"knob": "stale_read", "seconds": 60})
    assert 400 == (await caller.mastercard("GET", "/order/o1"))[0]


async def key_rotated(caller):
    def with_second_password():
        password = caller.sandbox.credentials.second_password.reveal()
        return {"Authorization": basic(f"merchant.{MERCHANT}", password)}

    def with_second_key():
        return {"Authorization": f"Bearer {caller.sandbox.credentials.second_key.reveal()}"}

    orders, balance = f"{caller.sandbox.base_url}{ROOT}/order", f"{caller.sandbox.base_url}/v1/balance"
    for faults, first in (((), 200), (({"knob": "key_rotated"},), 401)):
        await caller.faults(*faults)
        assert first == (await caller.mastercard("GET", "/order"))[0]
        assert first == (await caller.stripe("GET", "/v1/balance"))[0]
        assert 200 == (await caller.request("GET", orders, headers=with_second_password()))[0]
        assert 200 == (await caller.request("GET", balance, headers=with_second_key()))[0]


async def merchant_disabled(caller):
    await caller.faults({"knob": "merchant_disabled"})
    status, body, _ = await caller.authorise("o1")
    assert (400, "INVALID_REQUEST") == (status, body["error"]["cause"])
    status, body, _ = await caller.stripe("GET", "/v1/balance")
    assert (400, "testmode_charges_only") == (status, body["error"]["code"])
    assert 200 == (await caller.request("GET", f"{caller.sandbox.base_url}/api/rest/version/100/information"))[0]


async def acquirer_down(caller):
    form = {"amount": 100, "currency": "usd", "confirm": "true", "payment_method": "pm_card_visa"}
    for error, gateway_code, decline_code in (
        ("system_error", "ACQUIRER_SYSTEM_ERROR", "processing_error"),
        ("timed_out", "TIMED_OUT", "issuer_not_available"),
    ):
        await caller.faults({"knob": "acquirer_down", "seconds": 0, "error": error, "brand": "visa"})
        _, visa, _ = await caller.authorise(f"visa-{error}", number="4508750015741019")
        _, other, _ = await caller.authorise(f"other-{error}")
        assert (gateway_code, "APPROVED") == (visa["response"]["gatewayCode"], other["response"]["gatewayCode"])
        status, body, _ = await caller.stripe("POST", "/v1/payment_intents", **form)
        assert (402, decline_code) == (status, body["error"]["decline_code"])


async def missing_field(caller):
    await caller.faults({"knob": "missing_field", "field": "response.gatewayCode"})
    _, body, _ = await caller.authorise("o1")
    assert ("SUCCESS", "00") == (body["result"], body["response"]["acquirerCode"])
    assert "gatewayCode" not in body["response"]


async def garbled(caller):
    await caller.faults({"knob": "garbled"})
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        await caller.authorise("o1")


async def wrong_amount(caller):
    await caller.faults({"knob": "wrong_amount", "factor": 100})
    assert 100 == (await caller.authorise("o1", amount="1.00"))[1]["order"]["amount"]


SHOWN = {
    scene.__name__: scene
    for scene in (
        *(refuse, short_certificate, reset, black_hole, unavailable, error_before, error_after, drop_answer, unauthorised),
        *(
            html_403,
            throttle,
            slow,
            slow_lists,
            brand_down,
            decline,
            approve_all,
            ignore_keys,
            list_lag,
            stale_read,
            wrong_amount,
            key_rotated,
            merchant_disabled,
            acquirer_down,
            missing_field,
            garbled,
        ),
    )
}


@pytest.mark.parametrize("name", KNOBS)
async def test_the_knob_does_what_it_says(caller, name):
    await SHOWN[name](caller)


async def test_a_flapping_gateway_goes_and_comes_by_itself(caller):
    await caller.faults({"knob": "refuse", "on_seconds": 0.15, "off_seconds": 0.15})
    seen = set()
    async with asyncio.timeout(10):
        while len(seen) < 2:
            try:
                seen.add((await caller.mastercard("GET", "/order"))[0])
            except aiohttp.ClientError:
                seen.add("refused")
    assert {200, "refused"} == seen


async def test_the_fault_api_is_at_the_gateway_too_and_refuses_what_it_does_not_know(caller):
    url = f"{caller.sandbox.base_url}/_sandbox/faults"
    status, body, _ = await caller.request("PUT", url, json={"faults": [{"knob": "explode"}]})
    assert 400 == status
    assert "there are: refuse" in body["error"][0]
    assert 400 == (await caller.request("PUT", url, data=b"{"))[0]
    status, body, _ = await caller.request("PUT", url, json={"faults": [{"knob": "unavailable"}]})
    assert (200, [{"knob": "unavailable"}]) == (status, body["faults"])
    assert set(KNOBS) == set(body["knobs"])
    assert [] == (await caller.request("DELETE", url))[1]["faults"]
    assert 201 == (await caller.authorise("o1"))[0]
    assert 404 == (await caller.request("GET", f"{caller.sandbox.base_url}/_sandbox/none"))[0]


async def test_the_gateway_can_be_closed_through_itself(caller):
    url = f"{caller.sandbox.base_url}/_sandbox/faults"
    assert 200 == (await caller.request("PUT", url, json={"faults": [{"knob": "refuse"}]}))[0]
    with pytest.raises(aiohttp.ClientConnectorError):
        await caller.request("GET", url)


async def test_the_books_tell_what_is_open_and_balance(caller):
    await caller.authorise("o1")
    await caller.mastercard("PUT", "/order/o1/transaction/2", movement("CAPTURE", "0.40"))
    [item] = (await caller.books("open"))["open"]
    assert ("o1", 60, 40, "USD") == tuple(item[name] for name in ("payment", "held", "captured", "currency"))
    ledger = await caller.books("ledger?payment=o1")
    assert {"cardholder": -100, "held": 60, "merchant": 40} == ledger["totals"]["USD"]
    assert [("cardholder", "held", 100), ("held", "merchant", 40)] == [
        (each["source"], each["sink"], each["amount_minor"]) for each in ledger["postings"]
    ]
    assert ["authorisation", "capture"] == [each["kind"] for each in (await caller.books("events"))["events"]]


async def test_a_hundred_payments_at_once_leave_nothing_open_and_no_double_charge(caller):
    async def flow(number: int) -> None:
        await caller.authorise(f"o{number}")
        await caller.mastercard("PUT", f"/order/o{number}/transaction/2", void("1"))

    await caller.faults({"knob": "slow", "median_seconds": 0.005, "sigma": 1})
    await asyncio.gather(*(flow(number) for number in range(100)))
    assert [] == (await caller.books("open"))["open"]
    assert [] == (await caller.books("charges"))["double"]


async def test_unknown_addresses_and_oversized_bodies_are_answers(caller):
    assert 404 == (await caller.request("GET", f"{caller.sandbox.base_url}/nowhere"))[0]
    big = io.BytesIO(b"x" * (BODY_LIMIT_BYTES + 1))
    assert 413 == (await caller.request("POST", f"{caller.sandbox.base_url}/v1/refunds", data=big))[0]


async def test_the_gateway_can_be_spoken_to_without_tls_when_asked_for(tmp_path):
    async with running(tmp_path, plain_port=0) as caller:
        url = f"{caller.sandbox.plain_url}/api/rest/version/100/information"
        assert "OPERATING" == (await caller.request("GET", url))[1]["status"]


async def test_a_port_that_somebody_took_meanwhile_is_said_and_taken_again_when_it_is_free(tmp_path, monkeypatch):
    monkeypatch.setattr(server, "RETRY_SECONDS", 0.05)
    said: asyncio.Queue[str] = asyncio.Queue()
    async with running(tmp_path) as caller:
        caller.sandbox._announce = said.put_nowait
        port = int(caller.sandbox.base_url.rpartition(":")[2])
        await caller.faults({"knob": "refuse", "for_seconds": 0.3})
        async with asyncio.timeout(10):
            with socket.create_server(("127.0.0.1", port)):
                assert "cannot listen again: " in await said.get()
            while True:
                try:
                    assert 200 == (await caller.mastercard("GET", "/order"))[0]
                    break
                except aiohttp.ClientConnectorError:
                    continue


async def test_a_start_that_fails_leaves_nothing_running(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        settings = Settings(tmp_path, port=0, desk_port=taken.getsockname()[1])
        sandbox = Sandbox(settings)
        with pytest.raises(OSError, match="address already in use"):
            await sandbox.start()
    async with asyncio.timeout(5):
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", int(sandbox.base_url.rpartition(":")[2]))
