"""Learning over a real store and real rules: history is written, time is moved by hand."""

import random
from dataclasses import replace
from math import exp, log
from typing import Any, ClassVar

from monitor.app.learning import Learning
from monitor.config import load
from monitor.detectors import HEALTHY
from monitor.detectors.base import DetectorModel
from monitor.detectors.baseline import Baseline
from monitor.incidents import Book
from monitor.model.alert import Severity
from monitor.model.batch import Batch
from monitor.model.incident import Incident, Status
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Result
from monitor.model.text import Text
from monitor.rules import Rule, RuleEngine, Selector
from monitor.stores.sqlite import SqliteStore

DAY = 86_400.0
START = 1_789_948_800.0  # a Monday, midnight UTC
EVERY = 60.0

FILES = {
    "paycanary.yaml": """\
service: {install: test, location: fra, data: data}
include: {checks: ["checks/*.yaml"]}
targets:
  gateway: {base_url: "https://127.0.0.1:1", allow_private: [127.0.0.0/8]}
  other: {base_url: "https://127.0.0.1:2", allow_private: [127.0.0.0/8]}
""",
    "checks/card.yaml": """\
checks:
  card: {title: Card, target: gateway, every: 60s, steps: [{name: ask, get: /}]}
""",
}


class Listening(DetectorModel):
    """A detector over all locations that shows what it was told."""

    kind: ClassVar[str] = "listening"
    pools_locations: ClassVar[bool] = True
    heard: ClassVar[list[Baseline | None]] = []

    def start(self) -> Any:
        return 0

    def update(self, state, sample):
        return state, HEALTHY

    def informed(self, baseline):
        Listening.heard.append(baseline)
        return self


class Clock:
    def __init__(self, at):
        self.at = at

    def wall(self):
        return self.at

    def monotonic(self):
        return self.at


def run(at, *, good=True, seconds=0.2, check="card", stratum="", location="fra"):
    slot = int(at / EVERY)
    return Result(
        run_id=f"{check}-{slot}", check=check, target="gateway", location=location, slot=slot, stratum=stratum, due=at, started=at,
        late_seconds=0.0, duration_seconds=seconds, outcome=Outcome.APPROVED if good else Outcome.TECH_GATEWAY, good=good, steps=(),
        reason=NetworkReason.NONE,
    )  # fmt: skip


def history(since, until, *, share=0.001, usual=0.2, seed=1):
    """Runs of ordinary days: a failure now and then, log-normal latency."""
    luck = random.Random(seed)
    at = since
    while at < until:
        yield run(at, good=luck.random() >= share, seconds=usual * exp(luck.gauss(0.0, 0.2)))
        at += EVERY


def incident(since, resolved=None, *, target="gateway", group="target=gateway"):
    return Incident(
        id=f"inc_{int(since)}", group=group, target=target, status=Status.OPEN if resolved is None else Status.RESOLVED,
        severity=Severity.P1, title=Text("down"), opened=since + 10, since=since, changed=resolved or since + 10, resolved=resolved,
        checks=("card",), check_count=1,
    )  # fmt: skip


class World:
    """One check on ``gateway``; ``restart`` forgets everything but the store."""

    def __init__(self, folder, *, strata=()):
        for name, text in FILES.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text)
        rule = Rule("failing", Text("failing"), Selector(stratum=strata), Listening())
        self.config = replace(load(folder / "paycanary.yaml"), rules=(rule,))
        self.clock = Clock(START)
        self.store = SqliteStore(folder / "data" / "paycanary.db", clock=self.clock, threaded=False)
        self.restart(first=True)

    def restart(self, *, first=False, incidents=()):
        self.store.open()
        restored = self.store.restore()
        self.engine = RuleEngine(self.config.rules, self.config.checks, "fra")
        self.book = Book("test", incidents=incidents)
        self.learning = Learning(self.config, self.store, self.engine, self.book, self.clock, self._aside)
        self.learning.restore(restored.learned)

    async def stop(self):
        await self.store.close()

    async def _aside(self, work):
        return work()

    async def put(self, results=(), incidents=()):
        await self.store.commit(Batch(results=list(results), incidents=list(incidents)))

    async def until(self, at):
        """Turns as the service takes them; nothing rests for longer than there is to rest for."""
        while self.clock.at < at:
            rest = await self.learning.turn()
            self.clock.at = min(at, self.clock.at + rest)

    @property
    def normal(self):
        return self.learning.baseline("card")

    def usual(self):
        return exp(self.normal.medians["fra"][12])


__all__ = ["DAY", "EVERY", "START", "Clock", "Listening", "World", "history", "incident", "log", "run"]
