"""A whole service in simulated time: the real scheduler, script, rules, incidents, store and outbox; the network is a story."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from monitor.app import App, Edges
from monitor.clock import Clock
from monitor.config import Config, load
from monitor.connectors import Access, Answer, Call
from monitor.model.outcome import NetworkReason
from monitor.model.result import Exchange, Phases, Reach
from monitor.net.resolver import Lookup, Resolver
from monitor.probes import Call as ProbeCall
from monitor.probes import Probe
from monitor.stores.ledger import LedgerFile
from monitor.stores.sqlite import SqliteStore
from monitor.testing.simtime import START, SimulatedClock

#: What the story says of one request: its HTTP status, or None for no answer. Seconds since the start, target, path.
Story = Callable[[float, str, str], int | None]
ANSWER_SECONDS = 0.12


class StoryProbe:
    """Answers as the story says, after a plausible time."""

    def __init__(self, clock: Clock, story: Story) -> None:
        self._clock, self._story = clock, story
        self.calls = 0

    async def run(self, call: ProbeCall) -> Exchange:
        self.calls += 1
        started = self._clock.wall()
        status = self._story(started - START, call.target.id, str(call.options.get("path", "")))
        await asyncio.sleep(ANSWER_SECONDS)
        if status is None:
            return Exchange(
                Reach.NOT_SENT,
                started,
                ANSWER_SECONDS,
                reason=NetworkReason.TCP_REFUSED,
                error="connection refused",
                phases=Phases(0.001),
            )
        return Exchange(
            Reach.ANSWERED,
            started,
            ANSWER_SECONDS,
            status=status,
            headers={"content-type": "application/json"},
            body={"status": "ok"},
            body_bytes=16,
            phases=Phases(0.001, 0.01, 0.03, None, 0.001, 0.07, 0.008),
            address="192.0.2.1",
        )

    async def close(self) -> None:
        pass


class StoryResolver(Resolver):
    """Every name leads to one address, at once and without a thread: those are not simulated."""

    async def lookup(self, host: str, port: int) -> Lookup:
        return await super().lookup("192.0.2.1", port)


@dataclass
class Desk:
    """Takes every ticket command and remembers it; may be made to fail."""

    clock: Clock
    received: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    heartbeats: list[tuple[float, dict[str, Any]]] = field(default_factory=list)
    answer: Callable[[float], int | None] = lambda _at: 200

    async def perform(self, call: Call, access: Access) -> Answer:
        import json

        await asyncio.sleep(0.05)
        at = self.clock.wall() - START
        status = self.answer(at)
        if status == 200:
            body = json.loads(call.body)
            (self.received if "type" in body else self.heartbeats).append((at, body))
        return Answer(status, {}, b"{}", sent=status is not None)

    async def close(self) -> None:
        pass

    def story(self) -> list[str]:
        """``open P1 gateway-0 at 01:00:09``, one line a command."""
        lines = []
        for at, body in self.received:
            clock = f"{int(at // 3600):02d}:{int(at % 3600 // 60):02d}:{int(at % 60):02d}"
            lines.append(f"{body['type'].removeprefix('incident.')} {body['severity']} {body['target']} at {clock}")
        return lines


class World:
    """``run(hours)`` a service over ``story``. A new World on the same folder is a restart.

    ``triage``: whether trouble is looked into. Off where the story tells of something else: inquiries are requests and updates too.
    """

    def __init__(self, folder: Path, files: Mapping[str, str], story: Story, *, triage: bool = False) -> None:
        self.folder, self._story, self._triage = folder, story, triage
        for name, text in files.items():
            place = folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        self.clock = SimulatedClock()
        self.desk = Desk(self.clock)

    def app(self) -> App:
        probe = StoryProbe(self.clock, self._story)

        def probes(_resolver: Resolver) -> Mapping[str, Probe]:
            return dict.fromkeys(("http", "tcp", "tls", "dns"), probe)

        async def aside(read: Callable[[], Config]) -> Config:
            return read()  # in a thread, simulated time would run away meanwhile

        edges = Edges(
            aside=aside,
            clock=self.clock,
            store=lambda path, clock: SqliteStore(path, clock=clock, threaded=False),
            ledger=lambda path: LedgerFile(path, threaded=False),
            probes=probes,
            resolver=StoryResolver,
            client=lambda _clock: self.desk,
            randomness=lambda count: b"\7" * count,
            luck=lambda: 0.5,
        )
        return App(self.config(), loader=self.config, edges=edges)

    def config(self) -> Config:
        read = load(self.folder / "paycanary.yaml")
        return replace(read, service=replace(read.service, triage=self._triage))
