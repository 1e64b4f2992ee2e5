"""What people do to incidents, and what they read of them, through the API, the pages and the command line of a running service."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from web_service import Service

from monitor.cli import build
from monitor.model.extent import Between, Extent, Part
from monitor.model.text import Text
from monitor.model.triage import Diagnosis, Finding, Layer, Mark
from monitor.web.bundle import canonical

CARD = "4242424242424242"
#: The verdicts here are the tests' own.
QUIET = ", triage: {enabled: false}"
DIAGNOSIS = Diagnosis(
    layer=Layer.GATEWAY,
    confidence=0.93,
    at=1_793_577_600.0,
    took_seconds=2.0,
    runbook="failing",
    summary=Text("The gateway fails by itself.", "故障在网关自身。"),
    findings=(
        Finding(
            "front",
            Text("Does the front door answer?", "入口是否应答？"),
            Mark.FAILED,
            Text("503 [red] in 12 ms", "12 毫秒返回 503"),
            1_793_577_599.0,
            "local",
        ),
    ),
    against=(Text("One read succeeded.", "有一次查询成功。"),),
    next_step=Text("Call the gateway.", "联系网关。"),
    do_not=(Text("Do not rotate keys.", "切勿轮换密钥。"),),
)
EXTENT = Extent(
    1_793_577_600.0,
    parts=(Part("operation", "authorise", 8, 7),),
    customers=Between(10.0, 20.0, 40.0),
    failed_share=Between(0.5, 0.8, 0.9),
)


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    async with Service(tmp_path, QUIET) as one:
        one.status = 503
        yield one


async def one_incident(service: Service) -> str:
    found = await service.until("/api/v1/incidents", lambda found: found["incidents"])
    return str(found["incidents"][0]["id"])


async def examined(service: Service) -> str:
    """The incident, with a diagnosis and an extent of its own making put in by hand."""
    name, now = await one_incident(service), service.app.clock.wall()
    for change in (service.app.book.triaged(name, DIAGNOSIS, now), service.app.book.measured(name, EXTENT, now)):
        await service.app.pipeline.change(change)
    return name


async def command(service: Service, *words: str) -> tuple[int, str]:
    """A ``paycanary incidents`` command, beside the service's loop."""

    def run() -> tuple[int, str]:
        done = CliRunner().invoke(build("incidents"), ["incidents", *words, "--url", service.url], env={"COLUMNS": "200"})
        return done.exit_code, done.output

    return await asyncio.to_thread(run)


async def test_an_incident_is_given_away_put_off_and_rated_through_the_api(service: Service) -> None:
    path = f"/api/v1/incidents/{await one_incident(service)}"
    now = service.app.clock.wall()
    acts: list[tuple[str, dict[str, Any], int]] = [
        ("assign", {"to": f"wang {CARD}"}, 200),
        ("pending", {"reason": f"the gateway, card {CARD}"}, 200),
        ("pending", {"reason": "again"}, 409),
        ("resume", {}, 200),
        ("resume", {}, 409),
        ("snooze", {"until": now + 600}, 200),
        ("snooze", {"until": now + 90_000}, 409),
        ("snooze", {}, 400),
        ("priority", {"severity": "p3"}, 200),
        ("priority", {"severity": "p9"}, 400),
        ("escalate", {}, 409),
    ]
    for name, body, expected in acts:
        status, said = await service.ask("POST", f"{path}/{name}", {"by": "li", **body})
        assert status == expected, (name, body, said)

    _, one = await service.ask("GET", path)
    assert (one["severity"], one["severity_fixed"], one["pending"]) == ("p3", True, "")
    assert one["assignee"].startswith("wang ")
    assert one["snoozed_until"] is not None
    assert {clock["kind"] for clock in one["clocks"]} == {"respond", "update", "restore"}
    assert CARD not in json.dumps(one)
    kinds = [entry["kind"] for entry in one["timeline"]]
    assert [kind for kind in kinds if kind in ("assigned", "pending", "resumed", "snoozed")] == [
        "assigned",
        "pending",
        "resumed",
        "snoozed",
    ]
    assert (await service.ask("POST", f"{path}/priority", {"by": "li", "severity": None}))[0] == 200
    assert (await service.ask("POST", "/api/v1/incidents/inc_nothing/assign", {"by": "li"}))[0] == 404


async def test_the_state_that_people_gave_an_incident_survives_the_service(tmp_path: Path) -> None:
    async with Service(tmp_path, QUIET) as service:
        service.status = 503
        name = await one_incident(service)
        await service.app.people.assign(name, "li", "wang")
        await service.app.people.pend(name, "li", "the gateway")
    async with Service(tmp_path, QUIET) as service:
        service.status = 503
        assert (service.app.book.incidents[name].assignee, service.app.book.incidents[name].pending) == ("wang", "the gateway")
        assert (await service.ask("POST", f"/api/v1/incidents/{name}/resume", {"by": "li"}))[0] == 200


