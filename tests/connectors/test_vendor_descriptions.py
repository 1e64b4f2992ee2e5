"""The vendors' own descriptions, where they may be kept: small, with their source, and not so loose that anything passes."""

import json
from pathlib import Path

import pytest
from hosted import DESCRIPTIONS, Described, Request, described_by
from openapi_core.exceptions import OpenAPIError

VENDOR = DESCRIPTIONS / "vendor"
KEPT = ("github.json", "jira.json")
HEADERS = {"content-type": "application/json"}
RIGHT_AND_WRONG = [
    ("github.json", "POST", "/repos/a/b/issues", {"title": "x", "labels": ["p"]}, {"title": "x", "labels": "p"}),
    ("github.json", "PATCH", "/repos/a/b/issues/1", {"state": "closed"}, {"state": "done"}),
    ("github.json", "POST", "/repos/a/b/issues/1/comments", {"body": "x"}, {"text": "x"}),
    ("jira.json", "POST", "/rest/api/3/issue", {"fields": {"summary": "x"}}, {"fields": "x"}),
    ("jira.json", "POST", "/rest/api/3/issue/PAY-1/transitions", {"transition": {"id": "31"}}, {"transition": 31}),
    ("jira.json", "POST", "/rest/api/3/search/jql", {"jql": "project = PAY"}, {"query": "project = PAY"}),
]


def refused(name: str, method: str, path: str, value: object) -> bool:
    request = Request(method, f"https://desk.test{path}", HEADERS, json.dumps(value).encode())
    try:
        described_by(f"vendor/{name}").validate_request(Described(request))
    except OpenAPIError:
        return True
    return False


@pytest.mark.parametrize(("name", "method", "path", "right", "wrong"), RIGHT_AND_WRONG)
def test_a_vendors_word_tells_right_from_wrong(name: str, method: str, path: str, right: object, wrong: object):
    assert (False, True) == (refused(name, method, path, right), refused(name, method, path, wrong))


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept_is_small_and_says_where_it_is_from(name: str):
    told = (VENDOR / "README.md").read_text(encoding="utf-8")
    assert (VENDOR / name).stat().st_size < 32 << 10
    assert f"`{name}`" in told
    assert json.loads((VENDOR / name).read_text(encoding="utf-8"))["info"]["license"]["name"] in ("MIT", "Apache 2.0")


def test_what_may_not_be_copied_is_not_kept():
    ignored = set(Path(VENDOR / ".gitignore").read_text(encoding="utf-8").split())
    assert {"zendesk.json", "pagerduty.json"} == ignored
    assert ignored.isdisjoint(KEPT)
