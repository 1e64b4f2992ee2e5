"""What each desk shows of what people did, and what is never taken for a person's word."""

from typing import Any

import pytest
from by_hand import OURSELVES
from connector_contract import CANARY, FINAL_STATUSES, play_all, sample_ticket, secret
from hypothesis import given
from hypothesis import strategies as st
from test_tracker_connectors import TRACKERS, UPDATE, Desk

from monitor.connectors import Answer, Gone, Held, Readable, Rejected, Seen, TryAgain, Unsure
from monitor.connectors.reading import COMMENT_MAX_BYTES, heard, instant, is_ours, plain
from monitor.connectors.rest import as_code
from monitor.connectors.table import KINDS
from monitor.model.incident import CommandKind
from monitor.model.secret import Secret
from monitor.testing.simtime import START

MERGING = ("zendesk", "salesforce", "gitlab")
READERS = {
    "zendesk": {"url": "https://desk.test", "client_id": "c", "client_secret": secret()},
    "salesforce": {"url": "https://desk.test", "client_id": "c", "client_secret": secret()},
    "servicenow": {"url": "https://desk.test", "username": "c", "password": secret()},
    "jira": {"url": "https://desk.test", "email": "canary@example.com", "token": secret(), "project": "PAY"},
    "github": {"url": "https://desk.test", "repository": "payments/ops", "token": secret()},
    "gitlab": {"url": "https://desk.test", "project": "payments/ops", "token": secret()},
    "request_tracker": {"url": "https://desk.test", "token": secret(), "queue": "Payments"},
    "redmine": {"url": "https://desk.test", "api_key": secret(), "project": "payments"},
    "roundup": {"url": "https://desk.test", "username": "c", "password": secret()},
    "jsm_ops": {"api_key": secret(), "cloud_id": "0" * 36, "email": "canary@example.com", "token": secret()},
    "pagerduty": {"url": "https://desk.test", "routing_key": secret(), "api_token": secret(), "api_url": "https://desk.test"},
}


def held_at(kind: str) -> tuple[Desk, str]:
    """A desk with one ticket of ours that was told something twice."""
    desk = Desk(kind)
    remote = desk.do(desk.connector.create(sample_ticket())).remote_id
    desk.do(desk.connector.update(UPDATE, remote))
    return desk, remote


@pytest.mark.parametrize("kind", TRACKERS)
def test_a_ticket_that_nobody_touched_shows_nothing(kind: str):
    desk, remote = held_at(kind)
    assert Seen(Held.OPEN) == desk.do(desk.connector.read(remote))
    assert [] == desk.model.violations


@pytest.mark.parametrize("kind", TRACKERS)
def test_what_people_write_is_heard_in_order_and_ours_is_not(kind: str):
    desk, remote = held_at(kind)
    desk.time = 60.0
    desk.model.say_by_hand(remote, "Ana", "The acquirer confirms, they work on it.")
    desk.time = 120.0
    desk.model.say_by_hand(remote, "李雷", "> change 2\n> [paycanary-demo-inc_1-1 r2]\n已联系收单行")
    desk.do(desk.connector.update(sample_ticket(kind=CommandKind.UPDATE, revision=3), remote))

    seen = desk.do(desk.connector.read(remote))

    assert [("Ana", START + 60), ("李雷", START + 120)] == [(one.by, one.at) for one in seen.comments]
    assert ["The acquirer confirms, they work on it.", "已联系收单行"] == [
        one.text.splitlines()[-1].removeprefix("@canary ") for one in seen.comments
    ]
    assert 2 == len({one.id for one in seen.comments})
    assert seen.comments == desk.do(desk.connector.read(remote)).comments
    assert [] == desk.model.violations


@pytest.mark.parametrize("kind", TRACKERS)
def test_closing_opening_and_taking_a_ticket_is_seen(kind: str):
    desk, remote = held_at(kind)
    desk.model.assign_by_hand(remote, "Ana")
    desk.model.close_by_hand(remote)
    closed = desk.do(desk.connector.read(remote))
    desk.model.reopen_by_hand(remote)
    opened = desk.do(desk.connector.read(remote))

    assert (Held.DONE, "Ana") == (closed.state, closed.assignee)
    assert closed.by == ("" if kind in ("zendesk", "salesforce") else "Ana")
    assert Held.OPEN is opened.state


@pytest.mark.parametrize("kind", TRACKERS)
def test_a_ticket_that_people_deleted_is_gone(kind: str):
    desk, remote = held_at(kind)
    desk.model.delete_by_hand(remote)
    verdict = desk.do(desk.connector.read(remote))
    assert (Gone, "") == (type(verdict), verdict.merged_into)


@pytest.mark.parametrize("kind", MERGING)
def test_a_ticket_that_people_merged_names_the_one_that_goes_on(kind: str):
    desk, remote = held_at(kind)
    into = desk.model.merge_by_hand(remote)
    verdict = desk.do(desk.connector.read(remote))
    assert into == verdict.merged_into
    assert [] == list(getattr(verdict, "comments", ()))
    assert [] == desk.model.violations


