"""Messages in a WeCom (企业微信) group, by a group robot.

The robot's key stands in the address. A text message holds 2,048 bytes: 682 Chinese characters, title and both languages together. A
robot takes twenty messages a minute; every answer is HTTP 200, and ``errcode`` says what became of the message.
"""

from collections.abc import Callable
from typing import ClassVar
from urllib.parse import urlencode

from pydantic import BaseModel

from monitor.connectors import Answer, Call, Delivery, Rejected, TryAgain, Unsure
from monitor.connectors.chat import ChatRoom
from monitor.connectors.clip import clip_bytes, to_json
from monitor.connectors.judge import said
from monitor.connectors.options import Address, DeskOptions
from monitor.connectors.rest import told
from monitor.model.secret import Secret

MESSAGE_MAX_BYTES = 2_048
#: 45009: more than twenty in this minute. -1: the system is busy.
_TOO_MANY, _BUSY = 45009, -1
WAIT_SECONDS = 60.0


class WeComOptions(DeskOptions):
    key: Secret
    url: Address = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send"


class WeComConnector(ChatRoom):
    kind: ClassVar[str] = "wecom"
    Options: ClassVar[type[BaseModel]] = WeComOptions
    name: ClassVar[str] = "WeCom"

    def __init__(self, options: WeComOptions) -> None:
        self._options = options
        self.access = options.access

    def message(self, title: str, text: Callable[[int], str]) -> Call:
        head = clip_bytes(title, MESSAGE_MAX_BYTES // 4)
        content = f"{head}\n\n{text(MESSAGE_MAX_BYTES - len(head.encode()) - 2)}"
        body = to_json({"msgtype": "text", "text": {"content": content}})
        return Call("POST", self._options.url, {"content-type": "application/json"}, body, sealed_url=self._keyed)

    def read(self, answer: Answer) -> Delivery | None:
        body = told(answer)
        code = body.get("errcode")
        if code == 0:
            return None
        if not isinstance(code, int):
            return self.unreadable()
        reason = f"WeCom: {said(body.get('errmsg'), (self._options.key,))} (errcode {code})"
        if code == _TOO_MANY:
            return TryAgain(reason, WAIT_SECONDS)
        return Unsure(reason) if code == _BUSY else Rejected(reason)

    def _keyed(self, _: float) -> Secret:
        key = self._options.key
        return Secret(f"{self._options.url}?{urlencode({'key': key.reveal()})}", key.reference)
