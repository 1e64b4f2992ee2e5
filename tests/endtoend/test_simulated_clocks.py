"""Clocks of a running service, in simulated time: warnings, a miss, a pause, a restart, a reload."""

import asyncio
from pathlib import Path

from simulated_world import World

from monitor.app import App
from monitor.deadlines.clocks import Standing, clocks
from monitor.deadlines.targets import Kind
from monitor.model.incident import Happening, Incident
from monitor.testing.simtime import START, simulate

SERVICE = """\
service: {{install: sim, data: {folder}/data, triage: {{enabled: false}}}}
include: {{checks: ["checks/*.yaml"], rules: ["rules/*.yaml"]}}
targets: {{gateway: {{title: gateway, base_url: "https://gateway.example", budget: {{requests_per_second: 1000, back_off: false}}}}}}
deadlines:
  calendars: {{shanghai: {{zone: Asia/Shanghai, hours: {{weekdays: "09:00-18:00"}}, holidays: CN}}}}
  p1: {{respond: {respond}}}
  p3: {{hours: shanghai}}
desks: {{desk: {{webhook: {{url: "https://desk.example/hooks", secret: "${{file:desk.secret}}"}}}}}}
"""
CHECKS = """\
checks:
  payment: {title: Payment, target: gateway, every: 10s, budget: 5s, steps: [{name: read, get: /payments, expect: "status == 200"}]}
"""
RULES = "rules:\n  failing: {title: {en: failing, zh: 交易失败}, consecutive: {failures: 3, successes: 3}, severity: p1}\n"
MINUTE = 60.0


def world(folder: Path, respond: str = "15m") -> World:
    files = {
        "paycanary.yaml": SERVICE.format(folder=folder, respond=respond),
        "checks/a.yaml": CHECKS,
        "rules/a.yaml": RULES,
    }
    secret = folder / "desk.secret"
    secret.write_text("whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtMzItYnl0ZXM=")
    secret.chmod(0o600)
    return World(folder, files, lambda at, _target, _path: 503 if at >= 60 else 200)


async def clock_lines(app: App, incident: Incident) -> list[tuple[float, str]]:
    """When each was said, in whole minutes since it opened, and the sentence up to its figures."""
    timeline = await app.store.timeline(incident.id)
    return [
        (round((entry.at - incident.opened) / MINUTE, 1), entry.text.en.partition(":")[0])
        for entry in timeline
        if entry.kind is Happening.CLOCK
    ]


async def metric(app: App, line: str) -> float | None:
    text = (await app.exporter.render())[0].decode()
    return next((float(row.rpartition(" ")[2]) for row in text.splitlines() if row.startswith(line)), None)


def test_a_p1_that_nobody_takes_is_warned_of_twice_and_then_missed_and_the_desk_hears_of_it(tmp_path: Path) -> None:
    place = world(tmp_path)

    async def main() -> None:
        app = place.app()
        await app.start()
        await asyncio.sleep(20 * MINUTE)
        (incident,) = await app.store.incidents()
        responses = [line for line in await clock_lines(app, incident) if "response" in line[1]]
        assert [(7.5, "P1 response target"), (12.0, "P1 response target"), (15.0, "P1 response target missed")] == [
            (round(at * 2) / 2, said) for at, said in responses
        ]
        assert 1.0 == await metric(app, 'paycanary_incident_clocks_missed_total{clock="respond",severity="p1"}')
        left = await metric(app, 'paycanary_incident_clock_left_seconds{clock="restore",severity="p1"}')
        assert left is not None and 4 * 3_600 - 20 * MINUTE < left < 4 * 3_600 - 18 * MINUTE
        await app.stop()

    simulate(main)
    updates = [body for _, body in place.desk.received if body["type"] == "incident.update"]
    assert any("response target missed" in str(body) for body in updates)


