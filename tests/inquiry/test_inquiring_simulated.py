"""A whole service in simulated time: what is looked into, when, and what becomes of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from simulated_world import World

from monitor.app import App
from monitor.model.incident import Incident
from monitor.model.triage import Diagnosis, Layer
from monitor.testing.simtime import simulate

FILES = {
    "paycanary.yaml": """
service: {install: sim, location: here, data: DATA}
include: {checks: ["checks/*.yaml"], rules: ["rules/*.yaml"]}
targets:
  gateway: {base_url: 'https://gateway.example', customers_per_minute: 60, front_door: /health}
  other: {base_url: 'https://other.example'}
desks: {desk: {webhook: {url: "https://desk.example/hooks", secret: "${file:desk.secret}"}}}
""",
    "checks/all.yaml": "checks:\n"
    + "".join(
        f"  {name}: {{title: {name}, target: {name}, every: 10s, budget: 5s, steps: [{{name: read, get: /payments, expect: 'status == 200'}}]}}\n"
        for name in ("gateway", "other")
    ),
    "rules/all.yaml": "rules: {failing: {title: {en: failing, zh: 交易失败}, consecutive: {failures: 3, successes: 3}, severity: p1}}\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    secret = tmp_path / "desk.secret"
    secret.write_text("whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtMzItYnl0ZXM=")
    secret.chmod(0o600)
    return tmp_path


def world(folder: Path, down: Callable[[float], bool], *, triage: bool = True) -> World:
    files = {name: text.replace("DATA", str(folder / "data")) for name, text in FILES.items()}
    return World(folder, files, lambda at, target, _path: 503 if target == "gateway" and down(at) else 200, triage=triage)


def played(there: World, seconds: float) -> tuple[list[Incident], int]:
    """The incidents that are open in the end, and how many verdicts were given."""

    async def story() -> tuple[list[Incident], int]:
        app = there.app()
        await app.start()
        await asyncio.sleep(seconds)
        found = app.book.open(), await _verdicts(app)
        await app.stop()
        return found

    return simulate(story)


def commands(there: World) -> list[tuple[str, float]]:
    return [(body["type"].removeprefix("incident."), round(at, 1)) for at, body in there.desk.received]


def test_the_ticket_goes_out_at_once_and_the_verdict_follows_within_ten_seconds(folder: Path) -> None:
    there = world(folder, lambda at: at >= 100)
    found, _ = played(there, 200)

    (first, opened), (second, enriched) = commands(there)[:2]
    assert ("open", "update") == (first, second)
    assert 120 <= opened < 135
    assert 0 < enriched - opened < 10
    [incident] = found
    assert incident.diagnosis and incident.diagnosis.layer is Layer.GATEWAY
    assert incident.fingerprint.startswith("gateway:")


def test_an_incident_that_lasts_is_looked_into_again_and_told_only_when_the_verdict_changes(folder: Path) -> None:
    there = world(folder, lambda at: at >= 100)
    _, verdicts = played(there, 1_200)

    told = [body["comment"]["en"] for _, body in there.desk.received]
    assert 1 == sum("Triage (" in comment for comment in told)
    assert 5 == verdicts  # at once, after a minute, then every five


def test_when_it_is_over_nobody_is_asked_any_more(folder: Path) -> None:
    there = world(folder, lambda at: 100 <= at < 200)
    _, verdicts = played(there, 1_200)

    assert ["open", "update", "resolve"] == [kind for kind, _ in commands(there)]
    assert verdicts <= 2


def test_how_far_it_reaches_is_kept_with_the_incident_and_grows(folder: Path) -> None:
    there = world(folder, lambda at: at >= 100)
    found, _ = played(there, 700)

    [incident] = found
    extent = incident.extent
    assert extent and extent.failed_share and extent.customers and extent.first_bad and extent.last_good
    assert 1.0 == extent.failed_share.middle
    assert 500 < extent.customers.middle < 620
    assert extent.last_good.at < extent.first_bad.at < 1_793_577_600 + 115


def test_a_restart_in_the_middle_of_it_remembers_what_went_before(folder: Path) -> None:
    first = world(folder, lambda at: at >= 100)
    played(first, 160)
    second = world(folder, lambda _at: True)
    second.clock.step(160)
    [incident], _ = played(second, 90)

    assert incident.extent and {("operation", "read")} <= {(part.kind, part.name) for part in incident.extent.parts}
    [part] = [part for part in incident.extent.parts if part.kind == "operation"]
    assert part.runs >= 12  # those of both lives
    assert "open" not in [kind for kind, _ in commands(second)]


def test_switched_off_nothing_is_asked_and_the_extent_is_measured_all_the_same(folder: Path) -> None:
    there = world(folder, lambda at: at >= 100, triage=False)
    [incident], verdicts = played(there, 300)

    assert ["open"] == [kind for kind, _ in commands(there)]
    assert (None, 0) == (incident.diagnosis, verdicts)
    assert incident.extent


def test_a_reload_in_the_middle_of_it_changes_nothing_of_what_is_known(folder: Path) -> None:
    there = world(folder, lambda at: at >= 100)

    async def story() -> tuple[Incident, Diagnosis]:
        app = there.app()
        await app.start()
        await asyncio.sleep(150)
        checks = folder / "checks" / "all.yaml"
        checks.write_text(checks.read_text().replace("title: other", "title: another"))
        await app.reload()
        await asyncio.sleep(150)
        verdict = await app.inquiring.examine("gateway")
        with pytest.raises(KeyError):
            await app.inquiring.examine("nowhere")
        [incident] = app.book.open()
        await app.stop()
        return incident, verdict

    incident, verdict = simulate(story)
    assert incident.diagnosis and incident.extent
    assert Layer.GATEWAY is incident.diagnosis.layer is verdict.layer
    assert any("configuration" in near.said.en for near in incident.extent.nearby)


async def _verdicts(app: App) -> int:
    scrape = await app.exporter.scrape()
    lines = [line for line in scrape.body.decode().splitlines() if line.startswith("paycanary_triage_verdicts_total{")]
    return int(sum(float(line.rpartition(" ")[2]) for line in lines))
