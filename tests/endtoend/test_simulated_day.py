"""A day of a hundred checks, through every room, in seconds."""

import asyncio
import time
from collections import Counter
from pathlib import Path

import pytest
from simulated_world import World

from monitor.testing.simtime import simulate

GATEWAYS = 5
HOUR = 3_600.0

SERVICE = """
service: {install: day, location: here, data: DATA}
include: {checks: ["checks/*.yaml"], rules: ["rules/*.yaml"]}
targets:
""" + "".join(
    f"  gateway-{n}: {{title: gateway {n}, base_url: 'https://gateway-{n}.example', dialect: plain}}\n" for n in range(GATEWAYS)
)
DESK = """desks: {desk: {webhook: {url: "https://desk.example/hooks", secret: "${file:desk.secret}"}}}
maintenance: [{from: "2026-11-02 20:00", to: "2026-11-02 21:00", zone: UTC, reason: agreed upgrade, targets: [gateway-4]}]
"""
CHECKS = "checks:\n" + "".join(
    f"  check-{n:03d}: {{title: check {n}, target: gateway-{n % GATEWAYS}, every: 60s, budget: 10s, "
    "steps: [{name: read, get: /payments, expect: 'status == 200'}]}\n"
    for n in range(100)
)
RULES = """
rules:
  failing: {title: {en: failing, zh: 交易失败}, consecutive: {failures: 3, successes: 3}, severity: p1}
  partial: {title: {en: many fail, zh: 部分失败}, k_of_n: {bad: 6, of: 30, successes: 10}, severity: p2}
"""


def story(at: float, target: str, _path: str) -> int | None:
    """Two outages, one flapping hour, one planned one, and a blip that is nobody's business."""
    hour = at / HOUR
    if target == "gateway-0" and 1 <= hour < 1.5:
        return 503
    if target == "gateway-1" and 6 <= hour < 6.25:
        return None
    if target == "gateway-2" and 12 <= hour < 13:
        return 500 if int(at // 120) % 2 == 0 else 200
    if target == "gateway-4" and 20 <= hour < 20.75:
        return 503
    if target == "gateway-3" and 300 <= at % 7_200 < 335:
        return 503
    return 200


@pytest.fixture
def world(tmp_path: Path) -> World:
    secret = tmp_path / "desk.secret"
    secret.write_text("whsec_" + "c2VjcmV0LXNlY3JldC1zZWNyZXQtMzItYnl0ZXM=")
    secret.chmod(0o600)
    files = {
        "paycanary.yaml": SERVICE.replace("DATA", str(tmp_path / "data")) + DESK,
        "checks/a.yaml": CHECKS,
        "rules/a.yaml": RULES,
    }
    return World(tmp_path, files, story)


@pytest.mark.slow
def test_a_day_of_a_hundred_checks_tells_its_story_and_nothing_else(world: World) -> None:
    began = time.process_time()

    async def main() -> list[list[str]]:
        app = world.app()
        await app.start()
        await asyncio.sleep(24 * HOUR)
        tally = app.scheduler.tally
        await app.stop()
        assert tally.planned == tally.ran + sum(tally.missed.values())
        assert tally.ran == pytest.approx(100 * 1_440, rel=0.01)
        return [line.split() for line in world.desk.story()]

    lines = simulate(main)
    took = time.process_time() - began
    told = Counter((kind, target) for kind, _, target, _, _ in lines)
    opened = {target: (severity, clock) for kind, severity, target, _, clock in lines if kind == "open"}

    assert {target for _, target in told} == {"gateway-0", "gateway-1", "gateway-2"}  # planned work and a blip are silent
    for target in opened:  # flapping for an hour is one incident too
        assert told["open", target] == told["resolve", target] == 1
    assert opened["gateway-0"][0] == opened["gateway-1"][0] == "p1"
    assert "01:02" <= opened["gateway-0"][1] < "01:03"  # the third failure in a row, at one a minute
    assert "06:02" <= opened["gateway-1"][1] < "06:03"
    assert all(told["update", target] <= 70 for target in opened)  # at most one a minute, and an hour of flapping
    print(f"a simulated day of 100 checks (144,000 runs) took {took:.1f} s of CPU")
    assert took < 150
