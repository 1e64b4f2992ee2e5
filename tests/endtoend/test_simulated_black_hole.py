"""Requests that hang, through a whole service in simulated time: with a baseline they are known for what they are before they end."""

import asyncio
import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from simulated_world import World

from monitor.app import App
from monitor.app.learning import BASELINE
from monitor.detectors.learn import History, fit
from monitor.model.batch import Batch
from monitor.model.learned import Force, Learned
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Exchange, Phases, Reach
from monitor.model.text import Text
from monitor.probes import Call, Probe
from monitor.stores.sqlite import SqliteStore
from monitor.testing.simtime import START, SimulatedClock, simulate

DAY, TIMEOUT = 86_400.0, 10.0
BEGINS, ENDS = 600.0, 700.0
SERVICE = """
service: {{install: hole, location: fra, data: {folder}/data}}
include: {{checks: [checks.yaml], rules: [rules.yaml]}}
targets:
  gateway: {{title: gateway, base_url: "https://gateway.example", timeout: 10s}}
  reference: {{title: reference, base_url: "https://reference.example", timeout: 5s}}
desks: {{ops: {{webhook: {{url: "http://127.0.0.1:1/hook", secret: "${{file:key}}", allow_private: [127.0.0.0/8]}}}}}}
"""
CHECK = 'checks:\n  card: {title: card, target: gateway, every: 30s, steps: [{name: read, get: /, expect: "status == 200"}]}\n'
CONTROL = "  see: {title: see, target: reference, every: 10s, control: true, steps: [{name: look, get: /}]}\n"
RULES = """
rules:
  failing: {title: failing, sequential: {false_alarms: 1 per month}, severity: p1}
  count: {title: count, consecutive: {failures: 1, successes: 1}, severity: p3}
"""


def seconds(random: Random) -> float:
    return 0.2 * math.exp(random.gauss(0.0, 0.25))


class Hole:
    """Answers in a quarter of a second, and from ``BEGINS`` to ``ENDS`` not at all; ``everything``: references neither."""

    def __init__(self, clock: SimulatedClock, *, everything: bool) -> None:
        self._clock, self._random, self._everything = clock, Random(5), everything
        self.sent: list[float] = []

    async def run(self, call: Call) -> Exchange:
        began, at = self._clock.wall(), self._clock.wall() - START
        gateway = call.target.id == "gateway"
        if gateway:
            self.sent.append(at)
        if BEGINS <= at < ENDS and (gateway or self._everything):
            await asyncio.sleep(call.timeout_seconds)
            return Exchange(
                Reach.SENT, began, call.timeout_seconds, reason=NetworkReason.ANSWER_TIMEOUT, error="no answer in time"
            )
        took = seconds(self._random)
        await asyncio.sleep(took)
        return Exchange(Reach.ANSWERED, began, took, status=200, body={}, phases=Phases(0.001))

    async def close(self) -> None:
        pass


class Service(World):
    """``World`` over a black hole, with what its history taught or without."""

    def __init__(self, folder: Path, *, learned: bool, checks: str = CHECK, everything: bool = False) -> None:
        (folder / "key").write_text("k" * 32, encoding="utf-8")
        (folder / "key").chmod(0o600)
        files = {"paycanary.yaml": SERVICE.format(folder=folder), "checks.yaml": checks, "rules.yaml": RULES}
        super().__init__(folder, files, lambda *_: 200)
        self.hole = Hole(self.clock, everything=everything)
        if learned:
            simulate(self._teach)

    async def _teach(self) -> None:
        """What four days of calm would have taught."""
        random, at = Random(9), [START - 4 * DAY + 30.0 * row for row in range(int(4 * DAY / 30.0))]
        failed = [row % 900 == 0 for row in range(len(at))]
        known = fit(History(at, [0] * len(at), failed, [seconds(random) for _ in at], ("fra",), [True] * len(at)))
        store = SqliteStore(self.folder / "data" / "paycanary.db", clock=SimulatedClock(), threaded=False)
        store.open()
        body = BASELINE.dump_json(known).decode()
        await store.commit(Batch(learned=[Learned("card", "", 1, START, Force.ADOPTED, Text(""), body)]))
        await store.close()

    def app(self) -> App:
        app = super().app()

        def probes(_resolver: object) -> Mapping[str, Probe]:
            return dict.fromkeys(("http", "tcp", "tls", "dns"), self.hole)

        app.probing._edges.probes = probes
        return app

    def lives(self, for_seconds: float) -> dict[str, Any]:
        async def main() -> dict[str, Any]:
            app = self.app()
            await app.start()
            await asyncio.sleep(for_seconds)
            now = self.clock.wall()
            seen = {
                "runs": await app.store.results("card", since=START, until=now),
                "extras": await app.store.extras("card", since=START, until=now),
                "incidents": await app.store.incidents(since=START, limit=10),
                "hours": await app.store.rollups(["card"], seconds=3_600, since=START - 3_600, until=now),
                "slots": app.scheduler.tally,
            }
            await app.stop()
            return seen

        return simulate(main)

    @property
    def begun(self) -> float:
        """When the first run that hangs was sent."""
        return next(at for at in self.hole.sent if at >= BEGINS)


def test_runs_that_hang_are_looked_at_before_they_end_and_kept_as_they_ended(tmp_path: Path) -> None:
    service = Service(tmp_path, learned=True)
    seen = service.lives(720.0)
    sent = [at for at in service.hole.sent if service.begun <= at]

    assert [at - service.begun < 2.0 for at in sent[:4]] == [True, True, True, False]  # three may hang at once
    assert len(sent) > 25
    assert all(run.duration_seconds > 9.9 for run in seen["runs"] if run.good is False)
    assert sum(cell.up + cell.down + cell.unknown for cell in seen["hours"]) == len(seen["runs"])
    assert seen["slots"].planned == seen["slots"].ran + sum(seen["slots"].missed.values())


def test_what_counts_by_ends_waits_for_the_end(tmp_path: Path) -> None:
    service = Service(tmp_path, learned=True)
    service.lives(720.0)
    first = next(at for at, body in service.desk.received if body["type"] == "incident.open")

    assert first - service.begun == pytest.approx(TIMEOUT, abs=0.5)


def test_without_a_baseline_it_is_as_before(tmp_path: Path) -> None:
    service = Service(tmp_path, learned=False)
    service.lives(720.0)
    sent = [at for at in service.hole.sent if at >= service.begun]

    assert all(later - earlier >= TIMEOUT for earlier, later in pairwise(sent[:5]))


def test_a_monitor_that_sees_nothing_blames_no_gateway(tmp_path: Path) -> None:
    service = Service(tmp_path, learned=True, checks=CHECK + CONTROL, everything=True)
    seen = service.lives(720.0)

    assert {one.target for one in seen["incidents"]} == {"monitor"}
    assert {Outcome.UNKNOWN} == {run.outcome for run in seen["runs"] if run.good is not True}


def test_with_eyes_open_a_reference_vouches_for_it_at_once(tmp_path: Path) -> None:
    service = Service(tmp_path, learned=True, checks=CHECK + CONTROL)
    service.lives(720.0)
    sent = [at for at in service.hole.sent if at >= service.begun]

    assert sent[1] - sent[0] < 2.5
    assert len(sent) > 25
