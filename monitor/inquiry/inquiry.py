"""One inquiry: what is known of a target's trouble, what asking adds to it, and the verdict."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monitor.inquiry import own
from monitor.inquiry.ask import Asker
from monitor.inquiry.ground import Ground, ground_of
from monitor.inquiry.names import ADDRESSES_MAX
from monitor.inquiry.observe import Asked
from monitor.inquiry.recent import Recent
from monitor.inquiry.summaries import View, before, summaries
from monitor.inquiry.tools import Tools
from monitor.model.check import Check, Target
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.text import Text
from monitor.model.triage import Case, Diagnosis, Experiment, Observation, Question, Symptom
from monitor.net.resolver import parse_literal
from monitor.triage import judge, questions

#: The whole of it. A ticket is enriched within ten seconds, and two of them belong to the ticket before it, the judgement, the store and
#: the desk.
INQUIRY_SECONDS = 8.0
#: How long before the trouble the loop's lag may have been its reason.
LAG_LEAD_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known from elsewhere: the agreed window that covers it now, and changes shortly before it began."""

    maintenance: str = ""
    changes: tuple[Text, ...] = ()


_NOTHING_ELSE = Circumstances()


class Inquiry:
    """``examine`` as often as you like, for as many targets at once as you dare: what it costs is bounded, how often is the caller's to say.

    ``lag(since)``: the worst lateness of the event loop since an instant, in seconds.
    """

    def __init__(
        self,
        *,
        targets: Mapping[str, Target],
        checks: Mapping[str, Check],
        recent: Recent,
        tools: Tools,
        lag: Callable[[float], float] = lambda _since: 0.0,
    ) -> None:
        self._targets = targets
        self._checks = checks
        self._recent = recent
        self._tools = tools
        self._lag = lag

    async def examine(
        self, target: str, symptom: Symptom, since: float, circumstances: Circumstances = _NOTHING_ELSE
    ) -> Diagnosis:
        """The verdict on ``target``, whose trouble began at ``since`` (UTC seconds), within ``INQUIRY_SECONDS``. Raises KeyError.

        Nothing that is asked moves money or changes anything, and nothing is asked that the gateway's budget does not allow.
        """
        return (await self.investigate(target, symptom, since, circumstances))[1]

    async def investigate(
        self, target: str, symptom: Symptom, since: float, circumstances: Circumstances = _NOTHING_ELSE
    ) -> tuple[Case, Diagnosis]:
        """The same, with the evidence it is judged by."""
        clock = self._tools.clock
        began = clock.monotonic()
        case = await self.case(target, symptom, since, circumstances)
        await asyncio.sleep(0)  # counting runs and judging them take a few milliseconds each: a probe may be due between
        return case, judge(case, clock.monotonic() - began)

    async def case(self, target: str, symptom: Symptom, since: float, circumstances: Circumstances = _NOTHING_ELSE) -> Case:
        """Everything ``examine`` judges by."""
        clock, here = self._tools.clock, self._tools.location
        until = clock.monotonic() + INQUIRY_SECONDS
        ground = ground_of(self._targets[target], self._checks.values(), self._targets)
        asker = Asker(ground, self._tools)
        resolved = await self._resolved(ground, asker)
        addresses = resolved.answers or self._seen(target, since)
        facts = ground.facts(addresses, second_resolver=bool(self._tools.second_resolver))
        plan = [one for one in questions(symptom, facts) if one.experiment is not Experiment.RESOLVE]
        tried = await asker.ask(plan, until)
        view = View(target, symptom, since, clock.wall(), here)
        return Case(
            target=target,
            symptom=symptom,
            since=since,
            at=view.at,
            location=here,
            tried=(*self._own(asker, ground, view), resolved, *tried),
            recent=summaries(self._recent, self._checks, view, self._tools.clean),
            before=(*before(self._recent, view, self._tools.clean), *self._resolved_before(ground, since)),
            maintenance=circumstances.maintenance,
            changes=circumstances.changes,
        )

    async def _resolved(self, ground: Ground, asker: Asker) -> Observation:
        """First of all: what else can be tried depends on the addresses."""
        asked = Asked(Experiment.RESOLVE, ground.place.host, self._tools.location)
        literal = parse_literal(ground.place.host)
        if literal is not None:
            message = "the target is named by its address: nothing has to be resolved"
            at = self._tools.clock.wall()
            return Observation(asked.experiment, asked.subject, at, asked.source, None, message=message, answers=(str(literal),))
        [found] = await asker.ask([Question(asked.experiment, asked.subject)], self._tools.clock.monotonic() + INQUIRY_SECONDS)
        return found

    def _own(self, asker: Asker, ground: Ground, view: View) -> tuple[Observation, ...]:
        rows = (
            (row.outcome, row.good)
            for cell in self._recent.cells(view.target)
            for row in cell.rows
            if row.at >= view.begins and row.reason is not NetworkReason.BUDGET  # what we held back, nobody throttled
        )
        found = (
            own.loop_lag(self._lag(view.since - LAG_LEAD_SECONDS), view.at, view.location),
            own.descriptors(view.at, view.location),
            own.clock(asker.exchanges, {target.id for target, _ in ground.controls.values()}, view.at, view.location),
            own.rate(rows, view.at, view.location),
        )
        return tuple(one for one in found if one is not None)

    def _seen(self, target: str, before_at: float) -> tuple[str, ...]:
        """Addresses that good runs reached before the trouble, from here."""
        runs = (
            run
            for cell in self._recent.cells(target)
            if cell.location == self._tools.location and not cell.control
            for run in (*cell.calm, *cell.good)
            if run.finished < before_at
        )
        return tuple(sorted({step.address for run in runs for step in run.steps if step.address}))[:ADDRESSES_MAX]

    def _resolved_before(self, ground: Ground, since: float) -> tuple[Observation, ...]:
        answers = self._seen(ground.target.id, since)
        if not answers:
            return ()
        return (
            Observation(
                Experiment.RESOLVE, ground.place.host, since, self._tools.location, True, outcome=Outcome.OK, answers=answers
            ),
        )
