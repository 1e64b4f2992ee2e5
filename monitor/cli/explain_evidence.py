"""The part of ``paycanary explain`` about evidence: where each sequential rule stands, what its budget buys, and what is normal.

A running service is asked; without one, the store shows where the rules stood; without that, what the configuration alone says.
"""

import asyncio
import json
import math
import time
import urllib.request
from collections.abc import Iterator, Mapping
from math import exp
from typing import Any
from urllib.parse import quote

from monitor.app import DATABASE
from monitor.app.evidence import in_force, shape, standing
from monitor.app.learning import BASELINE
from monitor.clock import SystemClock
from monitor.config import Config
from monitor.detectors.baseline import HOURS, Benign
from monitor.detectors.false_alarms import show_false_alarms
from monitor.detectors.sequential.delays import Delay
from monitor.detectors.sequential.kind import Sequential
from monitor.model.check import Check
from monitor.model.durations import iso
from monitor.model.units import show_seconds
from monitor.rules.plan import Assignment, assign
from monitor.stores import StoreError
from monitor.stores.sqlite import SqliteStore

#: A service on this machine answers from memory; one that is not there is not waited for.
ASK_SECONDS = 2.0
ANSWER_MAX_BYTES = 4 << 20
#: One row for each four hours: enough to see the shape of a day.
HOURS_A_ROW = 4
DAY_HOURS = HOURS // 2


def gather(config: Config, check: Check, url: str = "") -> dict[str, Any]:
    """The evidence of ``check`` in the shape of the API, and under ``source`` where it comes from."""
    live = _ask(url or f"http://{config.service.host}:{config.service.port}", config, check)
    if live is not None:
        return live | {"source": "the running service"}
    kept = asyncio.run(_read(config, check))
    return kept | {"source": "the store, as last written"} if kept else {"source": ""}


def _ask(url: str, config: Config, check: Check) -> dict[str, Any] | None:
    """None: no service of this installation answers there."""
    address = f"{url.rstrip('/')}/api/v1/checks/{quote(check.id, safe='')}/evidence"
    if not address.startswith(("http://", "https://")):
        return None
    try:
        with urllib.request.urlopen(address, timeout=ASK_SECONDS) as answer:  # noqa: S310 - the scheme is checked above
            found = json.loads(answer.read(ANSWER_MAX_BYTES))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and found.get("install") == config.service.install else None


async def _read(config: Config, check: Check) -> dict[str, Any] | None:
    store = SqliteStore(config.service.data / DATABASE, clock=SystemClock(), read_only=True)
    try:
        store.open()
    except StoreError:
        return None
    try:
        restored = store.restore()
        normal = in_force(await store.learned(check.id))
        stands = standing(config, check, restored.rule_states, restored.alerts, normal)
        return await shape(store, config, check, time.time(), stands)
    finally:
        await store.close()


def lines(config: Config, check: Check, found: Mapping[str, Any]) -> Iterator[str]:
    """For every sequential rule: budget, delays and their cost, and where each of its series stands now."""
    normal = {one["stratum"]: one["baseline"] for one in reversed(found.get("baselines", ())) if one["force"] == "adopted"}
    told = False
    for assignment in assign(config.rules, check):
        if isinstance(assignment.detector, Sequential):
            told = True
            yield from _rule(assignment, assignment.detector, check, normal, found)
    if not told:
        yield "no rule with a false-alarm budget watches it"


def _rule(
    assignment: Assignment, detector: Sequential, check: Check, normal: Mapping[str, Any], found: Mapping[str, Any]
) -> Iterator[str]:
    rule, family = assignment.rule.id, len(assignment.strata) * len(assignment.steps)
    shared = f", shared by {family} series" if family > 1 else ""
    yield f"{rule}: budget {show_false_alarms(detector.false_alarms)}{shared}: alarms at evidence worth {_worth(detector)}"
    stratum = min(assignment.strata)
    learned = normal.get(stratum)
    informed = detector.informed(BASELINE.validate_python(learned)) if learned else detector
    for delay in informed.expected_delays():
        yield f"  {_delay(delay)}"
    stands = [one for one in found.get("rules", ()) if one["rule"] == rule]
    yield from (f"  {_stand(one)}" for one in stands)
    if not stands:
        yield "  no sample has been judged yet"


