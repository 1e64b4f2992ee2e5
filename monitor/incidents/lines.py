"""One sentence for each thing that happens to an incident: for its timeline and for the ticket's comments."""

from monitor.incidents.words.figures import whole_share
from monitor.model.alert import Alert, Severity
from monitor.model.durations import duration_text, iso
from monitor.model.incident import Incident
from monitor.model.text import Text
from monitor.model.triage import Diagnosis


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


def worse(now: Severity) -> Text:
    return Text(f"It became worse: {now.value.upper()}.", f"严重级别上升为 {now.value.upper()}。")


def fixed(by: str, now: Severity) -> Text:
    level = now.value.upper()
    return Text(f"Severity fixed at {level} by {by}.", f"{by} 将严重级别固定为 {level}。")


def unfixed(by: str, now: Severity) -> Text:
    level = now.value.upper()
    return Text(f"{by} leaves the severity to the alerts again: {level}.", f"{by} 已取消固定，严重级别重新由告警决定：{level}。")


def assigned(by: str, to: str) -> Text:
    if by == to:
        return Text(f"{to} took it.", f"{to} 已接手。")
    return Text(f"Assigned to {to} by {by}.", f"{by} 已将此事件指派给 {to}。")


def unassigned(by: str, before: str) -> Text:
    return Text(f"{before} no longer has it; nobody does, says {by}.", f"{by} 已取消对 {before} 的指派，目前无人负责。")


def pending(by: str, reason: str) -> Text:
    return Text(
        f"On hold, says {by}: {reason}. The clocks stand still until it is taken up again.",
        f"{by} 已将此事件挂起：{reason}。恢复处理之前，时限暂停计时。",
    )


def resumed(by: str, seconds: float) -> Text:
    waited = duration_text(seconds)
    return Text(
        f"Taken up again by {by} after {waited.en}; the clocks run on.", f"{by} 已恢复处理，挂起历时 {waited.zh}，时限继续计时。"
    )


def snoozed(by: str, until: float) -> Text:
    return Text(f"Snoozed by {by} until {iso(until)}.", f"{by} 已暂停提醒，至 {iso(until)}。")


def snooze_over() -> Text:
    return Text("The snooze is over, and it still fires.", "暂停提醒已到期，告警仍未恢复。")


def snooze_broken() -> Text:
    return Text("It became worse: the snooze is over.", "严重级别上升，暂停提醒提前结束。")


def escalated(desks: tuple[str, ...], waited: float) -> Text:
    names, lasted = ", ".join(desks), duration_text(waited)
    return Text(f"Escalated to {names}: nobody acknowledged it for {lasted.en}.", f"{lasted.zh}内无人确认，已升级通知 {names}。")


def escalated_by(desks: tuple[str, ...], by: str) -> Text:
    names = ", ".join(desks)
    return Text(f"Escalated to {names} by {by}.", f"{by} 已升级通知 {names}。")


def triaged(diagnosis: Diagnosis) -> Text:
    said = diagnosis.summary
    if not diagnosis.confidence:
        return Text(f"Triage: {said.en}", f"初步诊断：{said.in_('zh')}")
    sure = whole_share(diagnosis.confidence)
    return Text(f"Triage ({sure} sure): {said.en}", f"初步诊断（置信度 {sure}）：{said.in_('zh')}")


def heard(by: str, text: str) -> Text:
    return Text(f"{by}, in the ticket: {text}", f"{by} 在工单中留言：{text}")


def part_of(parent: Incident, said: Text) -> Text:
    title = parent.title
    return Text(
        f"Part of {parent.id}, {title.en}. {said.en}", f"已并入共同原因事件 {parent.id}「{title.in_('zh')}」。{said.in_('zh')}"
    )


def has_part(part: Incident) -> Text:
    return Text(f"It hits {part.target} too: {part.id}.", f"同一原因也影响到 {part.target}：{part.id}。")


def part_over(part: Incident) -> Text:
    return Text(f"{part.target} has recovered: {part.id}.", f"{part.target} 已恢复：{part.id}。")


def all_over(incident: Incident, at: float) -> Text:
    lasted = duration_text(max(0.0, at - incident.since))
    return Text(f"All that it had hit has recovered. It lasted {lasted.en}.", f"受其影响的目标均已恢复，历时 {lasted.zh}。")


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


def parts_silenced() -> Text:
    return Text("All that it hits is covered by silences or maintenance windows.", "受其影响的事件均处于静默或维护窗口内。")


def unsilenced() -> Text:
    return Text("The silence or maintenance window is over, and it still fires.", "静默或维护窗口已结束，告警仍未恢复。")
