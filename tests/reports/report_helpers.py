"""A month of runs in a real store, and a configuration that names its checks."""

from pathlib import Path

from monitor.model.alert import Severity
from monitor.model.batch import Batch
from monitor.model.incident import Incident, Status, Window, WindowKind
from monitor.model.outcome import Outcome
from monitor.model.result import Missed, MissReason, Result
from monitor.model.text import Text
from monitor.sla.period import month_period
from monitor.stores.sqlite import SqliteStore

MONTH = "2026-10"
OCTOBER = month_period(MONTH, "UTC")
EVERY = 60

CONFIG = """
service: {install: demo, location: local, data: data, listen: "127.0.0.1:8710"}
include: {checks: [checks.yaml]}
targets:
  gateway: {base_url: "https://gateway.example", title: {en: "Gateway", zh: "网关"}}
  other: {base_url: "https://other.example"}
maintenance:
  - {from: "2026-10-05 10:00", to: "2026-10-05 12:00", zone: UTC, reason: "=switch <b>replaced</b>", checks: [card]}
"""
CHECKS = """
checks:
  card: {title: {en: "Card <payment>", zh: "银行卡支付"}, target: gateway, every: 60s, objective: {availability: 99.9%, latency: 800ms},
         steps: [{name: pay, get: /pay}]}
  api: {title: {en: "API", zh: "接口"}, target: other, every: 60s, objective: {availability: 99.9%}, steps: [{name: get, get: /}]}
  quiet: {title: {en: "Quiet"}, target: other, every: 60s, steps: [{name: get, get: /}]}
  reference: {title: {en: "Reference"}, target: other, every: 60s, control: true, steps: [{name: get, get: /}]}
"""


class WallClock:
    def monotonic(self):
        return 0.0

    def wall(self):
        return float(OCTOBER.end)


def write_config(directory: Path):
    (directory / "paycanary.yaml").write_text(CONFIG, "utf-8")
    (directory / "checks.yaml").write_text(CHECKS, "utf-8")
    return directory / "paycanary.yaml"


def run(check, slot, good=True, *, every=EVERY, phase=17, location="local", start=OCTOBER.start, number=None):
    due = float(start + phase + slot * every)
    outcome = Outcome.OK if good else Outcome.AGENT_FAULT if good is None else Outcome.TECH_GATEWAY
    number = slot if number is None else number
    return Result(
        f"{check}-{location}-{number}", check, "gateway", location, number, "", due, due, 0.0, 0.25, outcome, good, steps=()
    )  # fmt: skip


def open_store(directory: Path):
    store = SqliteStore(directory / "data" / "paycanary.db", clock=WallClock(), threaded=False)
    store.open()
    return store


async def fill(directory: Path, checks, *, days=31):
    """``checks``: id -> {slot: good}; what is not said went well. "." leaves the slot out."""
    store = open_store(directory)
    for check, special in checks.items():
        verdicts = ((slot, special.get(slot, True)) for slot in range(-1, days * 1440))
        store.record(Batch(results=[run(check, slot, good) for slot, good in verdicts if good != "."]))
    return store


def incident(name, target, starts, ends):
    return Incident(
        id=name, group=target, target=target, status=Status.RESOLVED if ends else Status.OPEN, severity=Severity.P1,
        title=Text(f"{target} fails", "网关故障"), opened=starts + 60.0, since=float(starts), changed=float(ends or starts), resolved=ends,
    )  # fmt: skip


def window(name, starts, ends, **more):
    return Window(name, WindowKind.MAINTENANCE, float(starts), float(ends), "bo", "by hand", **more)


def missed(check, first, last, at):
    return Missed(check, "local", first, last, MissReason.OVERLOAD, float(at))
