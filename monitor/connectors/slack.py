"""Messages in a Slack channel, by ``chat.postMessage`` with a bot token: one thread for each incident.

The first message's channel and time stamp are the ticket's number here; what comes later answers in its thread, and the first
message is rewritten when the incident is over, so that the channel shows at a glance what still burns.
"""

from collections.abc import Generator, Mapping
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from monitor.connectors import (
    Answer,
    Call,
    Capabilities,
    Delivered,
    FindFlow,
    Flow,
    Found,
    Rejected,
    TryAgain,
    Unsure,
)
from monitor.connectors.chat import headline, news
from monitor.connectors.clip import clip_both, to_json
from monitor.connectors.judge import Refusal, body_of, refusal, said
from monitor.connectors.options import Address, DeskOptions
from monitor.model.incident import Ticket
from monitor.model.secret import Secret

#: Slack cuts a message at 40,000 characters and asks for 4,000.
TEXT_MAX_BYTES = 4_000
#: A section block's text holds 3,000 characters.
PLAIN_TEXT_MAX = 3_000
#: Refusals that people repair, or that pass: the message waits.
_LATER = frozenset(
    {
        "invalid_auth",
        "not_authed",
        "account_inactive",
        "token_revoked",
        "token_expired",
        "missing_scope",
        "not_in_channel",
        "ratelimited",
        "rate_limited",
    }
)
_UNSURE = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})


class SlackOptions(DeskOptions):
    """The bot needs the scope ``chat:write`` and must be a member of the channel."""

    token: Secret
    channel: str = Field(pattern=r"^[CGD][A-Z0-9]{6,}$", description="the channel's id, not its name: names change")
    url: Address = "https://slack.com/api"


class SlackConnector:
    kind: ClassVar[str] = "slack"
    Options: ClassVar[type[BaseModel]] = SlackOptions
    capabilities = Capabilities(idempotent_create=True, finds=False, reopens=True, settle_seconds=0.0)

    def __init__(self, options: SlackOptions) -> None:
        self._options = options
        self.access = options.access

    def create(self, ticket: Ticket) -> Flow:
        told = yield from self._post(ticket, "")
        if not isinstance(told, Mapping):
            return told
        return Delivered(f"{told.get('channel', self._options.channel)}:{told.get('ts', '')}")

    def update(self, ticket: Ticket, remote_id: str) -> Flow:
        told = yield from self._post(ticket, remote_id)
        return Delivered(remote_id) if isinstance(told, Mapping) else told

    def resolve(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._conclude(ticket, remote_id))

    def reopen(self, ticket: Ticket, remote_id: str) -> Flow:
        return (yield from self._conclude(ticket, remote_id))

    def find(self, external_id: str) -> FindFlow:
        """Reading a channel's history would take more rights than writing needs."""
        yield from ()
        return Found()

    def check(self) -> Flow:
        """The token works. That the bot is in the channel shows with the first message."""
        told = yield from self._ask("auth.test", {})
        return Delivered() if isinstance(told, Mapping) else told

    def _conclude(self, ticket: Ticket, remote_id: str) -> Flow:
        """The head first: setting it twice changes nothing, and the word in the thread is said last."""
        channel, _, stamp = remote_id.partition(":")
        changed = yield from self._ask("chat.update", {"channel": channel, "ts": stamp} | _said(headline(ticket)))
        if not isinstance(changed, Mapping):
            return changed
        return (yield from self.update(ticket, remote_id))

    def _post(self, ticket: Ticket, remote_id: str) -> Generator[Call, Answer, Mapping[str, Any] | Refusal]:
        channel, _, stamp = remote_id.partition(":")
        head = "" if remote_id else f"{headline(ticket)}\n\n"
        message: dict[str, Any] = {
            "channel": channel or self._options.channel,
            **_said(head + clip_both(news(ticket), TEXT_MAX_BYTES)),
            "unfurl_links": False,
            "unfurl_media": False,
        }
        return (yield from self._ask("chat.postMessage", message | ({"thread_ts": stamp} if stamp else {})))

    def _ask(self, method: str, value: object) -> Generator[Call, Answer, Mapping[str, Any] | Refusal]:
        token = self._options.token
        headers: dict[str, str | Secret] = {
            "authorization": Secret(f"Bearer {token.reveal()}", token.reference),
            "content-type": "application/json; charset=utf-8",
        }
        answer = yield Call("POST", f"{self._options.url.rstrip('/')}/{method}", headers, to_json(value))
        body = body_of(answer)
        told: Mapping[str, Any] = body if isinstance(body, dict) else {}
        return refusal(answer, "Slack", said(told.get("error"), (token,))) or self._read(told, answer) or told

    def _read(self, told: Mapping[str, Any], answer: Answer) -> Refusal | None:
        if told.get("ok") is True:
            return None
        error = said(told.get("error"), (self._options.token,))
        if not error:
            return Unsure("Slack answered without saying what became of the message")
        if error in _LATER:
            return TryAgain(f"Slack: {error}", answer.retry_after)
        return Unsure(f"Slack: {error}") if error in _UNSURE else Rejected(f"Slack: {error}")


def _said(text: str) -> dict[str, Any]:
    """What is shown are plain texts, which know no mentions, links or marks; ``text`` is for notifications and old clients."""
    parts = [text[start : start + PLAIN_TEXT_MAX] for start in range(0, len(text), PLAIN_TEXT_MAX)]
    blocks = [{"type": "section", "text": {"type": "plain_text", "text": part, "emoji": False}} for part in parts]
    return {"text": _plain(text), "blocks": blocks}


def _plain(text: str) -> str:
    """Slack's three escapes: with them nothing is a mention, a channel or a link."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
