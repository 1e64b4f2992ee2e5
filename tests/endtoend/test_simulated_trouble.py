"""The service in simulated time, in trouble of several kinds."""

import asyncio
from pathlib import Path

import pytest
from simulated_world import World

from monitor.config import ConfigError
from monitor.testing.simtime import simulate

DESK = 'desks: {desk: {webhook: {url: "https://desk.example/hooks", secret: "${file:desk.secret}"}}}\n'
RULES = """rules:
  failing: {title: {en: failing, zh: 交易失败}, consecutive: {failures: 3, successes: 3}, severity: p1}
"""


def service(folder: Path, *targets: str) -> str:
    rows = "".join(
        f"  {name}: {{title: {name}, base_url: 'https://{name}.example', dialect: plain, budget: {{requests_per_second: 1000, back_off: false}}}}\n"
        for name in targets
    )
    head = f"service: {{install: sim, data: {folder}/data, max_in_flight: 2000}}\ninclude: {{checks: ['checks/*.yaml'], rules: ['rules/*.yaml']}}\n"
    return f"{head}targets:\n{rows}{DESK}"


def checks(count: int, target: str, *, every: str = "10s", prefix: str = "check", more: str = "") -> str:
    return "".join(
        f"  {prefix}-{n:04d}: {{title: {prefix} {n}, target: {target}, every: {every}, budget: 5s{more}, "
        "steps: [{name: read, get: /payments, expect: 'status == 200'}]}\n"
        for n in range(count)
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    secret = tmp_path / "desk.secret"
    secret.write_text("whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtMzItYnl0ZXM=")
    secret.chmod(0o600)
    return tmp_path


@pytest.mark.slow
def test_a_thousand_checks_of_one_gateway_failing_at_once_are_one_incident_that_lists_them(folder: Path) -> None:
    files = {
        "paycanary.yaml": service(folder, "gateway").replace("dialect: plain", "dialect: plain, max_concurrency: 2000"),
        "checks/a.yaml": "checks:\n" + checks(1000, "gateway", every="5s"),
        "rules/a.yaml": RULES.replace("failures: 3", "failures: 1"),
    }
    world = World(folder, files, lambda at, _target, _path: 503 if 60 <= at < 120 else 200)

    async def main() -> tuple[int, int, float]:
        app = world.app()
        await app.start()
        await asyncio.sleep(70)
        (incident,) = await app.store.incidents()
        listed = len(incident.checks)
        await asyncio.sleep(110)
        await app.stop()
        return incident.check_count, listed, incident.opened

    count, listed, _ = simulate(main)
    story = [line.split()[0] for line in world.desk.story()]

    assert count == 1000
    assert listed == 200
    assert story[0] == "open"
    assert story[-1] == "resolve"
    assert story.count("open") == story.count("resolve") == 1
    assert story.count("update") <= 2  # at most one a minute
    assert world.desk.received[0][0] < 60 + 5 + 1  # within one interval


def test_when_the_reference_fails_too_the_monitor_is_blind_and_nobody_is_blamed(folder: Path) -> None:
    files = {
        "paycanary.yaml": service(folder, "gateway-a", "gateway-b", "reference"),
        "checks/a.yaml": "checks:\n"
        + checks(5, "gateway-a", prefix="a")
        + checks(5, "gateway-b", prefix="b")
        + checks(2, "reference", prefix="control", every="5s", more=", control: true"),
        "rules/a.yaml": RULES,
    }
    cut = (600.0, 900.0)  # the uplink is gone for five minutes
    world = World(folder, files, lambda at, _target, _path: None if cut[0] <= at < cut[1] else 200)

    async def main() -> list[tuple[str, bool | None]]:
        app = world.app()
        await app.start()
        await asyncio.sleep(1_800)
        results = await app.store.results("a-0000", since=0, until=app.clock.wall())
        await app.stop()
        return [(row.outcome, row.good) for row in results]

    rows = simulate(main)
    targets = {line.split()[2] for line in world.desk.story()}

    assert targets == {"monitor"}
    assert [line.split()[0] for line in world.desk.story() if not line.startswith("update")] == ["open", "resolve"]
    assert [row for row in rows if row[1] is False] == []
    assert 25 <= sum(good is None for _, good in rows) <= 35  # five minutes at one run every ten seconds


def test_one_gateway_out_of_reach_is_that_gateway_not_our_blindness(folder: Path) -> None:
    files = {
        "paycanary.yaml": service(folder, "gateway-a", "gateway-b", "reference"),
        "checks/a.yaml": "checks:\n"
        + checks(5, "gateway-a", prefix="a")
        + checks(5, "gateway-b", prefix="b")
        + checks(2, "reference", prefix="control", every="5s", more=", control: true"),
        "rules/a.yaml": RULES,
    }
    world = World(folder, files, lambda at, target, _path: None if target == "gateway-a" and 600 <= at < 900 else 200)

    async def main() -> None:
        app = world.app()
        await app.start()
        await asyncio.sleep(1_800)
        await app.stop()

    simulate(main)

    assert {line.split()[2] for line in world.desk.story()} == {"gateway-a"}


def test_a_bad_reload_changes_nothing_and_a_good_one_keeps_what_is_open(folder: Path) -> None:
    files = {
        "paycanary.yaml": service(folder, "gateway"),
        "checks/a.yaml": "checks:\n" + checks(3, "gateway"),
        "rules/a.yaml": RULES,
    }
    world = World(folder, files, lambda at, _target, _path: 503 if 60 <= at < 600 else 200)

    async def main() -> tuple[list[str], int, int]:
        app = world.app()
        await app.start()
        await asyncio.sleep(120)
        before = [one.id for one in app.book.open()]
        good = (folder / "checks/a.yaml").read_text()
        (folder / "checks/a.yaml").write_text(good[: len(good) // 2])  # as an editor leaves it for a moment
        with pytest.raises(ConfigError):
            await app.reload()
        assert b"paycanary_config_last_reload_successful 0" in (await app.exporter.render())[0]
        ran = app.scheduler.tally.ran
        await asyncio.sleep(60)
        assert app.scheduler.tally.ran == pytest.approx(ran + 18, abs=2)  # the running configuration stays
        (folder / "checks/a.yaml").write_text(good + checks(1, "gateway", prefix="new"))
        await app.reload()
        assert b"paycanary_config_last_reload_successful 1" in (await app.exporter.render())[0]
        await asyncio.sleep(60)
        after = [one.id for one in app.book.open()]
        slots = {row.slot for row in await app.store.results("check-0000", since=0, until=app.clock.wall())}
        await asyncio.sleep(500)
        await app.stop()
        assert before == after
        return [line.split()[0] for line in world.desk.story()], len(slots), max(slots) - min(slots) + 1

    story, ran, planned = simulate(main)

    assert [kind for kind in story if kind != "update"] == ["open", "resolve"]
    assert ran == planned  # no slot was skipped or repeated over two reloads


@pytest.mark.slow
def test_a_desk_that_is_down_for_a_day_gets_every_ticket_once_and_in_order(folder: Path) -> None:
    files = {
        "paycanary.yaml": service(folder, *(f"gateway-{n}" for n in range(30))),
        "checks/a.yaml": "checks:\n" + "".join(checks(1, f"gateway-{n}", prefix=f"c{n:02d}", every="60s") for n in range(30)),
        "rules/a.yaml": RULES,
    }

    def story(at: float, target: str, _path: str) -> int:
        n = int(target.split("-")[1])
        return 503 if 600 + n * 600 <= at < 600 + n * 600 + 1_200 else 200

    world = World(folder, files, story)
    world.desk.answer = lambda at: None if at < 86_400 and int(at) % 2 else 503 if at < 86_400 else 200

    async def main() -> None:
        app = world.app()
        await app.start()
        await asyncio.sleep(86_400 + 7_200)
        await app.stop()

    simulate(main)
    told: dict[str, list[str]] = {}
    for line in world.desk.story():
        kind, _, target, _, _ = line.split()
        told.setdefault(target, []).append(kind)

    assert len(told) == 30
    assert all([kind for kind in kinds if kind != "update"] == ["open", "resolve"] for kinds in told.values())


def test_a_frozen_schedule_turns_readiness_red_within_thirty_seconds_and_the_heartbeat_stops(folder: Path) -> None:
    main = service(folder, "gateway").replace("max_in_flight: 2000", "heartbeat: {url: 'https://watch.example/beat', every: 10s}")
    files = {"paycanary.yaml": main, "checks/a.yaml": "checks:\n" + checks(3, "gateway"), "rules/a.yaml": RULES}
    world = World(folder, files, lambda _at, _target, _path: 200)

    async def frozen() -> tuple[list[str], float]:
        app = world.app()
        await app.start()
        await asyncio.sleep(120)
        assert app.progress().problems() == []
        app.scheduler._timer.cancel()  # type: ignore[union-attr]
        froze = app.clock.monotonic()
        while not app.progress().problems():
            await asyncio.sleep(1)
        red = app.clock.monotonic() - froze
        await asyncio.sleep(120)
        beats = [body for at, body in world.desk.heartbeats]
        assert all(body["last_check_finished_seconds_ago"] < 30 for body in beats)
        problems = app.progress().problems()
        await app.stop()
        return problems, red

    problems, red = simulate(frozen)

    assert red <= 30
    assert any("schedule has not turned" in problem for problem in problems)
    assert 11 <= len([at for at, _ in world.desk.heartbeats if at <= 120]) <= 12
    assert max(at for at, _ in world.desk.heartbeats) <= 120 + 30
