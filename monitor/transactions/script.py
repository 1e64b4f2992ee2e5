"""A transaction: the script of a check as a generator.

It yields what to do next and is sent what came of it, so the real driver, a simulation and the tests run the same lines. It holds
no clock: elapsed time comes with every event. The order of things, which money depends on:

1. the steps, each with the smaller of its own timeout and what is left of the run's budget; the first that is not good ends them;
2. then, whatever happened, the undo of every step that may hold money, newest first, on a budget of its own.
"""

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.model.check import Check, Expression, ExpressionError, Moves, Step, Stratum
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Exchange, Reach, StepResult
from monitor.transactions.dialects import Dialect
from monitor.transactions.judge import Judged, judge, plain_message, scope_of

#: With less than this left a request would fail by our own doing: the budget counts as spent.
LEAST_SECONDS = 0.05

#: Methods that only ask (RFC 9110, section 9.2.1).
READ_METHODS = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known of a run before it begins. ``reference`` is what the gateway will know it by."""

    run_id: str
    reference: str
    slot: int
    stratum: Stratum
    stamp: str  # UTC, like 20261122T022100Z
    extra: int = 0  # beside the grid: its number since that slot

    def scope(self) -> dict[str, object]:
        run = {"id": self.run_id, "reference": self.reference, "slot": self.slot, "stamp": self.stamp}
        return {"run": run, "stratum": dict(self.stratum.values)}


@dataclass(frozen=True, slots=True)
class Do:
    """One request to make now. Its ``idempotency_key`` belongs to this request of this run and to no other."""

    step: Step
    index: int  # counts the requests of a run from 0
    options: Mapping[str, Any]  # rendered, for the probe of ``step.kind``
    timeout_seconds: float
    idempotency_key: str
    reference: str  # the gateway-visible reference of this step's money
    known: Mapping[str, object]  # names saved so far: with them the undo can be rendered again later
    undoes: str = ""  # for an undo step: the step whose money it takes back

    @property
    def undo(self) -> bool:
        return bool(self.undoes)

    @property
    def reads(self) -> bool:
        """It only asks: nothing at the gateway changes by it."""
        return str(self.options.get("method", "GET")).upper() in READ_METHODS

    @property
    def moves(self) -> Moves | None:
        return self.step.moves


@dataclass(slots=True)
class Done:
    """``elapsed_seconds`` runs from the start of the run, without the time it waited on ourselves."""

    exchange: Exchange
    elapsed_seconds: float
    judged: Judged | None = None  # filled in by the script before it goes on: for whoever keeps books


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The run was told to end while a request was under way: only the undo still happens. ``sent``: it may have left."""

    elapsed_seconds: float
    sent: bool


@dataclass(slots=True)
class Verdict:
    """What a run came to. ``open_undo`` are the undo steps that were owed and did not work."""

    steps: tuple[StepResult, ...]
    outcome: Outcome
    good: bool | None
    reason: NetworkReason = NetworkReason.NONE
    message: str = ""
    failed_step: str = ""
    open_undo: tuple[str, ...] = ()


Event = Done | Cancelled
Transaction = Generator[Do, Event, Verdict]


def run(check: Check, facts: RunFacts, dialect: Dialect) -> Transaction:
    """The script of one run. Send ``Done`` or ``Cancelled`` for every ``Do``; it returns the verdict."""
    script = _Script(check, facts, dialect)
    yield from script.steps()
    yield from script.undo()
    return script.verdict()


def stratum_of(check: Check, slot: int) -> Stratum:
    """The stratum whose turn it is. Checks begin at different strata, so that they do not all try one brand at once."""
    strata = check.strata
    return strata[0] if len(strata) == 1 else strata[(slot + sum(check.id.encode())) % len(strata)]


@dataclass(frozen=True, slots=True)
class _Debt:
    """Money that may be held for ``step``, and the undo steps that take it back: any one of them does."""

    step: str
    undo: tuple[str, ...]


