"""A black hole seen from three places: schedule, driver and bursts of each, and one rule over all of them, in simulated time."""

import asyncio
import math
from dataclasses import dataclass
from random import Random

import pytest
from hasten_world import World, read_check

from monitor.detectors.baseline import Baseline
from monitor.detectors.learn import History, fit
from monitor.detectors.sequential.kind import Sequential
from monitor.model.alert import Alert
from monitor.model.result import Result
from monitor.model.text import Text
from monitor.model.wish import Wish
from monitor.probes.patience import Patience
from monitor.rules import Rule, RuleEngine, Selector
from monitor.testing.simtime import START, simulate

PLACES = ("fra", "sin", "sfo")
TIMEOUT, EVERY, BEGINS = 10.0, 30.0, 600.0
DAY = 86_400.0


def seconds(random: Random) -> float:
    return 0.25 * math.exp(random.gauss(0.0, 0.3))


def baseline() -> Baseline:
    """Of four days of calm: an isolated failure now and then, and no sign of more than one deploy or failover a day."""
    random, count = Random(9), int(4 * DAY / 10.0)
    at = [START - 4 * DAY + 10.0 * row for row in range(count)]
    failed = [row % 900 == 0 for row in range(count)]
    return fit(
        History(
            at,
            [row % 3 for row in range(count)],
            failed,
            [seconds(random) for _ in at],
            PLACES,
            [row % 8 == 0 for row in range(count)],
        )
    )


@dataclass
class Story:
    """From when on runs hang, and when the rule said so."""

    begun: float
    alerts: list[tuple[float, Alert]]
    worlds: list[World]


class Place(World):
    """One location's process; all feed one engine, as their results would where they are kept together."""

    def __init__(self, engine: RuleEngine, location: str, alerts: list[tuple[float, Alert]]) -> None:
        self.engine, self.alerts, random = engine, alerts, Random(location)
        super().__init__(
            [read_check()],
            answer=lambda at: None if at >= BEGINS else 200,
            takes=lambda at: TIMEOUT if at >= BEGINS else seconds(random),
            doubts=self._feed,
            location=location,
            patience=Patience(lambda check, stratum, due: engine.patience(check, stratum, location, due), self._late),
        )

    def _feed(self, result: Result) -> tuple[Wish, ...]:
        self.alerts += [(self.clock.monotonic(), alert) for alert in self.engine.feed(result)]
        return self.engine.wishes()

    def _late(self, result: Result) -> None:
        self.scheduler.lingers(result.check, result.slot, result.extra)
        self.hasten.lingers(result.check, result.slot, result.extra, result.duration_seconds)
        self.hasten.wishes(self._feed(result))


def lived(*, learned: bool) -> Story:
    async def main() -> Story:
        check, alerts = read_check(), []
        rule = Rule("failing", Text("failing"), Selector(), Sequential(false_alarms="1 per month"))
        engine = RuleEngine((rule,), {check.id: check}, PLACES[0])
        if learned:
            engine.learn(check.id, {("", ""): baseline()})
        worlds = [Place(engine, location, alerts) for location in PLACES]
        running = []
        for world in worlds:  # each at its own time within the interval
            running.append(asyncio.get_running_loop().create_task(world.run(1_000.0)))
            await asyncio.sleep(0.0)
        await asyncio.gather(*running)
        begun = min(at for world in worlds for at, _ in world.gateway.sent if at >= BEGINS)
        return Story(begun, alerts, worlds)

    return simulate(main)


@pytest.fixture(scope="module")
def learned() -> Story:
    return lived(learned=True)


@pytest.fixture(scope="module")
def untaught() -> Story:
    return lived(learned=False)


def test_it_is_alarmed_within_about_twenty_seconds(learned: Story) -> None:
    (at, alert), *_ = learned.alerts

    assert 0.0 < at - learned.begun < 22.0
    assert len(alert.evidence["places"].split(", ")) >= 2
    assert "no answer yet after" in alert.evidence["message"]
    assert alert.since == pytest.approx(START + learned.begun, abs=EVERY)


def test_without_a_baseline_nothing_is_known_before_time_outs_end(untaught: Story) -> None:
    (at, alert), *_ = untaught.alerts

    assert at - untaught.begun > 2 * TIMEOUT
    assert "no answer yet" not in alert.evidence["message"]
    first = [at for at, _ in untaught.worlds[0].gateway.sent if at >= untaught.begun]
    assert first[1] - first[0] >= TIMEOUT


def test_all_runs_are_accounted_for(learned: Story) -> None:
    for world in learned.worlds:
        assert world.accounted
        assert not any(result.pending for _, result in world.results)
