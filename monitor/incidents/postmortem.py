"""The draft of a post-mortem, in Markdown: what is known of an incident, and marked blanks for what only people can say.

Facts only. Nothing is guessed and nobody is blamed: causes and actions are left to those who meet about it.
"""

from collections.abc import Iterable, Iterator, Sequence

from monitor.incidents.lead_time import Stage, lead_time
from monitor.incidents.members import lead
from monitor.incidents.words.figures import lasted, people_between, share_between, when, whole_share
from monitor.incidents.words.phrases import DETAILS, KINDS, LAYERS, MARKS, OWNERS, STATUS
from monitor.incidents.words.plain import plain
from monitor.model.extent import Extent
from monitor.model.incident import Incident, OutboxRow, OutboxState, TimelineEntry
from monitor.model.text import Text
from monitor.model.triage import Diagnosis

#: Lines of the timeline that are written out; an export has them all.
TIMELINE_MAX = 200
#: What Markdown would read as a sign of its own. Words of a gateway must not become a link or a heading.
_SIGNS = str.maketrans({sign: f"\\{sign}" for sign in "\\`*_[]<>#|~"})

_TITLE = Text("Post-mortem", "复盘报告")
_DRAFT = Text(
    "Draft made from the record of incident {id}. What people have to write stands in lines that begin with ✎.",
    "本草稿由事件 {id} 的记录自动生成，须由人员填写的内容以 ✎ 开头。",
)
_BLANKS = (
    (
        Text("Root cause", "根本原因"),
        Text("what made it possible, in the words of those who fixed it", "由处理人员说明故障为何发生"),
    ),
    (Text("What ended it", "如何恢复"), Text("the action, or that it went away by itself", "采取了什么措施，或是否自行恢复")),
    (Text("Customers and partners told", "对外通知"), Text("who, when, by whom", "通知了谁、何时、由谁通知")),
    (Text("Actions", "改进措施"), Text("action, owner, due date", "措施、负责人、完成期限")),
)
_STAGES = {
    Stage.BEGAN: Text("began", "故障开始"),
    Stage.DETECTED: Text("detected", "发现"),
    Stage.TOLD: Text("first desk told", "首次送达工单系统"),
    Stage.ACKNOWLEDGED: Text("acknowledged", "确认"),
    Stage.RESTORED: Text("restored", "恢复"),
}
_NOT_KNOWN = Text("not known", "未知")


def postmortem(
    incident: Incident,
    timeline: Sequence[TimelineEntry],
    rows: Sequence[OutboxRow],
    language: str,
    *,
    open_money: Sequence[str] = (),
    digest: str = "",
) -> str:
    """``open_money``: a line for each synthetic payment at its target that is not closed. ``digest``: of the export it belongs to."""
    return "\n".join(_Draft(language).lines(incident, timeline, rows, open_money, digest)) + "\n"


