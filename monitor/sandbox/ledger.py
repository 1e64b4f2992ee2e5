"""The sandbox's own books: double entry, so that the money open at the gateway can be proved and not only claimed."""

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from monitor.model.money import Money


class Account(StrEnum):
    CARDHOLDER = "cardholder"
    HELD = "held"
    MERCHANT = "merchant"


@dataclass(frozen=True, slots=True)
class Posting:
    """``amount`` left ``source`` and arrived at ``sink``."""

    at: float
    payment: str
    entry: str
    source: Account
    sink: Account
    amount: Money


class Ledger:
    """Balances are kept per payment and account; every posting moves as much in as out, so they sum to zero."""

    def __init__(self) -> None:
        self._postings: dict[str, list[Posting]] = {}
        self._balances: defaultdict[tuple[str, Account], int] = defaultdict(int)

    def post(self, posting: Posting) -> None:
        if posting.amount.minor < 0:
            raise ValueError("a posting moves an amount of zero or more; its direction is in its accounts")
        self._postings.setdefault(posting.payment, []).append(posting)
        self._balances[posting.payment, posting.source] -= posting.amount.minor
        self._balances[posting.payment, posting.sink] += posting.amount.minor

    def balance(self, payment: str, account: Account) -> int:
        return self._balances.get((payment, account), 0)

    def postings(self, payment: str | None = None) -> list[Posting]:
        if payment is not None:
            return list(self._postings.get(payment, ()))
        return sorted(chain.from_iterable(self._postings.values()), key=lambda posting: posting.at)

    def totals(self) -> dict[str, dict[str, int]]:
        """By currency and account: minor units over every payment still in the books."""
        sums: dict[str, dict[str, int]] = {}
        for posting in chain.from_iterable(self._postings.values()):
            accounts = sums.setdefault(posting.amount.currency, {account.value: 0 for account in Account})
            accounts[posting.source] -= posting.amount.minor
            accounts[posting.sink] += posting.amount.minor
        return sums

    def forget(self, payment: str) -> None:
        """Take a closed payment out of the books. Refused for one that is open: money is never lost sight of."""
        if self.balance(payment, Account.HELD) or self.balance(payment, Account.MERCHANT):
            raise ValueError("an open payment stays in the books")
        self._postings.pop(payment, None)
        for account in Account:
            self._balances.pop((payment, account), None)
