"""Results through the rule engine, as they came in: the same lines as live, with the clock of the samples.

Each check has an engine of its own. Watches never look beyond their check, so this gives the alarms of one engine over all, and
lets checks be spread over processes. Alerts about the monitor itself are left out: they tell of who measured, not of what was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitor.backtest.firings import Firing, Recorder
from monitor.backtest.learning import Learner
from monitor.backtest.score import Span
from monitor.backtest.spending import Spending, Spent
from monitor.model.alert import Alert
from monitor.model.check import Check
from monitor.model.result import Result
from monitor.rules import Rule, RuleEngine
from monitor.rules.monitor_alerts import OWN_RULES


@dataclass(frozen=True, slots=True)
class Story:
    """What became of one check."""

    check: str
    span: Span
    runs: int
    firings: tuple[Firing, ...]
    spent: Spent


def replay(check: Check, results: Sequence[Result], rules: Iterable[Rule], learner: Learner, until: float | None = None) -> Story:
    """``results`` of ``check`` in order of arrival, at least one; ``until``: how long time goes on after the last of them."""
    player = Player(check, tuple(rules), results[0], learner)
    for result in results:
        player.feed(result)
    return player.end(max(player.now, until or 0.0))


class Player:
    """One check's engine, and the clock that drives it."""

    def __init__(self, check: Check, rules: tuple[Rule, ...], first: Result, learner: Learner) -> None:
        self.engine = RuleEngine(rules, {check.id: check}, first.location)
        self.recorder = Recorder()
        self.now = first.due
        self._check = check
        self._since = first.due
        self._learner = learner
        self._spending = Spending()
        self._runs = 0

    def feed(self, result: Result) -> None:
        self._pass(result.finished)
        self._runs += 1
        self._keep(self.engine.feed(result))
        wishes = self.engine.wishes()
        self._spending.note(wishes, result)
        learned = self._learner.take(result, suspected=bool(wishes))
        if learned:
            self.engine.learn(self._check.id, learned)

    def end(self, until: float) -> Story:
        self._pass(until)
        span = Span(self._since, max(until, self.now))
        return Story(self._check.id, span, self._runs, tuple(self.recorder.firings()), self._spending.spent())

    def _pass(self, until: float) -> None:
        """Let time pass: absence, and alarms that have stood long enough, each at its very instant (live: at the second's next look)."""
        while (due := self.engine.next_tick()) is not None and due <= until:
            self.now = max(due, self.now)
            self._keep(self.engine.tick(self.now))
        self.now = max(self.now, until)

    def _keep(self, alerts: Iterable[Alert]) -> None:
        kept = [alert for alert in alerts if alert.rule not in OWN_RULES]
        if kept:
            self.recorder.take(kept)
            self._learner.told(kept)
