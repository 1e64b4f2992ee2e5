"""Small makers of what stores keep."""

import json
import zlib
from dataclasses import replace

from monitor.model.alert import Alert, AlertState, Severity
from monitor.model.batch import Batch
from monitor.model.incident import (
    CommandKind,
    Happening,
    Incident,
    OutboxRow,
    OutboxState,
    Status,
    Ticket,
    TimelineEntry,
    Window,
    WindowKind,
)
from monitor.model.outcome import NetworkReason, Outcome
from monitor.model.result import Missed, MissReason, Result
from monitor.model.sample import Series
from monitor.model.text import Text
from monitor.stores.sqlite import SqliteStore

T0 = 1_790_000_000 // 86_400 * 86_400  # a midnight
EVERY = 30


class WallClock:
    """Stands still until moved."""

    def __init__(self, at=float(T0)):
        self.at = at

    def monotonic(self):
        return self.at

    def wall(self):
        return self.at


def new_store(directory, clock=None, *, threaded=True, **options):
    return SqliteStore(directory / "data" / "paycanary.db", clock=clock or WallClock(), threaded=threaded, **options)


def result(slot=0, check="card", *, good=True, location="local", stratum="brand=visa", base=T0, every=EVERY, seconds=0.5, **more):
    due = base + slot * every
    outcome = more.pop("outcome", Outcome.APPROVED if good else Outcome.TECH_GATEWAY)
    return Result(
        run_id=more.pop("run_id", f"{check}-{location}-{slot}"),
        check=check,
        target="sandbox",
        location=location,
        slot=more.pop("number", slot),
        stratum=stratum,
        due=due,
        started=due + 0.002,
        late_seconds=0.002,
        duration_seconds=seconds,
        outcome=outcome,
        good=good,
        steps=(),
        reason=NetworkReason.NONE if good else NetworkReason.ANSWER_TIMEOUT,
        failed_step="" if good else "authorise",
        **more,
    )


def evidence(**facts):
    return zlib.compress(json.dumps(facts).encode())


def alert(name="a1", state=AlertState.FIRING, **more):
    series = Series("card", "sandbox", "brand=visa", "local")
    values = {
        "rule": "failing",
        "series": series,
        "severity": Severity.P1,
        "since": T0 + 1.5,
        "changed": T0 + 2.5,
        "group": "sandbox",
    }
    return Alert(
        id=name, state=state, summary=Text("five in a row", "连续五次"), evidence={"bad": "5"}, run_id="r1", **values, **more
    )


def incident(name="inc_1", status=Status.OPEN, opened=T0 + 10.0, **more):
    values = {
        "group": "sandbox",
        "target": "sandbox",
        "severity": Severity.P1,
        "title": Text("Cards fail", "银行卡失败"),
        "since": opened - 5,
        "changed": opened,
        "alerts": {"a1": alert()},
        "checks": ("card",),
        "check_count": 1,
    }
    return Incident(id=name, status=status, opened=opened, **{**values, **more})


def entry(text="opened", at=T0 + 10.0, name="inc_1", kind=Happening.OPENED):
    return TimelineEntry(name, at, kind, Text(text, "已开启"), by="alice")


def ticket(name="inc_1", revision=1, kind=CommandKind.OPEN):
    return Ticket(
        external_id=f"paycanary-demo-{name}-1",
        incident=name,
        episode=1,
        revision=revision,
        kind=kind,
        at=T0 + 10.0,
        status=Status.OPEN,
        severity=Severity.P1,
        target="sandbox",
        title=Text("Cards fail", "银行卡失败"),
        body=Text("since 10:00", "自 10:00 起"),
        checks=("card",),
        opened=T0 + 10.0,
        labels={"team": "payments"},
    )


def row(name="inc_1", revision=1, *, desk="roundup", state=OutboxState.NEW, next_at=T0 + 10.0, **more):
    told = ticket(name, revision)
    return OutboxRow(f"{desk}:{told.external_id}:{revision}", desk, told, state, created=T0 + 10.0, next_at=next_at, **more)


def window(name="w1", starts=T0, ends=T0 + 3600.0, **more):
    return Window(name, WindowKind.MAINTENANCE, starts, ends, "alice", "switch replaced", ("card",), (), T0 - 60.0, **more)


def missed(first=5, last=9, at=T0 + 300.0, check="card"):
    return Missed(check, "local", first, last, MissReason.OVERLOAD, at)


__all__ = [
    "EVERY", "T0", "Batch", "WallClock", "alert", "entry", "evidence", "incident", "missed", "new_store",
    "replace", "result", "row", "ticket", "window",
]  # fmt: skip
