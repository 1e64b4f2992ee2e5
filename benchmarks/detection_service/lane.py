"""One service and one sandbox gateway as processes of their own, and faults injected one after another.

What is normal is not waited for: four days of history are drawn, with the middle and the spread of the latencies of a minute of real
probes and one failure in a thousand, and fitted as the service itself would. Everything after that is the real thing: probes over TLS, rules, incidents, tickets.
"""

import asyncio
import dataclasses
import math
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from statistics import fmean, stdev
from typing import Any

import yaml
from faults import EVERYDAY, Fault
from service_process import World, ask, until

from monitor.app.learning import BASELINE
from monitor.clock import SystemClock
from monitor.detectors.learn import History, fit
from monitor.model.batch import Batch
from monitor.model.learned import Force, Learned
from monitor.model.text import Text
from monitor.stores import Past
from monitor.stores.sqlite import SqliteStore

ROOT = Path(__file__).parents[2]
#: Of the shipped rules, those that watch for a failing gateway. The others tell of dates, silence and promises over hours.
RULES = ("gateway-failing", "stratum-failing", "wrong-answer")
EVERY_SECONDS = 5.0
WARM_SECONDS = 60.0
HISTORY_SECONDS = 4 * 86_400.0
HISTORY_FAILURES = 0.001
#: A minute shows less of the spread than a week does.
SPREAD_MIN = 0.2
#: Ten interpreters that start at once on a busy machine.
START_SECONDS = 180.0
#: After health, the next fault begins at a random instant within this long, so that it meets any phase of the checks.
PAUSE_SECONDS = (5.0, 20.0)
#: No ticket by then: missed.
MISSED_SECONDS = 240.0
#: Recovery is proven over two minutes, and the test must be sure first.
HEALED_SECONDS = 420.0
POLL_SECONDS = 0.2

CHECKS = """\
checks:
  information:
    {title: Front door, target: gateway, every: 5s, budget: 4s, steps: [
      {name: information, get: /api/rest/version/100/information, timeout: 2s, expect: 'body.status == "OPERATING"'}]}
  authorise:
    title: Authorise and void
    target: gateway
    every: 5s
    budget: 4s
    strata: {brand: [mastercard, visa]}
    steps:
      - name: authorise
        put: /api/rest/version/100/merchant/TESTCANARY/order/${run.reference}/transaction/1
        json:
          apiOperation: AUTHORIZE
          order: {amount: "1.00", currency: USD, reference: "${run.reference}"}
          sourceOfFunds:
            type: CARD
            provided:
              card:
                number: '${stratum.brand == "visa" ? "4508750015741019" : "5123450000000008"}'
                expiry: {month: "01", year: "39"}
                securityCode: "100"
        moves: {hold: "1.00 USD", undo: reverse, reference: "${run.reference}"}
        timeout: 2s
        expect: [body.response.gatewayCode == "APPROVED", 'minor(body.order.amount, "USD") == 100']
      - name: void
        put: /api/rest/version/100/merchant/TESTCANARY/order/${run.reference}/transaction/2
        json: {apiOperation: VOID, transaction: {targetTransactionId: "1"}}
        timeout: 2s
        expect: body.result == "SUCCESS"
        save: {voided: body.result}
    undo:
      reverse:
        when: voided != "SUCCESS"
        put: /api/rest/version/100/merchant/TESTCANARY/order/${run.reference}/transaction/undo
        json: {apiOperation: VOID, transaction: {targetTransactionId: "1"}}
"""


@dataclasses.dataclass(slots=True)
class Story:
    """What became of one fault. Instants are UTC seconds; None: it did not happen."""

    fault: str
    answers: bool
    injected: float
    onset: float | None = None  # as the incident dates it
    decided: float | None = None  # the deciding result was in
    ticket: float | None = None  # the desk had the request, by its own clock
    severity: str = ""
    rule: str = ""
    tickets: int = 0  # opened or reopened between injection and health
    healed: float | None = None  # the desk heard of health
    false_before: int = 0  # opened while all was well, before this fault

    @property
    def delay(self) -> float | None:
        return None if self.ticket is None else self.ticket - self.injected

    @property
    def telling(self) -> float | None:
        """From the deciding result to the desk."""
        return None if self.ticket is None or self.decided is None else self.ticket - self.decided