@pytest.mark.parametrize("kind", ["zendesk", "salesforce"])
def test_a_command_to_a_merged_ticket_is_told_where_it_went(kind: str):
    desk, remote = held_at(kind)
    into = desk.model.merge_by_hand(remote)
    verdict = desk.do(desk.connector.update(sample_ticket(kind=CommandKind.UPDATE, revision=9), remote))
    assert (Gone, into) == (type(verdict), verdict.merged_into)


def test_pagerduty_shows_who_took_it_and_who_closed_it_with_an_api_token():
    desk = Desk("pagerduty", api_token=Secret("t0ken"), api_url="https://desk.test")
    key = desk.do(desk.connector.create(sample_ticket())).remote_id
    assert Seen(Held.OPEN) == desk.do(desk.connector.read(key))

    desk.model.acknowledge_by_hand(key)
    desk.model.say_by_hand(key, "Ana", "on it")
    seen = desk.do(desk.connector.read(key))
    desk.model.close_by_hand(key)

    assert ("Ana", ["on it"]) == (seen.taken_by, [one.text for one in seen.comments])
    assert (Held.FINAL, "Ana") == (desk.do(desk.connector.read(key)).state, "Ana")
    assert isinstance(desk.do(desk.connector.read("nonesuch")), TryAgain)
    assert not Desk("pagerduty").connector.capabilities.reads
    assert [] == desk.model.violations


@pytest.mark.parametrize("kind", READERS)
class TestTheContractOfReading:
    @pytest.fixture
    def read(self, kind: str):
        made = KINDS[kind](KINDS[kind].Options(**READERS[kind]))
        assert made.capabilities.reads
        assert isinstance(made, Readable)
        rest = getattr(made, "rest", None)
        if rest and rest.bearer:
            rest.bearer.hold(Secret("Bearer held"))
        return lambda: made.read("7")

    def test_every_status_has_a_verdict_and_nothing_is_done(self, read):
        for status in FINAL_STATUSES:
            verdict, calls = play_all(read(), Answer(status, {}, b"{}"))
            assert isinstance(verdict, Seen | TryAgain | Unsure | Rejected)
            assert all(call.method == "GET" or b"grant_type" in call.body for call in calls)

    def test_no_answer_is_asked_again(self, read):
        for lost in (Answer(None, sent=True, error="no answer"), Answer(None, sent=False), Answer(503, retry_after=9.0)):
            assert isinstance(play_all(read(), lost)[0], TryAgain)

    def test_an_answer_that_makes_no_sense_is_no_crash_and_no_person(self, read):
        for body in (
            b"",
            b"\xff",
            b"null",
            b"[1]",
            b'{"data": {"collection": [1, {}]}}',
            b'{"result": {"state": 6}}',
            b"[" * 100_000,
        ):
            verdict, _ = play_all(read(), Answer(200, {}, body))
            assert isinstance(verdict, TryAgain | Rejected | Unsure), body

    def test_no_secret_is_in_a_verdict_even_when_the_desk_repeats_it(self, read):
        for status in (400, 401, 403, 500):
            verdict, calls = play_all(read(), Answer(status, {}, b'{"message": "wrong %s"}' % CANARY.encode()))
            assert CANARY not in repr(verdict) + repr(calls)


@given(st.text(), st.integers(1, 10_000))
def test_whatever_we_say_is_known_as_ours_also_in_a_code_block(words: str, revision: int):
    said = f"{words}\n\n[paycanary-demo-inc_1-1 r{revision}]"
    assert is_ours(said)
    assert is_ours(as_code(said))
    assert heard(1, OURSELVES, None, said) is None


@pytest.mark.parametrize(
    "text",
    [
        "fixed",
        "> [paycanary-demo-inc_1-1 r2]",
        "[paycanary-demo-inc_1-1 r2]\nis that the same as yesterday's?",
        "see [paycanary-demo-inc_1-1 r2] above",
        "paycanary-demo-inc_1-1 r2",
    ],
)
def test_a_person_who_quotes_us_is_heard(text: str):
    assert text == heard(1, "Ana", 1.0, text).text


def test_a_card_number_that_a_person_pasted_is_not_kept_and_a_novel_is_cut():
    comment = heard(1, "Ana\nB", None, "card 4111 1111 1111 1111 fails " + "字" * 5_000)
    assert "1111 1111" not in comment.text
    assert len(comment.text.encode()) <= COMMENT_MAX_BYTES
    assert "Ana B" == comment.by


def test_instants_in_the_forms_desks_write_them():
    for text in ("2026-11-02T00:01:00Z", "2026-11-02T00:01:00.000+0000", "2026-11-02 00:01:00", "2026-11-02T08:01:00+08:00"):
        assert START + 60 == instant(text), text
    assert [None, None] == [instant(None), instant("yesterday")]


def test_the_words_of_html():
    assert "a & b\nc" == plain("<p>a &amp; b</p><i>c</i>")


def test_nobody_reads_what_is_no_ticket() -> None:
    quiet: list[Any] = [kind for name, kind in KINDS.items() if name in ("dingtalk", "feishu", "wecom", "teams", "mail", "slack")]
    assert quiet
    assert not any(kind.capabilities.reads for kind in quiet)
