"""Facts about delivery to a real Redmine: its silent omissions, replies lost on the way, people closing and deleting issues."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk_model import make_ticket
from real_desk import deliver_through_losses, do
from redmine_server import KEYS, PROJECT, Redmine, installed

from monitor.connectors import Comment, Delivered, Found, Gone, Held, Rejected, TryAgain
from monitor.connectors.clip import DIVIDER
from monitor.connectors.redmine import RedmineConnector
from monitor.model.incident import CommandKind as Kind
from monitor.model.secret import Secret
from monitor.model.text import Text

pytestmark = [pytest.mark.needs_tools, pytest.mark.slow]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Redmine]:
    assert installed(), "Redmine and puma are among the packages that .ci/run installs"
    with Redmine(tmp_path_factory.mktemp("redmine")) as running:
        yield running


def connector_to(url: str, by: str = "monitor", **changes: object) -> RedmineConnector:
    options = {
        "url": url,
        "api_key": Secret(KEYS[by]),
        "project": PROJECT,
        "allow_private": ("127.0.0.0/8",),
        "timeout": "20s",
        "settle": "300ms",
        **changes,
    }
    return RedmineConnector(RedmineConnector.Options(**options))


async def test_an_issue_lives_its_life_in_both_languages(desk: Redmine):
    connector = connector_to(desk.url)
    ticket = make_ticket("inc_life")
    assert Delivered() == await do(connector, connector.check())

    made = await do(connector, connector.create(ticket))
    assert Found((made.remote_id,), open=True) == await do(connector, connector.find(ticket.external_id))
    for revision, (flow, kind) in enumerate(
        ((connector.update, Kind.UPDATE), (connector.resolve, Kind.RESOLVE), (connector.reopen, Kind.REOPEN)), 2
    ):
        told = make_ticket("inc_life", kind, revision)
        for _ in range(2):
            assert made == await do(connector, flow(told, made.remote_id))

    (held,) = desk.issues(ticket.external_id)
    assert ("Card payments fail / 银行卡支付失败", "Immediate") == (held["subject"], held["priority"]["name"])
    assert "In Progress" == held["status"]["name"]
    said = f"<pre>\n3 of 3 runs failed at authorise.{DIVIDER}3 次运行全部在预授权失败。\n</pre>"
    assert said == held["description"].replace("\r\n", "\n")
    assert [
        f"<pre>\nchange {revision}{DIVIDER}变更 {revision}\n</pre>\n\n[{ticket.external_id} r{revision}]"
        for revision in (2, 3, 4)
    ] == desk.notes(made.remote_id)


async def test_what_people_did_stays_done_and_is_seen(desk: Redmine):
    connector = connector_to(desk.url)
    ticket = make_ticket("inc_people")
    made = await do(connector, connector.create(ticket))

    desk.amend(made.remote_id, notes="The acquirer has a fault, we wait for them.", status_id=5)
    assert made == await do(connector, connector.update(make_ticket("inc_people", Kind.UPDATE, 2), made.remote_id))

    seen = await do(connector, connector.read(made.remote_id))
    assert (Held.DONE, "Alex Test", "") == (seen.state, seen.by, seen.assignee)
    assert [("Alex Test", "The acquirer has a fault, we wait for them.")] == [(one.by, one.text) for one in seen.comments]
    assert isinstance(seen.comments[0], Comment)
    assert seen.comments[0].at is not None
    assert Found((made.remote_id,), open=False) == await do(connector, connector.find(ticket.external_id))


async def test_an_issue_in_a_final_status_gets_no_more_notes(desk: Redmine):
    connector = connector_to(desk.url, statuses_final=("Rejected",))
    made = await do(connector, connector.create(make_ticket("inc_final")))
    desk.amend(made.remote_id, status_id=6)

    assert made == await do(connector, connector.resolve(make_ticket("inc_final", Kind.RESOLVE, 2), made.remote_id))

    assert [] == desk.notes(made.remote_id)


async def test_an_issue_that_people_deleted_is_gone(desk: Redmine):
    connector = connector_to(desk.url)
    made = await do(connector, connector.create(make_ticket("inc_deleted")))
    desk.delete(made.remote_id)

    for flow in (connector.update(make_ticket("inc_deleted", Kind.UPDATE, 2), made.remote_id), connector.read(made.remote_id)):
        assert isinstance(await do(connector, flow), Gone)


async def test_text_that_looks_like_markup_arrives_as_it_was_said(desk: Redmine):
    connector = connector_to(desk.url)
    nasty = Text("</pre> h1. Owned !http://x/y.png! @alex #1 *bold*", "“</PRE>”")
    made = await do(connector, connector.create(make_ticket("inc_markup")))

    await do(connector, connector.update(make_ticket("inc_markup", Kind.UPDATE, 2, comment=nasty), made.remote_id))

    (note,) = desk.notes(made.remote_id)
    assert 1 == note.lower().count("</pre>")
    assert "h1. Owned" in note.partition("</pre>")[0]


async def test_what_redmine_leaves_out_without_a_word_is_noticed(desk: Redmine):
    """A login that may not edit is answered 204, and the status stays."""
    made = await do(connector_to(desk.url), connector_to(desk.url).create(make_ticket("inc_silent")))
    reader = connector_to(desk.url, "reader")

    verdict = await do(reader, reader.resolve(make_ticket("inc_silent", Kind.RESOLVE, 2), made.remote_id))

    assert isinstance(verdict, Rejected)
    assert "left the issue in status 'New'" in verdict.reason


async def test_a_filter_that_redmine_does_not_know_finds_nothing_of_others(desk: Redmine):
    """It lists every issue instead: none of them must be taken for ours."""
    connector = connector_to(desk.url, key_field="Unsearchable")
    await do(connector_to(desk.url), connector_to(desk.url).create(make_ticket("inc_other")))

    assert isinstance(await do(connector, connector.find("paycanary-test-inc_nowhere-1")), TryAgain)


@pytest.mark.parametrize(
    ("by", "changes", "complaint"),
    [
        ("monitor", {"project": "nowhere"}, "no project 'nowhere'"),
        ("monitor", {"key_field": "Other"}, "no custom field 'Other'"),
        ("monitor", {"key_field": "Unsearchable"}, "used as a filter"),
        ("monitor", {"status_resolved": "Done"}, "no status 'Done', only New, In Progress"),
        ("monitor", {"tracker": "Outage"}, "no tracker 'Outage'"),
        ("reader", {"private": True}, "may not: Edit issues, Set notes as private, View private notes"),
    ],
)
async def test_a_check_names_what_redmine_lacks(desk: Redmine, by: str, changes: dict[str, object], complaint: str):
    connector = connector_to(desk.url, by, **changes)
    verdict = await do(connector, connector.check())
    assert isinstance(verdict, Rejected)
    assert complaint in verdict.reason


async def test_replies_lost_on_the_way_leave_one_issue_for_each_incident(desk: Redmine, tmp_path: Path):
    external_ids = await deliver_through_losses(desk.url, connector_to, tmp_path)

    held = [desk.issues(each) for each in external_ids]
    assert {1} == {len(issues) for issues in held}
    assert {"Resolved"} == {issues[0]["status"]["name"] for issues in held}
