"""Mail through a real SMTP server (aiosmtpd) with TLS: threads, both languages, refusals, and nothing sent in the clear."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from connector_contract import ConnectorContract, play_all, sample_ticket, secret

from monitor.clock import SystemClock
from monitor.connectors import Answer, Delivered, Rejected, TryAgain, Unsure
from monitor.connectors.client import Client, play
from monitor.connectors.mail import MailConnector, MailOptions
from monitor.model.incident import CommandKind
from monitor.model.secret import Secret
from monitor.model.text import Text
from monitor.sandbox.certificates import ensure, server_context


class TestMail(ConnectorContract):
    """Reply codes of mail are not those of HTTP: what a code means is told below."""

    kind = "mail"

    @pytest.fixture
    def options(self):
        return {
            "server": "smtps://mail.example.com",
            "sender": "canary@example.com",
            "to": ["ops@example.com"],
            "username": "canary",
            "password": secret(),
        }

    def test_a_server_error_or_a_lost_answer_never_passes_for_nothing_done(self, operations):
        verdict, _ = play_all(operations["create"](), Answer(None, sent=True, error="no answer"))
        assert isinstance(verdict, Unsure)

    def test_too_many_requests_waits_as_long_as_the_desk_says(self, operations):
        verdict, _ = play_all(operations["create"](), Answer(421))
        assert isinstance(verdict, TryAgain)

    def test_refused_credentials_wait_for_people_instead_of_losing_the_ticket(self, operations):
        verdict, _ = play_all(operations["create"](), Answer(535))
        assert isinstance(verdict, TryAgain)


@dataclass
class Post:
    port: int = 0
    taken: list[Any] = field(default_factory=list)
    refuse: str = ""

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self.refuse:
            return self.refuse
        self.taken.append(message_from_bytes(envelope.content, policy=default))
        return "250 taken"


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[tuple[Post, str]]:
    files = ensure(tmp_path, time.time())
    context = server_context(files)
    office = Post()
    right = AuthResult(success=True)
    wrong = AuthResult(success=False, handled=False)

    def make() -> SMTP:
        def authenticate(server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
            return right if (data.login, data.password) == (b"canary", b"s3cret") else wrong

        return SMTP(office, tls_context=context, require_starttls=True, authenticator=authenticate, auth_required=True)

    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    yield office, str(files.authority)
    server.close()
    await server.wait_closed()


def connector(office: Post, authority: str, **changes: Any) -> MailConnector:
    options = {
        "server": f"smtp://127.0.0.1:{office.port}",
        "sender": "canary@example.com",
        "to": ("ops@example.com", "desk@example.com"),
        "username": "canary",
        "password": Secret("s3cret"),
        "allow_private": ("127.0.0.0/8",),
        "ca_file": authority,
        "timeout": "5s",
    }
    return MailConnector(MailOptions(**(options | changes)))


async def do(made: MailConnector, flow: Any) -> Any:
    client = Client(SystemClock())
    try:
        return await play(flow, lambda call: client.perform(call, made.access))
    finally:
        await client.close()


async def test_one_incident_is_one_thread_in_both_languages(post: tuple[Post, str]):
    office, authority = post
    made = connector(office, authority)
    first = await do(made, made.create(sample_ticket()))
    news = sample_ticket(kind=CommandKind.UPDATE, revision=2, comment=Text("Worse.", "情况恶化。"))
    again = await do(made, made.update(news, first.remote_id))

    assert (Delivered, first) == (type(first), again)
    opened, told = office.taken
    assert "<paycanary-demo-inc_1-1@example.com>" == opened["Message-ID"] == told["In-Reply-To"] == told["References"]
    assert "[P1] Card payments fail at authorise / [P1] 银行卡支付在预授权阶段失败" == opened["Subject"]
    assert "high" == opened["Importance"]
    for part in ("plain", "html"):
        text = opened.get_body((part,)).get_content()
        assert "3 of 3 runs failed since 00:00:30." in text
        assert "自 00:00:30 起 3 次运行全部失败。" in text
    assert "情况恶化。" in told.get_body(("plain",)).get_content()


async def test_a_gateways_words_are_no_markup_and_no_header(post: tuple[Post, str]):
    office, authority = post
    made = connector(office, authority)
    nasty = Text("x\r\nBcc: thief@example.com <script>alert(1)</script>", "坏\n<b>")
    assert isinstance(await do(made, made.create(sample_ticket(title=nasty, body=nasty))), Delivered)

    (message,) = office.taken
    assert message["Bcc"] is None
    assert "<script>" not in message.get_body(("html",)).get_content()


@pytest.mark.parametrize(
    ("refuse", "changes", "verdict"),
    [
        ("451 try later", {}, TryAgain),
        ("554 not wanted", {}, Rejected),
        ("", {"password": Secret("wrong")}, TryAgain),
        ("", {"allow_private": ()}, TryAgain),
        ("", {"ca_file": None}, TryAgain),
        ("", {"server": "smtps://127.0.0.1:1"}, TryAgain),
    ],
    ids=["later", "never", "wrong password", "address not allowed", "certificate not trusted", "nobody there"],
)
async def test_a_refusal_says_whether_the_message_may_be_sent_again(
    post: tuple[Post, str], refuse: str, changes: dict[str, Any], verdict: type
):
    office, authority = post
    office.refuse = refuse
    made = connector(office, authority, **changes)

    told = await do(made, made.create(sample_ticket()))

    assert verdict is type(told), told
    assert "s3cret" not in repr(told)
    assert [] == office.taken


async def test_without_tls_nothing_is_said(post: tuple[Post, str]):
    """A server that offers no STARTTLS gets neither password nor message."""
    heard = bytearray()

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail\r\n")
        while line := await reader.readline():
            heard.extend(line)
            writer.write(b"250 mail\r\n" if line.upper().startswith(b"EHLO") else b"221 bye\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    office, authority = post
    made = connector(office, authority, server=f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}")

    assert isinstance(await do(made, made.create(sample_ticket())), TryAgain)
    assert b"AUTH" not in heard.upper()
    assert b"MAIL" not in heard.upper()
    server.close()


@pytest.mark.parametrize("server", ["https://x", "smtp://user@x", "smtp://", "smtp://x/path", "mail.example.com"])
def test_a_server_that_is_none_is_refused(server: str):
    with pytest.raises(ValueError, match="expected a mail server"):
        MailOptions(server=server, sender="a@example.com", to=("b@example.com",))
