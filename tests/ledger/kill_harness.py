"""kill -9, again and again, of a process that moves money, against a gateway that survives it, loses answers and denies its work.

``python tests/ledger/kill_harness.py --kills 500`` runs it by hand and prints what the gateway's own books say. Kills happen at random
moments, and at each commit and each send in turn: the child kills itself at the n-th such point, before or after.
"""

import argparse
import asyncio
import itertools
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import structlog
from ledger_world import CHECKS, LEDGER, Books, canary, write_config

from monitor.ledger.entries import Answer, Answered, Closed, Intended, Proof, from_row
from monitor.sandbox.server import Settings, serve
from monitor.stores.ledger import LedgerFile

LOST_ANSWERS, DENIED_WORK = 0.06, 0.07
FAULTS = ({"knob": "drop_answer", "share": LOST_ANSWERS}, {"knob": "error_after", "share": DENIED_WORK})
#: Commits and sends of a child's first second: each is a point to die at.
POINTS = 60
RECOVERY_SECONDS = 60.0


# --- the child: a process that moves money


class Points:
    """Counts the instants around commits and sends, and ends this process, as the kernel would, at the chosen one."""

    def __init__(self, chosen: int) -> None:
        self.chosen, self.passed = chosen, 0

    def __call__(self) -> None:
        self.passed += 1
        if self.passed == self.chosen:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalFile(LedgerFile):
    def __init__(self, path: Path, point: Points) -> None:
        super().__init__(path)
        self._point = point

    def _commit(self, rows: Any) -> None:
        self._point()
        super()._commit(rows)
        self._point()


class MortalProbe:
    """Dies before a request leaves, or when its answer is in."""

    def __init__(self, probe: Any, point: Points) -> None:
        self._probe, self._point, self.Options = probe, point, probe.Options

    async def run(self, call: Any) -> Any:
        self._point()
        exchange = await self._probe.run(call)
        self._point()
        return exchange

    async def close(self) -> None:
        await self._probe.close()


class WriteBehind:
    """The text-book saga: a step is written down once its answer says that it worked. Wrong, and here to show it."""

    def __init__(self, ledger: Any) -> None:
        self._gate, self._waiting = ledger.gate, {}

    async def intend(self, do: Any, check: Any, run: Any) -> None:
        self._waiting[do.idempotency_key] = (do, check, run)

    async def settle(self, do: Any, exchange: Any, judged: Any) -> None:
        waiting = self._waiting.pop(do.idempotency_key)
        if judged.result.good:
            await self._gate.intend(*waiting)
            await self._gate.settle(do, exchange, judged)

    async def ended(self, run: Any) -> None:
        await self._gate.ended(run)


async def live(folder: Path, *, kill_at: int, write_ahead: bool) -> None:
    """Four runs at a time, for ever, with the janitor beside."""
    point = Points(kill_at)
    options: dict[str, Any] = {"file": MortalFile(folder / "data" / LEDGER, point)}
    options["probes"] = lambda kinds: {**kinds, "http": MortalProbe(kinds["http"], point)}
    if not write_ahead:
        options["gate"] = WriteBehind
    async with canary(folder, **options) as one:
        janitor = asyncio.create_task(one.ledger.run())
        print("ready", flush=True)

        async def work(first: int) -> None:
            for slot in itertools.count(first):
                await one.once(CHECKS[slot % len(CHECKS)], slot)

        await asyncio.gather(janitor, *(work(number) for number in range(4)))


async def recover(folder: Path, seconds: float) -> None:
    """A start that moves no money: the ledger closes what there is, or the time is up."""
    async with canary(folder) as one:
        janitor = asyncio.create_task(one.ledger.run())
        deadline = time.monotonic() + seconds
        while one.ledger.keeper.books.open and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        janitor.cancel()
        await asyncio.gather(janitor, return_exceptions=True)


# --- the parent: kills, and asks the gateway


@dataclass
class Story:
    """What a harness run came to."""

    kills: int = 0
    open_at_gateway: list[dict[str, Any]] = field(default_factory=list)
    charged_twice: list[str] = field(default_factory=list)
    charged: int = 0
    unknown_to_the_ledger: list[str] = field(default_factory=list)
    called_absent_but_charged: list[str] = field(default_factory=list)
    open_in_ledger: int = 0
    transactions: int = 0
    proofs: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def __str__(self) -> str:
        proofs = ", ".join(f"{name} {count}" for name, count in sorted(self.proofs.items()))
        return (
            f"{self.kills} kills in {self.seconds:.0f} s; {self.transactions} transactions in the ledger, {self.charged} charged at the "
            f"gateway; open at the gateway {len(self.open_at_gateway)}, charged twice {len(self.charged_twice)}, unknown to the ledger "
            f"{len(self.unknown_to_the_ledger)}, called absent but charged {len(self.called_absent_but_charged)}, open in the ledger "
            f"{self.open_in_ledger}; proofs: {proofs}"
        )