class _Draft:
    def __init__(self, language: str) -> None:
        self._language = language
        self._colon = "：" if language == "zh" else ": "

    def lines(
        self, incident: Incident, timeline: Sequence[TimelineEntry], rows: Sequence[OutboxRow], money: Sequence[str], digest: str
    ) -> Iterator[str]:
        yield f"# {self._say(_TITLE)}{self._colon}{self._cell(incident.title)}"
        yield ""
        yield self._say(_DRAFT).format(id=incident.id)
        yield from self._section(Text("Facts", "基本情况"), self._facts(incident))
        yield from self._section(Text("Lead time", "各阶段用时"), self._lead_time(incident, timeline, rows))
        yield from self._section(Text("Impact", "影响"), self._impact(incident.extent))
        yield from self._section(Text("What failed", "故障现象"), self._evidence(incident))
        if incident.diagnosis:
            yield from self._section(Text("Triage", "诊断"), self._triage(incident.diagnosis))
        yield from self._section(Text("Synthetic money left open", "未平的合成交易"), self._money(money))
        yield from self._section(Text("Timeline (UTC)", "时间线（UTC）"), self._timeline(timeline))
        yield from self._section(Text("Tickets", "工单"), self._tickets(rows))
        for heading, asked in _BLANKS:
            yield from self._section(heading, [f"✎ _{self._say(asked)}_"])
        if digest:
            yield from ("", f"SHA-256: `{digest}`")

    def _section(self, heading: Text, lines: Iterable[str]) -> Iterator[str]:
        yield from ("", f"## {self._say(heading)}", "")
        yield from lines

    def _facts(self, incident: Incident) -> Iterator[str]:
        yield from self._table(Text("fact", "事项"), Text("value", "内容"))
        yield self._row(Text("Target", "目标"), incident.target)
        yield self._row(Text("Severity", "级别"), incident.severity.value.upper())
        yield self._row(Text("Status", "状态"), self._say(STATUS[incident.status]))
        yield self._row(Text("Episodes", "发作次数"), str(incident.episode))
        yield self._row(Text("Checks", "涉及的检查项"), ", ".join(incident.checks))
        yield self._row(Text("Assigned to", "负责人"), incident.assignee or "-")
        if incident.parent:
            yield self._row(Text("Part of", "所属共同原因"), incident.parent)
        if incident.children:
            yield self._row(Text("Common cause of", "包含的事件"), ", ".join(incident.children))
        if incident.problem:
            yield self._row(Text("Recurring problem", "反复出现的问题"), incident.problem)

    def _lead_time(self, incident: Incident, timeline: Sequence[TimelineEntry], rows: Sequence[OutboxRow]) -> Iterator[str]:
        stages = lead_time(incident, timeline, rows)
        yield from self._table(Text("stage", "阶段"), Text("at", "时间"), Text("after", "距上一阶段"))
        for one in stages:
            at = self._say(_NOT_KNOWN) if one.at is None else when(one.at)
            after = "-" if one.after_seconds is None else self._say(lasted(one.after_seconds))
            yield self._row(_STAGES[one.stage], at, after)
        if incident.resolved is not None:
            whole = lasted(max(0.0, incident.resolved - incident.since))
            yield from ("", self._say(Text(f"From its beginning to its end: {whole.en}.", f"从故障开始到恢复历时 {whole.zh}。")))

    def _impact(self, extent: Extent | None) -> Iterator[str]:
        if extent is None:
            yield self._say(Text("Not measured.", "未测得。"))
            return
        if extent.failed_share:
            yield self._item(Text("Share of payments that failed", "失败交易占比"), share_between(extent.failed_share))
        if extent.customers:
            yield self._item(Text("Customers probably hit", "估计受影响客户"), people_between(extent.customers))
        else:
            yield self._item(
                Text("Customers probably hit", "估计受影响客户"),
                Text("not known: the target's traffic is not stated", "未知，未配置该目标的流量"),
            )
        if extent.budget_burned is not None:
            burned = whole_share(extent.budget_burned)
            yield self._item(Text("Error budget", "错误预算"), Text(f"{burned} of a month's spent", f"已消耗当月额度的 {burned}"))
        if extent.penalty:
            yield self._item(Text("At risk by contract", "合同违约风险"), extent.penalty)
        for part in extent.parts:
            runs = Text(f"{part.bad} of {part.runs} runs failed", f"{part.runs} 次探测中 {part.bad} 次失败")
            kind = KINDS.get(part.kind, Text(part.kind))
            yield f"- {self._say(kind)} {self._quote(part.name)}{self._colon}{self._say(runs)}"
        for duty in extent.regulators:
            yield f"- {self._cell(duty.said)}"

    def _evidence(self, incident: Incident) -> Iterator[str]:
        alert = lead(incident)
        if alert is None:
            yield self._say(Text("No alert of its own.", "无自身告警。"))
            return
        yield f"- {self._cell(alert.title)}{self._colon}{self._cell(alert.summary)}"
        for name, label in DETAILS.items():
            if alert.evidence.get(name):
                yield f"- {self._say(label)}{self._colon}{self._quote(alert.evidence[name])}"
        if alert.run_id:
            yield self._item(Text("Deciding run", "判定依据的探测"), Text(alert.run_id))
        for name in incident.extent.correlations if incident.extent else ():
            yield self._item(Text("The gateway's own id", "网关关联 ID"), Text(name))

    def _triage(self, diagnosis: Diagnosis) -> Iterator[str]:
        took = lasted(diagnosis.took_seconds)
        layer, sure = LAYERS[diagnosis.layer], whole_share(diagnosis.confidence)
        yield self._say(
            Text(
                f"Layer: {layer.en}, {sure} sure, {took.en} after it was asked.",
                f"所在层面：{layer.zh}，置信度 {sure}，诊断用时 {took.zh}。",
            )
        )
        yield from ("", self._cell(diagnosis.summary), "")
        if diagnosis.findings:
            yield from self._table(
                Text("question", "检查内容"),
                Text("result", "结果"),
                Text("measured", "测得"),
                Text("at", "时间"),
                Text("from", "地点"),
            )
        for found in diagnosis.findings:
            said = self._cell(found.said)
            yield self._row(found.question, self._say(MARKS[found.mark]), said, when(found.at), found.source, safe=said)
        for speaks in diagnosis.against:
            yield self._item(Text("Speaks against it", "反证"), speaks)
        if diagnosis.owner:
            yield self._item(Text("Who could act", "处理方"), OWNERS.get(diagnosis.owner, Text(diagnosis.owner)))

    def _money(self, money: Sequence[str]) -> Iterator[str]:
        if not money:
            yield self._say(Text("None.", "无。"))
        for line in money:
            yield f"- {self._quote(line)}"

    def _timeline(self, timeline: Sequence[TimelineEntry]) -> Iterator[str]:
        yield from self._table(Text("at", "时间"), Text("by", "来源"), Text("what", "内容"))
        for entry in timeline[:TIMELINE_MAX]:
            yield f"| {when(entry.at)} | {self._quote(entry.by)} | {self._cell(entry.text)} |"
        more = len(timeline) - TIMELINE_MAX
        if more > 0:
            yield f"| | | {self._say(Text(f'and {more} more', f'另有 {more} 条'))} |"

    def _tickets(self, rows: Sequence[OutboxRow]) -> Iterator[str]:
        known = dict.fromkeys((row.desk, row.remote_id) for row in rows if row.remote_id)
        if not known:
            yield self._say(Text("None.", "无。"))
        for desk, remote in known:
            yield f"- {self._quote(desk)}{self._colon}{self._quote(remote)}"
        dead = sum(1 for row in rows if row.state is OutboxState.DEAD)
        if dead:
            yield self._item(Text("Commands that no desk took", "未能送达的指令"), Text(str(dead)))

    def _table(self, *heads: Text) -> Iterator[str]:
        yield "| " + " | ".join(self._say(head) for head in heads) + " |"
        yield "|" + " --- |" * len(heads)

    def _row(self, head: Text, *cells: str, safe: str = "") -> str:
        """``safe`` is a cell that was made safe already."""
        return "| " + " | ".join([self._cell(head), *(cell if cell == safe else self._quote(cell) for cell in cells)]) + " |"

    def _item(self, label: Text, said: Text) -> str:
        return f"- {self._say(label)}{self._colon}{self._cell(said)}"

    def _cell(self, text: Text) -> str:
        return self._quote(self._say(text))

    def _say(self, text: Text) -> str:
        return text.in_(self._language)

    @staticmethod
    def _quote(text: str) -> str:
        return plain(text).translate(_SIGNS)
