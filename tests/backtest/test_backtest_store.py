"""Backtests and calibration over a service's own store: what ran is replayed, and nothing of the store is touched."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from backtest_helpers import DAY, MINUTE, START, rules_file, run

from monitor.backtest.stored import stored_results
from monitor.model.batch import Batch
from monitor.model.check import Check
from monitor.model.outcome import Outcome
from monitor.model.result import Result, StepResult
from monitor.stores.sqlite import SqliteStore

CONFIG = """
service: {install: demo, location: local, data: data, listen: "127.0.0.1:8710"}
include: {checks: [checks.yaml], rules: [rules.yaml]}
targets:
  gateway: {base_url: "https://gateway.example", title: {en: "Gateway", zh: "网关"}}
"""
CHECKS = """
checks:
  card: {title: {en: "Card", zh: "银行卡"}, target: gateway, every: 60s, steps: [{name: pay, get: /pay}]}
  reference: {title: Reference, target: gateway, every: 60s, control: true, steps: [{name: get, get: /}]}
"""


class Clock:
    def monotonic(self) -> float:
        return 0.0

    def wall(self) -> float:
        return START


def result(slot: int, *, good: bool = True, check: str = "card") -> Result:
    """A run of a quarter of a second, and a clean-up as long as a whole one."""
    due = START + slot * MINUTE
    outcome = Outcome.OK if good else Outcome.TECH_GATEWAY
    steps = (StepResult("pay", outcome, good, 0.25), StepResult("undo", Outcome.OK, True, 1.0, undo=True))
    return Result(f"{check}-{slot}", check, "gateway", "local", slot, "", due, due + 0.01, 0.01, 1.25, outcome, good, steps)


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two days of a check; it fails for ten minutes of the second."""
    (tmp_path / "paycanary.yaml").write_text(CONFIG, "utf-8")
    (tmp_path / "checks.yaml").write_text(CHECKS, "utf-8")
    rules_file(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    store = SqliteStore(tmp_path / "data" / "paycanary.db", clock=Clock(), threaded=False)
    store.open()
    store.record(Batch(results=[result(slot, good=not 2000 <= slot < 2010) for slot in range(2880)]))
    store.record(Batch(results=[result(slot, check="reference", good=False) for slot in range(100)]))
    asyncio.run(store.close())
    return tmp_path


def test_the_store_tells_what_would_have_fired_and_is_left_as_it_was(service: Path) -> None:
    before = {path.name: path.read_bytes() for path in (service / "data").iterdir() if path.suffix == ".db"}

    shown = run("backtest", "--store", "--since", "2026-11-02T00:00:00Z", "--until", "2026-11-04T00:00:00Z", "--json")
    facts = json.loads(shown.stdout)

    (firing,) = facts["firings"]
    assert ("three", "card", "2026-11-03T09:20:00Z") == (firing["rule"], firing["check"], firing["onset"])
    assert (2880, 1) == (facts["runs"], facts["checks"])
    assert before == {path.name: path.read_bytes() for path in (service / "data").iterdir() if path.suffix == ".db"}


async def test_a_stored_run_keeps_its_latency_and_when_it_was_in(service: Path) -> None:
    store = SqliteStore(service / "data" / "paycanary.db", clock=Clock(), threaded=False, read_only=True)
    store.open()
    try:
        found = await stored_results(store, _card(), START, START + DAY)
    finally:
        await store.close()

    assert pytest.approx(0.25, abs=1e-6) == found[0].latency_seconds
    assert pytest.approx(START + 1.26, abs=1e-6) == found[0].finished
    assert START == found[0].due


async def test_a_run_off_the_grid_is_replayed_as_one(service: Path) -> None:
    store = SqliteStore(service / "data" / "paycanary.db", clock=Clock(), threaded=False)
    store.open()
    grid = result(2000, good=False)
    await store.commit(
        Batch(results=[replace(grid, run_id="more", extra=1, covers="pay", due=grid.due + 1, started=grid.started + 1)])
    )
    try:
        found = await stored_results(store, _card(), START, START + 2 * DAY)
    finally:
        await store.close()

    (more,) = (one for one in found if one.extra)
    assert (2881, 1, "pay", grid.due + 1) == (len(found), more.extra, more.covers, more.due)


def test_calibration_says_how_sure_it_is(service: Path) -> None:
    window = {"from": START + 2000 * MINUTE, "to": START + 2010 * MINUTE, "name": "switch"}
    (service / "known.jsonl").write_text(json.dumps(window), "utf-8")
    rules = service / "rules.yaml"
    rules.write_text(
        rules.read_text("utf-8").replace("consecutive: {failures: 3, successes: 3}", "sequential: {false_alarms: 1 per 6 months}")
    )

    blamed = json.loads(run("calibration", "card", "--json").stdout)["calibration"]
    shown = run("calibration", "card", "--labels", "known.jsonl").stdout

    assert (1, "broken") == (blamed[0]["seen"], blamed[0]["verdict"])
    assert "three: asked: 1 per 6 months; seen: 0 in " in shown
    assert "not enough history to tell" in shown


def test_a_check_that_is_not_there_or_has_no_runs_is_said_so(service: Path) -> None:
    missing = run("calibration", "cart")
    (service / "data" / "paycanary.db").unlink()
    empty = run("backtest", "--store")

    assert (2, True) == (missing.exit_code, 'did you mean "card"?' in missing.stderr)
    assert (2, True) == (empty.exit_code, "there is no store at" in empty.stderr)


def _card() -> Check:
    from monitor.config import load

    return load("paycanary.yaml", resolve_secrets=False).checks["card"]
