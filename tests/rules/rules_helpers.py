"""Results, checks and rules for the tests of this room."""

from dataclasses import replace
from typing import Any

from monitor.detectors import Detector
from monitor.detectors.consecutive import Consecutive
from monitor.model.alert import Severity
from monitor.model.check import Check, Objective, Step, Stratum
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Result, StepResult, TlsFacts
from monitor.model.text import Text
from monitor.rules import Rule, Selector

BRANDS = tuple(Stratum((("brand", brand),)) for brand in ("visa", "mastercard", "unionpay"))


class Constant:
    """A request without holes."""

    constant = True

    def render(self, scope: object) -> dict[str, Any]:
        return {}


def step(name: str) -> Step:
    return Step(name, "http", Constant(), 5.0)


def check(name: str = "card-payment", **more: Any) -> Check:
    base = Check(
        name,
        Text(name),
        "sandbox",
        10.0,
        5.0,
        5.0,
        (step("authorise"), step("capture")),
        undo={"refund": step("refund")},
        objective=Objective(latency_seconds=0.8),
    )
    return replace(base, **more)


def checks(*made: Check) -> dict[str, Check]:
    return {one.id: one for one in made}


def rule(name: str = "failing", detector: Detector | None = None, **more: Any) -> Rule:
    select = {key: more.pop(key) for key in ("check", "target", "stratum", "location", "step", "labels") if key in more}
    titles = Text("Gateway failing", "网关交易失败")
    made = Rule(name, titles, Selector(**select), detector or Consecutive(failures=3, successes=2), severity=Severity.P1)
    return replace(made, **more)


def facts(expires: float) -> TlsFacts:
    return TlsFacts("1.3", "AES", expires, expires, "CA", "host")


def result(slot: int, good: bool | None = True, **more: Any) -> Result:
    """Slot ``n`` of a check every 10 s: due at 10 n, finished a second later."""
    due = more.pop("due", 10.0 * slot)
    outcome = more.pop("outcome", {True: Outcome.APPROVED, False: Outcome.TECH_GATEWAY, None: Outcome.AGENT_FAULT}[good])
    name, stratum, location = more.pop("check", "card-payment"), more.pop("stratum", ""), more.pop("location", "local")
    failed = "" if good else "authorise"
    steps = more.pop("steps", None)
    if steps is None:
        steps = (StepResult("authorise", outcome, good, 0.2, message="declined" if good is False else ""),)
        if good:
            steps = (
                *steps,
                StepResult("capture", Outcome.APPROVED, True, 0.3),
                StepResult("refund", Outcome.APPROVED, True, 0.4, undo=True),
            )
    base = Result(
        run_id=f"run-{name}-{slot}",
        check=name,
        target=more.pop("target", "sandbox"),
        location=location,
        slot=slot,
        stratum=stratum,
        due=due,
        started=more.pop("started", due),
        late_seconds=0.0,
        duration_seconds=more.pop("duration", 1.0),
        outcome=outcome,
        good=good,
        steps=steps,
        failed_step=failed,
        message="" if good else "the gateway answered 503",
    )
    return replace(base, **more)


def lost(slot: int, **more: Any) -> Result:
    """A run that reached nobody."""
    return result(slot, False, outcome=Outcome.NETWORK_ERROR, reason=NetworkReason.TCP_TIMEOUT, **more)