class Lane:
    """``run`` the faults of one lane; every lane has ports, processes and files of its own."""

    def __init__(self, folder: Path, luck: Random) -> None:
        self._world = World(folder)
        self._folder = folder
        self._luck = luck
        self._heard = 0

    def run(self, faults: Sequence[Fault]) -> Iterator[Story]:
        world = self._world
        with world.sandbox:
            until("sandbox", lambda: ask(f"{world.desk}/_sandbox/open") is not None, START_SECONDS)
            self._set()
            world.write(checks=CHECKS, rules=rules(), service=", reopen_window: 1m")
            with world.service:
                until("service", lambda: ask(f"{world.url}/-/healthy"), START_SECONDS)
                time.sleep(WARM_SECONDS)
            asyncio.run(self._make_history())
            with world.service:
                until("service", lambda: ask(f"{world.url}/-/healthy"), START_SECONDS)
                for fault in faults:
                    yield self._inject(fault)

    def _set(self, *knobs: dict[str, Any]) -> None:
        slow = any(knob["knob"] == "slow" for knob in knobs)
        ask(f"{self._world.desk}/_sandbox/faults", "PUT", {"faults": [*([] if slow else [EVERYDAY]), *knobs]})

    def _inject(self, fault: Fault) -> Story:
        time.sleep(self._luck.uniform(*PAUSE_SECONDS))
        false_before = len(self._opened())
        story = Story(fault.name, fault.answers, time.time(), false_before=false_before)
        self._set(*fault.knobs)
        opened = self._wait(lambda: self._events(story.injected, "incident.open", "incident.reopen"), MISSED_SECONDS)
        if opened:
            self._describe(story, opened[0])
        self._set()
        if opened:
            health = self._wait(self._healed, HEALED_SECONDS)
            story.healed = health[0]["at"] if health else None
        story.tickets = len(self._opened())
        return story

    def _describe(self, story: Story, event: dict[str, Any]) -> None:
        story.ticket = event["at"]
        incidents = self._world.incidents()
        told = max(incidents, key=lambda one: (one["status"] != "resolved", one["opened"]))
        whole = ask(f"{self._world.url}/api/v1/incidents/{told['id']}")
        story.severity = whole["severity"]
        deciding = min(whole["alerts"], key=lambda alert: alert["changed"], default=None)
        if deciding:
            story.onset, story.decided, story.rule = instant(deciding["since"]), instant(deciding["changed"]), deciding["rule"]

    def _wait(self, question: Any, seconds: float) -> Any:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = question()
            if answer:
                return answer
            time.sleep(POLL_SECONDS)
        return []

    def _events(self, since: float, *kinds: str) -> list[dict[str, Any]]:
        events = [event for ticket in self._world.tickets() for event in ticket["events"] if event["type"] in kinds]
        return sorted((event for event in events if event["at"] >= since), key=lambda event: event["at"])

    def _opened(self) -> list[dict[str, Any]]:
        """Opened or reopened since this was asked last."""
        events = self._events(0.0, "incident.open", "incident.reopen")
        fresh, self._heard = events[self._heard :], len(events)
        return fresh

    def _healed(self) -> list[dict[str, Any]]:
        tickets = self._world.tickets()
        if not tickets or any(ticket["status"] != "resolved" for ticket in tickets):
            return []
        return self._events(0.0, "incident.resolve")[-1:]

    async def _make_history(self) -> None:
        """What a service that had run here for days would have learnt."""
        store = SqliteStore(self._folder / "data" / "paycanary.db", clock=SystemClock())
        store.open()
        now = time.time()
        for check, strata in (("information", ("",)), ("authorise", ("", "brand=mastercard", "brand=visa"))):
            past = await store.past(check, since=0.0, until=now)
            for stratum in strata:
                history = drawn(past, stratum, now, self._luck)
                body = BASELINE.dump_json(fit(history)).decode()
                await store.commit(Batch(learned=[Learned(check, stratum, 1, now, Force.ADOPTED, Text(""), body)]))
        await store.close()


def drawn(past: Past, stratum: str, now: float, luck: Random) -> History:
    """Days of calm: log-normal latencies with the middle and the spread of ``past``."""
    logs = [
        math.log(seconds)
        for seconds, label in zip(past.latency, past.stratum, strict=True)
        if seconds and (not stratum or label == stratum)
    ]
    middle, spread = fmean(logs), max(SPREAD_MIN, stdev(logs))
    every = EVERY_SECONDS * (2 if stratum else 1)
    count = int(HISTORY_SECONDS / every)
    failed = [luck.random() < HISTORY_FAILURES for _ in range(count)]
    return History(
        at=[now - HISTORY_SECONDS + every * number for number in range(count)],
        place=[0] * count,
        failed=failed,
        seconds=[None if bad else math.exp(luck.gauss(middle, spread)) for bad in failed],
        places=("local",),
        answered=[True] * count,
    )


def rules() -> str:
    """The shipped rules that are measured, word for word."""
    shipped = yaml.safe_load((ROOT / "alert_rules" / "payments.yaml").read_text(encoding="utf-8"))["rules"]
    return yaml.safe_dump({"rules": {name: shipped[name] for name in RULES}}, allow_unicode=True)


def instant(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
