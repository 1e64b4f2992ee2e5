"""Chat rooms as models: what was said in them, and the refusals they put into the body of an HTTP 200."""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import unquote

from hosted import Hosted, Reply, Request

SECRET = "SECcanary"


class HostedRoom(Hosted):
    description = "chat.yaml"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.said: list[str] = []

    def of(self, _: str) -> list[str]:
        return self.said


class HostedDingTalk(HostedRoom):
    def answer(self, request: Request) -> Reply:
        query = request.query
        signed = f"{query.get('timestamp')}\n{SECRET}".encode()
        expected = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
        if query.get("access_token") != "robot" or unquote(query.get("sign", "")) != expected:
            return Reply(200, {"errcode": 310000, "errmsg": "sign not match"})
        if len(self.said) >= 20:
            return Reply(200, {"errcode": 130101, "errmsg": "send too fast"})
        self.said.append(request.json["text"]["content"])
        return Reply(200, {"errcode": 0, "errmsg": "ok"})


class HostedFeishu(HostedRoom):
    def answer(self, request: Request) -> Reply:
        message = request.json
        digest = hmac.new(f"{message.get('timestamp')}\n{SECRET}".encode(), b"", hashlib.sha256).digest()
        if message.get("sign") != base64.b64encode(digest).decode():
            return Reply(200, {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"})
        if len(request.body) > 20 << 10:
            return Reply(200, {"code": 11246, "msg": "body too large"})
        self.said.append(message["content"]["text"])
        return Reply(200, {"code": 0, "msg": "success", "data": {}})


class HostedWeCom(HostedRoom):
    def answer(self, request: Request) -> Reply:
        if request.query.get("key") != "robot":
            return Reply(200, {"errcode": 93000, "errmsg": "invalid webhook url"})
        text = request.json["text"]["content"]
        if len(text.encode()) > 2048:
            return Reply(200, {"errcode": 40058, "errmsg": "text.content exceed max length 2048"})
        self.said.append(text)
        return Reply(200, {"errcode": 0, "errmsg": "ok"})


class HostedTeams(HostedRoom):
    def answer(self, request: Request) -> Reply:
        card = request.json["attachments"][0]["content"]
        if len(request.body) > 28 << 10 or card["version"] != "1.4":
            return Reply(400, {"error": {"message": "the card cannot be shown"}})
        self.said.append("\n".join(block["text"] for block in card["body"]))
        return Reply(202)


class HostedSlack(HostedRoom):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.messages: dict[str, dict[str, Any]] = {}
        self.member = True

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != "Bearer xoxb":
            return Reply(200, {"ok": False, "error": "invalid_auth"})
        value, method = request.json, request.path.rsplit("/", 1)[1]
        if method == "auth.test":
            return Reply(200, {"ok": True})
        if not self.member:
            return Reply(200, {"ok": False, "error": "not_in_channel"})
        if method == "chat.update":
            self.messages[value["ts"]]["text"] = value["text"]
            return Reply(200, {"ok": True, "ts": value["ts"], "channel": value["channel"]})
        stamp = f"1793577600.{len(self.messages):06}"
        self.messages[stamp] = {"text": value["text"], "thread": value.get("thread_ts", "")}
        self.said.append(value["text"])
        return Reply(200, {"ok": True, "ts": stamp, "channel": value["channel"]})
