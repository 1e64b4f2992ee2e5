"""Common causes and problems in a running service, in simulated time."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
import simulated_world
from simulated_world import StoryProbe, World

from monitor.app import App
from monitor.model.incident import Incident
from monitor.model.result import Exchange
from monitor.model.text import Text
from monitor.model.triage import Diagnosis, Layer
from monitor.probes import Call
from monitor.testing.simtime import START, simulate

RULES = "rules:\n  failing: {title: {en: failing, zh: 交易失败}, consecutive: {failures: 3, successes: 3}, severity: p1}\n"
GATEWAYS = ("alipay", "bank", "cards")
MINUTE, HOUR = 60.0, 3_600.0


class EdgeProbe(StoryProbe):
    """Every gateway stands behind the same edge, but ``alone``, and each has an address of its own."""

    async def run(self, call: Call) -> Exchange:
        name = call.target.id
        exchange = await super().run(call)
        exchange.address = f"198.41.{sum(name.encode()) % 250}.7"
        exchange.headers = {"content-type": "application/json", **({} if name == "alone" else {"cf-ray": "8d1-FRA"})}
        return exchange


def world(folder: Path, *names: str, failing: dict[str, tuple[float, float]], declared: str = "") -> World:
    """``failing``: from when to when a gateway answers 503. ``declared``: what all of them say they share."""
    shares = f", shares: {declared}" if declared else ""
    targets = "".join(
        f"  {name}: {{title: {name}, base_url: 'https://{name}.example', budget: {{requests_per_second: 1000, back_off: false}}{shares}}}\n"
        for name in names
    )
    step = "steps: [{name: read, get: /payments, expect: 'status == 200'}]"
    checks = "".join(f"  pay-{name}: {{title: pay, target: {name}, every: 10s, budget: 5s, {step}}}\n" for name in names)
    secret = folder / "desk.secret"
    secret.write_text("whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtMzItYnl0ZXM=")
    secret.chmod(0o600)
    files = {
        "paycanary.yaml": f"service: {{install: sim, data: {folder}/data, triage: {{enabled: false}}}}\n"
        f"include: {{checks: ['checks/*.yaml'], rules: ['rules/*.yaml']}}\ntargets:\n{targets}"
        'desks: {desk: {webhook: {url: "https://desk.example/hooks", secret: "${file:desk.secret}"}}}\n',
        "checks/a.yaml": f"checks:\n{checks}",
        "rules/a.yaml": RULES,
    }

    def story(at: float, target: str, _path: str) -> int:
        since, until = failing.get(target, (0.0, 0.0))
        return 503 if since <= at < until else 200

    return World(folder, files, story)


@pytest.fixture(autouse=True)
def edges_show_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated_world, "StoryProbe", EdgeProbe)


def lived(place: World, minutes: float) -> list[Incident]:
    """Every incident after so long, oldest first."""

    async def main() -> list[Incident]:
        app = place.app()
        await app.start()
        await asyncio.sleep(minutes * MINUTE)
        found = await app.store.incidents()
        await app.stop()
        return sorted(found, key=lambda one: one.opened)

    return simulate(main)


def opened(place: World) -> list[str]:
    return [str(body["target"]) for _, body in place.desk.received if body["type"] == "incident.open"]


def test_three_gateways_behind_one_edge_failing_within_two_minutes_are_one_parent_and_one_ticket_for_the_later_ones(
    tmp_path: Path,
) -> None:
    until = 15 * MINUTE
    failing = {"alipay": (60.0, until), "bank": (100.0, until), "cards": (140.0, until)}
    place = world(tmp_path, *GATEWAYS, failing=failing)
    found = lived(place, 25)
    parents = [one for one in found if one.children]
    assert [("edge=cloudflare", 3)] == [(one.target, len(one.children)) for one in parents]
    assert {parents[0].id} == {one.parent for one in found if not one.children}
    assert ["alipay", "edge=cloudflare"] == opened(place), "the first was told before anybody knew; bank and cards have no ticket"
    assert all(one.resolved for one in found)


def test_two_gateways_failing_an_hour_apart_have_no_parent(tmp_path: Path) -> None:
    failing = {"alipay": (60.0, 90 * MINUTE), "bank": (61 * MINUTE, 90 * MINUTE)}
    place = world(tmp_path, *GATEWAYS, failing=failing)
    found = lived(place, 100)
    assert [("alipay", ""), ("bank", "")] == [(one.target, one.parent) for one in found]
    assert ["alipay", "bank"] == opened(place)


def test_a_gateway_that_is_not_behind_the_edge_keeps_its_own_ticket(tmp_path: Path) -> None:
    failing = dict.fromkeys(("alipay", "bank", "alone"), (60.0, 10 * MINUTE))
    place = world(tmp_path, "alipay", "bank", "alone", failing=failing)
    found = lived(place, 20)
    (alone,) = (one for one in found if one.target == "alone")
    assert alone.parent == ""
    assert "alone" in opened(place)
    assert 1 == sum(bool(one.children) for one in found)


def test_what_the_configuration_declares_needs_no_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated_world, "StoryProbe", StoryProbe)
    failing = dict.fromkeys(("alipay", "bank"), (60.0, 10 * MINUTE))
    place = world(tmp_path, *GATEWAYS, failing=failing, declared="hk-1")
    found = lived(place, 5)
    assert ["declared=hk-1"] == [one.target for one in found if one.children]


def test_a_reload_that_declares_what_is_shared_is_taken_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated_world, "StoryProbe", StoryProbe)
    place = world(tmp_path, *GATEWAYS, failing=dict.fromkeys(("alipay", "bank"), (5 * MINUTE, 10 * MINUTE)))

    async def main() -> list[str]:
        app = place.app()
        await app.start()
        await asyncio.sleep(MINUTE)
        file = tmp_path / "paycanary.yaml"
        file.write_text(file.read_text().replace("back_off: false}", "back_off: false}, shares: [hk-1]"))
        await app.reload()
        await asyncio.sleep(6 * MINUTE)
        found = [one.target for one in await app.store.incidents() if one.children]
        await app.stop()
        return found

    assert ["declared=hk-1"] == simulate(main)


async def diagnosed(app: App, incident: Incident) -> None:
    now = START + asyncio.get_running_loop().time()
    verdict = Diagnosis(Layer.GATEWAY, 0.97, now, 2.0, "failing", Text("The gateway answers 503."))
    await app.pipeline.change(app.book.triaged(incident.id, verdict, now, fingerprint="gateway||503"))


def test_the_same_trouble_for_the_third_time_is_a_problem_with_its_count_also_after_a_restart(tmp_path: Path) -> None:
    place = world(tmp_path, "alone", failing={})
    place._story = lambda at, _target, _path: 503 if at % (3 * HOUR) >= 3 * HOUR - 10 * MINUTE else 200

    async def main() -> None:
        app = place.app()
        await app.start()
        for number in (1, 2, 3):
            await asyncio.sleep(3 * HOUR * number - 5 * MINUTE - asyncio.get_running_loop().time())
            newest = (await app.store.incidents())[0]
            await diagnosed(app, newest)
            await asyncio.sleep(2.0)
            kept = await app.store.incident(newest.id)
            assert kept is not None
            said = [entry.text.en for entry in await app.store.timeline(newest.id) if "time in 90 days" in entry.text.en]
            assert (number > 1) is bool(kept.problem) is bool(said)
            if number == 3:
                assert said[0].startswith("The 3rd time in 90 days")
            else:
                await app.stop()
                app = place.app()
                await app.start()
        problems = {one.problem for one in await app.store.incidents() if one.problem}
        assert 1 == len(problems)
        await app.stop()

    simulate(main)


def test_a_problem_is_told_once_per_incident(tmp_path: Path) -> None:
    place = world(tmp_path, "alone", failing={})
    place._story = lambda at, _target, _path: 503 if at % (3 * HOUR) >= 3 * HOUR - 10 * MINUTE else 200

    async def main() -> int:
        app = place.app()
        await app.start()
        for number in (1, 2):
            await asyncio.sleep(3 * HOUR * number - 5 * MINUTE - asyncio.get_running_loop().time())
            newest = (await app.store.incidents())[0]
            for _ in range(3):
                await diagnosed(app, replace(newest))
                await asyncio.sleep(2.0)
        count = sum("time in 90 days" in entry.text.en for entry in await app.store.timeline(newest.id))
        await app.stop()
        return count

    assert 1 == simulate(main)
