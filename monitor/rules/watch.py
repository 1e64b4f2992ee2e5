"""One rule on one series: inactive, pending, firing, and back.

    quiet --alarm--> pending --alarm stood for_seconds--> firing --detector says recovered--> resolved, quiet
                     pending --alarm gone--> resolved, quiet

A pending alarm must stand without a break. A firing one ends only when its detector sees health: "no alarm" is not yet that.
While it fires, an alert judged by its impact may become worse, never milder: a ticket that goes down and up again is not read.
"""

import json
from dataclasses import replace
from functools import lru_cache

from monitor.detectors import Detector, Suspicion, Verdict
from monitor.detectors.baseline import Baseline
from monitor.model.alert import Alert, AlertState, Severity
from monitor.model.durations import duration_text
from monitor.model.result import Result
from monitor.model.sample import Sample, Series
from monitor.model.text import Text
from monitor.model.wish import Wish
from monitor.rules.evidence import Evidence
from monitor.rules.impact import Impact, severity
from monitor.rules.record import Record
from monitor.rules.rule import Rule


def alert_id(rule: str, series: Series) -> str:
    return f"{rule}|{series.check}|{series.stratum}|{series.location}|{series.step}"


def split_id(text: str) -> tuple[str, str, str, str, str]:
    """Rule, check, stratum, location, step of an alert's id. A stratum may hold any text; the others never hold a bar."""
    rule, check, rest = text.split("|", 2)
    stratum, location, step = rest.rsplit("|", 2)
    return rule, check, stratum, location, step


@lru_cache(maxsize=1024)
def fingerprint(detector: Detector) -> str:
    """Alike for detectors with the same options, over restarts too."""
    return f"{detector.kind}:{detector!r}"


