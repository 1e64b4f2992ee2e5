"""The pages a person opens: what runs, what is wrong, one incident. Server-rendered, no script, both languages."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jinja2
from aiohttp import web

from monitor.model.text import Text
from monitor.model.units import show_seconds
from monitor.web.api import APP

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
    store = request.app[APP].store
    found = await store.incident(request.match_info["id"])
    if found is None:
        raise web.HTTPNotFound(reason="there is no such incident")
    return _page(
        request,
        "incident.html",
        incident=found,
        timeline=await store.timeline(found.id),
        outbox=await store.outbox_rows(incident=found.id),
    )


def add(site: web.Application) -> None:
    site.router.add_get("/", overview)
    site.router.add_get("/incidents/{id}", incident)