class Gateway:
    """The sandbox in a process of its own."""

    def __init__(self, folder: Path, *, search_lag: float, key_seconds: float = 86_400.0, seed: int = 1) -> None:
        self.folder = folder
        command = [sys.executable, __file__, "sandbox", str(folder), str(search_lag), str(key_seconds), str(seed)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        ready = dict(word.split("=", 1) for word in self._process.stdout.readline().split()[1:])
        self.url, self.books = ready["gateway"], Books(ready["desk"])

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._process.stdout.close()


def kill_one(folder: Path, luck: random.Random, number: int, *, write_ahead: bool) -> None:
    """Half of the kills at a point, half at a moment."""
    at_point = number % 2 == 0
    point = 1 + (number // 2 * 7) % POINTS if at_point else 0
    command = [sys.executable, __file__, "live", str(folder), str(point), str(int(write_ahead))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        if "ready" != child.stdout.readline().strip() and child.wait() != -signal.SIGKILL:
            raise RuntimeError("the child ended by itself")
        if not at_point:
            time.sleep(luck.uniform(0.05, 0.8))
            child.kill()
        try:
            child.wait(20)
        except subprocess.TimeoutExpired:
            child.kill()


def run(
    folder: Path, kills: int, *, write_ahead: bool = True, search_lag: float = 0.1, settle: str = "300ms", seed: int = 1
) -> Story:
    """Kill so often, start once more, and compare the ledger with the gateway's books."""
    began, luck, story = time.monotonic(), random.Random(seed), Story(kills)
    gateway = Gateway(folder / "sandbox", search_lag=search_lag, seed=seed)
    try:
        write_config(folder, gateway.url, folder / "sandbox", settle=settle)
        gateway.books.break_(*FAULTS)
        for number in range(kills):
            kill_one(folder, luck, number, write_ahead=write_ahead)
        subprocess.run([sys.executable, __file__, "recover", str(folder), str(RECOVERY_SECONDS)], check=True)
        compare(folder, gateway.books, story)
    finally:
        gateway.stop()
    story.seconds = time.monotonic() - began
    return story


def compare(folder: Path, books: Books, story: Story) -> None:
    """The gateway is the oracle."""
    charges = books.charges()
    story.open_at_gateway = books.open()
    story.charged = sum(charges.values())
    story.charged_twice = sorted(reference for reference, count in charges.items() if count > 1)
    file = LedgerFile(folder / "data" / LEDGER, threaded=False)
    story.open_in_ledger = len({row.tx for row in file.open().rows if row.kind == "intended"})
    entries = [from_row(row) for row in file._newest(10_000_000)]
    file.let_go()
    references = {entry.tx: entry.reference for entry in entries if isinstance(entry, Intended)}
    nothing = {Proof.ABSENT, Proof.NOTHING_TAKEN}
    closed = {entry.tx: entry.proof for entry in entries if isinstance(entry, Closed)}
    story.transactions, story.proofs = len(references), Counter(closed.values())
    story.unknown_to_the_ledger = sorted(charges.keys() - set(references.values()))
    story.called_absent_but_charged = [tx for tx, proof in closed.items() if proof in nothing and references.get(tx) in charges]
    done = {entry.tx for entry in entries if isinstance(entry, Answered) and entry.answer is Answer.DONE}
    story.unknown_to_the_ledger += sorted(references[tx] for tx in done if references[tx] not in charges)


def main() -> None:
    # Nobody reads a child's log: a full pipe would stop it.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    if sys.argv[1:2] == ["sandbox"]:
        folder, lag, keys, seed = sys.argv[2:]
        settings = Settings(
            Path(folder), port=0, desk_port=0, seed=int(seed), search_lag_seconds=float(lag), key_seconds=float(keys)
        )
        asyncio.run(serve(settings, echo=lambda line: print(line, flush=True), exit_with_parent=True))
    elif sys.argv[1:2] == ["live"]:
        asyncio.run(live(Path(sys.argv[2]), kill_at=int(sys.argv[3]), write_ahead=sys.argv[4] == "1"))
    elif sys.argv[1:2] == ["recover"]:
        asyncio.run(recover(Path(sys.argv[2]), float(sys.argv[3])))
    else:
        by_hand()


def by_hand() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--search-lag", type=float, default=0.1, help="seconds; settle is 0.3 s")
    parser.add_argument("--write-behind", action="store_true", help="switch the write-ahead off")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="kills-"))
    try:
        print(run(folder, asked.kills, write_ahead=not asked.write_behind, search_lag=asked.search_lag, seed=asked.seed))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