async def test_an_export_is_whole_and_its_hash_is_that_of_its_content(service: Service) -> None:
    name = await examined(service)
    path = f"/api/v1/incidents/{name}"
    await service.ask("POST", f"{path}/note", {"by": "li", "text": f"card {CARD}"})

    _, packed = await service.ask("GET", f"{path}/export")
    content = packed["content"]
    assert packed["sha256"] == hashlib.sha256(canonical(content)).hexdigest()
    assert {"timeline", "alerts", "lead", "diagnosis", "extent"} <= content.keys()
    assert content["diagnosis"]["findings"][0]["said"]["en"] == "503 [red] in 12 ms"
    assert CARD not in json.dumps(packed)
    _, text = await service.ask("GET", f"{path}/export?format=md&lang=zh")
    assert text.startswith("# 复盘报告：")
    assert "SHA-256: `" in text
    assert (await service.ask("GET", f"{path}/export?format=pdf"))[0] == 400
    assert (await service.ask("GET", "/api/v1/incidents/inc_nothing/export"))[0] == 404


async def test_a_post_mortem_is_drafted_in_both_languages(service: Service) -> None:
    path = f"/api/v1/incidents/{await examined(service)}/postmortem"

    assert "The gateway fails by itself." in (await service.ask("GET", path))[1]
    assert "故障在网关自身。" in (await service.ask("GET", f"{path}?lang=zh"))[1]
    assert (await service.ask("GET", f"{path}?lang=fr"))[0] == 400


async def test_the_page_of_an_incident_shows_verdict_findings_reach_and_clocks(service: Service) -> None:
    name = await examined(service)
    _, english = await service.ask("GET", f"/incidents/{name}?lang=en")
    _, chinese = await service.ask("GET", f"/incidents/{name}?lang=zh")

    for said in (
        "The gateway fails by itself.",
        "Does the front door answer?",
        "503 [red] in 12 ms",
        "One read succeeded.",
        "Do not rotate keys.",
        "about 20",
    ):
        assert said in english, said
    for said in ("故障在网关自身。", "入口是否应答？", "有一次查询成功。", "切勿轮换密钥。", "时限", "响应", "约 20 人"):
        assert said in chinese, said


async def test_problems_are_listed_with_their_cost(service: Service) -> None:
    name, now = await examined(service), service.app.clock.wall()
    assert (await service.ask("GET", "/api/v1/problems")) == (200, {"problems": []})
    await service.app.pipeline.change(service.app.book.recurring(name, "prb_1", Text("The third time."), now))

    _, found = await service.ask("GET", "/api/v1/problems")
    assert [(one["name"], one["count"], one["customers"]) for one in found["problems"]] == [
        ("prb_1", 1, {"low": 10.0, "middle": 20.0, "high": 40.0})
    ]
    code, said = await command(service, "problems")
    assert (code, "prb_1" in said) == (0, True)


async def test_people_work_an_incident_from_the_command_line(service: Service) -> None:
    name = await examined(service)
    steps: list[tuple[tuple[str, ...], int, str]] = [
        (("assign", name, "wang[red]"), 0, "assigned to wang[red]"),
        (("ack", name, "--by", "li"), 0, "acknowledged"),
        (("note", name, "[bold]seen", "--by", "li"), 0, "noted"),
        (("pending", name, "the gateway", "--by", "li"), 0, "clocks stand still"),
        (("list",), 0, "waiting"),
        (("list",), 0, "wang[red]"),
        (("show", name), 0, "paused"),
        (("resume", name), 0, "taken up again"),
        (("snooze", name, "--for", "30"), 0, "snoozed for 30 min"),
        (("priority", name, "p2"), 0, "fixed at p2"),
        (("list",), 0, "p2*"),
        (("priority", name, "auto"), 0, "alerts decide again"),
        (("priority", name, "urgent"), 2, "expected p1, p2, p3, p4 or auto"),
        (("escalate", name), 2, "nobody is left"),
        (("show", name), 0, "li: [bold]seen"),
        (("show", name), 0, "503 [red] in 12 ms"),
        (("show", name, "--lang", "zh"), 0, "反证: 有一次查询成功。"),
        (("postmortem", name), 0, "# Post-mortem: "),
        (("export", name, "--format", "md", "--lang", "zh"), 0, "SHA-256"),
        (("export", name, "--format", "doc"), 2, "expected json or md"),
        (("assign", name, "--nobody"), 0, "assigned to nobody"),
        (("resolve", name, "--by", "li"), 0, "resolved"),
        (("snooze", name), 2, "is resolved: it cannot be snoozed"),
    ]
    for words, code, said in steps:
        done, output = await command(service, *words)
        assert done == code, (words, output)
        assert said in output, (words, output)
