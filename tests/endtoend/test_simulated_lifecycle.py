"""An incident with people in it, through the whole service in simulated time: escalated over a restart, worked, over, written up."""

import asyncio
from pathlib import Path

import pytest
from simulated_world import World

from monitor.incidents.postmortem import postmortem
from monitor.model.incident import Incident, OutboxRow, Status, TimelineEntry
from monitor.testing.simtime import START, simulate

CONFIG = """
service: {{install: sim, data: {folder}/data, triage: {{enabled: false}}}}
include: {{checks: [checks.yaml], rules: [rules.yaml]}}
targets:
  gateway: {{title: Gateway, base_url: "https://gateway.example", dialect: plain}}
desks:
  shift: {{webhook: {{url: "https://shift.example/hooks", secret: "${{file:desk.secret}}"}}}}
  lead: {{webhook: {{url: "https://lead.example/hooks", secret: "${{file:desk.secret}}"}}}}
  other: {{webhook: {{url: "https://other.example/hooks", secret: "${{file:desk.secret}}"}}}}
routes:
  - {{severity: p1, desks: shift, then: [{{after: 10m, desks: lead}}]}}
  - {{desks: other}}
"""
CHECKS = "checks: {read: {title: Read, target: gateway, every: 10s, budget: 5s, steps: [{name: read, get: /payments, expect: 'status == 200'}]}}\n"
RULES = "rules: {failing: {title: {en: Failing, zh: 交易失败}, consecutive: {failures: 3, successes: 3}, severity: p1}}\n"
FAILS, RECOVERS = 60.0, 2_400.0


@pytest.fixture
def world(tmp_path: Path) -> World:
    secret = tmp_path / "desk.secret"
    secret.write_text("whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtMzItYnl0ZXM=")
    secret.chmod(0o600)
    files = {"paycanary.yaml": CONFIG.format(folder=tmp_path), "checks.yaml": CHECKS, "rules.yaml": RULES}
    return World(tmp_path, files, lambda at, _target, _path: 503 if FAILS <= at < RECOVERS else 200)


def test_unacknowledged_it_is_escalated_once_over_a_restart_and_everybody_told_hears_of_the_end(world: World) -> None:
    async def main() -> tuple[Incident, list[TimelineEntry], list[OutboxRow]]:
        app = world.app()
        await app.start()
        await asyncio.sleep(400)
        await app.stop()
        app = world.app()
        await app.start()
        await asyncio.sleep(800)
        (name,) = app.book.incidents
        await app.people.acknowledge(name, "li")
        await asyncio.sleep(10)
        await app.people.assign(name, "li", "wang")
        await app.people.pend(name, "wang", "the gateway's answer to case 4711")
        await asyncio.sleep(300)
        await app.people.resume(name, "wang")
        await asyncio.sleep(1_200)
        found = await app.store.incident(name)
        assert found is not None
        whole = found, await app.store.timeline(name), await app.store.outbox_rows(incident=name)
        await app.stop()
        return whole

    incident, timeline, rows = simulate(main)

    told = {desk: [row.ticket.kind.value for row in rows if row.desk == desk] for desk in ("shift", "lead", "other")}
    assert told["other"] == []
    assert (told["lead"][0], told["lead"][-1], told["lead"].count("open")) == ("open", "resolve", 1)
    assert (told["shift"][0], told["shift"][-1], told["shift"].count("open")) == ("open", "resolve", 1)
    escalated = [entry.at for entry in timeline if entry.kind.value == "escalated"]
    assert [at - incident.opened for at in escalated] == [pytest.approx(600.0, abs=2.0)]
    assert (incident.status, incident.assignee, incident.acknowledged_by) == (Status.RESOLVED, "wang", "li")
    assert [(turn.status.value, turn.pending) for turn in incident.turns] == [
        ("open", False),
        ("acknowledged", False),
        ("acknowledged", True),
        ("acknowledged", False),
        ("resolved", False),
    ]
    assert incident.lead is not None
    english, chinese = (postmortem(incident, timeline, rows, language) for language in ("en", "zh"))
    assert incident.since - START == pytest.approx(FAILS, abs=10.0)
    for said in (
        "Assigned to wang by li.",
        "On hold, says wang: the gateway's answer to case 4711.",
        "Escalated to lead: nobody acknowledged it for 10 min",
    ):
        assert said in english, said
    for said in ("li 已将此事件指派给 wang。", "wang 已恢复处理，挂起历时 5 分", "内无人确认，已升级通知 lead。"):
        assert said in chinese, said
