"""Plays one scenario: good rounds, the fault, rounds with it, and then the inquiry as the service makes it."""

import asyncio
import contextlib
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from zlib import crc32

from benchmarks.triage import certificates
from benchmarks.triage.certificates import Shop
from benchmarks.triage.clock import RoundClock
from benchmarks.triage.merchant import EVERY_SECONDS, GATEWAY, LOCATIONS, configuration
from benchmarks.triage.scenario import Scenario
from benchmarks.triage.scenarios import named
from benchmarks.triage.stage import Stage
from benchmarks.triage.station import Station
from benchmarks.triage.world import World, opened
from monitor.config import Config
from monitor.inquiry import Circumstances, Inquiry, Recent, tools_of
from monitor.model.result import Result
from monitor.model.triage import Case, Diagnosis, Layer
from monitor.sandbox import secret_files
from monitor.triage import judge

#: A check that must be declined runs seldom, as schemes ask.
DECLINES_EVERY = 4


#: How often a scenario is tried whose world was not well to begin with, and how long the machine is left alone in between.
ATTEMPTS = 4
PAUSE_SECONDS = 5.0


#: A loop that stood still for this long by the machine's doing is a fault that the scenario does not have.
STALL_LIMIT_SECONDS = 0.4


class Disturbed(Exception):  # noqa: N818 - reads as a fact
    """The machine was too busy to hold the scenario's world."""


@dataclass(frozen=True, slots=True)
class Kit:
    """What one process needs to play any scenario. ``home`` goes with the process."""

    home: tempfile.TemporaryDirectory[str]
    folder: Path
    shop: Shop
    configurations: dict[tuple[str, bool], Config]  # by dialect, and whether with a slip


@dataclass(frozen=True, slots=True)
class Played:
    """What came of one scenario, as it is written down. ``runs`` and ``bad``: of the gateway's checks from the onset on."""

    id: str
    layer: str
    confidence: float
    where: str
    cause: str
    summary: str
    took_seconds: float
    runs: int
    bad: int
    findings: tuple[tuple[str, str, str], ...]
    against: tuple[str, ...]
    likely: tuple[tuple[str, float], ...]
    seed: int
    disturbed: int = 0  # how often it had to be begun again

    @property
    def verdict(self) -> Layer:
        return Layer(self.layer)


@cache
def kit() -> Kit:
    home = tempfile.TemporaryDirectory(prefix="paycanary-triage-")
    folder = Path(home.name)
    shop = certificates.make(folder)
    secret_files.ensure(folder / "sandbox")
    kinds = [(dialect, slip) for dialect in ("mastercard", "stripe") for slip in (False, True)]
    return Kit(home, folder, shop, {(dialect, slip): configuration(folder, dialect, slip=slip) for dialect, slip in kinds})


def play(name: str, seed: int) -> Played:
    """In this process. Every scenario draws from a seed of its own, so that it is the same alone and among others.

    One that the machine disturbed, by checks that failed before anything broke or by a loop that stood still, is played again; the last
    attempt counts as it is, and says how many there were.
    """
    [scenario] = named((name,))
    for attempt in range(ATTEMPTS):
        insist = attempt == ATTEMPTS - 1
        with contextlib.suppress(Disturbed):
            played = asyncio.run(_play(scenario, kit(), seed * 1_000_003 + crc32(name.encode()), insist=insist))
            return replace(played, disturbed=attempt)
        time.sleep(PAUSE_SECONDS)
    raise AssertionError("the last attempt always counts")


async def _play(scenario: Scenario, tools: Kit, seed: int, *, insist: bool) -> Played:
    rounds = scenario.before + len(scenario.course)
    clock = RoundClock(behind_seconds=rounds * EVERY_SECONDS)
    places = LOCATIONS[: scenario.places]
    with opened(tools.folder, tools.shop, places, clock, seed % 2**31) as world:
        stations = {name: Station(place, clock, world.port) for name, place in world.places.items()}
        well, slipped = (tools.configurations[scenario.gateway, slip] for slip in (False, True))
        for station in stations.values():
            station.open(well)
        show = Show(scenario, world, Stage(stations, well, slipped, dict(tools.shop.clients)), clock)
        try:
            return await show.run(seed, insist=insist)
        finally:
            show.stage.heal()
            for station in stations.values():
                await station.close()


