"""The demo's desk: genuine events only, each once, kept through a restart, readable in two languages."""

import time

import aiohttp
import pytest
from sandbox_world import Caller, running, signed, ticket_event

from monitor.sandbox.tickets import MAX_TICKETS, Event, Tickets


async def send(caller: Caller, event, *, message_id: str = "", at: float | None = None, secret: str = "", tamper: bytes = b""):
    secret = secret or caller.sandbox.credentials.desk_secret.reveal()
    name = message_id or f"{event['external_id']}:{event['revision']}"
    body, headers = signed(secret, name, event, time.time() if at is None else at)
    return await caller.request("POST", f"{caller.sandbox.desk_url}/hooks/paycanary", data=body + tamper, headers=headers)


@pytest.fixture
async def caller(tmp_path):
    async with running(tmp_path) as caller:
        yield caller


async def tickets(caller: Caller):
    return (await caller.request("GET", f"{caller.sandbox.desk_url}/tickets"))[1]["tickets"]


async def test_a_ticket_lives_from_open_to_resolve_and_is_told_line_by_line(tmp_path):
    lines: list[str] = []
    async with running(tmp_path, lines=lines) as caller:
        assert (200, {"ticket": 1}) == (await send(caller, ticket_event()))[:2]
        await send(caller, ticket_event("incident.update", revision=2, comment={"en": "still failing", "zh": "仍在失败"}))
        await send(caller, ticket_event("incident.resolve", revision=3))
        [ticket] = await tickets(caller)
    assert ("resolved", 3, "2026-11-22T10:05:00Z") == (ticket["status"], ticket["revision"], ticket["resolved"])
    assert ["incident.open", "incident.update", "incident.resolve"] == [event["type"] for event in ticket["events"]]
    about = "[P1] Card payments fail / 银行卡支付失败"
    assert [f"ticket {what} no. 1 {about}" for what in ("opened", "updated", "resolved")] == lines


async def test_a_message_that_comes_twice_makes_one_ticket_and_one_entry(caller):
    for _ in range(3):
        assert 200 == (await send(caller, ticket_event()))[0]
    [ticket] = await tickets(caller)
    assert 1 == len(ticket["events"])


async def test_an_unsigned_tampered_or_foreign_message_is_401_and_makes_nothing(caller):
    url = f"{caller.sandbox.desk_url}/hooks/paycanary"
    assert 401 == (await caller.request("POST", url, json=ticket_event()))[0]
    assert 401 == (await send(caller, ticket_event(), tamper=b" "))[0]
    assert 401 == (await send(caller, ticket_event(), secret="whsec_b3RoZXI="))[0]
    assert [] == await tickets(caller)


@pytest.mark.parametrize("seconds", [-301, 302])
async def test_an_old_or_early_message_is_refused(caller, seconds):
    assert 401 == (await send(caller, ticket_event(), at=time.time() + seconds))[0]
    assert 200 == (await send(caller, ticket_event(), at=time.time() + seconds * 0.9))[0]


@pytest.mark.parametrize(
    "event",
    [
        [],
        ticket_event("incident.party"),
        ticket_event(external_id=""),
        ticket_event(incident=7),
        ticket_event(revision="1"),
        ticket_event(status=None),
        ticket_event(severity=""),
        ticket_event(checks="all"),
    ],
)
async def test_a_signed_message_that_is_no_event_is_400_and_makes_nothing(caller, event):
    assert 400 == (await send(caller, event, message_id="m"))[0]
    assert [] == await tickets(caller)


async def test_a_ping_is_answered_and_makes_no_ticket(caller):
    assert 200 == (await send(caller, {"version": 1, "type": "ping"}, message_id="ping"))[0]
    assert [] == await tickets(caller)