class _Script:
    """The state of one run."""

    def __init__(self, check: Check, facts: RunFacts, dialect: Dialect) -> None:
        self._check = check
        self._facts = facts
        self._dialect = dialect
        self._known: dict[str, object] = facts.scope()
        self._results: list[StepResult] = []
        self._debts: list[_Debt] = []  # oldest first
        self._open: list[str] = []
        self._elapsed = 0.0
        self._requests = 0
        self._failure: StepResult | None = None

    def steps(self) -> Generator[Do, Event, None]:
        for step in self._check.steps:
            result = yield from self._perform(step, ends=self._check.budget_seconds)
            if not result.good:
                self._failure = result
                return

    def undo(self) -> Generator[Do, Event, None]:
        ends = self._elapsed + self._check.undo_budget_seconds
        while self._debts:
            debt = self._debts.pop()
            failure = yield from self._take_back(debt, ends)
            if failure is not None:
                self._open.append(debt.undo[0])
                self._failure = self._failure or failure

    def verdict(self) -> Verdict:
        steps, open_undo = tuple(self._results), tuple(self._open)
        if self._failure is None:
            return Verdict(steps, self._outcome(), good=True, open_undo=open_undo)
        failed = self._failure
        return Verdict(steps, failed.outcome, failed.good, failed.reason, failed.message, failed.name, open_undo)

    def _outcome(self) -> Outcome:
        """What a good run is called: by its last step that moved money, or simply its last."""
        if not self._check.moves_money:
            return self._results[-1].outcome
        moving = {step.name for step in self._check.steps if step.moves}
        forward = [result for result in self._results if not result.undo]
        return next((result for result in reversed(forward) if result.name in moving), forward[-1]).outcome

    def _take_back(self, debt: _Debt, ends: float) -> Generator[Do, Event, StepResult | None]:
        """Try a debt's undo steps in order. None when one worked or none applies; else what the last came to."""
        last: StepResult | None = None
        for step in self._applicable(debt):
            last = yield from self._perform(step, ends=ends, undoes=debt.step)
            if last.good:
                return None
        return last

    def _applicable(self, debt: _Debt) -> Iterator[Step]:
        for name in debt.undo:
            step = self._check.undo[name]
            if step.when is None or self._holds(step.when):
                yield step

    def _holds(self, condition: Expression) -> bool:
        """What cannot be worked out holds: better an undo too many, which the gateway refuses, than money left open."""
        try:
            return condition(self._known) is not False
        except ExpressionError:
            return True

    def _perform(self, step: Step, *, ends: float, undoes: str = "") -> Generator[Do, Event, StepResult]:
        left = ends - self._elapsed
        if left < LEAST_SECONDS:
            return self._not_made(
                step, Outcome.TIMEOUT_UNKNOWN, "the time for it was spent before it could begin", undo=bool(undoes)
            )
        try:
            do = self._prepare(step, min(step.timeout_seconds, left), undoes)
        except ExpressionError as error:
            # Names are checked when the check is loaded: what is wrong here is what the gateway gave us, or never gave.
            outcome = Outcome.UNKNOWN if undoes else Outcome.CONTRACT_VIOLATION
            return self._not_made(step, outcome, f"the request cannot be made: {error}", undo=bool(undoes))
        event = yield do
        return self._book(do, event)

    def _prepare(self, step: Step, timeout_seconds: float, undoes: str) -> Do:
        options = step.request.render(self._known)
        reference = self._facts.reference
        if step.moves and step.moves.reference:
            reference = str(step.moves.reference.render(self._known)["reference"])
        index, self._requests = self._requests, self._requests + 1
        return Do(step, index, options, timeout_seconds, f"{self._facts.run_id}-{index}", reference, self._known, undoes)

    def _book(self, do: Do, event: Event) -> StepResult:
        self._elapsed = event.elapsed_seconds
        exchange = event.exchange if isinstance(event, Done) else _cut_off(event)
        scope = {**self._known, **scope_of(exchange)}
        judged = judge(do.step, exchange, scope, self._dialect, read=do.reads, undo=do.undo)
        # A new dict: the one yielded before stays as it was for whoever wrote it down.
        self._known = {**self._known, **judged.saved}
        self._results.append(judged.result)
        if isinstance(event, Done):
            event.judged = judged
        if do.moves and judged.reached:
            self._owe(_Debt(do.step.name, (do.moves.undo, *do.moves.otherwise)))
        return judged.result

    def _owe(self, debt: _Debt) -> None:
        """Naming an older step's undo takes that debt over: a capture turns the hold into a charge."""
        self._debts = [older for older in self._debts if older.undo[0] not in debt.undo]
        self._debts.append(debt)

    def _not_made(self, step: Step, outcome: Outcome, message: str, *, undo: bool) -> StepResult:
        good = None if outcome is Outcome.UNKNOWN else False
        reason = NetworkReason.ANSWER_TIMEOUT if outcome is Outcome.TIMEOUT_UNKNOWN else NetworkReason.NONE
        result = StepResult(step.name, outcome, good, 0.0, reason=reason, message=plain_message(message), undo=undo)
        self._results.append(result)
        return result


def _cut_off(event: Cancelled) -> Exchange:
    reach = Reach.SENT if event.sent else Reach.NOT_SENT
    return Exchange(reach, 0.0, 0.0, reason=NetworkReason.SHUTDOWN, error="the run was told to end", ours=True)
