"""Facts about delivery to a real Request Tracker: replies lost on the way, people closing and rejecting tickets."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from desk_model import make_ticket
from real_desk import deliver_through_losses, do
from rt_server import PASSWORD, USER, RequestTracker, installed

from monitor.connectors import Delivered, Found, Rejected
from monitor.connectors.clip import DIVIDER
from monitor.connectors.request_tracker import RequestTrackerConnector
from monitor.model.incident import CommandKind as Kind
from monitor.model.secret import Secret

pytestmark = [pytest.mark.needs_tools, pytest.mark.slow]


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RequestTracker]:
    assert installed(), "Request Tracker is among the packages that .ci/run installs"
    with RequestTracker(tmp_path_factory.mktemp("rt")) as running:
        yield running


def connector_to(url: str, **changes: object) -> RequestTrackerConnector:
    options = {
        "url": url,
        "username": USER,
        "password": Secret(PASSWORD),
        "queue": "Payments",
        "allow_private": ("127.0.0.0/8",),
        "timeout": "10s",
        "settle": "300ms",
        **changes,
    }
    return RequestTrackerConnector(RequestTrackerConnector.Options(**options))


async def test_a_ticket_lives_its_life_in_both_languages(tracker: RequestTracker):
    connector = connector_to(tracker.url)
    ticket = make_ticket("inc_life")
    assert isinstance(await do(connector, connector.check()), Delivered)

    made = await do(connector, connector.create(ticket))
    assert Found((made.remote_id,), open=True) == await do(connector, connector.find(ticket.external_id))
    for revision, (flow, kind) in enumerate(
        ((connector.update, Kind.UPDATE), (connector.resolve, Kind.RESOLVE), (connector.reopen, Kind.REOPEN)), 2
    ):
        told = make_ticket("inc_life", kind, revision)
        for _ in range(2):
            assert made == await do(connector, flow(told, made.remote_id))

    (held,) = tracker.tickets(ticket.external_id)
    assert ("open", "Card payments fail / 银行卡支付失败") == (held["Status"], held["Subject"])
    said = tracker.texts(made.remote_id)
    assert [f"3 of 3 runs failed at authorise.{DIVIDER}3 次运行全部在预授权失败。"] == [text.rstrip() for text in said[:1]]
    later = [f"change {revision}{DIVIDER}变更 {revision}\n\n[{ticket.external_id} r{revision}]" for revision in (2, 3, 4)]
    assert later == said[1:]


async def test_what_people_did_stays_done(tracker: RequestTracker):
    connector = connector_to(tracker.url)
    ticket = make_ticket("inc_people")
    made = await do(connector, connector.create(ticket))

    tracker.set_status(made.remote_id, "resolved")
    assert made == await do(connector, connector.update(make_ticket("inc_people", Kind.UPDATE, 2), made.remote_id))
    assert ["resolved"] == [one["Status"] for one in tracker.tickets(ticket.external_id)]

    tracker.set_status(made.remote_id, "rejected")
    assert made == await do(connector, connector.resolve(make_ticket("inc_people", Kind.RESOLVE, 3), made.remote_id))
    assert ["rejected"] == [one["Status"] for one in tracker.tickets(ticket.external_id)]

    gone = await do(connector, connector.update(replace(ticket, revision=4), "999999"))
    assert isinstance(gone, Rejected)


@pytest.mark.parametrize(
    ("changes", "complaint"), [({"queue": "Nowhere"}, "no queue"), ({"key_field": "Other"}, "no custom field")]
)
async def test_a_check_names_what_the_tracker_lacks(tracker: RequestTracker, changes: dict[str, object], complaint: str):
    connector = connector_to(tracker.url, **changes)
    verdict = await do(connector, connector.check())
    assert isinstance(verdict, Rejected)
    assert complaint in verdict.reason


async def test_replies_lost_on_the_way_leave_one_ticket_for_each_incident(tracker: RequestTracker, tmp_path: Path):
    external_ids = await deliver_through_losses(tracker.url, connector_to, tmp_path)

    held = [tracker.tickets(each) for each in external_ids]
    assert {1} == {len(tickets) for tickets in held}
    assert {"resolved"} == {tickets[0]["Status"] for tickets in held}
