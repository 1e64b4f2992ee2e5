"""A hook is believed when it proves itself in its vendor's way, and then only about where to look."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.connectors.hooks import ID_MAX, REPLAY_SECONDS, proven, ticket_of
from monitor.testing.simtime import START

SECRET = "canary-hook-secret"
BODY = b'{"ticket": "42", "words": "\xe6\x94\xaf\xe4\xbb\x98"}'


def hexadecimal(body: bytes, secret: str = SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def b64(content: bytes, key: bytes = SECRET.encode()) -> str:
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def standard(body: bytes = BODY, now: float = START, key: bytes = SECRET.encode(), prefix: str = "webhook") -> dict[str, str]:
    stamp = str(int(now))
    signature = "v1," + b64(f"msg_1.{stamp}.".encode() + body, key)
    return {f"{prefix}-id": "msg_1", f"{prefix}-timestamp": stamp, f"{prefix}-signature": signature}


def zendesk(body: bytes = BODY, now: float = START) -> dict[str, str]:
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    signature = b64(stamp.encode() + body)
    return {"x-zendesk-webhook-signature": signature, "x-zendesk-webhook-signature-timestamp": stamp}


GENUINE = {
    "zendesk": zendesk(),
    "github": {"x-hub-signature-256": f"sha256={hexadecimal(BODY)}"},
    "jira": {"x-hub-signature": f"sha256={hexadecimal(BODY)}"},
    "pagerduty": {"x-pagerduty-signature": f"v1={hexadecimal(BODY)}"},
    "gitlab": {"x-gitlab-token": SECRET},
    "salesforce": standard(),
    "servicenow": standard(),
    "request_tracker": standard(),
    "redmine": standard(),
    "roundup": standard(),
    "incident_io": standard(),
}


@pytest.mark.parametrize("kind", GENUINE)
def test_a_genuine_hook_is_proven_and_nothing_else_is(kind: str):
    headers = GENUINE[kind]
    assert proven(kind, headers, BODY, SECRET, START)
    assert not proven(kind, headers, BODY, SECRET + "x", START)
    assert not proven(kind, headers, BODY, "", START)
    assert not proven(kind, {}, BODY, SECRET, START)
    assert not proven(kind, dict.fromkeys(headers, ""), BODY, SECRET, START)
    for other, one in GENUINE.items():
        if set(one) != set(headers) and not (kind == "gitlab" and "webhook-id" in one):  # it proves itself in either way
            assert not proven(kind, one, BODY, SECRET, START), other


@pytest.mark.parametrize("kind", [kind for kind in GENUINE if kind != "gitlab"])  # its secret token says nothing of the body
def test_a_changed_body_is_not_proven(kind: str):
    assert not proven(kind, GENUINE[kind], BODY.replace(b"42", b"43"), SECRET, START)


@pytest.mark.parametrize("kind", ["zendesk", "roundup"])
def test_a_recorded_hook_is_of_no_use_later_nor_before(kind: str):
    for off in (-REPLAY_SECONDS - 1, REPLAY_SECONDS + 1):
        assert not proven(kind, GENUINE[kind], BODY, SECRET, START + off)
    for off in (-REPLAY_SECONDS, REPLAY_SECONDS):
        assert proven(kind, GENUINE[kind], BODY, SECRET, START + off)


def test_while_a_secret_is_replaced_one_of_several_signatures_is_enough():
    old = "v1=" + hexadecimal(BODY, "old")
    assert proven("pagerduty", {"x-pagerduty-signature": f"{old}, v1={hexadecimal(BODY)}"}, BODY, SECRET, START)
    headers = standard()
    headers["webhook-signature"] = f"v1,{b64(b'other')} {headers['webhook-signature']}"
    assert proven("redmine", headers, BODY, SECRET, START)


def test_gitlab_signs_as_standard_webhooks_where_it_has_a_signing_token():
    key = b"0123456789abcdef0123456789abcdef"
    secret = "whsec_" + base64.b64encode(key).decode()
    assert proven("gitlab", standard(key=key), BODY, secret, START)
    assert not proven("gitlab", standard(key=key) | {"x-gitlab-token": secret}, b"{}", secret, START)


def test_svix_names_its_headers_otherwise():
    assert proven("incident_io", standard(prefix="svix"), BODY, SECRET, START)


@pytest.mark.parametrize(
    ("kind", "body", "ticket"),
    [
        ("zendesk", {"type": "zen:event-type:ticket.status_changed", "detail": {"id": "35436"}}, "35436"),
        ("zendesk", {"ticket": {"id": 35436}}, "35436"),
        ("github", {"action": "closed", "issue": {"number": 12}, "comment": {"id": 9}}, "12"),
        ("gitlab", {"object_kind": "issue", "object_attributes": {"id": 301, "iid": 23}}, "23"),
        ("gitlab", {"object_kind": "note", "object_attributes": {"id": 1241}, "issue": {"id": 92, "iid": 17}}, "17"),
        ("jira", {"webhookEvent": "jira:issue_updated", "issue": {"id": "10002", "key": "PAY-7"}}, "PAY-7"),
        ("pagerduty", {"event": {"event_type": "incident.acknowledged", "data": {"id": "PT4", "incident_key": "k"}}}, "k"),
        ("servicenow", {"ticket": "0f" * 16}, "0f" * 16),
        ("roundup", {"ticket": 3}, "3"),
    ],
)
def test_each_kind_names_its_ticket_as_our_connector_knows_it(kind: str, body: object, ticket: str):
    assert ticket == ticket_of(kind, json.dumps(body).encode())


@given(st.binary(max_size=200), st.sampled_from(sorted(GENUINE)))
def test_no_body_is_a_crash(body: bytes, kind: str):
    assert isinstance(ticket_of(kind, body), str)


@given(
    st.dictionaries(st.sampled_from(sorted({name for one in GENUINE.values() for name in one})), st.text()),
    st.sampled_from(sorted(GENUINE)),
)
def test_no_header_is_a_crash_and_none_made_up_is_proven(headers: dict[str, str], kind: str):
    assert not proven(kind, headers, BODY, SECRET, START)


def test_a_hostile_body_names_nothing_or_little():
    for body in (b"", b"[" * 100_000, b"null", b'{"ticket": true}', b'{"ticket": {"a": 1}}', b'{"issue": [1]}'):
        assert ticket_of("github", body) == ""
    assert ID_MAX == len(ticket_of("redmine", json.dumps({"ticket": "x" * 5_000}).encode()))
