"""Many incidents through one hosted desk's model while everything goes wrong that can: the count at the end is the fact."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from desk_model import World, make_ticket
from hosted import Hosted, HostedClient, Request

from monitor.delivery import Settings
from monitor.model.incident import CommandKind, OutboxState
from monitor.testing.simtime import simulate

TROUBLES = {"refused": 0.05, "429": 0.05, "503 before": 0.05, "503 after": 0.07, "lost before": 0.05, "lost after": 0.1}


def moody(seed: int, share: float = 1.0, troubles: Mapping[str, float] = TROUBLES) -> Callable[[Request], str]:
    dice = random.Random(seed)

    def mood(_: Request) -> str:
        throw = dice.random()
        for name, chance in troubles.items():
            throw -= chance * share
            if throw < 0:
                return name
        return ""

    return mood


def storm(
    path: Path,
    desk: Callable[[Callable[[], float]], Hosted],
    connector: Any,
    *,
    incidents: int,
    seed: int,
    crashes: int = 6,
    resolve: bool = True,
    troubles: Mapping[str, float] = TROUBLES,
) -> tuple[Any, Counter[str]]:
    """Open, update and resolve ``incidents``; the process is killed ``crashes`` times on the way. The desk, and what its rows became."""

    async def main() -> tuple[Any, Counter[str]]:
        loop = asyncio.get_running_loop()
        hosted = desk(loop.time)
        hosted.sampled = True
        client = HostedClient(hosted, moody(seed, troubles=troubles))
        world = World(
            path,
            client,
            connector.capabilities,
            Settings(parallel=32, requests_per_second=1000.0, sweep_after_seconds=900.0),
            connector,
        )
        world.start()
        dice = random.Random(seed)
        steps = ((CommandKind.OPEN, 1), (CommandKind.UPDATE, 2), (CommandKind.RESOLVE, 3))
        for kind, revision in steps[: 3 if resolve else 2]:
            for number in range(incidents):
                await world.tell(make_ticket(f"inc_{number}", kind, revision))
            for _ in range(crashes // len(steps)):
                await asyncio.sleep(dice.uniform(0.2, 8.0))
                await world.crash()
                world.start()
            hosted.expire_tokens()
            await world.until(world.drained, 20 * 3600.0)
        client.mood = moody(seed, share=0.0)
        await asyncio.sleep(2_000)  # the sweep for doubles, on a quiet line
        await world.stop()
        states: Counter[str] = Counter()
        for number in range(incidents):
            states.update(row.state.value for row in await world.rows(f"inc_{number}"))
        return hosted, states

    return simulate(main)


def lost_or_doubled(counts: Iterable[int]) -> dict[str, int]:
    told = list(counts)
    return {"lost": sum(1 for count in told if count < 1), "doubled": sum(1 for count in told if count > 1)}


DONE = {OutboxState.SENT.value, OutboxState.SUPERSEDED.value}
