"""An incident as a view: every value chosen, bounded, cleaned and put into one language."""

from collections.abc import Iterable, Sequence

from monitor.incidents.advice import advice
from monitor.incidents.causes import is_consequence
from monitor.incidents.members import ranked
from monitor.incidents.words import phrases
from monitor.incidents.words.figures import day_and_minute, lasted, people_between, share, share_between, when, whole_share
from monitor.incidents.words.plain import plain, quoted
from monitor.incidents.words.view import (
    Advice,
    Alarm,
    Began,
    Duty,
    Earlier,
    Fact,
    Impact,
    Near,
    RunAt,
    Scope,
    Tried,
    Verdict,
    View,
)
from monitor.model.alert import Alert
from monitor.model.durations import clock
from monitor.model.extent import Extent, Part, Run
from monitor.model.incident import Incident, Status
from monitor.model.text import Text
from monitor.model.triage import Diagnosis, Finding, Mark

#: Alerts described one by one; the rest is counted.
ALERTS_SHOWN = 10
#: Checks named in the body.
CHECKS_SHOWN = 20
#: Lines of any other list: more than a screenful is looked up at the incident's page, not read in a ticket.
LINES_SHOWN = 20
#: Parts of one kind named in one line.
PARTS_SHOWN = 8
#: Correlation ids, the newest: a gateway's support looks up a handful.
CORRELATIONS_SHOWN = 10
#: Good runs before we tell customers that something works.
WORKS_AFTER_RUNS = 3
#: Other layers are named when they are at least this likely: one in twenty.
OTHERS_FROM = 0.05
_SLOW = frozenset({"quantile", "latency"})
_CHANGED = frozenset({"drift", "expiry", "mix_shift"})
_MONITOR = frozenset({"monitor-blind", "location-blind", "monitor-impaired", "absence", "money-open", "money-stopped"})


def view(
    incident: Incident, language: str, news: Iterable[Text] = (), *, told_at: float | None = None, triages: bool = True
) -> View:
    """``told_at``: what was found out since is new. ``triages``: whether a verdict may still come. ``shipped`` is left empty."""
    return _Builder(incident, language, triages=triages).view(news, told_at)


