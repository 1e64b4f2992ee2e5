"""All transactions that are not closed, what was spent today, and whether more may be: the fold of every entry.

A plain object: no clock, no I/O. ``admit`` decides, ``apply`` takes in what is written down; the caller lets nothing come between.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from monitor.ledger import wording
from monitor.ledger.entries import Adopted, Answered, Closed, Damaged, Entry, Intended, Swept
from monitor.ledger.machine import ImpossibleError, RunEnded, State, Transaction, apply, recovered
from monitor.model.check import Caps
from monitor.model.money import Money
from monitor.model.text import Text

DAY_SECONDS = 86_400.0
#: This many uncompensated transactions stop the money of their gateway: it takes, and does not give back.
UNCOMPENSATED_MAX = 3
#: A transaction is uncompensated this long after its run, when the gateway has still not shown it closed: a read or two take seconds.
UNCOMPENSATED_SECONDS = 30.0


class RefusalError(Exception):
    """Money must not move now. ``paused``: it will again, without anybody's doing. Its text is fit for people."""

    def __init__(self, message: str, *, paused: bool = True) -> None:
        super().__init__(message)
        self.paused = paused


class Books:
    """``spent`` is what was intended and not surely refused, by (target, currency, day of UTC)."""

    def __init__(self, spent: Mapping[tuple[str, str, int], int] | None = None) -> None:
        self.open: dict[str, Transaction] = {}
        self.unswept: dict[str, float] = {}  # targets to be swept since a damage, and when that was
        self.swept: dict[str, float] = {}  # target -> until when everything there is accounted for
        self.spent: dict[tuple[str, str, int], int] = dict(spent or {})

    @classmethod
    def restored(cls, entries: Iterable[Entry], spent: Mapping[tuple[str, str, int], int], at: float) -> "Books":
        """From the entries of a file, in order, by a start at ``at``: whatever run there was is over. Raises ImpossibleError."""
        books = cls()
        for entry in entries:
            books.apply(entry)
        books.spent = dict(spent)
        books.open = {name: recovered(tx, at) for name, tx in books.open.items()}
        return books

    def admit(self, intent: Intended, caps: Caps) -> None:
        """Raises RefusalError when this step must not be sent."""
        self._refuse_stopped(intent.target, intent.at)
        _within(intent.amount, 0, caps.per_step, "one step")
        _within(intent.amount, self.spent.get(_day(intent), 0), caps.per_day, "a day")
        others = sum(1 for tx in self.of(intent.target) if tx.id != intent.tx)
        if others >= caps.open_at_once:
            raise RefusalError(f"{others} transactions are open at {intent.target}, and {caps.open_at_once} may be")

    def _refuse_stopped(self, target: str, at: float) -> None:
        reason = self.stopped(target, at)
        if reason is not None:
            raise RefusalError(reason.en)

    def stopped(self, target: str, at: float) -> Text | None:
        """Why no money may move at ``target``; None when it may."""
        if target in self.unswept:
            return wording.DAMAGED
        late = len(self.uncompensated(target, at))
        return wording.uncompensated(late, target, UNCOMPENSATED_SECONDS) if late >= UNCOMPENSATED_MAX else None

    def apply(self, entry: Entry | RunEnded) -> None:
        """Take in an entry. Raises ImpossibleError, and then nothing has changed."""
        match entry:
            case Damaged():
                self.unswept |= dict.fromkeys(entry.targets, entry.at)
            case Swept():
                self.swept[entry.target] = entry.until
                self.unswept.pop(entry.target, None)
            case _:
                self._fold(entry)

    def _fold(self, entry: Entry | RunEnded) -> None:
        known = self.open.get(entry.tx)
        if known is None and not isinstance(entry, Intended | Adopted):
            raise ImpossibleError(f"an entry about {entry.tx}, which is not open")
        tx = apply(known, entry)
        self._count(entry)
        if isinstance(entry, Closed):
            del self.open[entry.tx]
        else:
            self.open[entry.tx] = tx

    def _count(self, entry: Entry | RunEnded) -> None:
        if isinstance(entry, Intended):
            self.spent = {day: minor for day, minor in self.spent.items() if day[2] >= _day(entry)[2] - 1}
            self.spent[_day(entry)] = self.spent.get(_day(entry), 0) + entry.minor
        elif isinstance(entry, Answered) and entry.released_minor:
            day = (entry.target, entry.currency, int(entry.at // DAY_SECONDS))
            self.spent[day] = max(0, self.spent.get(day, 0) - entry.released_minor)

    def take_out(self, intent: Intended) -> None:
        """An intent that could not be written down is none."""
        self.spent[_day(intent)] = max(0, self.spent.get(_day(intent), 0) - intent.minor)
        tx = self.open[intent.tx]
        if len(tx.moves) == 1:
            del self.open[intent.tx]
        else:
            self.open[intent.tx] = replace(tx, moves=tx.moves[:-1])

    # Asked

    def of(self, target: str) -> list[Transaction]:
        return [tx for tx in self.open.values() if tx.target == target]

    def owed(self) -> list[Transaction]:
        """Those that are the ledger's, oldest first."""
        return sorted((tx for tx in self.open.values() if tx.state is State.OWED), key=lambda tx: tx.opened)

    def uncompensated(self, target: str, at: float) -> list[Transaction]:
        return [tx for tx in self.of(target) if tx.owned_since is not None and at - tx.owned_since >= UNCOMPENSATED_SECONDS]

    def exposure(self) -> dict[tuple[str, str], int]:
        """The most that can be open now, in minor units, by (target, currency)."""
        sums: dict[tuple[str, str], int] = {}
        for tx in self.open.values():
            for amount in tx.exposure:
                key = (tx.target, amount.currency)
                sums[key] = sums.get(key, 0) + amount.minor
        return sums

    def oldest(self) -> dict[str, float]:
        """When the oldest open transaction of each target began."""
        found: dict[str, float] = {}
        for tx in self.open.values():
            found[tx.target] = min(found.get(tx.target, tx.opened), tx.opened)
        return found


def _day(intent: Intended) -> tuple[str, str, int]:
    return intent.target, intent.currency, int(intent.at // DAY_SECONDS)


def _within(amount: Money, before: int, caps: tuple[Money, ...], what: str) -> None:
    if not caps:
        return
    cap = next((cap for cap in caps if cap.currency == amount.currency), None)
    if cap is None:
        raise RefusalError(f"no cap for {what} names {amount.currency}")
    if before + amount.minor > cap.minor:
        already = f" after {Money(before, amount.currency)} already" if before else ""
        raise RefusalError(f"{amount}{already} is more than the cap of {cap} for {what}")
