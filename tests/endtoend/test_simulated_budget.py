"""The budget of a gateway through a whole service, its store and a restart, in simulated time."""

import asyncio
from pathlib import Path

import pytest
from simulated_world import World

from monitor.probes.governor import STATE
from monitor.testing.simtime import simulate

SERVICE = """
service: {install: budget, location: here, data: DATA}
include: {checks: ["checks/*.yaml"], rules: ["rules/*.yaml"]}
targets:
  gateway: {title: gateway, base_url: "https://gateway.example", budget: {requests_per_second: 5}}
"""
CHECKS = "checks:\n" + "".join(
    f"  check-{n}: {{title: check, target: gateway, every: 10s, budget: 5s, steps: [{{name: read, get: /payments}}]}}\n"
    for n in range(20)
)
RULES = "rules:\n  failing: {title: failing, consecutive: {failures: 3, successes: 3}, severity: p1}\n"


def test_a_pause_survives_a_restart_and_paused_slots_are_neither_up_nor_down(tmp_path: Path) -> None:
    """The gateway throttles from the fifth minute on; the service restarts in the middle of a pause."""
    files = {"paycanary.yaml": SERVICE.replace("DATA", str(tmp_path / "data")), "checks/a.yaml": CHECKS, "rules/a.yaml": RULES}
    world = World(tmp_path, files, lambda at, _target, _path: 429 if at >= 300.0 else 200)

    async def main() -> tuple[str, list[bool | None], int]:
        first = world.app()
        await first.start()
        await asyncio.sleep(900.0)
        throttled, missed = [], 0
        for n in range(20):  # whichever check had its turn when the gateway was asked again
            throttled += [one.good for one in await first.store.latest(f"check-{n}", 1_000) if one.outcome == "throttled"]
            missed += sum(one.count for one in await first.store.missed(f"check-{n}", since=0.0, until=world.clock.wall()))
        while first.probing.governor.levels()["gateway"].paused_seconds < 30.0:
            await asyncio.sleep(1.0)
        ends = world.clock.monotonic() + first.probing.governor.levels()["gateway"].paused_seconds
        await first.stop()
        second = world.app()
        await second.start()
        paused = second.probing.governor.levels()["gateway"].paused_seconds
        assert world.clock.monotonic() + paused == pytest.approx(ends, abs=0.01)
        await asyncio.sleep(1.0)
        states = second.store.restore().rule_states
        rendered = (await second.exporter.render(""))[0].decode()
        await second.stop()
        assert 'paycanary_slots_missed_total{check="check-0",target="gateway",location="here",reason="budget"}' in rendered
        assert 'paycanary_budget_tokens{target="gateway"}' in rendered
        return next(state for name, state in states.items() if name.startswith(STATE)), throttled, missed

    state, throttled, missed = simulate(main)

    assert '"turns":' in state
    assert throttled.count(False) >= 1  # at the rate we promised, it is the gateway's
    assert missed > 20
