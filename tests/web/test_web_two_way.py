"""A running service and a real ticket system with another person in it: what they do there is in the incident's timeline here."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from roundup_server import RoundupServer
from rt_server import PASSWORD, USER, RequestTracker, installed
from web_service import Service

SECRET = "only-for-tests-hook"
DESK = """
desks:
  service-desk:
    {kind}: {{{options}, allow_private: [127.0.0.0/8], hook_secret: "${{env:HOOK_SECRET}}", settle: 300ms, look_every: 1h}}
"""


def signed(body: bytes, secret: str = SECRET, stamp: int | None = None) -> dict[str, str]:
    """Headers of Standard Webhooks."""
    at = str(stamp or int(time.time()))
    digest = hmac.new(secret.encode(), f"msg_1.{at}.".encode() + body, hashlib.sha256).digest()
    return {"webhook-id": "msg_1", "webhook-timestamp": at, "webhook-signature": "v1," + base64.b64encode(digest).decode()}


async def pushed(service: Service, ticket: str, desk: str = "service-desk", **changes: Any) -> int:
    """A hook as a desk's automation would send it; the status it gets."""
    body = json.dumps({"ticket": ticket}).encode()
    async with service.session.post(f"{service.url}/hooks/{desk}", data=body, headers=signed(body, **changes)) as answer:
        return answer.status


async def ticket_of(service: Service) -> tuple[str, str]:
    """The gateway fails until there is a ticket: the incident's id and the ticket's."""
    service.status = 503
    rows = await service.until("/api/v1/tickets", lambda found: [one for one in found["tickets"] if one["remote_id"]])
    row = next(one for one in rows["tickets"] if one["remote_id"])
    return row["incident"], row["remote_id"]


async def timeline(
    service: Service, incident: str, wanted: Callable[[list[tuple[str, str, str]]], bool]
) -> list[tuple[str, str, str]]:
    """(kind, by, words) of what people did, once it is as ``wanted``."""

    def told(found: Any) -> list[tuple[str, str, str]]:
        return [(one["kind"], one["by"], one["text"]["en"]) for one in found["timeline"]]

    return told(await service.until(f"/api/v1/incidents/{incident}", lambda found: wanted(told(found))))


def kinds(told: list[tuple[str, str, str]]) -> list[str]:
    return [kind for kind, _, _ in told if kind in ("heard", "at_desk", "assigned", "acknowledged")]


async def status(service: Service, incident: str) -> str:
    return str((await service.ask("GET", f"/api/v1/incidents/{incident}"))[1]["status"])


async def test_a_hook_needs_its_signature_and_not_the_apis_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setenv("PAYCANARY_TOKEN", "only-for-tests-token")
    desks = """
desks:
  issues: {gitlab: {url: "http://127.0.0.1:9", project: payments/ops, token: "${env:HOOK_SECRET}", hook_secret: "${env:HOOK_SECRET}"}}
  silent: {gitlab: {url: "http://127.0.0.1:9", project: payments/ops, token: "${env:HOOK_SECRET}"}}
"""
    async with Service(tmp_path, ', auth: {token: "${env:PAYCANARY_TOKEN}"}', desks) as service:
        genuine = {"X-Gitlab-Token": SECRET}
        assert (202, {"taken": True}) == await service.ask("POST", "/hooks/issues", {"issue": {"iid": 7}}, **genuine)
        assert 401 == (await service.ask("POST", "/hooks/issues", {"issue": {"iid": 7}}))[0]
        assert 401 == (await service.ask("POST", "/hooks/issues", {}, **{"X-Gitlab-Token": "guessed"}))[0]
        assert 401 == (await service.ask("POST", "/hooks/silent", {}, **{"X-Gitlab-Token": ""}))[0]  # no secret, no hook
        assert 401 == (await service.ask("POST", "/hooks/nobody", {}, **genuine))[0]
        assert 413 == (await service.ask("POST", "/hooks/issues", {"words": "x" * 300_000}, **genuine))[0]
        assert 401 == (await service.ask("GET", "/api/v1/status", **genuine))[0]
        _, metrics = await service.ask("GET", "/metrics", Authorization="Bearer only-for-tests-token")
        assert 'paycanary_hooks_total{desk="issues",result="refused"} 2' in metrics
        assert 'paycanary_hooks_total{desk="issues",result="unknown"} 1' in metrics