class Watch:
    """Mutable, and owned by the engine. ``dump`` and ``load`` carry everything but the alert, which is stored by itself."""

    __slots__ = (
        "_customers",
        "_fingerprint",
        "_part",
        "_plain",
        "_record",
        "alert",
        "detector",
        "id",
        "rule",
        "scheduled",
        "series",
        "state",
        "suspicion",
        "ticks",
    )

    def __init__(
        self, rule: Rule, detector: Detector, series: Series, *, part: float = 1.0, customers_per_minute: float | None = None
    ) -> None:
        """``part`` of the check's runs that the series speaks of, and how many customers its target has: for ``severity: impact``."""
        self.id = alert_id(rule.id, series)
        self.rule = rule
        self.series = series
        self.detector = self._plain = detector
        self.state = detector.start()
        self.alert: Alert | None = None
        self.suspicion: Suspicion | None = None  # of the latest verdict
        self.ticks = detector.deadline(self.state) is not None  # time alone means something to it
        self.scheduled: float | None = None  # when the engine will look at it next; the engine's own note
        self._part = part
        self._customers = customers_per_minute
        self._record = Record()
        self._fingerprint = fingerprint(detector)  # of its options: what it learns later is not among them

    def inform(self, baseline: Baseline | None) -> None:
        """What is normal for the series. State and alert go on."""
        self.detector = self._plain.informed(baseline)

    def believes(self, result: Result) -> bool:
        """Is ``result`` evidence for the run as a whole? One off the grid only to a detector that does not count by the grid.

        Such a run may hold a few of the steps only, and speaks for the step it was made for: to a suspicion of that step and no
        other, whichever way it went. To count its failures alone would be to bet on one side only.
        """
        if not result.extra:
            return True
        if not self.detector.takes_extra:
            return False
        return not result.covers or result.covers == self._record.suspect

    def wish(self) -> Wish | None:
        """What the latest verdict would like to see more of."""
        if self.suspicion is None:
            return None
        series = self.series
        step = series.step or self._record.suspect
        return Wish(self.rule.id, series.check, series.stratum, step, self.suspicion.spacing_seconds)

    def evidence(self) -> Evidence:
        state = self.alert.state if self.alert else None
        return Evidence(self.rule.id, self.series, self.detector.kind, state, self.detector.describe(self.state))

    def take(self, sample: Sample, failed_step: str) -> Alert | None:
        """One measured sample. The alert, when it changed."""
        before = self.state
        self.state, verdict = self.detector.update(before, sample)
        self.suspicion = verdict.suspicion
        if sample.good:
            self._record.last_good = sample.at
        elif self.state != before:  # what the detector took no notice of is no evidence of its alarm
            self._record.failed(sample, failed_step)
        changed = self._judge(verdict, sample.seen, sample.run_id) if verdict.alarm or self.alert else None
        if verdict.recovered and self._record.failures:
            self._record.forget()
        return changed

    @property
    def calm(self) -> bool:
        """Nothing is going on, and what it last learnt was that all is well."""
        return self.alert is None and not self._record.failures and not self.ticks

    def tick(self, at: float) -> Alert | None:
        """Time passed. The alert, when it changed."""
        self.state, verdict = self.detector.tick(self.state, at)
        if verdict is not None:
            return self._judge(verdict, at, "")
        if self.alert and self.alert.state is AlertState.PENDING and at >= self._fires_at(self.alert):
            return self._become(replace(self.alert, state=AlertState.FIRING, changed=at))
        return None

    def deadline(self) -> float | None:
        """When ``tick`` may next have something to say."""
        pending = self._fires_at(self.alert) if self.alert and self.alert.state is AlertState.PENDING else None
        own = self.detector.deadline(self.state)
        return own if pending is None else pending if own is None else min(own, pending)

    def dump(self) -> str:
        return json.dumps([self._fingerprint, self.state, self._record.dump()], separators=(",", ":"))

    def load(self, saved: str) -> None:
        """Go on from ``saved``, unless it was another detector's: with other options its state means something else."""
        fingerprint, state, record = json.loads(saved)
        self._record.load(record)
        if fingerprint == self._fingerprint:
            self.state = state

    def _fires_at(self, pending: Alert) -> float:
        return pending.changed + self.rule.for_seconds

    def _judge(self, verdict: Verdict, at: float, run_id: str) -> Alert | None:
        alert = self.alert
        if verdict.alarm:
            if alert is None:
                state = AlertState.PENDING if self.rule.for_seconds else AlertState.FIRING
                return self._become(self._alert(state, verdict, since=verdict.since, at=at, run_id=run_id))
            if alert.state is AlertState.FIRING:
                return self._worse(alert, verdict)
            if at >= self._fires_at(alert):
                return self._become(self._alert(AlertState.FIRING, verdict, since=alert.since, at=at, run_id=run_id))
        elif alert and (verdict.recovered or alert.state is AlertState.PENDING):
            return self._end(alert, at, run_id)
        return None

    def _worse(self, alert: Alert, verdict: Verdict) -> Alert | None:
        """The same alert with what is seen now, when that is worse than what was told."""
        now = self._severity(verdict)
        if now.rank >= alert.severity.rank:
            return None
        return self._become(replace(alert, severity=now, summary=self._said(verdict.summary), evidence=self._evidence(verdict)))

    def _severity(self, verdict: Verdict) -> Severity:
        if not self.rule.by_impact:
            return self.rule.severity
        return severity(Impact(verdict.share, verdict.slowdown, self._part, self._customers))

    def _evidence(self, verdict: Verdict) -> dict[str, str]:
        places = {"places": ", ".join(verdict.places)} if verdict.places else {}
        return {"kind": self.detector.kind, **verdict.evidence, **places, **self._record.evidence()}

    def _become(self, alert: Alert) -> Alert:
        self.alert = alert
        return alert

    def _alert(self, state: AlertState, verdict: Verdict, *, since: float | None, at: float, run_id: str) -> Alert:
        return Alert(
            id=self.id,
            rule=self.rule.id,
            series=self.series,
            severity=self._severity(verdict),
            state=state,
            since=at if since is None else since,
            changed=at,
            group=self.rule.group(self.series),
            summary=self._said(verdict.summary),
            evidence=self._evidence(verdict),
            run_id=run_id,
            title=self.rule.title,
            between=verdict.between,
        )

    def _said(self, what: Text) -> Text:
        parts = (self.series.check, self.series.stratum, self.series.step)
        where = " / ".join(part for part in parts if part)
        return Text(f"{where}: {what.en}", f"{where}：{what.zh or what.en}")

    def _end(self, alert: Alert, at: float, run_id: str) -> Alert:
        self.alert = None
        lasted = duration_text(max(0.0, at - alert.since))
        said = Text(f"healthy again after {lasted.en}", f"历时 {lasted.zh}后恢复正常")
        if alert.state is AlertState.PENDING:
            needed = duration_text(self.rule.for_seconds)
            said = Text(f"gone before it stood for {needed.en}: nobody was told", f"持续不足 {needed.zh}，未通知")
        summary = self._said(said)
        evidence = {"kind": self.detector.kind, **self._record.evidence()}
        return replace(alert, state=AlertState.RESOLVED, changed=at, summary=summary, evidence=evidence, run_id=run_id)


def withdrawn(alert: Alert, at: float) -> Alert:
    """An alert whose rule, check, stratum or step is no longer configured: nobody could ever see it recover."""
    reason = Text(
        "no longer watched: its rule, check, stratum or step was taken out of the configuration", "配置中已移除，不再监控"
    )
    evidence = {**alert.evidence, "reason": reason.en}
    return replace(alert, state=AlertState.RESOLVED, changed=max(at, alert.changed), summary=reason, evidence=evidence)
