"""The ledger as one thing: opened before the first run, asked by every money step, closed after the last."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitor.clock import Clock
from monitor.janitor.alerts import Alarms
from monitor.janitor.errands import Send
from monitor.janitor.gate import LedgerGate
from monitor.janitor.keeper import Keeper
from monitor.janitor.rounds import Janitor
from monitor.janitor.sweep import Sweeper
from monitor.janitor.view import ledger_shape
from monitor.ledger.entries import Proof, Swept
from monitor.ledger.machine import State
from monitor.model.alert import Alert
from monitor.model.check import Check, Target
from monitor.model.exposure import LedgerFigures
from monitor.stores.ledger import LedgerFile


def always(_target: str, _order: str) -> float:
    """No limit on asking."""
    return 0.0


@dataclass(frozen=True, slots=True)
class World:
    """What the ledger needs of its surroundings; asked for each time, since a reload changes it."""

    targets: Callable[[], Mapping[str, Target]]
    checks: Callable[[], Mapping[str, Check]]
    send: Send
    redact: Callable[[str], str]
    raise_alerts: Callable[[Sequence[Alert]], Awaitable[None]]
    #: May this target be asked about this order again? 0.0: yes, and it is counted; else seconds until it may.
    poll: Callable[[str, str], float] = always


class Ledger:
    """``reference_prefix`` is what all references of this installation begin with; one ledger of it makes the ``daily`` sweep."""

    def __init__(
        self, file: LedgerFile, clock: Clock, world: World, *, location: str, reference_prefix: str, daily: bool = True
    ) -> None:
        self._world = world
        self._location = location
        self.keeper = Keeper(file, clock)
        self._sweeper = Sweeper(self.keeper, world.checks, world.send, reference_prefix, daily=daily)
        self.janitor = self._janitor(())
        self.gate = LedgerGate(self.keeper, world.targets, world.redact, held=self._held, wake=self._wake)

    def _janitor(self, firing: Iterable[Alert]) -> Janitor:
        world, alarms = self._world, Alarms(self._location, firing)
        return Janitor(
            self.keeper,
            world.targets,
            world.send,
            sweeper=self._sweeper,
            alarms=alarms,
            raise_alerts=world.raise_alerts,
            poll=world.poll,
        )

    def _held(self, target: str) -> str:
        return self.janitor.held(target)

    def _wake(self) -> None:
        self.janitor.wake()

    def start(self, firing: Iterable[Alert] = ()) -> None:
        """Open the file and take up what it holds; ``firing`` are the alerts that still stand. Raises StoreError."""
        targets = self._world.targets()
        self.keeper.open(sorted({check.target for check in self._world.checks().values() if check.moves_money} & targets.keys()))
        self.janitor = self._janitor(firing)
        self.janitor.start()

    async def run(self) -> None:
        """Until cancelled."""
        await self.janitor.run()

    async def stop(self, grace_seconds: float) -> None:
        """Try once more to close what is open, within the grace; the rest is in the file for the next start."""
        await self.janitor.stop(grace_seconds)

    async def close(self) -> None:
        await self.janitor.close()
        await self.keeper.close()

    # --- what people ask and do

    def figures(self) -> list[LedgerFigures]:
        """Of every target whose checks move money, or where some is open."""
        now, books = self.keeper.now(), self.keeper.books
        moving = {check.target for check in self._world.checks().values() if check.moves_money}
        oldest, exposure = books.oldest(), books.exposure()
        return [
            LedgerFigures(
                target,
                {currency: minor for (name, currency), minor in exposure.items() if name == target},
                len(books.of(target)),
                max(0.0, now - oldest[target]) if target in oldest else 0.0,
                self.janitor.undo_failures[target],
                self._sweeper.strays[target],
                books.stopped(target, now) is not None,
            )
            for target in sorted(moving | oldest.keys())
        ]

    def view(self) -> dict[str, Any]:
        return ledger_shape(self.keeper, self.janitor, sorted(self._world.targets()))

    async def verify(self) -> dict[str, Any]:
        """Walk the chain of the file again. Raises LedgerDamaged."""
        found = await self.keeper.file.verify()
        return {"entries": found.entries, "first": found.first, "last": found.last, "open": len(self.keeper.books.open)}

    async def recover(self) -> dict[str, Any]:
        """Try everything open now, whatever its pause; gives the view afterwards."""
        await self.janitor.recover()
        return self.view()

    async def settled_by_hand(self, tx: str, by: str, reason: str) -> None:
        """A person has seen to a transaction at the gateway. Raises LookupError, and ValueError while its run is under way."""
        found = self.keeper.books.open.get(tx)
        if found is None:
            raise LookupError(f"there is no open transaction {tx}")
        if found.state is State.RUNNING:
            raise ValueError(f"the run of {tx} is still under way")
        await self.keeper.close_tx(found, Proof.HUMAN, by=by, reason=self._world.redact(reason))

    async def swept_by_hand(self, target: str, by: str) -> None:
        """A person has looked for open payments at a gateway that cannot list them: money may move there again. Raises LookupError."""
        if target not in self.keeper.books.unswept:
            raise LookupError(f"nobody waits for {target or 'that target'} to be swept")
        now = self.keeper.now()
        await self.keeper.write(Swept(f"sweep-{target} by {by}", now, target, now))
