"""Cuts a vendor's OpenAPI description down to the requests that this project makes: ``trim.py NAME WHOLE.json``.

Nothing in what is kept is changed but this: answers, examples and prose go (only requests are held against it), the server is the tests'
own, and ``MENDED`` says what is known to be wrong. Where the vendor's file is older than a path, the path stands in ``ADDED`` with where it is documented.
"""

import json
import sys
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
#: name -> the paths to keep, with their methods.
KEPT: dict[str, dict[str, tuple[str, ...]]] = {
    "github": {
        "/repos/{owner}/{repo}": ("get",),
        "/repos/{owner}/{repo}/issues": ("get", "post"),
        "/repos/{owner}/{repo}/issues/{issue_number}": ("get", "patch"),
        "/repos/{owner}/{repo}/issues/{issue_number}/comments": ("get", "post"),
        "/repos/{owner}/{repo}/issues/{issue_number}/events": ("get",),
        "/repos/{owner}/{repo}/issues/{issue_number}/timeline": ("get",),
    },
    "jira": {
        "/rest/api/3/issue": ("post",),
        "/rest/api/3/issue/{issueIdOrKey}": ("get",),
        "/rest/api/3/issue/{issueIdOrKey}/changelog": ("get",),
        "/rest/api/3/issue/{issueIdOrKey}/comment": ("get", "post"),
        "/rest/api/3/issue/{issueIdOrKey}/transitions": ("get", "post"),
        "/rest/api/3/mypermissions": ("get",),
    },
    "zendesk": {
        "/api/v2/tickets": ("get", "post"),
        "/api/v2/tickets/{ticket_id}": ("get", "put"),
        "/api/v2/tickets/{ticket_id}/comments": ("get",),
        "/api/v2/tickets/{ticket_id}/audits": ("get",),
        "/api/v2/groups/{group_id}": ("get",),
        "/api/v2/ticket_fields/{ticket_field_id}": ("get",),
        "/api/v2/ticket_forms/{ticket_form_id}": ("get",),
        "/api/v2/users/me": ("get",),
    },
    "pagerduty": {"/enqueue": ("post",)},
}
_TEXT, _STRINGS = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
_SEARCH = {
    "type": "object",
    "required": ["jql"],
    "properties": {"jql": _TEXT, "fields": _STRINGS, "maxResults": {"type": "integer"}},
}
_PROJECT, _TYPE, _MAX = (
    {"name": "projectIdOrKey", "in": "path", "required": True, "schema": _TEXT},
    {"name": "issueTypeId", "in": "path", "required": True, "schema": _TEXT},
    {"name": "maxResults", "in": "query", "schema": {"type": "integer", "maximum": 200}},
)
_ANSWER = {"200": {"description": "not looked at"}}
#: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/ (it took the place of /search in 2025) and
#: https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/ (create metadata, one project and type at a time).
ADDED: dict[str, dict[str, Any]] = {
    # https://developer.zendesk.com/api-reference/ticketing/oauth/grant_type_tokens/
    "zendesk": {"/oauth/tokens": {"post": {"responses": _ANSWER}}},
    "jira": {
        "/rest/api/3/search/jql": {
            "post": {
                "requestBody": {"required": True, "content": {"application/json": {"schema": _SEARCH}}},
                "responses": _ANSWER,
            }
        },
        "/rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes": {
            "get": {"parameters": [_PROJECT, _MAX], "responses": _ANSWER}
        },
        "/rest/api/3/issue/createmeta/{projectIdOrKey}/issuetypes/{issueTypeId}": {
            "get": {"parameters": [_PROJECT, _TYPE, _MAX], "responses": _ANSWER}
        },
    },
}
BASE = {"pagerduty": "/v2"}
#: Where a description contradicts the vendor's own documentation: Zendesk's takes a ticket's custom field for the definition of one.
MENDED: dict[str, dict[tuple[str, ...], Any]] = {
    "zendesk": {("schemas", "TicketUpdateInput", "properties", "custom_fields", "items"): {"type": "object", "required": ["id"]}},
}
_PROSE = frozenset(
    {"description", "summary", "example", "examples", "externalDocs", "tags", "title", "x-github", "x-atlassian-oauth2-scopes"}
)


def trimmed(name: str, whole: dict[str, Any]) -> dict[str, Any]:
    paths = {path: _path(whole["paths"][path], methods) for path, methods in KEPT[name].items() if path in whole["paths"]}
    paths |= ADDED.get(name, {})
    components: dict[str, dict[str, Any]] = {}
    wanted = _refs(paths)
    while wanted:
        _, _, family, key = wanted.pop().split("/", 3)
        found = _plain(whole["components"][family][key])
        components.setdefault(family, {})[key] = found
        wanted |= {ref for ref in _refs(found) if ref.split("/", 3)[3] not in components.get(ref.split("/", 3)[2], {})}
    for (*way, last), schema in MENDED.get(name, {}).items():
        reduce(getitem, way, components)[last] = schema
    return {
        "openapi": whole["openapi"],
        "info": {key: whole["info"][key] for key in ("title", "version", "license") if key in whole["info"]},
        "servers": [{"url": f"https://desk.test{BASE.get(name, '')}"}],
        "paths": dict(sorted(paths.items())),
        "components": {family: dict(sorted(kept.items())) for family, kept in sorted(components.items())},
    }


def _path(whole: dict[str, Any], methods: tuple[str, ...]) -> dict[str, Any]:
    kept = {"parameters": _plain(whole["parameters"])} if "parameters" in whole else {}
    for method in methods:
        operation = {key: _plain(whole[method][key]) for key in ("parameters", "requestBody") if key in whole[method]}
        kept[method] = {**operation, "responses": _ANSWER}
    return kept


def _plain(node: Any, *, names: bool = False) -> Any:
    """``names``: the keys are names of properties, and "description" is one of them."""
    if isinstance(node, dict):
        kept = {key: value for key, value in node.items() if names or (key not in _PROSE and not key.startswith("x-"))}
        return {key: _plain(value, names=key == "properties" and not names) for key, value in kept.items()}
    return [_plain(one) for one in node] if isinstance(node, list) else node


def _refs(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*map(_refs, node.values()))
    return set().union(*map(_refs, node)) if isinstance(node, list) else set()


if __name__ == "__main__":
    name, source = sys.argv[1:]
    small = trimmed(name, json.loads(Path(source).read_text(encoding="utf-8")))
    (HERE / f"{name}.json").write_text(json.dumps(small, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
