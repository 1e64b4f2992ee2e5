"""``/probe?target=...&module=...[&debug=true]``: what Prometheus asks of a blackbox_exporter, for configured targets only."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from aiohttp import web

from monitor.model.check import ExpressionError, Step, Target
from monitor.model.result import Exchange, StepResult
from monitor.redaction import redact_text
from monitor.transactions.dialects import DIALECTS
from monitor.transactions.judge import judge, scope_of
from monitor.web.blackbox import exposition

Perform = Callable[[Target, Step], Awaitable[Exchange]]
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
#: Prometheus says how long it waits; answering this much earlier lets it have our verdict instead of its own time-out.
TIMEOUT_OFFSET_SECONDS = 0.5
#: A scrape that waits less than this cannot be served; the module's own time-out is used.
TIMEOUT_MIN_SECONDS = 0.1
_ASKING = frozenset({"GET", "HEAD", "OPTIONS"})


def handler(
    modules: Mapping[str, Step],
    targets: Mapping[str, Target],
    perform: Perform,
    redact: Callable[[str], str] = redact_text,
) -> Callable[[web.Request], Awaitable[web.Response]]:
    """The view over live mappings. ``perform`` sends one request of a module to a target; ``redact`` guards the debug text."""

    async def probe(request: web.Request) -> web.Response:
        module = _module(modules, request.query.get("module", ""))
        target = _target(targets, request.query.get("target", ""))
        step = replace(module, timeout_seconds=_timeout(module, request.headers.get("X-Prometheus-Scrape-Timeout-Seconds", "")))
        exchange = await perform(target, step)
        result = _judge(step, target, exchange)
        text = exposition(step.kind, exchange, success=bool(result.good))
        if request.query.get("debug") == "true":
            text = redact(_debug(step, target, exchange, result, text))
            return web.Response(text=text, content_type="text/plain", charset="utf-8")
        return web.Response(body=text.encode(), headers={"Content-Type": CONTENT_TYPE})

    return probe


def _module(modules: Mapping[str, Step], name: str) -> Step:
    module = modules.get(name)
    if module is None:
        raise web.HTTPBadRequest(reason=f"expected a module of the configuration ({', '.join(sorted(modules)) or 'it has none'})")
    if module.moves:
        # Nobody would take the money back: that needs a check, its undo steps and the ledger.
        raise web.HTTPForbidden(reason="this module moves money, which only a check may do")
    return module


def _target(targets: Mapping[str, Target], wanted: str) -> Target:
    """By id, or by the address Prometheus has in its own configuration. No other address is ever asked."""
    if not wanted:
        raise web.HTTPBadRequest(reason="expected a target: its id, or its base URL")
    if wanted in targets:
        return targets[wanted]
    for target in targets.values():
        if _same_address(wanted, target.base_url):
            return target
    raise web.HTTPForbidden(reason="expected a target of the configuration; others are not probed")


def _same_address(wanted: str, base_url: str) -> bool:
    return wanted.rstrip("/") in {base_url.rstrip("/"), urlsplit(base_url).netloc}


def _timeout(module: Step, scrape_timeout: str) -> float:
    try:
        allowed = float(scrape_timeout) - TIMEOUT_OFFSET_SECONDS
    except ValueError:
        return module.timeout_seconds
    return min(module.timeout_seconds, allowed) if allowed >= TIMEOUT_MIN_SECONDS else module.timeout_seconds


def _judge(step: Step, target: Target, exchange: Exchange) -> StepResult:
    asking = exchange.request_line.partition(" ")[0] in _ASKING
    return judge(step, exchange, scope_of(exchange), DIALECTS[target.dialect], read=asking).result


def _debug(step: Step, target: Target, exchange: Exchange, result: StepResult, metrics: str) -> str:
    return "\n".join(
        (
            "Logs for the probe:",
            *_story(target, exchange, result),
            "\n\n\nMetrics that would have been returned:",
            metrics,
            "\n\n\nModule configuration:",
            *_configuration(step),
            "",
        )
    )


def _story(target: Target, exchange: Exchange, result: StepResult) -> list[str]:
    phases = " ".join(f"{name}={seconds * 1000:.3f}ms" for name, seconds in exchange.phases.reached().items())
    lines = [
        f'msg="Beginning probe" target={target.id} request={json.dumps(exchange.request_line)}',
        f'msg="Reached" address={exchange.address or "-"} connection={exchange.connection.value} {phases}'.rstrip(),
    ]
    if exchange.tls:
        lines.append(
            f'msg="TLS" version={exchange.tls.version} cipher={exchange.tls.cipher} issuer={json.dumps(exchange.tls.issuer)}'
        )
    if exchange.status is not None:
        lines.append(f'msg="Received HTTP response" status_code={exchange.status} body_bytes={exchange.body_bytes}')
    if result.message or exchange.error:
        lines.append(f"level=error msg={json.dumps(result.message or exchange.error)}")
    verdict = "Probe succeeded" if result.good else "Probe failed"
    took = f"{exchange.duration_seconds * 1000:.3f}ms"
    return [*lines, f'msg="{verdict}" outcome={result.outcome.value} reason={exchange.reason.value or "-"} duration={took}']


def _configuration(step: Step) -> list[str]:
    try:
        request = dict(step.request.render({}))
    except ExpressionError:
        request = {"holes": "filled in for each run"}
    expected = [expression.source for expression in step.expect]
    lines = {"kind": step.kind, "timeout_seconds": step.timeout_seconds, "request": request, "expect": expected}
    return [f"{name}: {json.dumps(value, ensure_ascii=False, default=str)}" for name, value in lines.items()]
