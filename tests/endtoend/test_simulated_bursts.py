"""Looking more closely, through a whole service in simulated time: rules, schedule, budget, ledger, store and exporter."""

import asyncio
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from simulated_world import ANSWER_SECONDS, Desk, StoryProbe

from monitor.adaptive.burst import MONEY_RUNS_PER_SECOND, MONEY_RUNS_SAVED
from monitor.app import App, Edges
from monitor.config import Config, load
from monitor.model.outcome import Outcome
from monitor.model.result import Exchange, Reach
from monitor.probes import Call, Probe
from monitor.probes.request import build
from monitor.sandbox.core import Core, Policy
from monitor.sandbox.stripe import Stripe
from monitor.sandbox.wire import Effects, Operation, Request, Trouble
from monitor.stores.ledger import LedgerFile
from monitor.stores.sqlite import SqliteStore
from monitor.testing.simtime import START, SimulatedClock, simulate

ROOT = Path(__file__).parents[2]
SERVICE = """
service: {{install: bursts, location: here, data: {data}}}
include: {{checks: ["{checks}"], rules: ["rules/*.yaml"]}}
targets:
  stripe: {{title: {{en: S, zh: S}}, base_url: "http://127.0.0.1:1", dialect: stripe, allow_private: [127.0.0.0/8], settle: 2s,
            signer: {{bearer: {{token: "${{file:key}}"}}}}, idempotency: {{header: Idempotency-Key, keep: 24h}}, timeout: 5s}}
  mastercard: {{title: {{en: M, zh: M}}, base_url: "http://127.0.0.1:1", dialect: mastercard}}
desks:
  ops: {{webhook: {{url: "http://127.0.0.1:1/hook", secret: "${{file:key}}", allow_private: [127.0.0.0/8]}}}}
"""
RULES = """
rules:
  failing: {title: {en: failing, zh: 失败}, select: {check: "stripe-*"}, sequential: {false_alarms: 1 per month}, severity: p1}
"""
READ = """
checks:
  stripe-balance:
    title: {en: balance, zh: 余额}
    target: stripe
    every: 30s
    steps: [{name: balance, get: /v1/balance}]
"""


class ShopProbe:
    """The sandbox's own Stripe, without a socket. From ``since`` to ``until`` an operation is done, and answered with an error."""

    def __init__(self, clock: SimulatedClock, core: Core, operation: Operation, since: float, until: float) -> None:
        numbers = iter(range(1, 1_000_000))
        self._clock, self._operation, self._since, self._until = clock, operation, since, until
        self._shop = Stripe(core, key="sk_test_1", new_id=lambda: f"X{next(numbers):06d}", list_lag_seconds=0.0)

    async def run(self, call: Call) -> Exchange:
        began, target = self._clock.monotonic(), call.target
        sent = build(target.base_url, call.options)
        headers = {**(call.headers or {}), "authorization": "Bearer sk_test_1"}
        request = Request(
            sent.method, sent.url.raw_path, dict(sent.url.query), {k.lower(): v for k, v in headers.items()}, sent.body or b""
        )
        await asyncio.sleep(ANSWER_SECONDS)
        answer = self._shop.answer(request, Effects(), self._clock.wall())
        if self._since <= began < self._until and self._shop.call(request).operation is self._operation:
            answer = self._shop.trouble(Trouble.BROKEN)
        return Exchange(
            Reach.ANSWERED,
            self._clock.wall() - ANSWER_SECONDS,
            ANSWER_SECONDS,
            status=answer.status,
            headers={"content-type": "application/json"},
            body=answer.payload,
        )

    async def close(self) -> None:
        pass


