"""Chat rooms: the contract, signatures, bodies that refuse inside HTTP 200, limits in bytes, and threads."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from connector_contract import CANARY, ConnectorContract, play_all, sample_ticket, secret
from hosted import HostedClient
from hosted_chat import SECRET, HostedDingTalk, HostedFeishu, HostedRoom, HostedSlack, HostedTeams, HostedWeCom

from monitor.connectors import Answer, Delivered, Rejected, TryAgain, Unsure
from monitor.connectors.client import play
from monitor.connectors.table import KINDS
from monitor.model.incident import CommandKind, Status
from monitor.model.secret import Secret
from monitor.model.text import Text

ROOMS: dict[str, tuple[dict[str, Any], type[HostedRoom]]] = {
    "dingtalk": ({"token": Secret("robot"), "secret": Secret(SECRET), "url": "https://desk.test/robot/send"}, HostedDingTalk),
    "feishu": ({"url": Secret("https://desk.test/open-apis/bot/v2/hook/robot"), "secret": Secret(SECRET)}, HostedFeishu),
    "wecom": ({"key": Secret("robot"), "url": "https://desk.test/cgi-bin/webhook/send"}, HostedWeCom),
    "teams": ({"url": Secret("https://desk.test/workflows/secret")}, HostedTeams),
    "slack": ({"token": Secret("xoxb"), "channel": "C0123456", "url": "https://desk.test/api"}, HostedSlack),
}


class TestDingTalk(ConnectorContract):
    kind = "dingtalk"

    @pytest.fixture
    def options(self):
        return {"token": secret(), "secret": secret()}


class TestFeishu(ConnectorContract):
    kind = "feishu"

    @pytest.fixture
    def options(self):
        return {"url": Secret(f"https://open.feishu.cn/{CANARY}"), "secret": secret()}


class TestWeCom(ConnectorContract):
    kind = "wecom"

    @pytest.fixture
    def options(self):
        return {"key": secret()}


class TestTeams(ConnectorContract):
    kind = "teams"

    @pytest.fixture
    def options(self):
        return {"url": Secret(f"https://prod.example/{CANARY}")}


class TestSlack(ConnectorContract):
    kind = "slack"

    @pytest.fixture
    def options(self):
        return {"token": secret(), "channel": "C0123456"}


class Room:
    def __init__(self, kind: str) -> None:
        options, model = ROOMS[kind]
        self.model: Any = model(lambda: 1_793_577_600.25)
        self.connector = KINDS[kind](KINDS[kind].Options(**options))
        self._client = HostedClient(self.model, seconds=0.0)

    def do(self, flow: Any) -> Any:
        async def main() -> Any:
            return await play(flow, lambda call: self._client.perform(call, self.connector.access))

        return asyncio.run(main())


@pytest.fixture(params=ROOMS)
def room(request: pytest.FixtureRequest) -> Iterator[Room]:
    room = Room(request.param)
    yield room
    assert [] == room.model.violations


def test_a_room_hears_of_the_beginning_the_news_and_the_end_in_both_languages(room: Room):
    made = room.do(room.connector.create(sample_ticket()))
    update = sample_ticket(kind=CommandKind.UPDATE, revision=2, comment=Text("Worse.", "情况恶化。"))
    resolve = sample_ticket(kind=CommandKind.RESOLVE, revision=3, status=Status.RESOLVED, comment=Text("Over.", "已结束。"))

    assert isinstance(made, Delivered)
    assert isinstance(room.do(room.connector.update(update, made.remote_id)), Delivered)
    assert isinstance(room.do(room.connector.resolve(resolve, made.remote_id)), Delivered)

    first, second, third = room.model.said
    assert "Card payments fail at authorise" in first
    assert "银行卡支付在预授权阶段失败" in first
    assert "3 of 3 runs failed" in first
    assert ("情况恶化。" in second, "已结束。" in third) == (True, True)


def test_the_longest_chinese_story_keeps_to_the_rooms_limit(room: Room):
    long = Text("failing since noon\n" * 3_000, "自中午起持续失败，影响全部卡组织。\n" * 3_000)
    told = room.do(room.connector.create(sample_ticket(title=Text("T" * 900, "题" * 900), body=long)))

    assert isinstance(told, Delivered)
    (said,) = room.model.said
    assert "failing since noon" in said
    assert "自中午起持续失败" in said


def test_a_check_says_one_sentence_in_the_room_or_none_at_all(room: Room):
    assert isinstance(room.do(room.connector.check()), Delivered)
    assert len(room.model.said) <= 1


@pytest.mark.parametrize(
    ("kind", "body", "verdict", "seconds"),
    [
        ("dingtalk", b'{"errcode":130101,"errmsg":"send too fast"}', TryAgain, 600.0),
        ("dingtalk", b'{"errcode":310000,"errmsg":"sign not match"}', Rejected, None),
        ("dingtalk", b'{"errcode":-1,"errmsg":"system busy"}', Unsure, None),
        ("dingtalk", b"<html>", Unsure, None),
        ("feishu", b'{"code":9499,"msg":"too many request"}', TryAgain, 60.0),
        ("feishu", b'{"code":19021,"msg":"sign match fail"}', Rejected, None),
        ("wecom", b'{"errcode":45009,"errmsg":"api freq out of limit"}', TryAgain, 60.0),
        ("wecom", b'{"errcode":93000,"errmsg":"invalid webhook url"}', Rejected, None),
        ("slack", b'{"ok":false,"error":"ratelimited"}', TryAgain, None),
        ("slack", b'{"ok":false,"error":"invalid_auth"}', TryAgain, None),
        ("slack", b'{"ok":false,"error":"channel_not_found"}', Rejected, None),
        ("slack", b'{"ok":false,"error":"fatal_error"}', Unsure, None),
        ("slack", b"{}", Unsure, None),
    ],
)
def test_a_refusal_inside_http_200_is_a_refusal(kind: str, body: bytes, verdict: type, seconds: float | None):
    told, _ = play_all(Room(kind).connector.create(sample_ticket()), Answer(200, {}, body))
    assert verdict is type(told)
    assert seconds == getattr(told, "after_seconds", None)


def test_dingtalk_shuts_a_robot_that_talks_too_much():
    room = Room("dingtalk")
    verdicts = [room.do(room.connector.create(sample_ticket())) for _ in range(21)]
    assert 20 == sum(1 for one in verdicts if isinstance(one, Delivered))
    assert 600.0 == verdicts[-1].after_seconds


def test_slack_keeps_an_incident_in_one_thread_and_rewrites_its_head_when_it_is_over():
    room = Room("slack")
    made = room.do(room.connector.create(sample_ticket()))
    resolve = sample_ticket(kind=CommandKind.RESOLVE, revision=3, status=Status.RESOLVED, comment=Text("Over.", "已结束。"))
    for _ in range(2):
        room.do(room.connector.resolve(resolve, made.remote_id))

    head, *answers = room.model.messages.values()
    assert head["text"].startswith("[Resolved] [P1]")
    assert {made.remote_id.partition(":")[2]} == {one["thread"] for one in answers}


def test_no_markup_of_a_room_comes_out_of_a_gateways_words():
    nasty = Text("<!channel> <at user_id='all'> *bold* [x](http://evil)", "<@U1>")
    said = {kind: Room(kind) for kind in ROOMS}
    for room in said.values():
        room.do(room.connector.create(sample_ticket(title=nasty, body=nasty)))

    assert "<!channel>" not in said["slack"].model.said[0]
    assert "<at" not in said["feishu"].model.said[0]
    assert "\\[x\\]" in said["teams"].model.said[0]