class Show:
    """One scenario under way."""

    def __init__(self, scenario: Scenario, world: World, stage: Stage, clock: RoundClock) -> None:
        self.scenario = scenario
        self.world = world
        self.stage = stage
        self._clock = clock
        self._number = 0
        self._results: list[Result] = []
        self._recent = Recent(stage.well.checks)
        self.case: Case | None = None  # the evidence of the inquiry, for whoever looks into a miss

    async def run(self, seed: int, *, insist: bool) -> Played:
        """Raises Disturbed, unless ``insist``."""
        began = self._clock.wall()
        await self._heal()
        for _ in range(self.scenario.before):
            await self._round()
        if not insist and not all(result.good for result in self._results):
            raise Disturbed(f"{self.scenario.id}: a check failed before anything was broken")
        since = self._clock.wall()
        known = len(self._results)
        on = False
        for letter in self.scenario.course:
            if (letter == "x") is not on:
                on = letter == "x"
                await (self._break() if on else self._heal())
            await self._round()
        stalled = max(station.worst_lag(began) for station in self.stage.stations.values())
        if not insist and not self.stage.stalling and stalled > STALL_LIMIT_SECONDS:
            raise Disturbed(f"{self.scenario.id}: the machine stood still for {stalled:.1f} s")
        diagnosis = await self._examined(since)
        during = [one for one in self._results[known:] if one.target == GATEWAY]
        return _played(self.scenario, diagnosis, during, seed)

    async def _examined(self, since: float) -> Diagnosis:
        asked_from = self.scenario.asked_from or (self.scenario.at or LOCATIONS)[0]
        station = self.stage.stations[asked_from]
        async with tools_of(
            station.config.targets,
            clock=station.clock,
            location=asked_from,
            governor=station.governor,
            resolver=station.resolver,
            probes=station.probes,
            clean=station.gate.text,
            second_resolver=f"127.0.0.1:{station.place.second.port}",
        ) as tools:
            inquiry = Inquiry(
                targets=station.config.targets,
                checks=station.config.checks,
                recent=self._recent,
                tools=tools,
                lag=station.worst_lag,
            )
            about = Circumstances(self.stage.maintenance, self.stage.changes)
            began = station.clock.monotonic()
            self.case = await inquiry.case(GATEWAY, self.scenario.symptom, since, about)
            return judge(self.case, station.clock.monotonic() - began)

    async def _round(self) -> None:
        """Everybody's checks once, and half a minute more on the clock."""
        checks = [name for name in self.stage.well.checks if name != "declines" or self._number % DECLINES_EVERY == 0]
        rounds = [station.round(self._number, checks) for station in self.stage.stations.values()]
        for results in await asyncio.gather(*rounds):
            for result in results:
                self._recent.hear(result)
                self._results.append(result)
        self._number += 1
        self._clock.skip(EVERY_SECONDS)

    async def _break(self) -> None:
        for each in self.scenario.breaks:
            if each.world is not None:
                await self.world.change(each.world)
            if each.monitor is not None:
                each.monitor(self.stage)

    async def _heal(self) -> None:
        """As this scenario's world is when nothing is broken."""
        self.stage.heal()
        await self.world.change(World.heal)
        for each in self.scenario.from_start:
            if each.world is not None:
                await self.world.change(each.world)
            if each.monitor is not None:
                each.monitor(self.stage)


def _played(scenario: Scenario, diagnosis: Diagnosis, during: list[Result], seed: int) -> Played:
    return Played(
        id=scenario.id,
        layer=diagnosis.layer.value,
        confidence=round(diagnosis.confidence, 3),
        where=diagnosis.where,
        cause=diagnosis.cause,
        summary=diagnosis.summary.en,
        took_seconds=round(diagnosis.took_seconds, 3),
        runs=len(during),
        bad=sum(one.good is False for one in during),
        findings=tuple((one.step, one.mark.value, one.said.en) for one in diagnosis.findings),
        against=tuple(one.en for one in diagnosis.against),
        likely=tuple((layer.value, round(weight, 3)) for layer, weight in diagnosis.likely),
        seed=seed,
    )


def written(played: Played) -> dict[str, object]:
    return asdict(played)
