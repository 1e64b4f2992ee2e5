"""kill -9 of the service, again and again, under load and with an incident in progress."""

import contextlib
import os
import random
import time
import urllib.error
from pathlib import Path

import pytest
from roundup_server import RoundupServer
from service_process import World, ask, until

KILLS = int(os.environ.get("KILLS", "25"))
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1, 1 << 30)
CHECKS = "checks:\n" + "".join(
    f"  front-door-{n:02d}: {{title: front door {n}, target: gateway, every: 1s, budget: 900ms, "
    "steps: [{name: information, get: /api/rest/version/100/information, expect: 'body.status == \"OPERATING\"'}]}\n"
    for n in range(40)
)
RULES = """rules:
  failing: {title: {en: Gateway failing, zh: 网关交易处理失败}, consecutive: {failures: 3, successes: 3}, severity: p1}
  partial: {title: {en: Many fail, zh: 部分失败}, k_of_n: {bad: 4, of: 12, successes: 5}, severity: p2}
  silent: {title: {en: Silent, zh: 无数据}, absence: {after: 30s}, severity: p3, group_by: [target, kind]}
"""


@pytest.mark.counterpart
@pytest.mark.slow
def test_kills_lose_nothing_accepted_and_make_one_ticket_whose_resolve_arrives(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    accepted: list[str] = []
    world = World(tmp_path)
    (tmp_path / "roundup.password").touch(0o600)
    with RoundupServer(tmp_path) as roundup, world.sandbox:
        (tmp_path / "roundup.password").write_text(roundup.password)
        address = f"url: '{roundup.url}', username: {roundup.user}, password: '${{file:roundup.password}}', settle: 1s"
        world.write(checks=CHECKS, rules=RULES, desks=f"  roundup: {{roundup: {{{address}, allow_private: [127.0.0.0/8]}}}}\n")
        until("sandbox", lambda: ask(f"{world.desk}/_sandbox/open") is not None)
        world.break_gateway(knob="unavailable", dialect="mastercard")
        for kill in range(KILLS):
            world.service.start()
            if chance.random() < 0.8:  # the others are killed while they start
                until("service", lambda: ask(f"{world.url}/-/healthy"))
                time.sleep(chance.uniform(0.0, 1.5))
                with contextlib.suppress(OSError, IndexError):
                    note = f"note {kill}"
                    ask(f"{world.url}/api/v1/incidents/{world.incidents()[0]['id']}/note", "POST", {"by": "test", "text": note})
                    accepted.append(note)
            else:
                time.sleep(chance.uniform(0.0, 0.8))
            world.service.kill()
        with world.service:
            until("incident", lambda: ask(f"{world.url}/-/healthy") and world.incidents())
            world.mend_gateway()
            until("resolved incident", lambda: all(one["status"] == "resolved" for one in world.incidents()))
            until("resolved ticket", lambda: world.tickets()[0]["status"] == "resolved")
            until("resolved issue", lambda: [issue["status"]["name"] for issue in roundup.issues()] == ["resolved"])
            incidents = world.incidents()
            timeline = ask(f"{world.url}/api/v1/incidents/{incidents[0]['id']}")["timeline"]

        noted = " ".join(entry["text"]["en"] for entry in timeline)
        tickets, issues = world.tickets(), roundup.issues()
    print(
        f"seed {SEED}: {KILLS} kills, {len(accepted)} notes accepted, {len(incidents)} incident, {len(tickets)} ticket, {len(issues)} issue"
    )

    assert len(incidents) == len(tickets) == len(issues) == 1
    assert [note for note in accepted if note not in noted] == []
    assert incidents[0]["check_count"] == 40


@pytest.mark.slow
def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    """SIGTERM while an incident is open: it is still open afterwards, with its checks and no second ticket."""
    world = World(tmp_path)
    world.write(checks=CHECKS, rules=RULES)
    with world.sandbox:
        until("sandbox", lambda: ask(f"{world.desk}/_sandbox/open") is not None)
        world.break_gateway(knob="refuse", dialect="mastercard")
        with world.service:
            until("ticket", lambda: ask(f"{world.url}/-/healthy") and world.tickets())
            before = world.incidents()
        began = time.monotonic()
        with world.service:
            until("service", lambda: ask(f"{world.url}/-/healthy"))
            first = until("first run", lambda: ask(f"{world.url}/api/v1/status")["slots"]["ran"] and time.monotonic() - began)
            after = world.incidents()
            with contextlib.suppress(urllib.error.HTTPError):
                ask(f"{world.url}/-/reload", "POST")
        tickets = world.tickets()

    assert [one["id"] for one in after] == [one["id"] for one in before]
    assert len(tickets) == 1
    assert first < 5 + 10  # a start to its first run takes under 5 s on a quiet machine