class Service:
    """A service over ``probe``; ``lives`` for so long, then looks at it before it stops."""

    def __init__(self, folder: Path, probe: Callable[[SimulatedClock], Probe], checks: str = "", rules: str = RULES) -> None:
        self.folder, self._probe = folder, probe
        (folder / "key").write_text("sk_test_1" + "0" * 24, encoding="utf-8")
        (folder / "key").chmod(0o600)
        (folder / "rules").mkdir()
        (folder / "rules" / "all.yaml").write_text(rules, encoding="utf-8")
        (folder / "one.yaml").write_text(checks, encoding="utf-8")
        where = "one.yaml" if checks else str(ROOT / "checks" / "stripe.yaml")
        (folder / "paycanary.yaml").write_text(SERVICE.format(data=folder / "data", checks=where), encoding="utf-8")
        self.clock = SimulatedClock()
        self.desk = Desk(self.clock)

    def app(self) -> App:
        probe = self._probe(self.clock)

        def probes(_resolver: object) -> Mapping[str, Probe]:
            return dict.fromkeys(("http", "tcp", "tls", "dns"), probe)

        async def aside(work: Callable[[], Any]) -> Any:
            return work()

        def read() -> Config:
            return load(self.folder / "paycanary.yaml")

        edges = Edges(
            aside=aside,
            clock=self.clock,
            store=lambda path, clock: SqliteStore(path, clock=clock, threaded=False),
            ledger=lambda path: LedgerFile(path, threaded=False),
            probes=probes,
            client=lambda _clock: self.desk,
            luck=lambda: 0.5,
        )
        return App(read(), loader=read, edges=edges)

    def lives(self, seconds: float, look: Callable[[App], Any]) -> Any:
        async def main() -> Any:
            app = self.app()
            await app.start()
            await asyncio.sleep(seconds)
            seen = await look(app)
            await app.stop()
            return seen

        return simulate(main)


def test_an_outage_is_looked_at_within_milliseconds_told_and_in_no_availability(tmp_path: Path) -> None:
    down = lambda at, _target, _path: 503 if 600.0 <= at < 700.0 else 200  # noqa: E731
    service = Service(tmp_path, lambda clock: StoryProbe(clock, down), READ)

    async def look(app: App) -> Any:
        now = service.clock.wall()
        extras = await app.store.extras("stripe-balance", since=START, until=now)
        runs = await app.store.results("stripe-balance", since=START, until=now)
        hours = await app.store.rollups(["stripe-balance"], seconds=3_600, since=START - 3_600, until=now)
        rendered = (await app.exporter.render(""))[0].decode()
        return extras, runs, hours, rendered, app.status(), app.suspicion.hasten.tally

    extras, runs, hours, rendered, status, tally = service.lives(1_200.0, look)
    failed = next(run for run in runs if run.good is False)

    assert extras[0].started - (failed.started + ANSWER_SECONDS) < 0.05
    assert len(extras) >= 20
    assert 40 == len(runs) == sum(cell.up + cell.down + cell.unknown for cell in hours)
    assert {0} == {cell.missed for cell in hours}
    opened = next(at for at, body in service.desk.received if body["type"] == "incident.open")
    assert opened - (failed.started - START) < 25.0
    assert tally.asked == tally.ran + tally.refused.total()
    assert 'paycanary_extra_runs_total{check="stripe-balance",target="stripe",location="here",standing="down"}' in rendered
    assert 'paycanary_check_bursting{check="stripe-balance",target="stripe",location="here"} 0' in rendered
    assert status["slots"]["planned"] == status["slots"]["ran"] + sum(status["slots"]["missed"].values())


def test_an_outage_without_answers_waits_for_no_turn_of_the_references(tmp_path: Path) -> None:
    """Whether we can see at all is asked at once: a failure without an answer is held back for a second and not for ten."""
    control = """
  reference: {title: {en: r, zh: r}, target: mastercard, every: 10s, control: true, steps: [{name: look, get: /}]}
"""

    def story(at: float, target: str, _path: str) -> int | None:
        return None if 600.0 <= at < 700.0 and target == "stripe" else 200

    service = Service(tmp_path, lambda clock: StoryProbe(clock, story), READ + control)

    async def look(app: App) -> Any:
        now = service.clock.wall()
        runs = [run for run in await app.store.results("stripe-balance", since=START, until=now) if run.good is False]
        of_reference = await app.store.extras("reference", since=START, until=now)
        return (
            runs[0].started - START + ANSWER_SECONDS,
            await app.store.extras("stripe-balance", since=START, until=now),
            of_reference,
        )

    failed, extras, of_reference = service.lives(900.0, look)
    half_a_minute = [run for run in extras if run.started - START < failed + 30.0]

    assert of_reference[0].started - START - failed < 0.05
    assert extras[0].started - START - failed < 0.05 + ANSWER_SECONDS + 0.05
    assert len(half_a_minute) >= 80
    assert service.desk.received
    assert all(later.started - earlier.started >= 0.99 for earlier, later in pairwise(of_reference))


