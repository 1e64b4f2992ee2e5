"""Messages in a DingTalk group, by a custom robot with a signature (加签).

The signature is made of the instant of sending. A robot takes twenty messages a minute and is then silent for ten; every answer is
HTTP 200, and ``errcode`` says what became of the message.
"""

import base64
import hmac
from collections.abc import Callable
from typing import ClassVar
from urllib.parse import quote, urlencode

from pydantic import BaseModel

from monitor.connectors import Answer, Call, Delivery, Rejected, TryAgain, Unsure
from monitor.connectors.chat import ChatRoom
from monitor.connectors.clip import to_json
from monitor.connectors.judge import said
from monitor.connectors.options import Address, DeskOptions
from monitor.connectors.rest import told
from monitor.model.secret import Secret

#: A message holds 20,000 bytes in all.
TEXT_MAX_BYTES = 9_000
#: 130101: twenty a minute were sent, and the robot is shut for ten minutes. -1: the system is busy.
_TOO_MANY, _BUSY = 130101, -1
SHUT_SECONDS = 600.0


class DingTalkOptions(DeskOptions):
    """``token`` is the ``access_token`` of the robot's address; ``secret`` begins with ``SEC``."""

    token: Secret
    secret: Secret
    url: Address = "https://oapi.dingtalk.com/robot/send"


class DingTalkConnector(ChatRoom):
    kind: ClassVar[str] = "dingtalk"
    Options: ClassVar[type[BaseModel]] = DingTalkOptions
    name: ClassVar[str] = "DingTalk"

    def __init__(self, options: DingTalkOptions) -> None:
        self._options = options
        self.access = options.access

    def message(self, title: str, text: Callable[[int], str]) -> Call:
        body = to_json({"msgtype": "text", "text": {"content": f"{title}\n\n{text(TEXT_MAX_BYTES)}"}})
        headers = {"content-type": "application/json; charset=utf-8"}
        return Call("POST", self._options.url, headers, body, sealed_url=self._signed)

    def read(self, answer: Answer) -> Delivery | None:
        body = told(answer)
        code = body.get("errcode")
        if code == 0:
            return None
        if not isinstance(code, int):
            return self.unreadable()
        reason = f"DingTalk: {said(body.get('errmsg'), (self._options.token, self._options.secret))} (errcode {code})"
        if code == _TOO_MANY:
            return TryAgain(reason, SHUT_SECONDS)
        return Unsure(reason) if code == _BUSY else Rejected(reason)

    def _signed(self, now: float) -> Secret:
        """HMAC-SHA256 under the secret, of milliseconds and secret on two lines, in base64."""
        options, stamp = self._options, str(int(now * 1000))
        secret = options.secret.reveal()
        digest = hmac.digest(secret.encode(), f"{stamp}\n{secret}".encode(), "sha256")
        query = urlencode({"access_token": options.token.reveal(), "timestamp": stamp}, quote_via=quote)
        return Secret(f"{options.url}?{query}&sign={quote(base64.b64encode(digest).decode(), safe='')}", options.token.reference)