def test_a_restart_says_nothing_twice_and_what_was_missed_meanwhile_is_said(tmp_path: Path) -> None:
    place = world(tmp_path)

    async def main() -> None:
        app = place.app()
        await app.start()
        await asyncio.sleep(10 * MINUTE)
        await app.stop()
        await asyncio.sleep(10 * MINUTE)
        again = place.app()
        await again.start()
        await asyncio.sleep(MINUTE)
        (incident,) = await again.store.incidents()
        said = [line for _, line in await clock_lines(again, incident) if "response" in line]
        assert ["P1 response target", "P1 response target missed"] == said
        await again.stop()

    simulate(main)


def test_while_an_incident_waits_for_the_gateway_no_target_is_missed(tmp_path: Path) -> None:
    place = world(tmp_path)

    async def main() -> None:
        app = place.app()
        await app.start()
        await asyncio.sleep(3 * MINUTE)
        (incident,) = await app.store.incidents()
        await app.people.pend(incident.id, "li", "the gateway's support")
        await asyncio.sleep(60 * MINUTE)
        (incident,) = await app.store.incidents()
        now = START + asyncio.get_running_loop().time()
        found = clocks(incident, app.config.deadlines.targets, app.config.deadlines.calendars, now)
        assert {Standing.PAUSED} == {one.standing for one in found}
        assert [] == await clock_lines(app, incident)
        assert await metric(app, 'paycanary_incident_clock_left_seconds{clock="respond",severity="p1"}') is None
        await app.stop()

    simulate(main)


def test_taking_it_in_time_stops_the_response_clock_alone(tmp_path: Path) -> None:
    place = world(tmp_path)

    async def main() -> None:
        app = place.app()
        await app.start()
        await asyncio.sleep(5 * MINUTE)
        (incident,) = await app.store.incidents()
        await app.people.acknowledge(incident.id, "li")
        await asyncio.sleep(40 * MINUTE)
        (incident,) = await app.store.incidents()
        assert {"P1 update target", "P1 update target missed"} == {line for _, line in await clock_lines(app, incident)}
        assert any(Kind.UPDATE.value in key for key in incident.clocks)
        await app.stop()

    simulate(main)


def test_a_reload_brings_new_targets_into_force_from_the_original_start(tmp_path: Path) -> None:
    place = world(tmp_path, respond="2h")

    async def main() -> None:
        app = place.app()
        await app.start()
        await asyncio.sleep(20 * MINUTE)
        (incident,) = await app.store.incidents()
        assert not [line for _, line in await clock_lines(app, incident) if "response" in line]
        main_file = tmp_path / "paycanary.yaml"
        main_file.write_text(main_file.read_text().replace("respond: 2h", "respond: 15m"))
        await app.reload()
        await asyncio.sleep(MINUTE)
        assert ["P1 response target missed"] == [line for _, line in await clock_lines(app, incident) if "response" in line]
        await app.stop()

    simulate(main)


def test_a_calendar_whose_coming_year_is_not_announced_is_doubted_in_the_gauge(tmp_path: Path) -> None:
    place = world(tmp_path)
    place.clock.step(50 * 86_400.0)  # into the December before a year without announced holidays

    async def main() -> None:
        app = place.app()
        await app.start()
        await asyncio.sleep(MINUTE)
        assert 0.0 == await metric(app, 'paycanary_calendar_official{calendar="shanghai"}')
        assert 1.0 == await metric(app, 'paycanary_calendar_official{calendar="always"}')
        await app.stop()

    simulate(main)


def test_nobody_is_nagged_under_a_silence(tmp_path: Path) -> None:
    place = world(tmp_path)

    async def main() -> None:
        app = place.app()
        await app.start()
        await asyncio.sleep(3 * MINUTE)
        (incident,) = await app.store.incidents()
        now = START + asyncio.get_running_loop().time()
        await app.people.add_window(
            app.config, kind="silence", starts=now, ends=now + 3_600, author="li", reason="drill", checks=[], targets=["gateway"]
        )
        await asyncio.sleep(40 * MINUTE)
        assert [] == await clock_lines(app, incident)
        assert await metric(app, 'paycanary_incident_clock_left_seconds{clock="respond",severity="p1"}') is None
        await app.stop()

    simulate(main)
