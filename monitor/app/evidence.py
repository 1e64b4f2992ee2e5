"""Where the rules of a check stand and what is normal for it, in one shape: of a running service, or of what the store holds."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from monitor.app import calm
from monitor.app.learning import BASELINE, Learning, first_run, read
from monitor.config import Config
from monitor.detectors.baseline import Baseline
from monitor.detectors.calm import ready_at
from monitor.detectors.sequential.plan import COLD_P0
from monitor.exporter import Exporter
from monitor.model.alert import Alert
from monitor.model.check import Check
from monitor.model.learned import Force, Learned
from monitor.rules import RuleEngine
from monitor.rules.evidence import Evidence
from monitor.rules.plan import assign
from monitor.rules.watch import Watch, alert_id
from monitor.stores import Store

#: Checks whose gauges are worked out at one go: 5,000 checks are then a round of two minutes, and those under suspicion never wait.
CHECKS_A_TURN = 200
#: After so many the loop is let go: a probe may be due.
CHECKS_A_STRETCH = 20


def standing(
    config: Config, check: Check, states: Mapping[str, str], alerts: Iterable[Alert], normal: Mapping[str, Baseline]
) -> list[Evidence]:
    """Where each watch of ``check`` stood when its state was last kept. ``normal``: baselines by stratum."""
    kept = {alert.id: alert for alert in alerts}
    found = []
    for assignment in assign(config.rules, check):
        for stratum, step in product(sorted(assignment.strata), sorted(assignment.steps)):
            series = assignment.series(check, stratum, config.service.location, step)
            if series is None or (name := alert_id(assignment.rule.id, series)) not in states:
                continue
            watch = Watch(assignment.rule, assignment.detector, series)
            watch.inform(normal.get(stratum) if not step else None)
            watch.load(states[name])
            watch.alert = kept.get(name)
            found.append(watch.evidence())
    return found


def in_force(versions: Iterable[Learned]) -> dict[str, Baseline]:
    """The newest adopted baseline of each stratum that can still be read. ``versions``: newest first."""
    found: dict[str, Baseline] = {}
    for one in versions:
        if one.force is Force.ADOPTED and one.stratum not in found and (known := read(one)):
            found[one.stratum] = known
    return found


async def shape(store: Store, config: Config, check: Check, now: float, stands: Sequence[Evidence]) -> dict[str, Any]:
    """JSON: ``rules`` with their evidence, ``baselines`` newest first with what is remarkable about each, ``ready_at`` of a cold start."""
    since, _ = calm.period(check, now)
    first = await first_run(store, check.id, since, now)
    versions = await store.learned(check.id)
    return {
        "install": config.service.install,
        "check": check.id,
        "at": now,
        "rules": [_stand(one) for one in stands],
        "baselines": [_version(one) for one in versions],
        "history_from": first,
        "ready_at": None if first is None else ready_at(first),
    }


def _stand(one: Evidence) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "stratum": one.series.stratum,
        "location": one.series.location,
        "step": one.series.step,
        "kind": one.kind,
        "alert": None if one.alert is None else one.alert.value,
        "facts": dict(one.facts),
    }


def _version(one: Learned) -> dict[str, Any]:
    return {
        "stratum": one.stratum,
        "version": one.version,
        "learned": one.at,
        "force": one.force.value,
        "note": {"en": one.note.en, "zh": one.note.zh or one.note.en},
        "baseline": BASELINE.dump_python(known, mode="json") if (known := read(one)) else None,
    }


class EvidenceGauges:
    """Keeps the gauges of evidence near enough to the truth for what they cost."""

    def __init__(self, exporter: Exporter, engine: RuleEngine, learning: Learning) -> None:
        self._exporter = exporter
        self._engine = engine
        self._learning = learning
        self._next = 0

    async def turn(self, checks: Mapping[str, Check]) -> None:
        """Those under suspicion, and the next ones in order."""
        names = list(checks)
        suspected = {wish.check for wish in self._engine.wishes()} & checks.keys()
        turn = [names[(self._next + step) % len(names)] for step in range(min(CHECKS_A_TURN, len(names)))]
        self._next += len(turn)
        for number, name in enumerate([*suspected, *turn], start=1):
            self._show(checks[name])
            if number % CHECKS_A_STRETCH == 0:
                await asyncio.sleep(0)

    def _show(self, check: Check) -> None:
        scores: dict[str, tuple[float, float]] = {}
        for one in self._engine.evidence(check.id):
            if "evidence" not in one.facts or "threshold" not in one.facts:
                continue
            here = float(one.facts["evidence"]), float(one.facts["threshold"])
            known = scores.get(one.rule)
            if known is None or here[1] - here[0] < known[1] - known[0]:
                scores[one.rule] = here
        normal = self._learning.baseline(check.id)
        if scores:
            self._exporter.evidence(check, scores, self._learning.learned_at(check.id), normal.p0 if normal else COLD_P0)
