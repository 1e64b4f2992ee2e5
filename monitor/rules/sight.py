"""Can one location see? Judged by its own control probes and its own view of the targets: another's eyes are not its own.

When every control probe gets no answer, and (nearly) every target gets none either, the fault is between this location and the
world: results that got no answer are then ``unknown``, nobody's failure. A control that fails alone means nothing to the targets,
and an answer, whatever it says, proves that we can see.

The first failures come in before the controls have had their turn. A result without an answer is therefore *held* until a control
run that started later has told which it is, or for ``hold_seconds``, about one control interval. Results with an answer, good
or bad, are never held; without control checks nothing ever is.

A run still *pending*, later than ever, is without an answer too. It is believed only when a control says that we can see: when none
does in time it is left out, and the run's own result is judged when it is over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from monitor.model.check import Check
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Result

#: What a run comes to that proves no contact with anybody.
UNREACHED = frozenset({Outcome.NETWORK_ERROR, Outcome.TIMEOUT_UNKNOWN})
#: This share of the targets heard of must be out of reach: one stray answer out of twenty does not open our eyes.
NEARLY_ALL = 0.9
#: Longest time a failure is held back. A control that runs less often than this guards the first results less well.
HOLD_MAX_SECONDS = 10.0
#: A control's turn comes on its grid, and its answer takes a moment.
HOLD_SHARE = 1.25
#: A control that has not run for this many of its intervals says nothing about now.
STALE_INTERVALS = 3
#: How long a target's answer stays proof that we see.
SEEN_SECONDS = 120.0
_NEVER = float("-inf")


@dataclass(slots=True)
class _Control:
    """One control probe. ``dark_since`` and ``dark_known``: start and end of the first run of the silence that lasts, if one does."""

    patience: float
    finished: float = _NEVER
    dark_since: float | None = None
    dark_known: float = _NEVER


@dataclass(slots=True)
class _Target:
    """Latest runs of a target: when the last that was answered started and ended, when the last unanswered one ended."""

    answered_started: float = _NEVER
    answered: float = _NEVER
    lost: float = _NEVER


@dataclass(slots=True)
class _Dark:
    """A time in which we saw nothing; ``until`` None: it lasts."""

    since: float
    until: float | None = None

    def overlaps(self, result: Result) -> bool:
        return result.finished > self.since and (self.until is None or result.started <= self.until)


class Sight:
    """One location's. ``judge`` every result of it before anybody believes it; ``tick`` as time passes. A plain object, no I/O."""

    def __init__(self, checks: Mapping[str, Check], *, hold_seconds: float | None = None) -> None:
        self._wish = hold_seconds
        self._controls: dict[str, _Control] = {}
        self._targets: dict[str, _Target] = {}
        self._held: list[Result] = []
        self._light = _NEVER  # start of the latest control run that was answered
        self._dark: _Dark | None = None  # the latest time of blindness
        self.adopt(checks)

    def adopt(self, checks: Mapping[str, Check]) -> None:
        """Another configuration: controls that stay keep what they know."""
        controls = [check for check in checks.values() if check.control]
        self._controls = {c.id: self._controls.get(c.id, _Control(0.0)) for c in controls}
        for check in controls:
            self._controls[check.id].patience = STALE_INTERVALS * check.every_seconds + check.budget_seconds
        slowest = max((check.every_seconds for check in controls), default=0.0)
        self.hold_seconds = min(HOLD_MAX_SECONDS, HOLD_SHARE * slowest) if self._wish is None else self._wish

    @property
    def blind(self) -> bool:
        return self._dark is not None and self._dark.until is None

    @property
    def blind_since(self) -> float:
        """Of the latest time of blindness. Only while ``blind``."""
        assert self._dark is not None  # noqa: S101 - the caller asked whether it is blind
        return self._dark.since

    @property
    def controls(self) -> tuple[str, ...]:
        return tuple(sorted(self._controls))

    @property
    def knows_nothing_yet(self) -> bool:
        """Right after a restart: nothing was seen, and nothing says that nothing can be."""
        answered = any(target.answered > _NEVER for target in self._targets.values())
        return bool(self._controls) and not self.blind and not answered and self._light == _NEVER

    def sees(self, at: float) -> bool:
        """Somebody answered lately, and nothing is wrong since."""
        latest = max((target.answered for target in self._targets.values()), default=_NEVER)
        return not self.blind and at - max(latest, self._light) <= SEEN_SECONDS

    def judge(self, result: Result, at: float) -> list[Result]:
        """What can be believed now, oldest first: results that were held and are decided, and this one, unless it is held."""
        if not self._controls:
            return [result]
        if self._held and not result.pending:  # the run is over: that says more than that it was late
            self._held = [one for one in self._held if not (one.pending and one.run_id == result.run_id)]
        self._observe(result)
        self._look(at)
        released = self._release(at)
        judged = self._decide(result, at)
        if judged is None:
            self._held.append(result)
            return released
        return [*released, judged]

    def tick(self, at: float) -> list[Result]:
        """Held results whose time has come. Judged a second time, they stay what they are."""
        self._look(at)
        return self._release(at)

    def flush(self, at: float) -> list[Result]:
        """Everything held, for a process that ends."""
        return [result for result in self._release(at + self.hold_seconds) if not result.pending]

    def next_tick(self) -> float | None:
        """When the first held result's time is up."""
        return min((result.finished + self.hold_seconds for result in self._held), default=None)

    def _observe(self, result: Result) -> None:
        if result.good is None:
            return
        lost = result.good is False and result.outcome in UNREACHED
        control = self._controls.get(result.check)
        if control is None:
            self._observe_target(self._targets.setdefault(result.target, _Target()), result, lost=lost)
            return
        control.finished = max(control.finished, result.finished)
        if not lost:
            control.dark_since = None
            self._light = max(self._light, result.started)
        elif control.dark_since is None and result.started > self._light:
            control.dark_since, control.dark_known = result.started, result.finished

    def _observe_target(self, target: _Target, result: Result, *, lost: bool) -> None:
        if lost:
            target.lost = max(target.lost, result.finished)
        elif result.started > target.answered_started:
            target.answered_started, target.answered = result.started, result.finished

    def _look(self, at: float) -> None:
        """Notice that we have gone blind, or see again."""
        since = self._dark_since(at)
        if since is not None and not self.blind:
            self._dark = _Dark(since)
        elif since is None and self._dark and self._dark.until is None:
            self._dark.until = max(self._light, self._dark.since)

    def _dark_since(self, at: float) -> float | None:
        """Since when we have seen nothing; None: we see, or cannot say that we do not."""
        starts = [control.dark_since for control in self._controls.values() if control.dark_since is not None]
        fresh = all(at - control.finished <= control.patience for control in self._controls.values())
        if not starts or len(starts) < len(self._controls) or not fresh:
            return None
        # Light was last seen when the last answered control run started; a failure after that may be of the same cause.
        since = max(self._light, max(starts) - self.hold_seconds)
        known = max(control.dark_known for control in self._controls.values())
        lost = sum(1 for target in self._targets.values() if target.lost > since)
        seen = sum(
            1 for target in self._targets.values() if target.answered_started > known and at - target.answered <= SEEN_SECONDS
        )
        return since if lost and lost >= NEARLY_ALL * (lost + seen) else None

    def _decide(self, result: Result, at: float) -> Result | None:
        """As it is, as unknown, or None: too early to say."""
        if result.good is not False or result.check in self._controls or result.outcome not in UNREACHED:
            return result
        if self._dark and self._dark.overlaps(result):
            return _unseen(result)
        if self._light >= result.started or (self._timed_out(result, at) and not result.pending):
            return result
        return None

    def _timed_out(self, result: Result, at: float) -> bool:
        return at >= result.finished + self.hold_seconds

    def _release(self, at: float) -> list[Result]:
        if not self._held:
            return []
        waited = [result for result in self._held if not (result.pending and self._timed_out(result, at))]
        decided = [(result, self._decide(result, at)) for result in waited]
        self._held = [result for result, judged in decided if judged is None]
        return [judged for _, judged in decided if judged is not None]


def _unseen(result: Result) -> Result:
    message = "not measured: the monitor reached nothing at that time, not even its references"
    return replace(result, outcome=Outcome.UNKNOWN, good=None, reason=NetworkReason.BLIND, message=message)
