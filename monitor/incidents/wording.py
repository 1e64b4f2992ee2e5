"""Title and body of a ticket, in English and Chinese: plain text, for a person who has just been woken up."""

from collections.abc import Iterable, Iterator, Sequence

from monitor.incidents.advice import advice
from monitor.incidents.causes import is_consequence
from monitor.incidents.members import lead, ranked
from monitor.model.alert import Alert
from monitor.model.durations import clock, duration_text, iso
from monitor.model.incident import Incident, Status
from monitor.model.text import Text
from monitor.redaction import redact_text

#: Alerts described one by one; the rest is counted.
ALERTS_SHOWN = 10
#: Checks named in the body.
CHECKS_SHOWN = 20

#: Evidence shown under an alert, in this order, with its label.
_DETAILS = (
    ("outcomes", "outcomes", "结果"),
    ("steps", "failing steps", "失败步骤"),
    ("strata", "strata", "分层"),
    ("places", "seen from", "观测地点"),
    ("first_bad", "first failure", "首次失败"),
    ("last_good", "last good", "最近一次成功"),
    ("expires", "expires", "到期时间"),
    ("message", "last message", "最近信息"),
)
_STATUS = {Status.OPEN: "未处理", Status.ACKNOWLEDGED: "已确认", Status.RESOLVED: "已恢复"}


def title(incident: Incident) -> Text:
    """``sandbox-card: Gateway failing (brand=visa)``: stable while the worst alert stays."""
    alert = lead(incident)
    if alert is None:
        return incident.title
    where = f" ({alert.series.stratum})" if alert.series.stratum else ""
    chinese = f"（{alert.series.stratum}）" if alert.series.stratum else ""
    return Text(f"{incident.target}: {alert.title.en}{where}", f"{incident.target}：{alert.title.in_('zh')}{chinese}")


def body(incident: Incident) -> Text:
    return comment(_lines(incident))


def comment(lines: Iterable[Text]) -> Text:
    """A line each, in both languages."""
    told = list(lines)
    return Text("\n".join(line.en for line in told), "\n".join(line.in_("zh") for line in told))


def _lines(incident: Incident) -> Iterator[Text]:
    alerts = ranked(incident)
    yield from _head(incident)
    if alerts:
        yield Text("")
        yield from _firing(incident, alerts)
        known = advice(alerts[0])
        yield Text(f"\nWhat it means: {known.meaning.en}", f"\n含义：{known.meaning.zh}")
        yield Text(f"What to do next: {known.next_step.en}", f"建议的下一步：{known.next_step.zh}")
    yield Text(f"\nIncident {incident.id}, episode {incident.episode}.", f"\n事件 {incident.id}，第 {incident.episode} 次发作。")


def _head(incident: Incident) -> Iterator[Text]:
    severity, status = incident.severity.value.upper(), incident.status
    found = duration_text(max(0.0, incident.opened - incident.since))
    began, opened = _began(incident), iso(incident.opened)
    yield Text(
        f"Target: {incident.target}. Severity: {severity}. Status: {status.value}.",
        f"目标：{incident.target}。严重级别：{severity}。状态：{_STATUS[status]}。",
    )
    yield Text(
        f"Began: {began.en}. Detected: {opened}, {found.en} after it began.",
        f"开始时间：{began.zh}。发现时间：{opened}，故障开始 {found.zh}后发现。",
    )
    if incident.resolved is not None:
        yield Text(f"Resolved: {iso(incident.resolved)}.", f"恢复时间：{iso(incident.resolved)}。")
    yield Text(f"Checks concerned: {_checks(incident)}.", f"涉及的检查：{_checks(incident)}。")


def _began(incident: Incident) -> Text:
    """``about 2026-11-22T12:00:03Z (12:00:01 to 12:00:05)`` where a detector says how sure it is."""
    began = iso(incident.since)
    if incident.between is None:
        return Text(began, began)
    first, last = map(clock, incident.between)
    return Text(f"about {began} ({first} to {last})", f"约 {began}（{first} 至 {last}）")


def _firing(incident: Incident, alerts: Sequence[Alert]) -> Iterator[Text]:
    yield Text(f"Firing now ({len(alerts)}):", f"当前告警（{len(alerts)} 条）：")
    for alert in alerts[:ALERTS_SHOWN]:
        en, zh = alert.summary.en or alert.series.check, alert.summary.in_("zh") or alert.series.check
        told = Text(f"{alert.title.en}: {en}", f"{alert.title.in_('zh')}：{zh}")
        if is_consequence(incident, alert):
            target = alert.series.target
            told = Text(f"consequence, {target} depends on it: {told.en}", f"连带影响，{target} 依赖该目标：{told.zh}")
        yield Text(f"- {told.en}", f"- {told.zh}")
        yield from _details(alert)
    if len(alerts) > ALERTS_SHOWN:
        rest = len(alerts) - ALERTS_SHOWN
        yield Text(f"- and {rest} more", f"- 另有 {rest} 条")


def _details(alert: Alert) -> Iterator[Text]:
    """A quotation of what a gateway said passes the redaction gate once more: a ticket leaves the house."""
    for name, english, chinese in _DETAILS:
        if alert.evidence.get(name):
            value = redact_text(alert.evidence[name])
            yield Text(f"    {english}: {value}", f"    {chinese}：{value}")


def _checks(incident: Incident) -> str:
    named = ", ".join(incident.checks[:CHECKS_SHOWN]) or "-"
    more = incident.check_count - min(len(incident.checks), CHECKS_SHOWN)
    return f"{named} (+{more})" if more > 0 else named
