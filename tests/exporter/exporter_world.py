"""Checks and results to tell an exporter about."""

from dataclasses import dataclass, replace

from monitor.model.check import Check, Objective, Step, Stratum
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Phases, Result, StepResult, TlsFacts
from monitor.model.text import Text

START = 1_790_000_000.0
PHASES = Phases(resolve=0.001, connect=0.002, tls=0.01, send=0.0001, wait=0.2, receive=0.001)


@dataclass(frozen=True)
class Constant:
    constant: bool = True

    def render(self, scope):
        return {}


def step(name="pay"):
    return Step(name, "http", Constant(), 5.0)


def check(name="card", *, target="gateway", strata=(Stratum(),), steps=("pay",), undo=(), latency=0.8):
    return Check(
        id=name,
        title=Text(name),
        target=target,
        every_seconds=10.0,
        budget_seconds=5.0,
        undo_budget_seconds=5.0,
        steps=tuple(step(each) for each in steps),
        undo={each: step(each) for each in undo},
        strata=strata,
        objective=Objective(0.999, latency),
    )


def brands(*names):
    return tuple(Stratum((("brand", name),)) for name in names)


def tls(expires=START + 30 * 86_400):
    return TlsFacts("TLSv1.3", "TLS_AES_256_GCM_SHA384", expires, expires, "CN=test", "CN=gateway")


def result(slot=1, *, of="card", target="gateway", seconds=0.25, stratum="", steps=("pay",), **changes):
    parts = tuple(StepResult(name, Outcome.APPROVED, True, seconds, PHASES, tls=tls()) for name in steps)
    run = Result(
        run_id=f"01J{slot:023d}", check=of, target=target, location="local", slot=slot, stratum=stratum, due=START + 10 * slot,
        started=START + 10 * slot, late_seconds=0.002, duration_seconds=seconds, outcome=Outcome.APPROVED, good=True, steps=parts,
    )  # fmt: skip
    return replace(run, **changes)


def failure(slot=1, *, outcome=Outcome.TECH_GATEWAY, reason=NetworkReason.NONE, good=False, **changes):
    run = result(slot, **changes)
    parts = tuple(replace(each, outcome=outcome, good=good, reason=reason, tls=None) for each in run.steps)
    return replace(run, outcome=outcome, good=good, reason=reason, steps=parts)