def test_a_gateway_that_answers_429_to_bursts_is_left_alone_and_nobody_is_told(tmp_path: Path) -> None:
    """It takes six requests in any ten seconds. A single failure, every quarter of an hour, brings the bursts on."""
    taken: list[float] = []

    def story(at: float, _target: str, _path: str) -> int:
        taken.append(at)
        if sum(1 for other in taken[-10:] if at - 10.0 < other) > 6:
            return 429
        return 503 if at % 900.0 > 870.0 and not any(870.0 < other % 900.0 < at % 900.0 for other in taken[-3:-1]) else 200

    rules = RULES + "  count: {title: {en: c, zh: c}, consecutive: {failures: 2, successes: 2}, severity: p2}\n"
    service = Service(tmp_path, lambda clock: StoryProbe(clock, story), READ, rules)

    async def look(app: App) -> Any:
        return await app.store.extras("stripe-balance", since=START, until=service.clock.wall())

    extras = service.lives(4_000.0, look)
    throttled = [run for run in extras if run.outcome == Outcome.THROTTLED]

    assert throttled
    assert {None} == {run.good for run in throttled}
    assert [] == service.desk.received


@pytest.mark.parametrize("operation", [Operation.AUTHORISE, Operation.CAPTURE])
def test_money_is_sent_again_no_more_often_than_its_budget_says_and_all_of_it_comes_back(
    tmp_path: Path, operation: Operation
) -> None:
    """The step is done and answered with an error, so that every attempt stands in the gateway's books."""
    core, since, until = Core(Policy()), 600.0, 1_200.0
    service = Service(tmp_path, lambda clock: ShopProbe(clock, core, operation, since, until))

    async def look(app: App) -> Any:
        extras, ran = [], 0
        for name, check in app.config.checks.items():
            extras += await app.store.extras(name, since=START, until=service.clock.wall())
            ran += len(await app.store.results(name, since=START, until=service.clock.wall())) if check.moves_money else 0
        return extras, ran

    extras, ran = service.lives(2_400.0, look)
    paid = [run for run in extras if run.covers != "create"]
    suspected = len({run.check for run in paid})

    assert 3 <= len(paid) <= suspected * (MONEY_RUNS_SAVED + 2_400.0 * MONEY_RUNS_PER_SECOND)
    assert len(core.charges()) <= ran + len(paid) + suspected  # one of each may be under way at the end
    assert {1} == set(core.charges().values())
    assert [] == core.open_items(START + 2_500.0)
    assert service.desk.received


def test_while_a_step_before_the_money_fails_a_burst_moves_none(tmp_path: Path) -> None:
    """With the first step failing, that step is all that is sent: an intent that moves nothing."""
    core = Core(Policy())
    service = Service(tmp_path, lambda clock: ShopProbe(clock, core, Operation.CREATE, 600.0, 660.0))

    async def look(app: App) -> Any:
        now = service.clock.wall()
        extras = await app.store.extras("stripe-brands", since=START, until=now)
        grid = [run for name in app.config.checks for run in await app.store.results(name, since=START, until=now)]
        return extras, sum(run.good is True and run.outcome == Outcome.APPROVED for run in grid)

    extras, paid = service.lives(1_000.0, look)

    assert len(extras) >= 20
    assert {"create"} == {run.covers for run in extras}
    assert paid - 1 <= len(core.charges()) <= paid + 1  # one may be under way at the end