def _worth(detector: Sequential) -> str:
    threshold = detector.parameters(1)[0]
    return f"{threshold:.1f} (natural logarithm of {show_seconds(math.exp(threshold))})"


def _delay(delay: Delay) -> str:
    if delay.seconds is None:
        return f"{delay.share:.0%} of runs failing: not within hours at this interval"
    return f"{delay.share:.0%} of runs failing: alarm after about {show_seconds(delay.seconds)}, at {delay.probes:.0f} extra runs"


def _stand(one: Mapping[str, Any]) -> str:
    facts = dict(one["facts"])
    where = " / ".join(part for part in (one["stratum"], one["step"], one["location"]) if part) or "all runs"
    state = f"{one['alert'].upper()}, " if one["alert"] else ""
    score, threshold = facts.pop("evidence", "?"), facts.pop("threshold", "?")
    rest = "".join(f"; {name.replace('_', ' ')}: {value}" for name, value in facts.items() if name not in ("budget", "family"))
    return f"now, {where}: {state}evidence {score} of {threshold}{rest}"


def normal_lines(found: Mapping[str, Any], language: str) -> Iterator[str]:
    """What is normal for the check and its strata, or when the cold start ends."""
    versions = found.get("baselines", ())
    if not versions:
        yield from _cold(found)
        return
    seen: set[str] = set()
    for one in versions:
        if one["force"] == "adopted" and one["stratum"] not in seen:
            seen.add(one["stratum"])
            yield from _version(one)
    for one in versions:
        if one["note"]["en"]:
            fate = "taken" if one["force"] == "adopted" else "held back until later fits agree"
            yield f"version {one['version']} of {iso(one['learned'])}, {fate}: {one['note'].get(language) or one['note']['en']}"


def _cold(found: Mapping[str, Any]) -> Iterator[str]:
    yield "cold start: nothing is learned yet; budgets hold only if calm runs fail at most 0.5 % of the time, and latency is not judged"
    if found.get("ready_at"):
        yield f"history begins {iso(found['history_from'])}; the cold start ends about {iso(found['ready_at'])}"
    else:
        yield "it ends after three days of runs"


def _version(one: Mapping[str, Any]) -> Iterator[str]:
    what = one["stratum"] or "all runs"
    if one["baseline"] is None:
        yield f"{what}: version {one['version']} was written by another version of paycanary, and is learned anew"
        return
    normal = BASELINE.validate_python(one["baseline"])
    days = (normal.until - normal.since) / 86_400.0
    yield (
        f"{what}: version {one['version']}, learned {iso(one['learned'])} from {normal.samples:,} runs over {days:.0f} days, "
        f"{normal.failures:,} of them failed"
    )
    yield f"  isolated failures: at most {normal.p0:.2%} of runs; slower than {exp(normal.soft):.1f} times the usual counts as failed"
    yield f"  short troubles that mend themselves: of the gateway {_benign(normal.transients)}; of one network {_benign(normal.blips)}"
    yield f"  the load that all runs share moves latency by {exp(normal.level) - 1:.0%}, over some {show_seconds(normal.level_seconds)}"
    for place, medians in sorted(normal.medians.items()):
        yield f"  usual from {place}, by hour (UTC): weekdays {_day(medians[:DAY_HOURS])}; weekends {_day(medians[DAY_HOURS:])}"


def _benign(one: Benign) -> str:
    return f"once in {show_seconds(1.0 / one.rate)} for {show_seconds(one.mean_seconds)}"


def _day(medians: tuple[float, ...]) -> str:
    return ", ".join(f"{hour:02d}h {show_seconds(math.exp(medians[hour]))}" for hour in range(0, DAY_HOURS, HOURS_A_ROW))
