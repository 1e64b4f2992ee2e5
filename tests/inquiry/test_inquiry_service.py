"""The whole service, as processes: the ticket goes out at once, and the verdict follows it within ten seconds."""

import subprocess
import sys
import urllib.request
from datetime import datetime
from pathlib import Path

import pytest
from service_process import World, ask, until

CHECKS = """checks:
  front-door:
    title: front door
    target: gateway
    every: 1s
    budget: 900ms
    steps: [{name: information, get: /api/rest/version/100/information, expect: 'body.status == "OPERATING"'}]
  history:
    title: history
    target: gateway
    every: 1s
    budget: 900ms
    steps: [{name: search, get: /api/rest/version/100/merchant/TESTCANARY/order, query: {limit: "1"}, expect: 'body.result == "SUCCESS"'}]
"""
RULES = """rules:
  failing: {title: {en: Gateway failing, zh: 网关交易处理失败}, consecutive: {failures: 3, successes: 3}, severity: p1}
"""
#: From the incident to the enriched ticket at the desk.
ENRICHED_SECONDS = 10.0


@pytest.mark.slow
def test_a_ticket_goes_out_at_once_and_is_enriched_with_the_verdict_within_ten_seconds(tmp_path: Path) -> None:
    world = World(tmp_path)
    with world.sandbox:
        until("sandbox", lambda: ask(f"{world.desk}/_sandbox/open") is not None)
        world.write(checks=CHECKS, rules=RULES)
        with world.service:
            until("results", lambda: len(ask(f"{world.url}/api/v1/checks/history/results")["results"]) >= 3)
            world.break_gateway(knob="unauthorised", dialect="mastercard")
            incident = until("incident", world.incidents)[0]["id"]
            story = until("verdict at the desk", lambda: _told(world, incident), 2 * ENRICHED_SECONDS)
            found = ask(f"{world.url}/api/v1/incidents/{incident}")
            on_demand = ask(f"{world.url}/api/v1/targets/gateway/triage", "POST", {})["diagnosis"]
            scrape = ask_text(f"{world.url}/metrics")
            shown = _command(world, "triage", "gateway", "--lang", "zh")
            nowhere = _command(world, "triage", "nowhere")

    assert [row["kind"] for row in story][:2] == ["open", "update"]
    assert story[0]["sent"] < story[1]["created"]  # the ticket did not wait for it
    opened, enriched = (_instant(at) for at in (found["opened"], story[1]["sent"]))
    assert enriched - opened < ENRICHED_SECONDS
    assert found["diagnosis"]["layer"] == on_demand["layer"] == "authentication"
    assert {"en", "zh"} == set(found["diagnosis"]["summary"])
    assert found["extent"]["failed_share"]["middle"] > 0
    assert 'paycanary_triage_verdicts_total{layer="authentication"} 0' not in scrape
    assert (0, True) == (shown.returncode, "诊断" in shown.stdout)
    assert (2, True) == (nowhere.returncode, "there is no such target" in nowhere.stderr)


def _told(world: World, incident: str) -> list[dict[str, str]]:
    """The ticket's commands in order, once the second is at the desk."""
    rows = sorted(ask(f"{world.url}/api/v1/tickets?incident={incident}")["tickets"], key=lambda row: row["revision"])
    return rows if len(rows) >= 2 and rows[1]["sent"] else []


def _command(world: World, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "monitor", *arguments, "--url", world.url]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def _instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def ask_text(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())
