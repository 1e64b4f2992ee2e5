"""Incidents by e-mail: one thread each, both languages, plain text and HTML.

The first message's ``Message-ID`` is made of the ticket's external id, and what follows refers to it, so mail programs show one thread; a
message whose handing-over was unsure is sent again under the same id, and mail systems that know it drop it.
"""

import html
from collections.abc import Callable
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, Field

from monitor.connectors import Answer, Call, Capabilities, Delivered, Delivery, FindFlow, Flow, Found, Rejected, TryAgain, Unsure
from monitor.connectors.chat import headline, news
from monitor.connectors.clip import clip_bytes
from monitor.connectors.judge import said
from monitor.connectors.options import DeskOptions
from monitor.connectors.smtp import SCHEMES
from monitor.model.incident import CommandKind, Ticket
from monitor.model.secret import Secret
from monitor.model.text import Text

#: One language's text. Both, twice (plain and HTML, escaped), stay far below what any server refuses.
TEXT_MAX_BYTES = 7_000
_LOGIN_REFUSED = frozenset({530, 534, 535, 538})


def _server(url: str) -> str:
    scheme, _, rest = url.partition("://")
    if scheme not in SCHEMES or not rest or "@" in rest or "/" in rest:
        raise ValueError('expected a mail server like "smtps://mail.example.com" or "smtp://mail.example.com:587"')
    return url


def _mailbox(address: str) -> str:
    if address.count("@") != 1 or any(sign.isspace() or sign in "<>,;\"'" for sign in address):
        raise ValueError('expected an address like "ops@example.com"')
    return address


Mailbox = Annotated[str, AfterValidator(_mailbox)]


class MailOptions(DeskOptions):
    """``smtps://`` speaks TLS from the first byte, ``smtp://`` turns to it by STARTTLS and never goes on without."""

    server: Annotated[str, AfterValidator(_server)]
    sender: Mailbox
    to: tuple[Mailbox, ...] = Field(min_length=1, max_length=50)
    username: str | None = None
    password: Secret | None = None


class MailConnector:
    kind: ClassVar[str] = "mail"
    Options: ClassVar[type[BaseModel]] = MailOptions
    capabilities = Capabilities(idempotent_create=True, finds=False, reopens=True, settle_seconds=0.0)

    def __init__(self, options: MailOptions) -> None:
        self._options = options
        self.access = options.access
        self._host = options.sender.partition("@")[2]

    def create(self, ticket: Ticket) -> Flow:
        return (yield from self._send(ticket, self._root(ticket), None))

    def update(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._send(ticket, self._later(ticket), remote_id))

    def resolve(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._send(ticket, self._later(ticket), remote_id))

    def reopen(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._send(ticket, self._later(ticket), remote_id))

    def find(self, external_id: str) -> FindFlow:
        """Mail that was sent is not ours to read."""
        yield from ()
        return Found()

    def check(self) -> Flow:
        """The only proof that mail goes out is one."""
        message = self._message("paycanary", Text("paycanary can send mail from here.", "paycanary 可以从此处发送邮件。"), 0.0)
        message["Message-ID"] = f"<paycanary-check@{self._host}>"
        answer = yield self._call(message)
        return self._judge(answer, "")

    def _send(self, ticket: Ticket, name: str, root: str | None) -> Flow:
        message = self._message(headline(ticket), news(ticket), ticket.at)
        message["Message-ID"] = name
        message["Auto-Submitted"] = "auto-generated"
        if root:
            message["In-Reply-To"] = message["References"] = root
        if ticket.kind is CommandKind.OPEN and ticket.severity.rank == 1:
            message["Importance"] = "high"
        answer = yield self._call(message)
        return self._judge(answer, root or name)

    def _message(self, subject: str, text: Text, at: float) -> EmailMessage:
        """The same ticket is the same bytes: date and boundary come from it too."""
        english, chinese = clip_bytes(text.en, TEXT_MAX_BYTES), clip_bytes(text.in_("zh"), TEXT_MAX_BYTES)
        message = EmailMessage(policy=SMTP)
        message["From"] = self._options.sender
        message["To"] = ", ".join(self._options.to)
        message["Subject"] = "".join(sign for sign in subject if sign.isprintable())
        message["Date"] = format_datetime(datetime.fromtimestamp(at, UTC))
        message.set_content(f"{english}\n\n{chinese}\n", charset="utf-8", cte="base64")
        page = _PAGE.format(english=_escaped(english), chinese=_escaped(chinese))
        message.add_alternative(page, subtype="html", charset="utf-8", cte="base64")
        message.set_boundary("paycanary-part")
        return message

    def _call(self, message: EmailMessage) -> Call:
        options = self._options
        headers: dict[str, str | Secret] = {}
        if options.username and options.password is not None:
            headers = {"username": options.username, "password": options.password}
        return Call("SEND", options.server, headers, message.as_bytes())

    def _judge(self, answer: Answer, name: str) -> Delivery:
        secrets = (self._options.password,) if self._options.password is not None else ()
        return judge(answer, lambda text: said(text, secrets)) or Delivered(name)

    def _root(self, ticket: Ticket) -> str:
        return f"<{ticket.external_id}@{self._host}>"

    def _later(self, ticket: Ticket) -> str:
        return f"<{ticket.external_id}.{ticket.revision}@{self._host}>"


def judge(answer: Answer, words: Callable[[str], str]) -> TryAgain | Unsure | Rejected | None:
    """A reply code of RFC 5321: 4xx passes, 5xx does not, and a login is people's to repair. None for a message that was taken."""
    if answer.status is None:
        reason = f"the mail server: {answer.error}"
        return Unsure(reason) if answer.sent else TryAgain(reason)
    if 200 <= answer.status < 400:
        return None
    reason = f"the mail server answered {answer.status}: {words(answer.body.decode('utf-8', 'replace'))}"
    if answer.status in _LOGIN_REFUSED or 400 <= answer.status < 500:
        return TryAgain(reason)
    return Rejected(reason)


_PAGE = """<!doctype html><meta charset="utf-8"><div style="font:14px/1.5 sans-serif;max-width:48em">
<p lang="en">{english}</p><hr><p lang="zh-CN">{chinese}</p></div>
"""


def _escaped(text: str) -> str:
    return html.escape(text).replace("\n", "<br>\n")
