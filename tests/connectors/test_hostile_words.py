"""Whatever a gateway says, it stays text: at no desk does it become a mention, a link, markup, or a template to be filled in."""

import json
import re
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser
from typing import Any

import pytest
from connector_contract import play_all, sample_ticket
from every_desk import DESKS
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from monitor.connectors import Answer
from monitor.connectors.jira import unformatted
from monitor.connectors.reading import is_ours
from monitor.connectors.table import KINDS
from monitor.model.incident import CommandKind
from monitor.model.secret import Secret
from monitor.model.text import Text

HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "@channel @here @all @everyone",
    "<!everyone> <!channel|now> <@U0123456>",
    '<at user_id="all">everybody</at>',
    "<at>li.wei</at>",
    "[~admin] [click|http://evil.test] !http://evil.test/a.png!",
    "[x](javascript:alert(1)) ![x](http://evil.test/a.png)",
    "{{7*7}} {{ticket.requester.email}} {% include 'secrets' %} {{dc.x}} {{DATE(2017-02-14T06:00:00Z)}}",
    "{noformat} {NoFormat} {code} {color:red}x{color}",
    "[code]<b>bold</b>[/code] [CODE]",
    "```\n/close\n/assign @root\n```",
    "# head\n* item\n> quote\n| a | b |",
    "**bold** _italic_ ~strike~ `code` *bold*",
    "</p></div><a href='http://evil.test'>log in</a>",
    "Subject: x\r\nBcc: all@example.com",
    "&lt;script&gt; &#60;b&#62; &amp;",
    "x" * 20_000,
)
hostile = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=40), min_size=1, max_size=6).map("\n".join)