class _Builder:
    def __init__(self, incident: Incident, language: str, *, triages: bool) -> None:
        self.incident, self.language, self.triages = incident, language, triages
        self.alerts = ranked(incident)
        self.worst = self.alerts[0] if self.alerts else incident.lead

    def say(self, text: Text) -> str:
        return plain(text.in_(self.language))

    def own(self, text: Text) -> str:
        """Words of the house, which need no cleaning."""
        return text.in_(self.language)

    def view(self, news: Iterable[Text], told_at: float | None) -> View:
        incident, extent, diagnosis = self.incident, self.incident.extent, self.incident.diagnosis
        alarms = tuple(self.alarm(alert) for alert in self.alerts[:ALERTS_SHOWN])
        since_told = float("-inf") if told_at is None else told_at
        affected, working = self.for_customers(extent.parts if extent else ())
        return View(
            incident=incident.id,
            episode=incident.episode,
            target=plain(incident.target),
            severity=incident.severity.value.upper(),
            status=self.own(phrases.STATUS[incident.status]),
            kind=self.kind(),
            title=self.say(incident.title),
            open=incident.status is not Status.RESOLVED,
            began=self.began(),
            opened=when(incident.opened),
            found_after=self.lasted(incident.opened - incident.since),
            resolved=self.when(incident.resolved),
            lasted="" if incident.resolved is None else self.lasted(incident.resolved - incident.since),
            acknowledged=self.when(incident.acknowledged),
            acknowledged_by=plain(incident.acknowledged_by),
            assignee=plain(incident.assignee),
            pending=plain(incident.pending),
            parent=incident.parent,
            children=incident.children[:LINES_SHOWN],
            problem=incident.problem,
            checks=tuple(plain(check) for check in incident.checks[:CHECKS_SHOWN]),
            more_checks=max(0, incident.check_count - min(len(incident.checks), CHECKS_SHOWN)),
            lead=self.alarm(self.worst) if self.worst else None,
            alerts=alarms,
            more_alerts=max(0, len(self.alerts) - ALERTS_SHOWN),
            alert_count=len(self.alerts),
            advice=self.advice(),
            verdict=self.verdict(diagnosis) if diagnosis else None,
            triage_runs=self.triage_runs(),
            scope=self.scope(extent.parts if extent else ()),
            first_bad=self.run(extent.first_bad if extent else None),
            last_good=self.run(extent.last_good if extent else None),
            impact=self.impact(extent) if extent else None,
            duties=self.duties(extent) if extent else (),
            similar=self.similar(extent) if extent else (),
            nearby=self.nearby(extent) if extent else (),
            correlations=_correlations(diagnosis, extent),
            affected=affected,
            working=working,
            update_every=self.own(_round(phrases.UPDATE_EVERY[incident.severity])),
            news=tuple(said for line in news if (said := self.say(line))),
            new_verdict=diagnosis is not None and diagnosis.at > since_told,
            new_impact=extent is not None and extent.at > since_told,
            shipped="",
        )

    def when(self, at: float | None) -> str:
        return "" if at is None else when(at)

    def lasted(self, seconds: float) -> str:
        return lasted(seconds).in_(self.language)

    def began(self) -> Began:
        first, last = map(clock, self.incident.between) if self.incident.between else ("", "")
        return Began(when(self.incident.since), first, last)

    def kind(self) -> str:
        """What it complains of. The runbook knows best; else the worst alert does."""
        diagnosis = self.incident.diagnosis
        evidence = self.worst.evidence if self.worst else {}
        kind = evidence.get("kind", "")
        if kind in _MONITOR:
            return "monitor"
        if diagnosis is not None:
            return diagnosis.runbook if diagnosis.runbook in ("slow", "changed") else "failing"
        if "slowdown" in evidence or kind in _SLOW:
            return "slow"
        return "changed" if kind in _CHANGED else "failing"

    def triage_runs(self) -> bool:
        """Said when a ticket is opened, and not again: what has not come by the next word about it may never come."""
        incident = self.incident
        fresh = incident.revision <= 1 and incident.status is not Status.RESOLVED
        return self.triages and fresh and incident.diagnosis is None and self.kind() != "monitor"

    def alarm(self, alert: Alert) -> Alarm:
        facts = ((name, label) for name, label in phrases.DETAILS.items() if alert.evidence.get(name))
        return Alarm(
            title=self.say(alert.title),
            said=self.say(alert.summary) or plain(alert.series.check),
            check=plain(alert.series.check),
            where=plain(alert.series.stratum),
            follows=plain(alert.series.target) if is_consequence(self.incident, alert) else "",
            facts=tuple(Fact(name, self.own(label), quoted(alert.evidence[name])) for name, label in facts),
        )

    def advice(self) -> Advice:
        if self.worst is None:
            return Advice("", "")
        known = advice(self.worst)
        return Advice(self.own(known.meaning), self.own(known.next_step))

    def verdict(self, diagnosis: Diagnosis) -> Verdict:
        decided = diagnosis.layer not in phrases.UNDECIDED
        others = (
            f"{self.own(phrases.LAYERS[layer])} {whole_share(weight)}"
            for layer, weight in diagnosis.likely
            if weight >= OTHERS_FROM
        )
        tried = tuple(self.tried(finding) for finding in diagnosis.findings if finding.mark is not Mark.SKIPPED)
        passed = tuple(self.tried(finding) for finding in diagnosis.findings if finding.mark is Mark.PASSED)
        skipped = (self.say(finding.question) for finding in diagnosis.findings if finding.mark is Mark.SKIPPED)
        owner = phrases.OWNERS.get(diagnosis.owner, Text(plain(diagnosis.owner)))
        return Verdict(
            sentence=self.say(diagnosis.summary),
            decided=decided,
            layer=self.own(phrases.LAYERS[diagnosis.layer]),
            confidence=whole_share(diagnosis.confidence) if decided else "",
            where=plain(diagnosis.where),
            owner=self.own(owner),
            next_step=self.say(diagnosis.next_step),
            do_not=self.each(diagnosis.do_not),
            against=self.each(diagnosis.against),
            others=tuple(others)[:LINES_SHOWN],
            tried=tried[:LINES_SHOWN],
            passed=passed[:LINES_SHOWN],
            not_tried=tuple(skipped)[:LINES_SHOWN],
            took=self.lasted(diagnosis.took_seconds),
            ours=diagnosis.layer in phrases.OURS,
        )

    def tried(self, finding: Finding) -> Tried:
        mark = self.own(phrases.MARKS[finding.mark])
        return Tried(self.say(finding.question), mark, self.say(finding.said), clock(finding.at), plain(finding.source))

    def each(self, texts: Sequence[Text]) -> tuple[str, ...]:
        return tuple(said for text in texts[:LINES_SHOWN] if (said := self.say(text)))

    def scope(self, parts: Sequence[Part]) -> tuple[Scope, ...]:
        found = []
        for kind, label in phrases.KINDS.items():
            named = _worst_first(part for part in parts if part.kind == kind)
            shown = [self.part(part) for part in named[:PARTS_SHOWN]]
            if len(named) > PARTS_SHOWN:
                rest = len(named) - PARTS_SHOWN
                shown.append(self.own(Text(f"{rest} more", f"另有 {rest} 项")))
            if shown:
                found.append(Scope(self.own(label), tuple(shown)))
        return tuple(found)

    def part(self, part: Part) -> str:
        name = plain(part.name)
        return self.own(Text(f"{name} {part.bad} of {part.runs}", f"{name} {part.bad}/{part.runs}"))

    def run(self, run: Run | None) -> RunAt | None:
        return None if run is None else RunAt(when(run.at), plain(run.id))

    def impact(self, extent: Extent) -> Impact | None:
        failed, customers = extent.failed_share, extent.customers
        told = Impact(
            failed=self.own(share_between(failed)) if failed else "",
            customers=self.own(people_between(customers)) if customers else "",
            budget="" if extent.budget_burned is None else share(extent.budget_burned),
            penalty=self.say(extent.penalty) if extent.penalty else "",
        )
        return told if any((told.failed, told.customers, told.budget, told.penalty)) else None

    def duties(self, extent: Extent) -> tuple[Duty, ...]:
        running = sorted(extent.regulators, key=lambda one: (not one.reached, one.due is None, one.due or 0.0))
        return tuple(Duty(self.say(one.said), self.when(one.due), one.reached) for one in running[:LINES_SHOWN])

    def similar(self, extent: Extent) -> tuple[Earlier, ...]:
        newest = sorted(extent.similar, key=lambda one: -one.opened)[:LINES_SHOWN]
        return tuple(
            Earlier(
                plain(one.incident),
                day_and_minute(one.opened),
                "" if one.lasted_seconds is None else self.lasted(one.lasted_seconds),
                self.say(one.note),
            )
            for one in newest
        )

    def nearby(self, extent: Extent) -> tuple[Near, ...]:
        return tuple(Near(when(one.at), self.say(one.said)) for one in extent.nearby[:LINES_SHOWN])

    def for_customers(self, parts: Sequence[Part]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What is hit, and what works: in words that a customer has for it, said of nothing that we saw too little of."""
        hit: dict[str, None] = {}
        works: dict[str, None] = {}
        for part in sorted(parts, key=lambda part: part.kind != "stratum"):
            name = phrases.for_customers(part.kind, part.name)
            if name is None:
                continue
            if part.bad and (name is not phrases.PAYMENTS or not hit):  # "Visa cards" says it better than "payments, Visa cards"
                hit[self.own(name)] = None
            elif not part.bad and part.runs >= WORKS_AFTER_RUNS:
                works[self.own(name)] = None
        return tuple(hit)[:LINES_SHOWN], tuple(name for name in works if name not in hit)[:LINES_SHOWN]


def _worst_first(parts: Iterable[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: (-part.bad / max(1, part.runs), -part.runs, part.name))


def _correlations(diagnosis: Diagnosis | None, extent: Extent | None) -> tuple[str, ...]:
    """Newest last, each once."""
    known = [*(extent.correlations if extent else ()), *(diagnosis.correlations if diagnosis else ())]
    once = list(dict.fromkeys(reversed([plain(each) for each in known])))
    return tuple(reversed(once[:CORRELATIONS_SHOWN]))


def _round(seconds: float) -> Text:
    """An interval that somebody chose: whole minutes, hours or a day."""
    if seconds % 86_400 == 0:
        days = round(seconds / 86_400)
        return Text("one day" if days == 1 else f"{days} days", f"{days} 天")
    if seconds % 3_600 == 0:
        hours = round(seconds / 3_600)
        return Text("one hour" if hours == 1 else f"{hours} hours", f"{hours} 小时")
    minutes = round(seconds / 60)
    return Text(f"{minutes} minutes", f"{minutes} 分钟")
