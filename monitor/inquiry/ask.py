"""Asks the questions of one inquiry: in order of worth, beside each other, within the gateway's budget and within the time.

A question never raises: what cannot be asked is an observation that says why.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

import structlog

from monitor.inquiry.ground import Asking, Ground
from monitor.inquiry.names import from_exchange_of_names, resolve
from monitor.inquiry.observe import Asked, from_door, from_exchange, from_step, skipped
from monitor.inquiry.pin import pin
from monitor.inquiry.tools import Tools
from monitor.model.check import Target
from monitor.model.result import Exchange, Reach
from monitor.model.text import Text
from monitor.model.triage import Experiment, Observation, Question
from monitor.probes import Call, Probe, Signature
from monitor.probes.drive import USER_AGENT
from monitor.transactions.dialects import DIALECTS
from monitor.transactions.judge import judge, scope_of

log = structlog.get_logger()

#: One answer is waited for this long: a gateway that takes longer has answered the question.
QUESTION_SECONDS = 3.0
#: Requests of one inquiry under way at once, and never more than the target's own limit.
AT_ONCE = 8
#: The last question is put so long before the end that its answer can still come.
LAST_QUESTION_SECONDS = 2.5
#: Beyond its own deadline a probe only tidies up; what takes longer is our own bug, and not waited for.
TIDY_SECONDS = 0.5

Way = Callable[[Asked], Awaitable[Observation]]


class Asker:
    """The questions of one inquiry about one target. ``exchanges`` are all answers by target, for what else they tell."""

    def __init__(self, ground: Ground, tools: Tools) -> None:
        self._ground = ground
        self._tools = tools
        self._target = replace(ground.target, reuse_connections=False)
        self._places = asyncio.Semaphore(min(AT_ONCE, ground.target.max_concurrency))
        self.exchanges: list[tuple[str, Exchange]] = []
        self._ways: Mapping[Experiment, Way] = {
            Experiment.REFERENCE: self._reference,
            Experiment.RESOLVE: self.resolve,
            Experiment.RESOLVER: self._resolver,
            Experiment.CONNECT: self._connect,
            Experiment.HANDSHAKE: self._handshake,
            Experiment.FRONT_DOOR: self._front_door,
            Experiment.ADDRESS: self._address,
            Experiment.TOKEN: self._token,
            Experiment.READ: self._read,
            Experiment.CREDENTIAL: self._credential,
        }

    async def ask(self, questions: Sequence[Question], until: float) -> list[Observation]:
        """Everything that could be found out by ``until``, a monotonic instant, in the order of the questions."""
        found: dict[int, Observation] = {}
        tasks: dict[asyncio.Task[Observation], tuple[int, Asked]] = {}
        try:
            for index, question in enumerate(questions):
                asked = Asked(question.experiment, question.subject, self._tools.location)
                if asked.experiment not in self._ways:
                    continue
                refusal = await self._turn(asked, until)
                if refusal:
                    found[index] = skipped(asked, self._tools.clock.wall(), refusal)
                else:
                    tasks[asyncio.get_running_loop().create_task(self._safely(asked))] = (index, asked)
            if tasks:
                await asyncio.wait(tasks, timeout=max(0.0, until - self._tools.clock.monotonic()))
        finally:
            for task in tasks:
                task.cancel()
        for task, (index, asked) in tasks.items():
            found[index] = task.result() if task.done() and not task.cancelled() else self._late(asked)
        return [found[index] for index in sorted(found)]

    def _late(self, asked: Asked) -> Observation:
        return skipped(asked, self._tools.clock.wall(), "not known: the time for the inquiry was over")

    async def _turn(self, asked: Asked, until: float) -> str:
        """The gateway's leave. Names are asked of name servers, which have no such budget."""
        if asked.experiment in (Experiment.RESOLVE, Experiment.RESOLVER):
            return ""
        left = until - LAST_QUESTION_SECONDS - self._tools.clock.monotonic()
        if left <= 0:
            return "not asked: the time for the inquiry was nearly over"
        whose = self._target.id
        if asked.experiment is Experiment.REFERENCE and asked.subject in self._ground.controls:
            whose = self._ground.controls[asked.subject][0].id
        return await self._tools.turn(whose, left)

    async def _safely(self, asked: Asked) -> Observation:
        try:
            async with asyncio.timeout(QUESTION_SECONDS + TIDY_SECONDS), self._places:
                return await self._ways[asked.experiment](asked)
        except TimeoutError:
            return skipped(asked, self._tools.clock.wall(), "not known: it took longer than a question may")
        except Exception as error:
            log.exception("question_failed", experiment=asked.experiment, target=self._target.id)
            return skipped(asked, self._tools.clock.wall(), f"an error inside the monitor: {type(error).__name__}")

    # --- one method a way of asking

    async def resolve(self, asked: Asked) -> Observation:
        """The name, as the checks resolve it."""
        return await resolve(asked, self._tools.resolver, self._ground.place, self._tools.clock, QUESTION_SECONDS)

    async def _resolver(self, asked: Asked) -> Observation:
        server = self._tools.second_resolver
        address = server.rpartition(":")[0].strip("[]")
        there = Target("second resolver", Text(server), f"dns://{server}", allow_private=(address,))
        exchange = await self._tools.probes["dns"].run(Call(there, {"name": self._ground.place.host}, QUESTION_SECONDS))
        return from_exchange_of_names(asked, exchange, self._tools.clean)

    async def _connect(self, asked: Asked) -> Observation:
        pin(asked.subject)
        exchange = await self._exchange(self._tools.pinned["tcp"], {"port": self._ground.place.port})
        return self._plainly(asked, exchange)

    async def _handshake(self, asked: Asked) -> Observation:
        pin(asked.subject)
        exchange = await self._exchange(self._tools.pinned["tls"], {"port": self._ground.place.port})
        return self._plainly(asked, exchange)

    async def _front_door(self, asked: Asked) -> Observation:
        exchange = await self._exchange(self._tools.probes["http"], self._ground.door)
        return from_door(asked, exchange, self._target.dialect, self._tools.clean)

    async def _address(self, asked: Asked) -> Observation:
        pin(asked.subject)
        exchange = await self._exchange(self._tools.pinned["http"], self._ground.door)
        return from_door(asked, exchange, self._target.dialect, self._tools.clean)

    async def _token(self, asked: Asked) -> Observation:
        if self._ground.token is None:
            return skipped(asked, self._tools.clock.wall(), "no step of its checks fetches a token")
        return await self._step(asked, self._target, self._ground.token, self._tools.signers.get(self._target.id))

    async def _read(self, asked: Asked) -> Observation:
        return await self._again(asked, self._tools.signers.get(self._target.id))

    async def _credential(self, asked: Asked) -> Observation:
        second = self._tools.second_signers.get(self._target.id)
        if second is None:
            return skipped(asked, self._tools.clock.wall(), "no second credential is configured")
        return await self._again(asked, second)

    async def _again(self, asked: Asked, signature: Signature | None) -> Observation:
        """A read, by itself; the first of them where the plan names none."""
        reads = self._ground.reads
        asking = reads.get(asked.subject) or next(iter(reads.values()), None)
        if asking is None:
            return skipped(asked, self._tools.clock.wall(), "no read of its checks can be asked by itself")
        return await self._step(asked, self._target, asking, signature)

    async def _reference(self, asked: Asked) -> Observation:
        known = self._ground.controls.get(asked.subject)
        if known is None:
            return skipped(asked, self._tools.clock.wall(), "there is no such control check")
        target, asking = known
        return await self._step(asked, target, asking, self._tools.signers.get(target.id))

    async def _step(self, asked: Asked, target: Target, asking: Asking, signature: Signature | None) -> Observation:
        """One step of a check, judged as in its check."""
        step = asking.step
        target = replace(target, reuse_connections=False)
        exchange = await self._exchange(self._tools.probes[step.kind], asking.options, target=target, signature=signature)
        judged = judge(
            step, exchange, {"stratum": dict(asking.stratum), **scope_of(exchange)}, DIALECTS[target.dialect], read=True
        )
        return from_step(asked, judged.result, exchange.started, self._tools.clean)

    async def _exchange(
        self,
        probe: Probe,
        options: Mapping[str, object],
        *,
        target: Target | None = None,
        signature: Signature | None = None,
    ) -> Exchange:
        target = target or self._target
        exchange = await probe.run(Call(target, options, QUESTION_SECONDS, signature, USER_AGENT))
        self.exchanges.append((target.id, exchange))
        self._tools.heard(target.id, exchange)
        return exchange

    def _plainly(self, asked: Asked, exchange: Exchange) -> Observation:
        """Of a question below HTTP: whether it got through is all."""
        good = None if exchange.ours else exchange.reach is Reach.ANSWERED and not exchange.reason
        return from_exchange(asked, exchange, good, self._tools.clean)
