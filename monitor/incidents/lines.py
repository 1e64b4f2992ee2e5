"""One sentence for each thing that happens to an incident: for its timeline and for the ticket's comments."""

from monitor.model.alert import Alert, Severity
from monitor.model.durations import duration_text, iso
from monitor.model.incident import Incident
from monitor.model.text import Text


def fired(alert: Alert) -> Text:
    said = alert.summary
    return Text(f"{alert.title.en}: {said.en}", f"{alert.title.in_('zh')}：{said.in_('zh')}")


def follows(alert: Alert, cause: str) -> Text:
    target, said = alert.series.target, fired(alert)
    return Text(
        f"Consequence, {target} depends on {cause}: {said.en}",
        f"连带影响，{target} 依赖 {cause}：{said.in_('zh')}",
    )


def cause_is_known(cause: Incident) -> Text:
    since = iso(cause.since)
    return Text(
        f"{cause.target}, which this target depends on, is in trouble since {since} as well: see {cause.id}.",
        f"该目标所依赖的 {cause.target} 自 {since} 起同样出现故障，请参见 {cause.id}。",
    )


def left_alone(target: str, others: list[str], seconds: float) -> Text:
    names, wait = ", ".join(others), duration_text(seconds)
    return Text(
        f"{target} works again; {names} not yet. In {wait.en} that is an incident of its own.",
        f"{target} 已恢复，{names} 尚未恢复；若 {wait.zh}内仍未恢复，将另立事件。",
    )


def cleared(alert: Alert) -> Text:
    said = alert.summary
    return Text(f"Recovered: {said.en}", f"已恢复：{said.in_('zh')}")


def severity(old: Severity, new: Severity) -> Text:
    before, after = old.value.upper(), new.value.upper()
    return Text(f"Severity changed from {before} to {after}.", f"严重级别由 {before} 调整为 {after}。")


def acknowledged(by: str) -> Text:
    return Text(f"Acknowledged by {by}.", f"{by} 已确认。")


def note(by: str, text: str) -> Text:
    return Text(f"{by}: {text}", f"{by}：{text}")


def resolved(incident: Incident, at: float) -> Text:
    lasted = duration_text(max(0.0, at - incident.since))
    return Text(f"All alerts have cleared. It lasted {lasted.en}.", f"所有告警均已恢复，历时 {lasted.zh}。")


def resolved_by(by: str, firing: int) -> Text:
    if not firing:
        return Text(f"Resolved by {by}.", f"由 {by} 关闭。")
    plural = "alert is" if firing == 1 else "alerts are"
    return Text(
        f"Resolved by {by}, while {firing} {plural} still firing; they will not reopen it until they recover and fire again.",
        f"由 {by} 关闭；仍有 {firing} 条告警未恢复，它们恢复后再次触发前不会重新打开此事件。",
    )


def reopened(episode: int) -> Text:
    return Text(f"It is back: episode {episode}.", f"问题再次出现，第 {episode} 次发作。")


def silenced(reason: str) -> Text:
    return Text(f"Covered by a silence or maintenance window: {reason}", f"处于静默或维护窗口内：{reason}")


def unsilenced() -> Text:
    return Text("The silence or maintenance window is over, and it still fires.", "静默或维护窗口已结束，告警仍未恢复。")