async def test_tickets_and_what_was_seen_survive_a_restart(tmp_path):
    async with running(tmp_path) as caller:
        await send(caller, ticket_event())
    async with running(tmp_path) as caller:
        assert (200, {"duplicate": True}) == (await send(caller, ticket_event()))[:2]
        await send(caller, ticket_event(external_id="pc-demo-02-1", incident="02"))
        assert [1, 2] == [ticket["number"] for ticket in await tickets(caller)]


async def test_a_reopening_under_its_new_name_is_the_same_ticket(caller):
    await send(caller, ticket_event())
    await send(caller, ticket_event("incident.resolve", revision=2))
    await send(caller, ticket_event("incident.reopen", external_id="pc-demo-01-2", episode=2, revision=3))
    await send(caller, ticket_event("incident.update", external_id="pc-demo-01-2", episode=2, revision=4))
    [ticket] = await tickets(caller)
    assert (["pc-demo-01-1", "pc-demo-01-2"], "open", None) == (ticket["external_ids"], ticket["status"], ticket["resolved"])


async def test_an_event_overtaken_by_a_newer_one_does_not_turn_the_clock_back(caller):
    await send(caller, ticket_event("incident.resolve", revision=3))
    await send(caller, ticket_event("incident.update", revision=2))
    [ticket] = await tickets(caller)
    assert ("resolved", 2) == (ticket["status"], len(ticket["events"]))


async def test_the_pages_speak_two_languages_run_no_scripts_and_escape_what_they_show(caller):
    await send(caller, ticket_event(title={"en": "<script>alert(1)</script>", "zh": "银行卡支付失败"}))
    status, index, headers = await caller.request("GET", f"{caller.sandbox.desk_url}/")
    assert 200 == status
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "银行卡支付失败" in index
    assert "&lt;script&gt;" in index
    assert "<script" not in index
    assert 'http-equiv="refresh"' in index
    page = (await caller.request("GET", f"{caller.sandbox.desk_url}/tickets/pc-demo-01-1"))[1]
    assert "自 10:00 起。" in page
    assert "Since 10:00." in page
    assert 200 == (await caller.request("GET", f"{caller.sandbox.desk_url}/desk.css"))[0]
    assert 404 == (await caller.request("GET", f"{caller.sandbox.desk_url}/tickets/none"))[0]


async def test_an_empty_desk_says_so(caller):
    assert "暂无工单" in (await caller.request("GET", f"{caller.sandbox.desk_url}/"))[1]


async def test_a_lost_reply_leaves_the_ticket_and_its_repetition_is_known(caller):
    await caller.faults({"knob": "drop_answer", "dialect": "desk"})
    with pytest.raises((ConnectionResetError, aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
        await send(caller, ticket_event())
    await caller.faults()
    assert {"duplicate": True} == (await send(caller, ticket_event()))[1]
    assert 1 == len(await tickets(caller))


@pytest.mark.parametrize(("knob", "status"), [("unavailable", 503), ("error_before", 500), ("unauthorised", 401)])
async def test_a_desk_in_trouble_takes_nothing(caller, knob, status):
    await caller.faults({"knob": knob, "dialect": "desk"})
    assert status == (await send(caller, ticket_event()))[0]
    assert [] == await tickets(caller)


async def test_a_busy_desk_says_when_to_come_back(caller):
    await caller.faults({"knob": "throttle", "dialect": "desk", "per_second": 0.1, "burst": 1})
    assert 200 == (await send(caller, ticket_event()))[0]
    status, _, headers = await send(caller, ticket_event("incident.update", revision=2))
    assert 429 == status
    assert 1 <= int(headers["Retry-After"]) <= 10


def test_the_desk_keeps_open_tickets_when_it_is_full():
    desk = Tickets()
    desk.receive("first", Event.of(ticket_event(external_id="open", incident="open")), 0.0)
    for number in range(MAX_TICKETS):
        event = ticket_event("incident.resolve", external_id=f"x{number}", incident=f"x{number}")
        desk.receive(f"m{number}", Event.of(event), 0.0)
    assert MAX_TICKETS == len(desk.tickets)
    assert desk.find("open") is not None
