"""Messages in a Feishu or Lark group, by a custom bot with a signature (签名校验).

The signature stands in the body, made of the instant of sending: an HMAC-SHA256 of nothing, whose key is seconds and
secret on two lines. The bot's address is a secret too. Every answer is HTTP 200, and ``code`` says what became of the message.
"""

import base64
import hmac
from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from monitor.connectors import Answer, Call, Delivery, Rejected, TryAgain
from monitor.connectors.chat import ChatRoom
from monitor.connectors.clip import to_json
from monitor.connectors.judge import said
from monitor.connectors.options import DeskOptions
from monitor.connectors.rest import told
from monitor.model.secret import Secret

#: A body holds 20 kB.
TEXT_MAX_BYTES = 9_000
#: 9499 and 11232: too many messages (100 a minute, 5 a second; fewer on the hour and the half hour).
_TOO_MANY = frozenset({9499, 11232})
WAIT_SECONDS = 60.0


class FeishuOptions(DeskOptions):
    url: Secret = Field(description="like https://open.feishu.cn/open-apis/bot/v2/hook/...; Lark's host is open.larksuite.com")
    secret: Secret


class FeishuConnector(ChatRoom):
    kind: ClassVar[str] = "feishu"
    Options: ClassVar[type[BaseModel]] = FeishuOptions
    name: ClassVar[str] = "Feishu"

    def __init__(self, options: FeishuOptions) -> None:
        self._options = options
        self.access = options.access

    def message(self, title: str, text: Callable[[int], str]) -> Call:
        message: dict[str, Any] = {"msg_type": "text", "content": {"text": f"{_plain(title)}\n\n{_plain(text(TEXT_MAX_BYTES))}"}}
        return Call(
            "POST",
            "https://feishu.webhook/",
            {"content-type": "application/json; charset=utf-8"},
            to_json(message),
            sealed_url=lambda _: self._options.url,
            sealed_body=lambda now: self._signed(message, now),
        )

    def read(self, answer: Answer) -> Delivery | None:
        body = told(answer)
        code = body.get("code", body.get("StatusCode"))
        if code == 0:
            return None
        if not isinstance(code, int):
            return self.unreadable()
        reason = f"Feishu: {said(body.get('msg'), (self._options.url, self._options.secret))} (code {code})"
        return TryAgain(reason, WAIT_SECONDS) if code in _TOO_MANY else Rejected(reason)

    def _signed(self, message: dict[str, Any], now: float) -> Secret:
        stamp = str(int(now))
        digest = hmac.digest(f"{stamp}\n{self._options.secret.reveal()}".encode(), b"", "sha256")
        signed = {**message, "timestamp": stamp, "sign": base64.b64encode(digest).decode()}
        return Secret(to_json(signed).decode(), self._options.secret.reference)


def _plain(text: str) -> str:
    """A text message knows one tag, ``<at>``: an angle that opens one becomes its full-width sister."""
    return text.replace("<", "＜")
