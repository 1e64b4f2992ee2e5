"""One incident on a terminal, in either language."""

from collections.abc import Iterator
from typing import Any

from rich.markup import escape
from rich.table import Table

from monitor.cli.service import out
from monitor.model.text import Text
from monitor.model.units import show_seconds

STYLES = {"open": "bold red", "acknowledged": "yellow", "resolved": "green"}
MARKS = {"passed": "✓", "failed": "✗", "unsure": "?", "skipped": "·"}
#: Parts of a service shown under the extent; the API gives all of them.
PARTS_SHOWN = 10


def show_incident(one: dict[str, Any], lang: str) -> None:
    """``one`` as the API gives it."""
    style = STYLES[one["status"]]
    out.print(f"[bold]{escape(one['title'][lang])}[/bold]  {one['severity']}  [{style}]{one['status']}[/]", highlight=False)
    for line in (*_facts(one, lang), *_verdict(one["diagnosis"], lang)):
        _print(line)
    if one["diagnosis"]:
        _findings(one["diagnosis"]["findings"], lang)
    for line in (*_extent(one["extent"], lang), *_clocks(one.get("clocks", ()), lang), *_alerts(one, lang)):
        _print(line)
    _timeline(one, lang)
    for row in one.get("tickets", ()):
        _print(f"  {row['desk']}: {row['kind']} {row['state']} {row['remote_id']} {row['error']}".rstrip())


def show_diagnosis(diagnosis: dict[str, Any], lang: str) -> None:
    """A verdict by itself, with what was asked for it; as the API gives it."""
    _print(f"{diagnosis['layer']} {diagnosis['where']}".rstrip())
    for line in _verdict(diagnosis, lang):
        _print(line)
    _findings(diagnosis["findings"], lang)


def _facts(one: dict[str, Any], lang: str) -> Iterator[str]:
    say = _sayer(lang)
    yield f"{one['id']}  {say('target', '目标')} {one['target']}  {say('began', '开始于')} {one['since']}  {say('opened', '发现于')} {one['opened']}"
    beside = (
        (one["assignee"], say("assigned to", "负责人")),
        (one["pending"], say("waiting for", "等待")),
        (one["snoozed_until"], say("snoozed until", "暂停提醒至")),
        (one["parent"], say("part of", "属于共同原因")),
        (", ".join(one["children"]), say("common cause of", "包含")),
        (one["problem"], say("problem", "反复出现的问题")),
    )
    yield from (f"{label}: {value}" for value, label in beside if value)


def _verdict(diagnosis: dict[str, Any] | None, lang: str) -> Iterator[str]:
    if diagnosis is None:
        return
    say, sure = _sayer(lang), f"{diagnosis['confidence']:.0%}"
    yield f"{say('triage', '诊断')} ({sure}): {diagnosis['summary'][lang]}"
    for speaks in diagnosis["against"]:
        yield f"  {say('speaks against it', '反证')}: {speaks[lang]}"
    if diagnosis["next_step"][lang]:
        yield f"  {say('next', '下一步')}: {diagnosis['next_step'][lang]}"
    for never in diagnosis["do_not"]:
        yield f"  {say('do not', '切勿')}: {never[lang]}"


def _findings(findings: list[dict[str, Any]], lang: str) -> None:
    if not findings:
        return
    table = Table("", *(("question", "measured", "from") if lang == "en" else ("检查内容", "测得", "地点")), box=None)
    for found in findings:
        table.add_row(MARKS[found["mark"]], found["question"][lang], found["said"][lang], found["source"])
    out.print(table, markup=False)


def _extent(extent: dict[str, Any] | None, lang: str) -> Iterator[str]:
    if extent is None:
        return
    say = _sayer(lang)
    if extent["failed_share"]:
        low, middle, high = (f"{100 * extent['failed_share'][name]:.0f} %" for name in ("low", "middle", "high"))
        yield f"{say('payments that fail', '失败交易占比')}: {middle} ({low} … {high})"
    if extent["customers"]:
        low, middle, high = (f"{extent['customers'][name]:,.0f}" for name in ("low", "middle", "high"))
        yield f"{say('customers probably hit', '估计受影响客户')}: {middle} ({low} … {high})"
    if extent["budget_burned"] is not None:
        yield f"{say('error budget of the month spent', '当月错误预算已消耗')}: {100 * extent['budget_burned']:.0f} %"
    for part in extent["parts"][:PARTS_SHOWN]:
        yield f"  {part['kind']} {part['name']}: {part['bad']} / {part['runs']}"
    yield from (f"  {line['said'][lang]}" for line in extent["regulators"])
    yield from (f"  {line['at'][:19]}Z {line['said'][lang]}" for line in extent["nearby"])


def _clocks(clocks: list[dict[str, Any]], lang: str) -> Iterator[str]:
    say = _sayer(lang)
    for clock in clocks:
        left = clock["allowed_seconds"] - clock["elapsed_seconds"]
        name = {"respond": say("respond", "响应"), "update": say("update", "通报"), "restore": say("restore", "恢复")}[
            clock["kind"]
        ]
        if clock["missed"]:
            yield f"{name}: {say('missed since', '已超时，自')} {clock['missed']}"
        elif clock["standing"] == "running":
            yield f"{name}: {show_seconds(left)} {say('left', '剩余')} ({clock['due']})"
        else:
            yield f"{name}: {say(clock['standing'], {'paused': '已暂停', 'stopped': '已停止'}[clock['standing']])}"


def _alerts(one: dict[str, Any], lang: str) -> Iterator[str]:
    for alert in one["alerts"]:
        where = " ".join(filter(None, (alert["check"], alert["stratum"], alert["step"])))
        yield f"  • {where}: {alert['summary'][lang]}"


def _timeline(one: dict[str, Any], lang: str) -> None:
    table = Table(*(("at (UTC)", "by", "what") if lang == "en" else ("时间（UTC）", "来源", "内容")), box=None)
    for entry in one.get("timeline", ()):
        table.add_row(entry["at"][:23], entry["by"], entry["text"][lang])
    out.print(table, markup=False)


def _sayer(lang: str) -> Any:
    return lambda english, chinese: Text(english, chinese).in_(lang)


def _print(line: str) -> None:
    out.print(line, highlight=False, markup=False)
