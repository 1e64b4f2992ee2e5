"""A whole service learns what is normal from its own store, and its next process knows it from the first result on."""

import asyncio
from pathlib import Path
from typing import Any

from simulated_world import World

from monitor.model.batch import Batch
from monitor.model.outcome import Outcome
from monitor.model.result import Result
from monitor.stores.sqlite import SqliteStore
from monitor.testing.simtime import START, SimulatedClock, simulate

DAY, EVERY = 86_400.0, 60.0
FILES = """service: {{install: sim, location: fra, data: {folder}/data}}
include: {{checks: ['checks.yaml'], rules: ['rules.yaml']}}
targets: {{gateway: {{title: gateway, base_url: 'https://gateway.example', budget: {{requests_per_second: 1000}}}}}}
"""
CHECKS = "checks: {card: {title: card, target: gateway, every: 60s, steps: [{name: read, get: /, expect: 'status == 200'}]}}\n"
RULES = "rules: {failing: {title: failing, sequential: {false_alarms: 1 per 6 months}, severity: p1}}\n"


def ran(at: float, slot: int) -> Result:
    good = slot % 700 != 0
    return Result(
        run_id=f"old-{slot}", check="card", target="gateway", location="fra", slot=slot, stratum="", due=at, started=at,
        late_seconds=0.0, duration_seconds=0.1 + slot % 50 / 1_000, outcome=Outcome.OK if good else Outcome.TECH_GATEWAY, good=good,
        steps=(),
    )  # fmt: skip


def test_the_rules_of_a_service_go_by_its_own_history_also_after_a_restart(tmp_path: Path) -> None:
    files = {"paycanary.yaml": FILES.format(folder=tmp_path), "checks.yaml": CHECKS, "rules.yaml": RULES}

    async def history() -> None:
        store = SqliteStore(tmp_path / "data" / "paycanary.db", clock=SimulatedClock(), threaded=False)
        store.open()
        first = int((START - 4 * DAY) / EVERY)
        await store.commit(Batch(results=[ran(slot * EVERY, slot) for slot in range(first, int(START / EVERY))]))
        await store.close()

    async def live(seconds: float) -> Any:
        app = World(tmp_path, files, lambda *_: 200).app()
        await app.start()
        await asyncio.sleep(seconds)
        found = await app.evidence("card")
        await app.stop()
        return found

    simulate(history)
    learned = simulate(lambda: live(1_800.0))
    again = simulate(lambda: live(90.0))

    assert [1] == [one["version"] for one in learned["baselines"]]
    assert learned["baselines"][0]["baseline"]["samples"] > 5_000
    for found in (learned, again):
        assert found["rules"][0]["facts"]["null"].startswith("learned from")
    assert learned["baselines"] == again["baselines"]