@pytest.mark.counterpart
@pytest.mark.slow
async def test_a_person_in_roundup_writes_takes_and_closes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setenv("DESK_PASSWORD", RoundupServer.password)
    with RoundupServer(tmp_path) as desk:
        options = f'url: "{desk.url}", username: {desk.user}, password: "${{env:DESK_PASSWORD}}"'
        async with Service(tmp_path, desks=DESK.format(kind="roundup", options=options)) as service:
            incident, number = await ticket_of(service)

            await asyncio.to_thread(
                desk.by_hand, number, say="收单行确认故障 the acquirer confirms", change={"assignedto": "admin"}
            )
            assert 202 == await pushed(service, number)
            told = await timeline(service, incident, lambda told: len(kinds(told)) >= 2)
            assert ("heard", "admin") in [(kind, by) for kind, by, _ in told]
            assert "收单行确认故障 the acquirer confirms" in "".join(words for _, _, words in told)
            assert "open" == await status(service, incident)

            await asyncio.to_thread(desk.by_hand, number, change={"status": "resolved"})
            assert 202 == await pushed(service, number)
            told = await timeline(service, incident, lambda told: "acknowledged" in kinds(told))
            assert "at_desk" in kinds(told)
            assert "acknowledged" == await status(service, incident)

            service.status = 200  # it recovers: said once, and the ticket stays as the person left it
            await service.until(f"/api/v1/incidents/{incident}", lambda found: found["status"] == "resolved")
            await service.until(
                "/api/v1/tickets", lambda found: all(one["state"] in ("sent", "superseded") for one in found["tickets"])
            )
            (issue,) = desk.issues()
            assert "resolved" == issue["status"]["name"]

            assert 401 == await pushed(service, number, secret="wrong")
            assert 401 == await pushed(service, number, stamp=int(time.time()) - 400)
            assert 401 == await pushed(service, number, desk="nobody")
            _, metrics = await service.ask("GET", "/metrics")
            assert 'paycanary_hooks_total{desk="service-desk",result="refused"} 2' in metrics
            assert 'paycanary_desk_events_total{desk="service-desk",kind="commented"} 1' in metrics


@pytest.mark.counterpart
@pytest.mark.slow
async def test_an_issue_that_people_deleted_is_made_again_and_one_they_superseded_is_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setenv("DESK_PASSWORD", RoundupServer.password)
    with RoundupServer(tmp_path) as desk:
        options = f'url: "{desk.url}", username: {desk.user}, password: "${{env:DESK_PASSWORD}}", when_gone: again'
        async with Service(tmp_path, desks=DESK.format(kind="roundup", options=options)) as service:
            incident, number = await ticket_of(service)
            await asyncio.to_thread(desk.retire, number)
            assert 202 == await pushed(service, number)
            await timeline(service, incident, lambda told: any("one more is made" in words for _, _, words in told))
            again = await service.until(
                "/api/v1/tickets", lambda found: any(one["remote_id"] not in ("", number) for one in found["tickets"])
            )
            second = next(one for one in again["tickets"] if one["remote_id"] not in ("", number))
            assert second["id"].rpartition(":")[0].endswith("-r1")

            theirs = (await asyncio.to_thread(desk.by_hand_new, "checkout is down"))["id"]
            superseded = {"superseder": [theirs], "status": "resolved"}
            await asyncio.to_thread(desk.by_hand, second["remote_id"], change=superseded)
            assert 202 == await pushed(service, second["remote_id"])
            await timeline(service, incident, lambda told: any(f"merged into {theirs}" in words for _, _, words in told))


@pytest.mark.needs_tools
@pytest.mark.slow
async def test_a_person_in_request_tracker_writes_takes_closes_and_merges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert installed(), "Request Tracker is among the packages that .ci/run installs"
    monkeypatch.setenv("HOOK_SECRET", SECRET)
    monkeypatch.setenv("DESK_PASSWORD", PASSWORD)
    with RequestTracker(tmp_path) as desk:
        options = f'url: "{desk.url}", username: {USER}, password: "${{env:DESK_PASSWORD}}", queue: Payments'
        async with Service(tmp_path, desks=DESK.format(kind="request_tracker", options=options)) as service:
            incident, number = await ticket_of(service)

            await asyncio.to_thread(desk.by_hand, number, say="<p>an internal note</p>", reply="a public <b>reply</b> 已处理")
            await asyncio.to_thread(desk.by_hand, number, change={"Owner": "root"})
            assert 202 == await pushed(service, number)
            told = await timeline(service, incident, lambda told: len(kinds(told)) >= 3)
            said = "".join(words for kind, _, words in told if kind == "heard")
            assert "an internal note" in said
            assert "a public reply 已处理" in said

            await asyncio.to_thread(desk.by_hand, number, change={"Status": "resolved"})
            assert 202 == await pushed(service, number)
            told = await timeline(service, incident, lambda told: "acknowledged" in kinds(told))
            assert ("at_desk", "root") in [(kind, by) for kind, by, _ in told]

            into = await asyncio.to_thread(desk.by_hand_new, "checkout is down")
            await asyncio.to_thread(desk.by_hand, number, change={"MergeInto": into})
            assert 202 == await pushed(service, number)
            told = await timeline(service, incident, lambda told: any(f"merged into {into}" in words for _, _, words in told))
            assert 2 == len([kind for kind, _, _ in told if kind == "heard"])  # moved along with the merge, and not told again
