"""The pages a person opens: what runs, what is wrong, one incident. Server-rendered, no script, both languages."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jinja2
from aiohttp import web

from monitor.incidents.words.figures import people_between, share, share_between
from monitor.incidents.words.phrases import KINDS, LAYERS, MARKS
from monitor.model.durations import duration_text
from monitor.model.text import Text
from monitor.model.units import show_seconds
from monitor.web.incidents import running, whole
from monitor.web.routes import APP

#: The overview asks for itself again this often.
REFRESH_SECONDS = 5
INCIDENTS_SHOWN = 20

#: Words of the pages. Operators read either language.
WORDS = {
    "overview": Text("Overview", "总览"),
    "checks": Text("Checks", "检查项"),
    "check": Text("Check", "检查项"),
    "target": Text("Target", "目标"),
    "latest": Text("Latest outcome", "最近结果"),
    "took": Text("Took", "耗时"),
    "when": Text("When (UTC)", "时间（UTC）"),
    "good": Text("as expected", "符合预期"),
    "bad": Text("not as expected", "不符合预期"),
    "unmeasured": Text("not measured", "未测得"),
    "never": Text("not yet run", "尚未运行"),
    "incidents": Text("Incidents", "事件"),
    "none": Text("None.", "无。"),
    "severity": Text("Severity", "级别"),
    "status": Text("Status", "状态"),
    "opened": Text("Opened (UTC)", "开单时间（UTC）"),
    "since": Text("Began (UTC)", "故障开始（UTC）"),
    "resolved": Text("Resolved (UTC)", "恢复时间（UTC）"),
    "what": Text("What", "内容"),
    "open": Text("open", "处理中"),
    "acknowledged": Text("acknowledged", "已受理"),
    "resolved_state": Text("resolved", "已恢复"),
    "timeline": Text("Timeline", "时间线"),
    "alerts": Text("Failing now", "当前告警"),
    "tickets": Text("Tickets", "工单"),
    "desk": Text("Desk", "工单系统"),
    "state": Text("State", "投递状态"),
    "affected": Text("Checks affected", "受影响的检查项"),
    "assignee": Text("Assigned to", "负责人"),
    "pending": Text("Waiting for", "等待"),
    "snoozed": Text("Snoozed until (UTC)", "暂停提醒至（UTC）"),
    "parent": Text("Part of", "所属共同原因"),
    "children": Text("Common cause of", "包含的事件"),
    "problem": Text("Recurring problem", "反复出现的问题"),
    "verdict": Text("Triage", "诊断"),
    "sure": Text("sure", "置信度"),
    "against": Text("Speaks against it", "反证"),
    "next": Text("What to do next", "建议的下一步"),
    "do_not": Text("What not to do", "切勿"),
    "question": Text("Question", "检查内容"),
    "result": Text("Result", "结果"),
    "measured": Text("Measured", "测得"),
    "from": Text("From", "地点"),
    "extent": Text("How far it reaches", "影响范围"),
    "share": Text("Payments that fail", "失败交易占比"),
    "customers": Text("Customers probably hit", "估计受影响客户"),
    "budget": Text("Error budget of the month spent", "当月错误预算已消耗"),
    "penalty": Text("At risk by contract", "合同违约风险"),
    "clocks": Text("Clocks", "时限"),
    "respond": Text("Respond", "响应"),
    "update": Text("Update", "通报"),
    "restore": Text("Restore", "恢复"),
    "due": Text("Due (UTC)", "到期（UTC）"),
    "missed": Text("Missed since (UTC)", "超时起（UTC）"),
    "left": Text("Left", "剩余"),
    "paused": Text("stands still", "已暂停"),
    "stopped": Text("stopped", "已停止"),
    "colon": Text(": ", "："),
    "runs_failed": Text("{bad} of {runs} runs failed", "{runs} 次探测中 {bad} 次失败"),
    "failed_then": Text("What failed", "故障现象"),
    "language": Text("中文", "English"),
    "running": Text("running for", "已运行"),
    "ready": Text("working", "运行正常"),
    "notready": Text("not working", "运行异常"),
}


def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("monitor.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["seconds"] = show_seconds
    environment.filters["duration"] = duration_text
    environment.filters["percent"] = share
    environment.globals |= {
        "marks": MARKS,
        "layers": LAYERS,
        "kinds": KINDS,
        "share_between": share_between,
        "people_between": people_between,
    }
    environment.filters["utc"] = lambda at: "-" if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return environment


ENVIRONMENT = _environment()


def _language(request: web.Request) -> str:
    asked: str = request.query.get("lang") or request.headers.get("Accept-Language") or "en"
    return "zh" if asked.lower().startswith("zh") else "en"


def _page(request: web.Request, template: str, status: int = 200, **values: Any) -> web.Response:
    language = _language(request)
    say: Callable[[Text], str] = lambda text: text.in_(language)  # noqa: E731
    body = ENVIRONMENT.get_template(template).render(
        lang=language,
        other="en" if language == "zh" else "zh",
        t={name: text.in_(language) for name, text in WORDS.items()},
        say=say,
        **values,
    )
    return web.Response(text=body, content_type="text/html", status=status)


async def overview(request: web.Request) -> web.Response:
    app = request.app[APP]
    incidents = await app.store.incidents(limit=INCIDENTS_SHOWN)
    return _page(
        request,
        "overview.html",
        refresh=REFRESH_SECONDS,
        status=200,
        service=app.status(),
        problems=app.progress().problems(),
        checks=app.check_status(),
        incidents=incidents,
    )


async def incident(request: web.Request) -> web.Response:
    app = request.app[APP]
    found, timeline, rows = await whole(app, request)
    return _page(request, "incident.html", incident=found, timeline=timeline, outbox=rows, clocks=running(app, found))


def add(site: web.Application) -> None:
    site.router.add_get("/", overview)
    site.router.add_get("/incidents/{id}", incident)
