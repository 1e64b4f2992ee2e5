"""Holds committed dashboards against a live Prometheus: every expression must parse, run without a warning, and return data.

``check_dashboards`` serves the scripted story of these tests and the running demo alike.
"""

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "dashboards"
#: Panels that may rightly be empty on a healthy system are none: every expression falls back to zero-initialised counters.
RANGE_SECONDS = 60
_LABEL_VALUES = re.compile(r"label_values\((?P<selector>.+), (?P<label>\w+)\)")


def load() -> dict[str, dict[str, Any]]:
    return {file.name: json.loads(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.json"))}


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def expressions(board: dict[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """(where, expression, instant)"""
    for panel in panels(board):
        for target in panel["targets"]:
            yield f"{panel['title']} {target['refId']}", target["expr"], bool(target.get("instant"))
    for annotation in board["annotations"]["list"]:
        yield f"annotation {annotation['name']}", annotation["expr"], False


def interpolate(text: str, values: dict[str, str]) -> str:
    """Grafana's ``$name``; the longest name first, because ``$__range`` begins ``$__range_s``."""
    for name in sorted(values, key=len, reverse=True):
        text = text.replace(f"${name}", values[name])
    return text


class Prometheus:
    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def get(self, path: str, **query: str) -> dict[str, Any]:
        url = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return json.loads(refused.read())

    def now(self) -> float:
        return float(self.get("query", query="time()")["data"]["result"][0])


def variables(prometheus: Prometheus, board: dict[str, Any], window: str, pick: dict[str, str]) -> dict[str, str]:
    """What Grafana would put in: the first value of a single variable, everything for "all"."""
    values = {"__rate_interval": window, "__range": f"{RANGE_SECONDS}s", "__interval": "5s"}
    for variable in board["templating"]["list"]:
        if variable["type"] != "query":
            continue
        name = variable["name"]
        match = _LABEL_VALUES.fullmatch(variable["query"])
        assert match, variable["query"]
        selector = interpolate(match["selector"], values)
        found = prometheus.get(f"label/{match['label']}/values", **{"match[]": selector}).get("data", [])
        values[name] = pick.get(name) or (".*" if variable["includeAll"] else (found or ["nothing found"])[0])
    return values


def check_dashboards(
    prometheus_url: str, *, window: str = "30s", pick: dict[str, str] | None = None, may_be_empty: frozenset[str] = frozenset()
) -> list[str]:
    """Every problem found, empty when there is none. ``pick`` chooses variables; ``may_be_empty`` names panels and annotations."""
    prometheus = Prometheus(prometheus_url)
    now, problems = prometheus.now(), []
    for name, board in load().items():
        values = variables(prometheus, board, window, pick or {})
        for where, expression, instant in expressions(board):
            query = interpolate(expression, values)
            when = {"time": str(now)} if instant else {"start": str(now - RANGE_SECONDS), "end": str(now), "step": "5"}
            answer = prometheus.get("query" if instant else "query_range", query=query, **when)
            problem = _problem(answer)
            if problem and not (problem == "no data" and any(where.startswith(title) for title in may_be_empty)):
                problems.append(f"{name}: {where}: {problem}: {query}")
    return problems


def _problem(answer: dict[str, Any]) -> str:
    if answer["status"] != "success":
        return str(answer.get("error", "failed"))
    if answer.get("warnings") or answer.get("infos"):
        return str(answer.get("warnings", []) + answer.get("infos", []))
    return "" if answer["data"]["result"] else "no data"
