"""The seam to the money ledger: a step that moves money is written down before it is sent, and again when its answer is in."""

from typing import Protocol

from monitor.model.check import Check
from monitor.model.result import Exchange
from monitor.transactions.judge import Judged
from monitor.transactions.script import Do, RunFacts


class MoneyRefused(Exception):  # noqa: N818 - reads as a fact
    """The step must not be sent: a cap is reached, or it could not be written down. Its text is fit for people."""


class MoneyPaused(MoneyRefused):
    """Money waits, and by our own rules: a cap, or what is still open at the gateway. Nothing is wrong with the monitor."""


class MoneyGate(Protocol):
    """Asked about steps that move money, and about the undo steps that take it back."""

    async def intend(self, do: Do, check: Check, run: RunFacts) -> None:
        """Returns when the intent is durable. Raises MoneyRefused, and then nothing is sent."""

    async def settle(self, do: Do, exchange: Exchange, judged: Judged) -> None:
        """What became of it. A step that is never settled was cut off: anything can have happened."""

    async def ended(self, run: RunFacts) -> None:
        """The run is over, however it ended: what it left open is the ledger's."""


class NoLedger:
    """Keeps no books: nothing is refused, nothing is remembered."""

    async def intend(self, do: Do, check: Check, run: RunFacts) -> None:
        pass

    async def settle(self, do: Do, exchange: Exchange, judged: Judged) -> None:
        pass

    async def ended(self, run: RunFacts) -> None:
        pass
