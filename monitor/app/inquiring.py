"""From incidents and suspicions to inquiries, and from their verdicts to tickets. The ticket itself never waits for any of it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import structlog

from monitor.app.measuring import Measuring
from monitor.app.mirroring import joined
from monitor.app.probing import Probing
from monitor.app.trouble import is_open, symptom_of
from monitor.clock import Clock
from monitor.config import Config
from monitor.exporter import Exporter
from monitor.incidents import Book, Change, Refused, Unknown
from monitor.inquiry import Circumstances, Inquiry, Recent
from monitor.inquiry.pacing import Pacing
from monitor.model.incident import Incident
from monitor.model.triage import Diagnosis, Layer, Symptom
from monitor.pipeline import Pipeline
from monitor.stores import Store, StoreError
from monitor.triage import fingerprint
from monitor.watch import LoopLag

log = structlog.get_logger()

#: How often suspicions are looked at, and what is due is begun.
TURN_SECONDS = 1.0
#: An inquiry begins so long after the incident: by then the ticket is on the wire, also on a busy machine, and nothing of ours
#: stands in its way.
BEHIND_TICKET_SECONDS = 0.5
#: A suspicion does not say since when: as far back as this, the first bad run is taken for the beginning.
SUSPICION_LOOKS_BACK_SECONDS = 120.0
#: Verdicts that name no layer.
_SAYS_NOTHING = frozenset({Layer.NONE, Layer.UNKNOWN})


@dataclass(frozen=True, slots=True)
class _Answer:
    symptom: Symptom
    diagnosis: Diagnosis


class Inquiring:
    """``hear`` listens to the pipeline; ``run`` until cancelled; ``examine`` on demand. ``adopt`` after probing has."""

    def __init__(
        self,
        config: Config,
        *,
        probing: Probing,
        pipeline: Pipeline,
        book: Book,
        store: Store,
        exporter: Exporter,
        clock: Clock,
        lag: LoopLag,
    ) -> None:
        self._config = config
        self._probing = probing
        self._pipeline = pipeline
        self._book = book
        self._store = store
        self._exporter = exporter
        self._clock = clock
        self._lag = lag
        self.recent = Recent(config.checks)
        self.measuring = Measuring(config, recent=self.recent, book=book, store=store, clock=clock)
        self._pacing = Pacing()
        self._answers: dict[str, _Answer] = {}
        self._tasks: dict[str, asyncio.Task[Diagnosis]] = {}  # by target
        self._telling: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._stopped = False
        self._build()
        for incident in book.open():
            self._note(incident)
        pipeline.listeners.append(self.hear)

    def adopt(self, config: Config) -> None:
        """Another configuration. Inquiries under way end with what they began with."""
        self._config = config
        self.recent.adopt(config.checks)
        self.measuring.adopt(config)
        self._answers = {name: answer for name, answer in self._answers.items() if name in config.targets}
        self._build()

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        try:
            await self.measuring.recall()
        except StoreError as error:
            log.warning("nothing_recalled", error=str(error))
        while True:
            try:
                await self._turn()
            except Exception as error:  # our own bug, at this edge: the next turn may do better
                log.exception("inquiring_failed", error=type(error).__name__)
            await asyncio.sleep(TURN_SECONDS)

    async def stop(self) -> None:
        """Begin no more; what is under way is let go: it is worth no waiting."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
        tasks = (*self._tasks.values(), *self._telling)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def examine(self, target: str) -> Diagnosis:
        """Look into ``target`` now, or wait for the inquiry under way. Raises KeyError when there is no such target."""
        if target not in self._config.targets:
            raise KeyError(target)
        if self._pacing.asked_for(target, self._clock.monotonic()):
            self._spawn(target)
        return await asyncio.shield(self._tasks[target])

    def hear(self, kind: str, what: Any) -> None:
        """What the pipeline tells. Cheap: it is told of every result."""
        if kind == "result":
            self.recent.hear(what)
            self.measuring.hear(what)
        elif kind == "incident":
            self._note(what)

    def _build(self) -> None:
        self._inquiry = Inquiry(
            targets=self._config.targets,
            checks=self._config.checks,
            recent=self.recent,
            tools=self._probing.tools(),
            lag=self._lagged,
        )

    def _lagged(self, since: float) -> float:
        return self._lag.worst(self._clock.monotonic() - (self._clock.wall() - since))

    def _note(self, incident: Incident) -> None:
        """What changed about an incident. One that is silenced is counted, and its target left in peace."""
        now = self._clock.monotonic()
        watched = is_open(incident) and incident.target in self._config.targets
        if watched:
            self.measuring.begin(incident)
        else:
            self.measuring.over(incident.id)
        if not watched or incident.silenced:
            self._pacing.over(incident.id)
            return
        self._pacing.incident(incident.id, incident.target, incident.severity, now)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(BEHIND_TICKET_SECONDS, self._begin)

    async def _turn(self) -> None:
        if self._stopped:
            return
        checks = self._config.checks
        suspected = (checks[wish.check] for wish in self._pipeline.engine.wishes() if wish.check in checks)
        self._pacing.suspects({check.target for check in suspected if not check.control}, self._clock.monotonic())
        if self._timer is None:  # else an incident has just opened, and its ticket goes first
            self._begin()
        due = self.measuring.due()
        if due:
            self._pipeline.keep(joined(self.measuring.measure(due)))

    def _begin(self) -> None:
        """Everything that is due."""
        self._timer = None
        if self._stopped or not self._config.service.triage:
            return
        now = self._clock.monotonic()
        for incident in self._unanswered(now):
            self._pacing.answered(incident.id, now)
            task = asyncio.get_running_loop().create_task(self._tell(incident.id, self._answers[incident.target].diagnosis))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
        for target in self._pacing.due(now):
            self._spawn(target)

    def _unanswered(self, now: float) -> Iterator[Incident]:
        """Incidents that opened right after a suspicion was looked into: they have their answer already."""
        for incident in self._book.open():
            answer = self._answers.get(incident.target)
            if answer is None or incident.diagnosis is not None or not self._pacing.fresh(incident.target, now):
                continue
            if answer.symptom is symptom_of(incident.alerts.values()) and answer.diagnosis.layer not in _SAYS_NOTHING:
                yield incident

    def _spawn(self, target: str) -> None:
        task = asyncio.get_running_loop().create_task(self._inquire(target), name=f"inquiry into {target}")
        self._tasks[target] = task
        task.add_done_callback(lambda done: self._ended(target, done))

    def _ended(self, target: str, task: asyncio.Task[Diagnosis]) -> None:
        self._pacing.ended(target)
        if self._tasks.get(target) is task:
            del self._tasks[target]
        if not task.cancelled() and task.exception() is not None:
            log.error("inquiry_failed", target=target, exc_info=task.exception())

    async def _inquire(self, target: str) -> Diagnosis:
        """Ask, judge, and tell every open incident of the target."""
        symptom, since = self._trouble(target)
        await self.measuring.look_up(since)
        case, diagnosis = await self._inquiry.investigate(target, symptom, since, self._circumstances(target, since))
        self._exporter.triaged(diagnosis, {one.experiment for one in case.tried if one.good is None})
        self._answers[target] = _Answer(symptom, diagnosis)
        for incident in self._book.open():
            if incident.target == target and not incident.silenced:
                await self._tell(incident.id, diagnosis)
        return diagnosis

    async def _tell(self, name: str, diagnosis: Diagnosis) -> None:
        """How far it reaches and what it is, in one change: the ticket that says one says the other."""
        incident = self._book.incidents.get(name)
        if incident is None or _known_better(incident, diagnosis):
            return
        mark = fingerprint(diagnosis)
        await self.measuring.compare(incident, mark)
        change = joined([*self.measuring.measure([name]), self._triaged(name, diagnosis, mark)])
        # What is in the book must reach the store, also when we are told to stop.
        await asyncio.shield(self._pipeline.change(change))

    def _triaged(self, name: str, diagnosis: Diagnosis, mark: str) -> Change:
        try:
            return self._book.triaged(name, diagnosis, self._clock.wall(), fingerprint=mark)
        except (Unknown, Refused) as error:  # it ended while we looked
            log.info("verdict_left", incident=name, layer=diagnosis.layer.value, why=str(error))
            return Change()

    def _trouble(self, target: str) -> tuple[Symptom, float]:
        """What is wrong there and since when: by its worst incident, else by its first bad run of late."""
        known = [one for one in self._book.open() if one.target == target and one.alerts]
        if known:
            worst = min(known, key=lambda one: (one.severity.rank, one.since))
            return symptom_of(worst.alerts.values()), worst.since
        earliest = self._clock.wall() - SUSPICION_LOOKS_BACK_SECONDS
        bad = [row.at for cell in self.recent.cells(target) for row in cell.rows if row.good is False and row.at >= earliest]
        return Symptom.FAILING, min(bad, default=earliest)

    def _circumstances(self, target: str, since: float) -> Circumstances:
        agreed = self.measuring.maintenance(target, self._clock.wall())
        return Circumstances(agreed, tuple(one.said for one in self.measuring.changes_near(since)))


def _known_better(incident: Incident, diagnosis: Diagnosis) -> bool:
    """A lull says nothing of the cause: it does not replace a verdict that names one."""
    before = incident.diagnosis
    return before is not None and before.layer not in _SAYS_NOTHING and diagnosis.layer in _SAYS_NOTHING