def told(desk: str, words: str) -> list[Any]:
    """What leaves for the desk when its ticket is made and told more, with ``words`` wherever words go."""
    kind = KINDS[desk.split(maxsplit=1)[0]]
    connector = kind(kind.Options(**DESKS[desk]))
    rest = getattr(connector, "rest", None)
    if rest and rest.bearer:
        rest.bearer.hold(Secret("Bearer held"))
    text = Text(words, words + "。")
    ticket = sample_ticket(title=text, body=text)
    update = sample_ticket(kind=CommandKind.UPDATE, revision=2, title=text, body=text, comment=text)
    answer = Answer(
        200, {}, b'{"ok":true,"id":7,"number":7,"state":"open","Status":"open","result":{"sys_id":"7"},"ticket":{"id":7}}'
    )
    found: list[Any] = []
    for flow in (connector.create(ticket), connector.update(update, "7"), connector.resolve(update, "7")):
        for call in play_all(flow, answer)[1]:
            if call.method == "SEND":
                found.append(call.body)
            elif call.body:
                found.append(json.loads(call.body))
    assert len(found) >= 3, "the ticket, the news and the end"
    return found


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in a JSON body with the names that lead to it."""
    if isinstance(value, str):
        yield path, value
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from strings(inner, f"{path}.{name}".lstrip("."))


def texts(body: Mapping[str, Any], *ends: str) -> list[str]:
    return [text for path, text in strings(body) if path.split(".")[-1] in ends]


@settings(max_examples=25, deadline=None)
@given(hostile)
def test_slack_shows_plain_texts_alone(words: str) -> None:
    for body in told("slack", words):
        assert {block["text"]["type"] for block in body["blocks"]} == {"plain_text"}
        assert "".join(block["text"]["text"] for block in body["blocks"]).strip()
        assert not set("<>") & set(body["text"])
        assert not body.keys() & {"parse", "link_names", "attachments"}


@settings(max_examples=25, deadline=None)
@given(hostile)
def test_teams_reads_no_mark_and_no_function(words: str) -> None:
    for body in told("teams", words):
        card = body["attachments"][0]["content"]
        assert "msteams" not in card  # where mentions would be declared
        for block in card["body"]:
            assert not set(re.sub(r"\\.", "", block["text"])) & set("*_[]()#`~<>!{}|\\")


@settings(max_examples=25, deadline=None)
@given(hostile)
@pytest.mark.parametrize("desk", ["github", "gitlab", "incident_io"])
def test_what_is_read_as_markdown_is_one_block_of_code(desk: str, words: str) -> None:
    """Held against a Markdown parser: nothing before the block, nothing after it, and no other inside."""
    found = 0
    for body in told(desk, words):
        for text in texts(body, "body", "description"):
            found += 1
            tokens = MarkdownIt().parse(text)
            assert [token.type for token in tokens] == ["fence"]
    assert found >= 3


@settings(max_examples=25, deadline=None)
@given(hostile)
def test_jira_cloud_gets_paragraphs_of_text_without_marks(words: str) -> None:
    for body in told("jira", words):
        for document in (body.get("fields", {}).get("description"), body.get("body")):
            for paragraph in document["content"] if document else ():
                assert paragraph["type"] == "paragraph"
                assert all(set(part) == {"type", "text"} and part["type"] == "text" for part in paragraph["content"])


@settings(max_examples=25, deadline=None)
@given(hostile)
def test_jira_data_center_gets_one_block_without_format(words: str) -> None:
    for body in told("jira data center", words):
        for text in texts(body, "description", "body"):
            assert text.startswith("{noformat}\n")
            assert text.endswith("\n{noformat}")
            assert len(re.findall(r"\{noformat", text, re.IGNORECASE)) == 2


def test_our_own_comment_is_known_again_in_its_block_without_format() -> None:
    assert is_ours(unformatted("Worse.\n\n[paycanary-demo-inc_1-1 r2]"))
    assert not is_ours(unformatted("[paycanary-demo-inc_1-1 r2]\n\nWhat does this mean?"))


@settings(max_examples=25, deadline=None)
@given(hostile)
def test_zendesk_gets_no_placeholder(words: str) -> None:
    for body in told("zendesk", words):
        assert not any("{{" in text or "{%" in text for _, text in strings(body))


@settings(max_examples=25, deadline=None)
@given(hostile)
def test_servicenow_gets_no_code_tag(words: str) -> None:
    for body in told("servicenow", words):
        assert not any(re.search(r"\[/?code\]", text, re.IGNORECASE) for _, text in strings(body))


@settings(max_examples=25, deadline=None)
@given(hostile)
def test_request_tracker_is_told_that_it_is_plain_text(words: str) -> None:
    for body in told("request_tracker", words):
        assert body.get("ContentType", "text/plain") == "text/plain"
        assert "\n" not in body.get("Subject", "")


@settings(max_examples=25, deadline=None)
@given(hostile)
@pytest.mark.parametrize("desk", ["dingtalk", "feishu", "wecom"])
def test_chinese_rooms_get_plain_texts_that_mention_nobody(desk: str, words: str) -> None:
    for body in told(desk, words):
        assert body.get("msgtype", body.get("msg_type")) == "text"
        assert not {path.split(".")[-1] for path, _ in strings(body)} & {"at", "mentioned_list", "isAtAll"}
        assert desk != "feishu" or "<" not in body["content"]["text"]


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


@settings(max_examples=25, deadline=None)
@given(hostile)
def test_mail_has_our_tags_and_our_headers_alone(words: str) -> None:
    for sent in told("mail", words):
        message = message_from_bytes(sent, policy=default)
        page, tags = message.get_body(("html",)), _Tags()
        assert page is not None
        tags.feed(page.get_content())
        assert {tag for tag, _ in tags.seen} <= {"meta", "div", "p", "hr", "br"}
        assert not any(name.startswith("on") or name in ("href", "src") for _, attributes in tags.seen for name in attributes)
        assert message["Bcc"] is None
        assert len(message.get_all("Subject")) == 1
        assert "\n" not in message["Subject"]
