"""What a check will do, worked out on paper: how often it asks, what it moves, what can stay open. Pure arithmetic over a Check."""

from collections.abc import Iterable
from dataclasses import dataclass

from monitor.model.check import Check, Step
from monitor.model.money import Money

HOUR_SECONDS = 3_600.0
DAY_SECONDS = 86_400.0
#: The period that contracts and objectives are commonly written for.
MONTH_SECONDS = 30 * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Debt:
    """What one money step leaves to be undone: by ``undo``, tried in order."""

    step: str
    kind: str
    amount: Money
    undo: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """``requests`` and ``runs`` are those of an hour in which everything works; the rest is per run."""

    runs_per_hour: float
    requests_per_run: int
    debts: tuple[Debt, ...]  # owed after the last step
    exposure: tuple[Money, ...]  # the most that is open at once in one run, by currency
    turnover: tuple[Money, ...]  # charged per run, by currency
    longest_seconds: float  # with its clean-ups

    @property
    def requests_per_hour(self) -> float:
        return self.runs_per_hour * self.requests_per_run


def plan(check: Check) -> Plan:
    """Undo steps count as one request for each debt: alternatives are asked only when the first fails, and some not at all."""
    owed: list[Debt] = []
    peak: dict[str, int] = {}
    for step in check.steps:
        owed = _after(owed, step)
        for amount in total(debt.amount for debt in owed):
            peak[amount.currency] = max(peak.get(amount.currency, 0), amount.minor)
    return Plan(
        runs_per_hour=HOUR_SECONDS / check.every_seconds,
        requests_per_run=len(check.steps) + len(owed),
        debts=tuple(owed),
        exposure=tuple(Money(minor, currency) for currency, minor in sorted(peak.items())),
        turnover=total(step.moves.amount for step in check.steps if step.moves and step.moves.kind == "charge"),
        longest_seconds=check.budget_seconds + check.undo_budget_seconds,
    )


def _after(owed: list[Debt], step: Step) -> list[Debt]:
    """A step whose undo names an earlier step's takes that debt over: a capture turns its hold into a charge."""
    if step.moves is None:
        return owed
    moves = step.moves
    undo = (moves.undo, *moves.otherwise)
    kept = [debt for debt in owed if not set(debt.undo) & set(undo)]
    return [*kept, Debt(step.name, moves.kind.value, moves.amount, undo)]


def total(amounts: Iterable[Money]) -> tuple[Money, ...]:
    """Sums by currency, in the order of their codes."""
    sums: dict[str, int] = {}
    for amount in amounts:
        sums[amount.currency] = sums.get(amount.currency, 0) + amount.minor
    return tuple(Money(minor, currency) for currency, minor in sorted(sums.items()))


def times(amounts: Iterable[Money], factor: float) -> tuple[Money, ...]:
    return tuple(Money(round(amount.minor * factor), amount.currency) for amount in amounts)


def blind_undo(check: Check) -> list[tuple[str, tuple[str, ...]]]:
    """Undo steps that need a value which only the answer of the very step they undo can bring: lost when that answer is."""
    found = []
    for step in check.steps:
        own = {name for name, _ in step.save}
        for name in (step.moves.undo, *step.moves.otherwise) if step.moves else ():
            needed = {hole.partition(".")[0] for hole in getattr(check.undo[name].request, "names", ())}
            if own & needed:
                found.append((name, tuple(sorted(own & needed))))
    return list(dict.fromkeys(found))
