"""What is sent of a check while a step of it is suspected: no more than that step needs."""

from dataclasses import dataclass, replace

from monitor.adaptive.needs import needed
from monitor.model.check import Burst, Check, Step
from monitor.model.outcome import DECLINES


@dataclass(frozen=True, slots=True)
class Part:
    """Steps of a check that make one extra run. ``check``, ``covers`` and ``money`` as in ``monitor.model.extra.Extra``.

    ``aside``: the step under suspicion is not among them.
    """

    check: Check
    covers: str
    money: bool
    aside: bool = False

    @property
    def steps(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.check.steps)


def extra_plan(check: Check, step: str) -> tuple[Part, ...]:
    """The extra runs that a suspicion of ``step`` leads to, in the order they are tried; "" suspects the run as a whole.

    One part that moves no money, when the step can be reached by such; else first the steps that can be tried for nothing, and
    then, where the check allows it, those of money. Empty: nothing of it may be sent more often.

    A part with the suspected step is evidence for the run as a whole: of fewer steps fewer fail while all is well, so a test
    against the whole run's failure rate stays valid, and what it is looking for shows in the part all the same. One without
    that step is none, *whichever way it goes*: to count its failures and not its successes would be to bet on one side only.
    """
    if check.burst is Burst.OFF:
        return ()
    wanted = needed(check, step)
    if all(_free(check, one) for one in wanted):
        return (_part(check, wanted),)
    aside = tuple(one for one in check.steps if all(_free(check, need) for need in needed(check, one.name)))
    parts = [replace(_part(check, aside), aside=True)] if aside else []
    if check.burst is Burst.FULL and not any(_declined(one) for one in wanted):
        parts.append(_part(check, wanted))
    return tuple(parts)


def _part(check: Check, steps: tuple[Step, ...]) -> Part:
    covers = "" if len(steps) == len(check.steps) else steps[-1].name
    return Part(replace(check, steps=steps), covers, money=any(_costs(step) for step in steps))


def _free(check: Check, step: Step) -> bool:
    """May be sent for nothing: it only asks or, where more than that is allowed, it moves no money and uses up no card."""
    if check.burst is Burst.READS:
        return step.reads
    return not _costs(step) and not _declined(step)


def _costs(step: Step) -> bool:
    """An authorisation of zero asks whether a card is good; nothing moves."""
    return step.moves is not None and step.moves.amount.minor > 0


def _declined(step: Step) -> bool:
    """Schemes count the declines of a card and charge for them: those of the day belong to the grid."""
    return bool(step.outcomes & DECLINES)
