"""Readiness means progress; a heartbeat says so elsewhere."""

import asyncio
from typing import Any

import pytest

from monitor.testing.simtime import SimulatedClock, simulate
from monitor.watch import FROZEN_SECONDS, Heartbeat, LoopLag, Progress


def progress(**changes: Any) -> Progress:
    usual: dict[str, Any] = {
        "checks": 3,
        "last_finished_age": 1.0,
        "behind_seconds": 0.0,
        "outbox_oldest_age": None,
        "store_pending": 0,
        "store_ok": True,
        "shortest_every": 5.0,
        "up_seconds": 100.0,
    }
    return Progress(**{**usual, **changes})


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"behind_seconds": FROZEN_SECONDS + 1}, "schedule"),
        ({"last_finished_age": 40.0}, "no check has finished"),
        ({"last_finished_age": None, "up_seconds": 60.0}, "no check has finished"),
        ({"store_ok": False}, "store"),
    ],
)
def test_what_stops_work_turns_readiness_red(changes: dict[str, Any], word: str) -> None:
    assert any(word in problem for problem in progress(**changes).problems())


@pytest.mark.parametrize(
    "changes",
    [{}, {"shortest_every": 300.0, "last_finished_age": 250.0}, {"checks": 0, "last_finished_age": None, "shortest_every": None}],
)
def test_work_going_on_is_ready(changes: dict[str, Any]) -> None:
    assert progress(**changes).problems() == []


def test_a_heartbeat_is_withheld_without_progress() -> None:
    sent: list[bytes] = []
    state = [progress()]

    async def send(body: bytes) -> bool:
        sent.append(body)
        return True

    async def main() -> None:
        heartbeat = Heartbeat(send, lambda: state[0], every_seconds=30, install="t")
        task = asyncio.create_task(heartbeat.run())
        await asyncio.sleep(95)
        assert len(sent) == 3
        state[0] = progress(behind_seconds=60)
        await asyncio.sleep(60)
        assert (len(sent), heartbeat.withheld) == (3, 2)
        task.cancel()

    simulate(main)

    assert b'"last_check_finished_seconds_ago": 1.0' in sent[0]


def test_a_stall_marks_what_overlapped_it_and_nothing_else() -> None:
    seen: list[float] = []

    async def main() -> None:
        clock = SimulatedClock()
        lag = LoopLag(clock, seen.append)
        lag.start()
        await asyncio.sleep(5.05)
        asyncio.get_running_loop()._jumping.now += 4.0  # type: ignore[attr-defined]
        stalled_now = lag.stalled(5.0, clock.monotonic())
        await asyncio.sleep(1)
        lag.stop()
        assert stalled_now
        assert lag.stalled(4.9, 5.5)
        assert lag.stalled(8.9, 9.0)
        assert not lag.stalled(1.0, 5.0)
        assert not lag.stalled(9.3, 9.9)

    simulate(main)

    assert max(seen) == pytest.approx(3.95, abs=0.1)
